"""The exit codes of every command, and what a monitor or a script may make of them."""

from __future__ import annotations

from enum import IntEnum
from typing import Self


class ExitCode(IntEnum):
    """What a command leaves with. `meaning` says it in words."""

    meaning: str

    def __new__(cls, value: int, meaning: str) -> Self:
        """Make a member of a number and its meaning."""
        made = int.__new__(cls, value)
        made._value_ = value
        made.meaning = meaning
        return made

    DONE = 0, "done, or nothing to do: a day off, too early, run before"
    FAILED = (
        1,
        "the day failed, was stopped short or can't go on; something needs a person; a running "
        "process has not taken a halt up; what was looked for is wrong or not there",
    )
    WRONG = 2, "wrong usage, configuration, plugin or data: nothing was done"
    UNREACHABLE = 3, "the broker can't be reached"
    INTERRUPTED = 130, "stopped by SIGINT (Ctrl-C); the day, replay or sweep can be gone on with"
    TERMINATED = 143, "stopped by SIGTERM; the day, replay or sweep can be gone on with"


def signalled(number: int) -> int:
    """Return the exit code of a command that a signal stopped, as shells count them."""
    return 128 + number
