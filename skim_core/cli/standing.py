"""How a day stands: what its events fold to."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from skim_core.decide.book import Book
from skim_core.decide.state import DayState
from skim_core.decide.transitions import evolve
from skim_core.model.events import Event, PositionClosed
from skim_core.model.orders import Order


class Standing:
    """A day as the events so far leave it: its phases, its book and its trades."""

    def __init__(self) -> None:
        self.state: DayState | None = None
        self.book = Book()
        self.trades: list[PositionClosed] = []

    def apply(self, event: Event) -> None:
        """Fold the day's next event. Raises SequenceError for one that can't come now."""
        self.state = evolve(self.state, event)
        self.book.apply(event)
        if isinstance(event, PositionClosed):
            self.trades.append(event)

    @property
    def profit(self) -> Decimal:
        """What the closed trades made after commissions, in the exchange's currency."""
        return sum((trade.profit for trade in self.trades), Decimal(0))

    @property
    def live_orders(self) -> list[Order]:
        """The orders that may still trade, oldest first."""
        return [state.order for state in self.book.orders.values() if state.live]


def fold(events: Iterable[Event]) -> Standing:
    """Return how a day stands after its events. Raises SequenceError for unsound ones."""
    standing = Standing()
    for event in events:
        standing.apply(event)
    return standing
