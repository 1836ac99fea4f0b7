"""What all strategies of an account have done, in this process and in others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from skim_core.decide.book import Book
from skim_core.decide.controls import standing_halt
from skim_core.model.controls import Control, Halt, Resolution, Resume
from skim_core.model.events import DayStarted
from skim_core.ports.journal import Journal


@dataclass(slots=True)
class _Elsewhere:
    """Another process's run, as far as it has been read."""

    book: Book = field(default_factory=Book)
    sequence: int = 0


class AccountBooks:
    """The books of one account's strategies: of each the latest run that the journal has."""

    def __init__(self, journal: Journal, account: str) -> None:
        self._journal = journal
        self._account = account
        self._here: dict[str, Book] = {}
        self._elsewhere: dict[str, _Elsewhere] = {}

    def join(self, run_id: str, book: Book) -> None:
        """Count a run of this process, whose book is kept by its day."""
        self._here[run_id] = book
        self._elsewhere.pop(run_id, None)

    def leave(self, run_id: str) -> None:
        """Count a run by its journal again."""
        self._here.pop(run_id, None)

    def books(self) -> list[Book]:
        """Return every strategy's book, those of other processes as of their last event."""
        latest: dict[tuple[str, str], str] = {}
        for run in self._journal.runs():
            started = run.first
            if isinstance(started, DayStarted) and started.account == self._account:
                latest[started.strategy, started.session.exchange] = run.run_id
        others = [self._read(run_id) for run_id in latest.values() if run_id not in self._here]
        return [*self._here.values(), *others]

    def _read(self, run_id: str) -> Book:
        other = self._elsewhere.setdefault(run_id, _Elsewhere())
        for record in self._journal.read(run_id, other.sequence):
            other.book.apply(record.event)
            other.sequence = record.sequence
        return other.book


def held_shares(books: Iterable[Book]) -> Mapping[str, int]:
    """Return the shares by symbol that all strategies hold together."""
    shares: dict[str, int] = {}
    for book in books:
        for symbol, holding in book.holdings.items():
            shares[symbol] = shares.get(symbol, 0) + holding.quantity
    return shares


def doubtful_symbols(books: Iterable[Book]) -> set[str]:
    """Return the symbols in which any strategy has an order in doubt."""
    return {state.order.symbol for book in books for state in book.live if state.in_doubt}


class Controls:
    """What people have told, read once each; `number` is that of the last one read."""

    def __init__(self, journal: Journal, account: str) -> None:
        self._journal = journal
        self._account = account
        self._read: list[Control] = []
        self.number = 0

    def refresh(self) -> None:
        """Read what is new; `number` is then the last one's. Raises JournalError."""
        for record in self._journal.controls(self.number):
            self.number = record.number
            self._read.append(record.control)

    def halt(self, strategy: str) -> Halt | None:
        """Return the halt that keeps a strategy's entries back, or None."""
        return standing_halt(self._read, self._account, strategy)

    def resumed(self, strategy: str) -> Resume | None:
        """Return the last word that took a halt of the strategy back, or None."""
        words = (
            control
            for control in reversed(self._read)
            if isinstance(control, Resume)
            and control.account == self._account
            and control.strategy in {None, strategy}
        )
        return next(words, None)

    def resolutions(self, run_id: str) -> list[Resolution]:
        """Return what people have said about a run's orders, oldest first."""
        return [
            control
            for control in self._read
            if isinstance(control, Resolution) and control.run_id == run_id
        ]
