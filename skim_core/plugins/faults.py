"""How a plugin's faults are told: by name, with the place and the mend."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from textwrap import shorten

from skim_core.errors import PluginError, SkimError, nearest
from skim_core.plugins.discovery import PluginInfo
from skim_core.plugins.sources import reinstall_command

_LONGEST = 300


class Kind(StrEnum):
    """What kind of fault a plugin was refused for."""

    BAD_ENTRY_POINT = "bad_entry_point"
    MISSING_MODULE = "missing_module"
    MISSING_DEPENDENCY = "missing_dependency"
    MISSING_ATTRIBUTE = "missing_attribute"
    RAISED = "raised"
    EXITED = "exited"
    API_TOO_NEW = "api_too_new"
    API_TOO_OLD = "api_too_old"
    BREAKS_CONTRACT = "breaks_contract"


class RefusedError(PluginError):
    """A plugin that was found is refused; `kind` says for what kind of fault."""

    def __init__(self, message: str, kind: Kind = Kind.BREAKS_CONTRACT) -> None:
        super().__init__(message)
        self.kind = kind


def refuse(plugin: PluginInfo, fault: str, kind: Kind = Kind.BREAKS_CONTRACT) -> RefusedError:
    """Return the error that says what is wrong with a plugin."""
    return RefusedError(f"{plugin}: {fault}", kind)


@contextmanager
def guarded(plugin: PluginInfo, doing: str) -> Iterator[None]:
    """Turn whatever the plugin's code raises inside into a PluginError that names the place.

    `doing` begins the sentence, as in "importing it". Only KeyboardInterrupt passes.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a plugin that calls sys.exit() must not end the command
        raised = described(error).removesuffix(".")
        fault = f"{doing} raised {raised}{raised_at(error, plugin)}. {_mend(plugin)}"
        kind = Kind.EXITED if isinstance(error, SystemExit) else Kind.RAISED
        raise refuse(plugin, fault, kind) from error


def nearest_hook(hook: str, known: Iterable[str]) -> str:
    """Return `` (did you mean 'skim_x'?)`` for the nearest hook, or ''.

    The prefix, which all share, doesn't count.
    """
    names = [name.removeprefix("skim_") for name in known]
    return nearest(hook.removeprefix("skim_"), names).replace("mean '", "mean 'skim_")


def _mend(plugin: PluginInfo) -> str:
    again = reinstall_command(plugin.distribution)
    if again.startswith("pip install -e "):
        return "Mend it there: the package is editable, so nothing is to be installed again."
    if again.startswith("skim try "):
        return "Mend it there."
    return f"Mend it there, or run 'pip install --upgrade {plugin.distribution}'."


def described(error: BaseException) -> str:
    """Return the exception's class and message on one line."""
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg}"
    if isinstance(error, SkimError):
        # Its words are for people; in which module its class is, is not.
        return shorten(f"{type(error).__name__}: {error}", _LONGEST, placeholder=" ...")
    return shorten("".join(traceback.format_exception_only(error)), _LONGEST, placeholder=" ...")


def raised_at(error: BaseException, plugin: PluginInfo) -> str:
    """Return `` (file:line)``: the last line of the plugin's own that the error passed, or ''."""
    if isinstance(error, SyntaxError) and error.filename:
        return f" ({error.filename}:{error.lineno})"
    package = plugin.value.partition(":")[0].partition(".")[0].strip()
    own = [
        f" ({frame.f_code.co_filename}:{line})"
        for frame, line in traceback.walk_tb(error.__traceback__)
        if str(frame.f_globals.get("__name__")).partition(".")[0] == package
    ]
    return own[-1] if own else ""
