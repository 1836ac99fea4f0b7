"""Statements with their times, wrapped to the terminal."""

from __future__ import annotations

import re
import shutil
import textwrap
from collections.abc import Sequence
from datetime import datetime

from skim_core.cli.output import echo, local_time
from skim_core.cli.words.wording import numbers
from skim_core.model.session import Session

_NARROWEST, _WIDEST = 60, 100
_TIME = len("10:00:00  ")


class Page:
    """Prints a text of rows: a label, a time at the exchange, a statement.

    `show_numbers`: each statement ends with the sequence numbers of its journal records.
    """

    def __init__(self, session: Session | None, *, show_numbers: bool = False) -> None:
        columns = shutil.get_terminal_size((_WIDEST, 24)).columns
        self.width = max(_NARROWEST, min(columns, _WIDEST))
        self._session = session
        self._show_numbers = show_numbers
        self._label_width = 0

    def title(self, text: str, tone: str = "title") -> None:
        """Print a line of its own, wrapped."""
        for line in textwrap.wrap(_clean(text), self.width):
            echo(line, tone)

    def section(self, text: str, labels: Sequence[str] = ()) -> None:
        """Begin a section; its rows leave room for these labels."""
        echo()
        echo(text, "title")
        self._label_width = max((len(label) for label in labels), default=-2) + 2

    def gap(self) -> None:
        """Leave a line empty."""
        echo()

    def numbered(self, records: Sequence[int]) -> str:
        """Return the sequence numbers of records as a statement ends with them, when shown."""
        return f" {numbers(records)}" if self._show_numbers and records else ""

    def head(self, text: str, tone: str = "") -> None:
        """Print what the rows after it are about."""
        for line in self._wrapped(text, "  ", "      "):
            echo(line, tone)

    def row(
        self,
        text: str,
        at: datetime | None = None,
        *,
        label: str = "",
        tone: str = "",
        records: Sequence[int] = (),
    ) -> None:
        """Print a statement."""
        indent = " " * (2 + self._label_width)
        first = f"  {label:<{self._label_width}}{self.time(at):<{_TIME - 2}}  "
        for line in self._wrapped(text + self.numbered(records), first, indent + " " * _TIME):
            echo(line, tone)

    def time(self, moment: datetime | None) -> str:
        """Return a moment in the exchange's time."""
        if moment is None:
            return ""
        if self._session is None:
            return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
        return local_time(self._session, moment)

    def _wrapped(self, text: str, first: str, rest: str) -> list[str]:
        return textwrap.wrap(
            _clean(text),
            self.width,
            initial_indent=first,
            subsequent_indent=rest,
            break_on_hyphens=False,
        )


def _clean(text: str) -> str:
    # Errors and reasons come from plugins and brokers: they must not steer the terminal.
    shown = "".join(sign if sign.isprintable() or sign.isspace() else "?" for sign in text)
    # What was said may be a sentence already.
    return re.sub(r"(?<!\.)\.\.(?!\.)", ".", shown)
