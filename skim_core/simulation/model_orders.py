"""What the model exchange holds: orders, and what the account's trades make of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from skim_core.model.orders import Fill, Order, OrderStatus, Position
from skim_core.model.reports import OrderReport

FOREIGN = "somebody else"
"""Who places the orders that no process of ours places."""


@dataclass(slots=True, eq=False)
class ModelOrder:
    """One order as it truly is, whatever anybody was told of it.

    `order` is what it is by now, `process` who sent it. Until it is `transmitted` (its
    bracket has arrived whole) it can't trade and no book shows it; books show it from
    `shown_at` on. `taken` shares were taken by others of its OCA group; `done_at` is when
    its status became final, `parts` the number of trades that it is meant to fill in;
    `hiding` is for how many seconds it isn't shown once it has traded before it was.
    """

    number: int
    broker_id: str
    order: Order
    process: str
    placed_at: datetime
    shown_at: datetime
    changed_at: datetime
    status: OrderStatus = OrderStatus.WORKING
    transmitted: bool = False
    filled: int = 0
    taken: int = 0
    reason: str = ""
    done_at: datetime | None = None
    parent: ModelOrder | None = None
    children: list[ModelOrder] = field(default_factory=list)
    triggered: bool = False
    trades: int = 0
    parts: int = 1
    pause: float = 1.0
    hiding: float = 0.0
    timer: asyncio.TimerHandle | None = None
    told: OrderReport | None = None

    @property
    def live(self) -> bool:
        """Whether it may still trade."""
        return self.transmitted and self.done_at is None

    @property
    def foreign(self) -> bool:
        """Whether it is none of ours."""
        return self.process == FOREIGN

    @property
    def remaining(self) -> int:
        """The shares of it that have neither traded nor been taken."""
        return max(0, self.order.quantity - self.filled - self.taken)

    @property
    def tradable(self) -> int:
        """The shares that may trade now: of a child no more than its parent has filled."""
        if self.parent is None:
            return self.remaining
        return max(0, min(self.order.quantity, self.parent.filled) - self.filled - self.taken)

    @property
    def exhausted(self) -> bool:
        """Whether nothing of it can trade any more."""
        if self.parent is not None and self.parent.done_at is not None:
            return not self.tradable
        return not self.remaining

    def report(self) -> OrderReport:
        """Return the truth about it as a broker words it."""
        if self.told is None:
            order = self.order
            self.told = OrderReport(
                reference=order.reference,
                status=self.status,
                filled=self.filled,
                remaining=0 if self.done_at else self.remaining,
                reason=self.reason,
                at=self.changed_at,
                broker_id=self.broker_id,
                symbol=order.symbol,
                side=order.side,
                quantity=order.quantity,
                limit_price=order.limit_price,
                stop_price=order.stop_price,
            )
        return self.told

    def __str__(self) -> str:
        order = self.order
        price = "".join(f" {price}" for price in (order.stop_price, order.limit_price) if price)
        return f"{order.reference} {order.side} {order.quantity} {order.symbol} {order.type}{price}"


class AccountLedger:
    """The account's shares and money, ours and foreign together."""

    def __init__(self, cash: Decimal = Decimal(1_000_000)) -> None:
        self.cash = cash
        self.shares: dict[str, int] = {}
        self._prices: dict[str, Decimal] = {}

    def trade(self, fill: Fill) -> None:
        """Count a trade."""
        self.cash -= fill.side.sign * fill.quantity * fill.price + fill.commission
        self.move(fill.symbol, fill.side.sign * fill.quantity, fill.price)

    def move(self, symbol: str, quantity: int, price: Decimal) -> None:
        """Add shares (negative: take away) at a price."""
        before = self.shares.get(symbol, 0)
        after = self.shares[symbol] = before + quantity
        if before * quantity >= 0:
            paid = self._prices.get(symbol, Decimal(0)) * abs(before) + price * abs(quantity)
            self._prices[symbol] = paid / (abs(before) + abs(quantity))
        elif before * after < 0:
            self._prices[symbol] = price

    def positions(self) -> tuple[Position, ...]:
        """Return what is held."""
        return tuple(
            Position(symbol=symbol, quantity=quantity, average_price=self._prices[symbol])
            for symbol, quantity in self.shares.items()
            if quantity
        )
