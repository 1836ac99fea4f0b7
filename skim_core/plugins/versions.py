"""The versions of the plugin contract: which one a plugin states, and whether it fits.

A plugin states the version that it was written for in the module or the class behind its
entry point, as a plain number: ``api_version = 1``. One that doesn't was written for the
first. The number is read from the source, so that a plugin for another version is named as
such before it is imported, where it would fail for a reason that only looks like another.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from importlib.metadata import version

from skim_core.plugins.discovery import PluginInfo
from skim_core.plugins.faults import Kind, refuse
from skim_core.plugins.sources import module_file, reinstall_command
from skim_core.ports.hookspecs import API_VERSION, OLDEST_API_VERSION

ATTRIBUTE = "api_version"
"""The name under which a plugin states its version."""


def stated_version(info: PluginInfo) -> int | None:
    """Return the version that a plugin's source states; None when it says none or can't be read.

    Nothing is imported: a number that is computed is not seen here.
    """
    module, _, attribute = info.value.partition(":")
    try:
        file = module_file(module.strip())
        if file is None:
            return None
        text = file.read_text(encoding="utf-8")
        return version_in(text, attribute.strip()) if ATTRIBUTE in text else None
    except (OSError, ValueError, SyntaxError, ImportError):  # importing it will tell
        return None


def version_in(text: str, attribute: str = "") -> int | None:
    """Return the version that a module's source states, for its class of that name first.

    Raises SyntaxError when it isn't Python.

    >>> version_in("api_version = 1")
    1
    """
    body = ast.parse(text).body
    for node in body:
        if isinstance(node, ast.ClassDef) and node.name == attribute:
            found = _assigned(node.body)
            if found is not None:
                return found
    return _assigned(body)


def check_stated(info: PluginInfo) -> None:
    """Raise PluginError for a plugin whose source states a version that this skim hasn't."""
    found = stated_version(info)
    if found is not None:
        check_version(info, found)


def check_version(info: PluginInfo, found: object) -> None:
    """Raise PluginError unless `found`, the version that a plugin states, is one of this skim's."""
    if not isinstance(found, int) or isinstance(found, bool):
        fault = (
            f"its {ATTRIBUTE} is {found!r}: write the number of the contract that it was written "
            f"for, {ATTRIBUTE} = {API_VERSION}."
        )
        raise refuse(info, fault)
    fault = misfit(found)
    if not fault:
        return
    if found > API_VERSION:
        kind, mend = Kind.API_TOO_NEW, "run 'pip install --upgrade skim-core'"
    else:
        kind = Kind.API_TOO_OLD
        mend = (
            f"run 'pip install --upgrade {info.distribution}', or as its author follow the "
            f"changelog and run '{reinstall_command(info.distribution)}'"
        )
    raise refuse(info, f"{fault}: {mend}.", kind)


def misfit(found: int) -> str:
    """Return why a version of the contract can't be used here, or ''."""
    if OLDEST_API_VERSION <= found <= API_VERSION:
        return ""
    known = (
        f"only version {API_VERSION}"
        if OLDEST_API_VERSION == API_VERSION
        else f"versions {OLDEST_API_VERSION} to {API_VERSION}"
    )
    age = "new" if found > API_VERSION else "old"
    return (
        f"it is written for version {found} of the plugin contract, too {age} for this skim "
        f"({version('skim-core')}), which knows {known}"
    )


def check_imported(info: PluginInfo, *objects: object) -> None:
    """Raise PluginError when an imported plugin states a version that doesn't fit.

    `objects` are what its entry point leads to, innermost first.
    """
    for one in objects:
        found = getattr(one, ATTRIBUTE, None)
        if found is not None:
            return check_version(info, found)
    return None


def _assigned(body: Iterable[ast.stmt]) -> int | None:
    for node in body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=value)):
                pass
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.Constant(value=value)):
                pass
            case _:
                continue
        if name == ATTRIBUTE and isinstance(value, int) and not isinstance(value, bool):
            return value
    return None
