"""The log on standard error: printable lines, and no flood of them."""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from dataclasses import dataclass

from skim_core.model.text import LONGEST, printable

_AT_ONCE = 500
"""Lines that one logger may write in a row."""

_PER_SECOND = 20
"""Lines a second that it may write from then on: enough to go on telling what matters."""


def begin_logging(level: int | str) -> None:
    """Log to standard error from `level` on; nothing happens the second time."""
    if logging.getLogger().handlers:
        return
    handler = logging.StreamHandler()
    handler.setFormatter(_Lines("%(levelname)s %(name)s: %(message)s"))
    if level not in {"DEBUG", logging.DEBUG}:
        handler.addFilter(_Dam())
    logging.basicConfig(level=level, handlers=[handler])


class _Lines(logging.Formatter):
    """Writes out what could steer a terminal, and cuts what is too long to be read."""

    def format(self, record: logging.LogRecord) -> str:
        try:
            text = super().format(record) + _details(record)
        except Exception as error:  # noqa: BLE001  the text is made by the plugin that logs
            text = f"{record.levelname} {record.name}: a log line raised {type(error).__name__}"
        longest = 4 * LONGEST if record.exc_info is None else 100 * LONGEST
        text = printable(text[: longest + 1])
        return text if len(text) <= longest else f"{text[: longest - 4]} ..."


def _details(record: logging.LogRecord) -> str:
    """Return the fields that a library logs beside its message under its own name.

    stamina tells so what is tried again, when, and after which error.
    """
    own = f"{record.name}."
    told = [
        f"{name.removeprefix(own).replace('_', ' ')} {value}"
        for name, value in vars(record).items()
        if name.startswith(own) and value not in ((), {}, None)
    ]
    return f" ({', '.join(told)})" if told else ""


@dataclass(slots=True)
class _Level:
    """How many lines a logger may write still, as of a moment, and how many it lost."""

    left: float
    at: float
    lost: int = 0


class _Dam(logging.Filter):
    """Lets no logger write more than `_AT_ONCE` lines in a row: the others are to be seen too."""

    def __init__(self) -> None:
        super().__init__()
        self._levels: MutableMapping[str, _Level] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        level = self._levels.setdefault(record.name, _Level(_AT_ONCE, record.created))
        passed = max(0.0, record.created - level.at)
        level.left = min(_AT_ONCE, level.left + passed * _PER_SECOND)
        level.at = record.created
        if level.left < 1:
            level.lost += 1
            if level.lost == 1:
                record.msg, record.args = "writes too much: some of its lines are left out.", None
                return True
            return False
        level.left -= 1
        if level.lost > 1:
            record.msg = f"{record.msg} ({level.lost} of its lines before this were left out)"
            level.lost = 0
        return True
