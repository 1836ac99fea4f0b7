"""Reads a page of the docs as a stranger does, and does what it says, word for word.

- ``{code-block}`` with a caption: the file of that name is written; as a diff, it is edited.
- ``console``: each line after ``$ `` is typed, and what is below it has to be shown. ``…`` stands
  for anything in a line, alone on a line for any lines. A command that fails is wrong, unless the
  page asks for its code: ``$ echo $?``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .stranger import Stranger

_BLOCK = re.compile(
    r"^```(?:\{code-block\} (?P<kind>\w+)\n:caption: (?P<file>.+?)\n\n|console\n)(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


class NotAsWrittenError(AssertionError):
    """What happened is not what the page says."""


def follow(page: str, stranger: Stranger) -> Iterator[str]:
    """Do what the page says, step by step; give each command after it was typed.

    Raises NotAsWrittenError where something else happens than it shows.
    """
    for block in _BLOCK.finditer(page):
        name, text = block["file"], block["text"]
        if name is None:
            yield from _typed(text, stranger)
        elif block["kind"] == "diff":
            stranger.write(name, edited((stranger.where / name).read_text("utf-8"), text))
        else:
            stranger.write(name, text)


def _typed(text: str, stranger: Stranger) -> Iterator[str]:
    steps = re.findall(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", text, re.MULTILINE)
    following = [*(command for command, _ in steps[1:]), None]
    for (command, shown), after in zip(steps, following, strict=True):
        code, told = stranger.type(command)
        if not shows(shown, told):
            msg = f"$ {command}\nThe page shows:\n{shown}\nThere is:\n{told}"
            raise NotAsWrittenError(msg)
        if code and after != "echo $?":
            msg = f"$ {command}\nfails with {code}, of which the page says nothing:\n{told}"
            raise NotAsWrittenError(msg)
        yield command


def shows(written: str, told: str) -> bool:
    """Tell whether a terminal's text is what is written on the page."""
    lines = [
        r"(?:.*\n)*?" if line == "…" else r".*?".join(map(re.escape, line.split("…"))) + r"[ ]*\n"
        for line in written.splitlines()
    ]
    return re.fullmatch("".join(lines), told) is not None


def edited(text: str, diff: str) -> str:
    """Return a text with a diff of one place applied: lines with a space stay, - go, + come."""
    lines = [(line[:1], line[1:] + "\n") for line in diff.splitlines()]
    old = "".join(line for mark, line in lines if mark != "+")
    new = "".join(line for mark, line in lines if mark != "-")
    if text.count(old) != 1:
        msg = f"{text.count(old)} places fit what the page edits:\n{old}"
        raise NotAsWrittenError(msg)
    return text.replace(old, new)
