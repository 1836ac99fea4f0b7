"""One order as the simulated exchange holds it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from skim_core.model.base import sound
from skim_core.model.orders import Order, OrderStatus
from skim_core.model.reports import OrderReport
from skim_core.sim.instructions import CarriedOrder
from skim_core.sim.matching import Since

_FROM_THE_START = Since(0)
_REPORT = sound(OrderReport)


@dataclass(slots=True, eq=False)
class Resting:
    """An order, what became of it, and from where on it is looked at.

    `filled` and `taken` (by its OCA group) in shares; `price_basis` is the price that
    money was set aside at. `traded`, `value` and `charged` are this session's, for the
    commission. `looks` counts how often its next touch was sought: an older one is void;
    `awaited` tells that the newest is still to come. `live`: whether it may still trade.
    """

    order: Order
    arrival: datetime
    at: datetime
    status: OrderStatus = OrderStatus.WORKING
    reason: str = ""
    parent: Resting | None = None
    most: int | None = None
    children: list[Resting] = field(default_factory=list)
    filled: int = 0
    taken: int = 0
    triggered: bool = False
    since: Since = _FROM_THE_START
    price_basis: Decimal = Decimal(0)
    traded: int = 0
    value: Decimal = Decimal(0)
    charged: Decimal = Decimal(0)
    fills: int = 0
    looks: int = 0
    awaited: bool = False
    live: bool = True

    @property
    def available(self) -> int:
        """The shares that may trade now: a child's are those that its parent has filled."""
        covered = self.order.quantity if self.parent is None else self.parent.filled
        return self._left_of(covered)

    @property
    def outlook(self) -> int:
        """The shares that may trade yet, with what a live parent may still fill."""
        if self.parent is None or self.parent.live:
            return self._left_of(self.order.quantity)
        return self._left_of(self.parent.filled)

    def _left_of(self, covered: int) -> int:
        most = self.order.quantity if self.most is None else self.most
        return max(0, min(self.order.quantity, covered, most) - self.filled - self.taken)

    def report(self) -> OrderReport:
        """Return the exchange's word about the order."""
        return _REPORT(
            reference=self.order.reference,
            status=self.status,
            filled=self.filled,
            remaining=self.order.quantity - self.filled if self.live else 0,
            reason=self.reason,
            at=self.at,
            symbol=self.order.symbol,
            side=self.order.side,
            quantity=self.order.quantity,
            limit_price=self.order.limit_price,
            stop_price=self.order.stop_price,
        )

    def carry(self) -> CarriedOrder:
        """Return the order as it stands into the next session."""
        most = self.most
        if self.parent is not None and not self.parent.live:
            most = min(self.parent.filled, self.order.quantity if most is None else most)
        return CarriedOrder(
            order=self.order,
            filled=self.filled,
            taken=self.taken,
            most=most,
            triggered=self.triggered,
        )
