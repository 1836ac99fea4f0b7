"""Why a plugin that was asked for by name is not found."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from skim_core.doctor.environment import Interpreter, Place, other_places
from skim_core.doctor.findings import Cause, Finding
from skim_core.doctor.packages import GROUPS, Package, installed, read_project
from skim_core.doctor.written import check_package, without_entry_point, wrong_group
from skim_core.errors import nearest
from skim_core.plugins.discovery import PluginInfo
from skim_core.plugins.sources import normalized


def explain_absence(
    name: str, plugins: Sequence[PluginInfo], packages: Sequence[Package], here: Interpreter
) -> list[Finding]:
    """Return why no plugin of this name is found, the likeliest first; never nothing."""
    found = [
        *_in_wrong_group(name, packages),
        *_written_differently(name, packages),
        *_not_installed_here(name, packages),
        *_elsewhere(name, here),
    ]
    if not found:
        found = list(_without_entry_points(name, packages))
    return found or [_unknown(name, plugins)]


def _in_wrong_group(name: str, packages: Sequence[Package]) -> Iterator[Finding]:
    for package in packages:
        for entry in package.entries:
            if entry.name == name and not entry.known:
                yield wrong_group(package, entry)


def _written_differently(name: str, packages: Sequence[Package]) -> Iterator[Finding]:
    for package in packages:
        for finding in check_package(package, packages):
            about = finding.cause in {Cause.REINSTALL, Cause.SHADOWED}
            declared = package.project.entries if package.project else ()
            named = name in {entry.name for entry in (*declared, *package.entries)}
            if about and named:
                yield finding


def _not_installed_here(name: str, packages: Sequence[Package]) -> Iterator[Finding]:
    """Look for a project that declares it in the current folder and those above and below."""
    here = Path.cwd()
    below = sorted(path.parent for path in here.glob("*/pyproject.toml"))
    for folder in (here, *here.parents, *below):
        yield from not_installed(folder, packages, name)


def not_installed(
    folder: Path, packages: Sequence[Package], name: str | None = None
) -> Iterator[Finding]:
    """Yield a finding when a folder's project declares a plugin (of that name) and isn't installed."""
    if folder in {package.source.folder for package in packages}:
        return
    project = read_project(folder)
    entries = project.entries if project is not None else ()
    meant = [entry for entry in entries if name in {None, entry.name}]
    if project is None or not meant:
        return
    wrong = [entry for entry in meant if not entry.known]
    mend = "".join(
        f"correct the group {entry.group!r} of its entry point{nearest(entry.group, GROUPS)}, and "
        for entry in wrong[:1]
    )
    names = ", ".join(repr(entry.name) for entry in meant)
    fault = (
        f"the project {project.name} in {folder} declares {names}, but is not installed here: "
        f"{mend}run 'pip install -e {shlex.quote(str(folder))}'."
    )
    yield Finding(Cause.NOT_INSTALLED_HERE, fault)


def _elsewhere(name: str, here: Interpreter) -> Iterator[Finding]:
    for place in other_places():
        for package in installed([place.packages]):
            if any(entry.name == name for entry in package.entries) or _called(package, name):
                yield _in_place(package, name, place, here)


def _in_place(package: Package, name: str, place: Place, here: Interpreter) -> Finding:
    again = f"pip install {package.name}"
    if package.source.folder is not None:
        again = package.source.reinstall(package.name)
    its_own = f"use the skim that is there, '{place.skim} doctor {name}', or " if place.skim else ""
    fault = (
        f"{package} is installed in {place.packages}, {place.known_from}, but this skim runs in "
        f"{here.prefix}: {its_own}run '{again}'."
    )
    return Finding(Cause.OTHER_ENVIRONMENT, fault)


def _without_entry_points(name: str, packages: Sequence[Package]) -> Iterator[Finding]:
    for package in packages:
        if not package.entries and _called(package, name):
            yield without_entry_point(package)


def _called(package: Package, name: str) -> bool:
    """Whether a package is the one that a person means by a plugin's name."""
    wanted = normalized(name)
    return (
        package.key == wanted
        or re.fullmatch(rf"skim-.*-{re.escape(wanted)}", package.key) is not None
    )


def _unknown(name: str, plugins: Sequence[PluginInfo]) -> Finding:
    known = sorted({plugin.name for plugin in plugins})
    hint = nearest(name, known)
    fault = (
        f"nothing that is installed is called {name!r}{hint}; installed: {', '.join(known)}. "
        "Correct the name"
    )
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name) and not hint:
        fault += f", or run 'pip install skim-strategy-{normalized(name)}'"
    return Finding(Cause.NOT_INSTALLED, fault + ".")
