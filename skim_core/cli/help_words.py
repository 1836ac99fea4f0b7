"""What ``--help`` says of a command's arguments: names and bounds in words, no types of Python."""

from __future__ import annotations

import re
from typing import Any

_TYPE = re.compile(r"^(\S+) <.*>$")
_REQUIRED = re.compile(r"\{(.*)\}")
_WORDS = {
    "Input should be": "it must be",
    "a valid integer": "a whole number",
    "a valid number": "a number",
}
_LEAST = re.compile(r"\bx>=(\S+?)(?=[\];])")


def in_plain_words(command: Any) -> Any:
    """Return a command, or a group with all below it, with its help in plain words.

    typer writes ``FILE <path>``, ``{FILE}`` and ``x>=1``: here stand FILE and "at least 1".
    """
    for one in command.params:
        if "get_help_record" not in vars(one):
            _reword(one)
    for below in getattr(command, "commands", {}).values():
        in_plain_words(below)
    return command


def in_words(refusal: str) -> str:
    """Return what typer says of a value that an option can't take, without pydantic's words."""
    said = refusal.removeprefix("Value error, ").partition(", unable to parse")[0]
    for theirs, ours in _WORDS.items():
        said = said.replace(theirs, ours)
    return said


def without_argument(command: Any, name: str) -> Any:
    """Return a command whose help doesn't speak of an argument that is given in another way."""
    for one in command.params:
        if one.name == name:
            one.get_help_record = _nothing_told
            one.get_usage_pieces = _no_pieces
    return command


def _nothing_told(_ctx: Any) -> None:
    return None


def _no_pieces(_ctx: Any) -> list[str]:
    return []


def _reword(parameter: Any) -> None:
    record, pieces = parameter.get_help_record, parameter.get_usage_pieces

    def told(ctx: Any) -> tuple[str, str] | None:
        found = record(ctx)
        if found is None:
            return None
        name, help_text = found
        if parameter.param_type_name == "argument":
            name = _TYPE.sub(r"\1", name)
        return name, _LEAST.sub(r"at least \1", help_text)

    def usage(ctx: Any) -> list[str]:
        return [_REQUIRED.sub(r"\1", piece) for piece in pieces(ctx)]

    parameter.get_help_record = told
    parameter.get_usage_pieces = usage
