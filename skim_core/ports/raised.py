"""What a plugin's code raised, told to its author: in a sentence, with its place."""

from __future__ import annotations

import traceback
from pathlib import PurePath

from pydantic import ValidationError
from pydantic_core import ErrorDetails

_CALLERS = frozenset({"skim_core", "pluggy", "asyncio", "concurrent", "threading", "contextvars"})
"""The packages between an attempt and a plugin's own code."""


def sentence(error: ValidationError) -> str:
    """Return what is wrong with a model: each field, what it must be, and what it was."""
    return f"{error.title}: {'; '.join(map(_fault, error.errors(include_url=False)))}"


def place(error: BaseException) -> str:
    """Return `` (plugin.py:47)``: the last line of the plugin's own that an error passed, or ''.

    The folder is left out: the same day on another machine tells the same.
    """
    frames = [
        (str(frame.f_globals.get("__name__")).partition(".")[0], frame.f_code.co_filename, line)
        for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    outside = [package for package, _, _ in frames if package not in _CALLERS]
    own = [(file, line) for package, file, line in frames if outside and package == outside[0]]
    return f" ({PurePath(own[-1][0]).name}:{own[-1][1]})" if own else ""


def _fault(fault: ErrorDetails) -> str:
    name = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        return f"it has no field {name!r}"
    why = fault["msg"].removeprefix("Value error, ")
    if not name:
        return why
    return f"{name} {why[0].lower()}{why[1:]}, found {fault['input']!r}".replace(
        " input should", " should"
    )
