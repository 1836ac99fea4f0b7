"""Kinds of subscriptions that several requests have in common."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from skim_gateway.orders.book import Book


class Repeating:
    """Tells something again every so often, and after each fill."""

    timed = True
    with_fills = True

    def __init__(
        self, book: Book, now: datetime, every: timedelta, tell: Callable[[], None]
    ) -> None:
        self._book = book
        self._fills = len(book.executions)
        self._due = now + every
        self._every = every
        self._tell = tell

    def advance(self, now: datetime) -> None:
        """Tell it again if it is due."""
        if now >= self._due or self._fills != len(self._book.executions):
            self._due = now + self._every
            self._fills = len(self._book.executions)
            self._tell()
