"""The one way in which a day changes: journal first, then state, then bus."""

from __future__ import annotations

from collections.abc import Sequence

from skim_core.decide.book import Book
from skim_core.decide.state import DayState
from skim_core.decide.transitions import evolve
from skim_core.errors import JournalError
from skim_core.model.events import Event
from skim_core.model.trading_day import TradingDay
from skim_core.ports.bus import Bus
from skim_core.ports.journal import Journal


class Recorder:
    """A day's state and book, and the journal that they are the fold of."""

    def __init__(self, day: TradingDay, journal: Journal, bus: Bus) -> None:
        self.day = day
        self.book = Book()
        self.sequence = 0
        self._state: DayState | None = None
        self._journal = journal
        self._bus = bus
        self._closed = False

    @property
    def begun(self) -> bool:
        """Whether the day has any event."""
        return self._state is not None

    @property
    def state(self) -> DayState:
        """The day's state; a day that has not begun has none."""
        if self._state is None:
            msg = f"{self.day.run_id} has not begun: record its DayStarted first."
            raise JournalError(msg)
        return self._state

    def load(self) -> Sequence[Event]:
        """Fold what the journal holds of the day, publishing nothing; return it."""
        records = self._journal.read(self.day.run_id)
        for record in records:
            self._state = evolve(self._state, record.event)
            self.book.apply(record.event)
            self.sequence = record.sequence
        return [record.event for record in records]

    def record(self, *events: Event, durable: bool = False) -> None:
        """Append events, fold them, and tell the bus.

        Raises SequenceError (nothing is written) for events that can't happen now,
        FenceError when another process has written to the day.
        """
        if self._closed:
            msg = f"{self.day.run_id} is closed in this process: nothing more can be recorded."
            raise JournalError(msg)
        state = self._state
        for event in events:
            state = evolve(state, event)
        self.book.check(events)
        self.sequence = self._journal.append(
            self.day.run_id, self.sequence, events, durable=durable
        )
        self._state = state
        for event in events:
            self.book.apply(event)
        for event in events:
            self._bus.publish(event, self.day)

    def close(self) -> None:
        """Refuse everything from now on: the day goes on elsewhere, or is over."""
        self._closed = True
