"""What must be true of an entry at the instant at which it is decided."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from skim_core.decide.controls import standing_halt
from skim_core.model import events as ev
from skim_core.model.controls import Control, Halt
from skim_core.model.graph import PhaseGraph
from skim_core.model.limits import Limits
from skim_core.model.session import Session
from skim_core.simulation.orders_watch import OrdersWatch


class DecisionsWatch:
    """Checks entries by the truth.

    `controls` is what people said, with the right time, `graphs` each strategy's phases.
    """

    def __init__(self, session: Session, limits: Limits, account_limits: Limits) -> None:
        self.controls: list[tuple[datetime, Control]] = []
        self.graphs: dict[str, PhaseGraph] = {}
        self._session = session
        self._limits = limits
        self._account_limits = account_limits

    def halt(self, strategy: str, by: datetime | None = None) -> Halt | None:
        """Return the halt of a strategy that stands, of those said until `by`."""
        said = (control for at, control in self.controls if by is None or at <= by)
        return standing_halt(said, "paper", strategy)

    def entered(
        self, strategy: str, event: ev.OrderIntended, orders: OrdersWatch, heard: datetime
    ) -> Iterator[str]:
        """Yield why an entry must not be decided; what was said until `heard` counts."""
        order = event.order
        phase = self.graphs[strategy][event.by]
        start, end = phase.window(self._session)
        # By the machine's own clock: whoever sets that wrong sets the window wrong.
        early = start is not None and event.at < start
        if early or (end is not None and event.at > end + phase.timeout):
            yield f"{order.symbol} is entered outside the window of {phase.name}"
        if self.halt(strategy, heard) is not None:
            yield f"{order.symbol} is entered after a halt"
        doubtful = orders.in_doubt(strategy, order.symbol, order.reference)
        if doubtful is not None:
            yield f"{order.symbol} is entered while {doubtful} is in doubt"
        yield from _above("positions", orders.held(strategy) | {order.symbol}, self._limits)
        yield from _above("all positions", orders.held() | {order.symbol}, self._account_limits)
        most, sent = self._limits.orders_per_day, orders.entries[strategy] + 1
        if most is not None and sent > most:
            yield f"{order.symbol} is entry {sent} of the day, {most} are allowed"


def _above(what: str, symbols: set[str], limits: Limits) -> Iterator[str]:
    if limits.positions is not None and len(symbols) > limits.positions:
        yield f"{sorted(symbols)} are {len(symbols)} {what}, {limits.positions} are allowed"
