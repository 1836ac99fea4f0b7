"""What became of a day, folded from its events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from skim_core.decide.book import Book
from skim_core.decide.state import DayState
from skim_core.decide.transitions import evolve
from skim_core.model.events import Event, PositionClosed
from skim_core.model.session import Session
from skim_core.ports.engine import DayResult


@dataclass(frozen=True)
class Folded:
    """A day as its events leave it."""

    state: DayState | None
    book: Book
    trades: tuple[PositionClosed, ...]

    @property
    def profit(self) -> Decimal:
        """What the closed trades made, after costs."""
        return sum((trade.profit for trade in self.trades), Decimal(0))


def fold(events: Sequence[Event]) -> Folded:
    """Fold a day's events. Raises SequenceError for events that can't follow one another."""
    state, book = None, Book()
    for event in events:
        state = evolve(state, event)
        book.apply(event)
    trades = tuple(event for event in events if isinstance(event, PositionClosed))
    return Folded(state, book, trades)


def summary(result: DayResult, events: Sequence[Event]) -> dict[str, Any]:
    """Return a day and its result as JSON can hold them."""
    return {
        "run_id": result.day.run_id,
        "end": result.end.value,
        "reason": result.reason,
        **described(fold(events), result.day.session),
    }


def described(folded: Folded, session: Session) -> dict[str, Any]:
    """Return a folded day as JSON can hold it."""
    state, book = folded.state, folded.book
    return {
        "session": session.model_dump(mode="json"),
        "phases": [phase_row(state, name) for name in state.phases] if state else [],
        "candidates": [found.model_dump(mode="json") for found in book.candidates.values()],
        "trades": [trade.model_dump(mode="json", exclude={"kind"}) for trade in folded.trades],
        "positions": [held.model_dump(mode="json") for held in book.positions.values()],
        "live_orders": [
            state.order.model_dump(mode="json") for state in book.orders.values() if state.live
        ],
        "profit": f"{folded.profit:f}",
    }


def phase_row(state: DayState, name: str) -> dict[str, Any]:
    """Return a phase's state as JSON can hold it."""
    phase = state.phases[name]
    return {
        "strategy": phase.strategy,
        "phase": phase.phase,
        "status": phase.status.value,
        "started_at": phase.started_at.isoformat() if phase.started_at else None,
        "completed_at": phase.completed_at.isoformat() if phase.completed_at else None,
        "attempts": phase.attempt,
        "retry_count": phase.retry_count,
        "error": phase.error,
    }
