"""What the model exchange has written down, and what of it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from skim_core.errors import BrokerError
from skim_core.model.orders import Fill, Order, OrderStatus
from skim_core.model.reports import OrderReport
from skim_core.simulation.faults import FaultPlan
from skim_core.simulation.model_orders import AccountLedger, ModelOrder

_KEPT = 0.5
"""How many of the orders that were refused the books show."""


class ModelBooks:
    """All orders that ever arrived, all trades, and the account's shares: the truth."""

    def __init__(self, plan: FaultPlan) -> None:
        self.orders: list[ModelOrder] = []
        self.fills: list[Fill] = []
        self.ledger = AccountLedger()
        self._plan = plan
        self._traded: list[ModelOrder] = []
        self._next_id = 1

    def add(self, order: Order, process: str, now: datetime) -> ModelOrder:
        """Write down an order that arrived."""
        found = ModelOrder(
            number=len(self.orders) + 1,
            broker_id=self._make_id(order.reference),
            order=order,
            process=process,
            placed_at=now,
            shown_at=now,
            changed_at=now,
        )
        self.orders.append(found)
        return found

    def trade(self, found: ModelOrder, fill: Fill) -> None:
        """Write down a trade of an order."""
        self.fills.append(fill)
        self._traded.append(found)
        self.ledger.trade(fill)

    def find(self, reference: str, broker_id: str | None = None) -> ModelOrder:
        """Return the order with a reference, of several the first that lives, else the last.

        Raises BrokerError when there is none.
        """
        found = [
            other
            for other in self.orders
            if other.order.reference == reference
            and other.transmitted
            and broker_id in {None, other.broker_id}
        ]
        if not found:
            msg = f"the broker has no order {reference!r} (10147): look at the open orders."
            raise BrokerError(msg)
        return next((other for other in found if other.live), found[-1])

    def parent(self, found: ModelOrder) -> ModelOrder | None:
        """Return the newest order that a child names as its parent, or None."""
        reference = found.order.parent
        named = (
            other
            for other in reversed(self.orders)
            if other.order.reference == reference and other.transmitted
        )
        return next(named, None)

    def group(self, found: ModelOrder) -> list[ModelOrder]:
        """Return the other live orders of an order's OCA group."""
        name = found.order.oca_group
        return [
            other
            for other in self.orders
            if name and other.order.oca_group == name and other is not found and other.live
        ]

    def roll_back(self, number: int) -> None:
        """Give ids again that were given before."""
        self._next_id = max(1, self._next_id - number)

    def reports(self, now: datetime, lag: timedelta) -> Sequence[OrderReport]:
        """Return what is shown of orders; of those that are done after `lag`."""
        return [
            found.report()
            for found in self.orders
            if found.transmitted
            and found.shown_at <= now
            and (found.done_at is None or found.done_at + lag <= now)
            and (found.status is not OrderStatus.REJECTED or self._keeps(found))
        ]

    def executions(self, now: datetime, lag: timedelta) -> Sequence[Fill]:
        """Return what is shown of trades, each after `lag`."""
        return [
            fill
            for fill, found in zip(self.fills, self._traded, strict=True)
            if fill.at + lag <= now and found.shown_at <= now
        ]

    def _keeps(self, found: ModelOrder) -> bool:
        return self._plan.draw("kept", found.order.reference) < _KEPT

    def _make_id(self, reference: str) -> str:
        used = {other.broker_id for other in self.orders if other.order.reference == reference}
        while str(self._next_id) in used:
            self._next_id += 1
        self._next_id += 1
        return str(self._next_id - 1)
