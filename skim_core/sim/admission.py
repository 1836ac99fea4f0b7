"""Whether the simulated exchange takes an order: why it refuses one."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from skim_core.errors import nearest
from skim_core.model.orders import Order, Side, TimeInForce
from skim_core.sim.ledger import Ledger
from skim_core.sim.market import Market
from skim_core.sim.resting import Resting

if TYPE_CHECKING:
    from skim_core.model.exchange import Exchange
    from skim_core.sim.options import SimOptions
    from skim_core.sim.orderbook import OrderBook

_AUCTIONS = (TimeInForce.AT_OPEN, TimeInForce.AT_CLOSE)


class Admission:
    """Looks at each order as it arrives."""

    def __init__(
        self,
        market: Market,
        rules: Exchange,
        options: SimOptions,
        ledger: Ledger,
        book: OrderBook,
    ) -> None:
        self._market = market
        self._rules = rules
        self._options = options
        self._ledger = ledger
        self._book = book

    def refusal(self, resting: Resting, now: datetime) -> str:
        """Return why an order that arrives at `now` is refused; '' when it is taken.

        An order that is taken has its `price_basis` set.
        """
        order = resting.order
        return (
            self._unknown(order)
            or self._untimely(order, now)
            or self.off_tick(order)
            or self._bad_luck(order)
            or self._orphaned(order, resting.parent)
            or self.unaffordable(resting, order, now)
        )

    def unaffordable(self, resting: Resting, order: Order, now: datetime) -> str:
        """Return what the account lacks for `resting` to be `order`; '' for nothing.

        Its `price_basis`, the price per share that money is set aside at, is set then: 0
        for one that only closes. A market order's is the last price: when it trades higher,
        cash may fall below zero by the difference.
        """
        opening = self._opening_part(resting, order)
        if not opening:
            resting.price_basis = Decimal(0)
            return ""
        if order.side is Side.SELL and not self._options.allow_short:
            held = self._ledger.quantity(order.symbol)
            return (
                f"{held} shares of {order.symbol} are held, {order.quantity - opening} of them are "
                f"not in another sell order, and short sales are not allowed: sell at most those, "
                f"or name the other order's oca_group"
            )
        basis = self._price_basis(order, now)
        needed = opening * basis + self._rules.commission.charge(opening, basis)
        free = self._free(resting)
        if needed > free:
            currency = self._rules.currency
            return (
                f"{opening} shares at {basis} need {needed} {currency}, {free} are free: "
                "order fewer"
            )
        resting.price_basis = basis
        return ""

    def off_tick(self, order: Order) -> str:
        """Return which price of `order` is not on the exchange's tick; '' when all are."""
        for name, price in (("limit", order.limit_price), ("stop", order.stop_price)):
            if price is not None and not self._rules.on_tick(price):
                low, high = self._rules.round_down(price), self._rules.round_up(price)
                return (
                    f"the {name} price {price} is off the tick of {self._rules.tick(price)}: "
                    f"use {low} or {high}"
                )
        return ""

    def _unknown(self, order: Order) -> str:
        bars = self._market.data.bars
        if order.symbol not in bars.row:
            hint = nearest(order.symbol, bars.symbols)
            return f"the exchange has no symbol {order.symbol!r}{hint}"
        return ""

    def _untimely(self, order: Order, now: datetime) -> str:
        session, force = self._market.data.session, order.time_in_force
        if force in _AUCTIONS and order.stop_price is not None:
            return f"an auction takes market and limit orders, not a {order.type} order"
        last, what = {
            TimeInForce.AT_OPEN: (
                self._rules.opening(order.symbol, session),
                f"the opening auction of {order.symbol}",
            ),
            TimeInForce.AT_CLOSE: (
                session.close + (self._rules.closing_auction or timedelta(0)),
                "the closing auction",
            ),
        }.get(force, (session.close, "the session"))
        late = now >= last if force is TimeInForce.DAY else now > last
        if late and force is not TimeInForce.GTC:
            return f"it came at {_time(now)}, {what} was over at {_time(last)}"
        return ""

    def _bad_luck(self, order: Order) -> str:
        rate = self._options.reject_rate
        if order.parent is not None or not rate:
            return ""
        key = f"{self._options.seed}|{order.reference}".encode()
        draw = int.from_bytes(hashlib.sha256(key).digest()[:8]) / 2**64
        return "the exchange refused it, as the option reject_rate asks" if draw < rate else ""

    def _orphaned(self, order: Order, parent: Resting | None) -> str:
        if order.parent is None:
            return ""
        if parent is None:
            return f"there is no order {order.parent!r} to be its parent: send that first"
        if parent.order.symbol != order.symbol:
            return f"its parent is in {parent.order.symbol}, it is in {order.symbol}"
        if not parent.live and not parent.filled:
            return f"its parent {order.parent!r} is {parent.status} and never traded"
        return ""

    def _price_basis(self, order: Order, now: datetime) -> Decimal:
        if order.limit_price is not None:
            return order.limit_price
        last = self._market.last_price(order.symbol, now) or Decimal(0)
        return last if order.stop_price is None else max(last, order.stop_price)

    def _opening_part(self, resting: Resting, order: Order) -> int:
        """Return the shares by which `order` would open or widen a position."""
        parent = resting.parent
        if parent is not None and order.side is not parent.order.side:
            # It closes what its parent opens, and never more than that.
            return 0
        claims: dict[str, int] = {}
        for other in self._book.live_in(order.symbol):
            if other is not resting and other.order.side is order.side:
                group = other.order.oca_group or other.order.reference
                claims[group] = max(claims.get(group, 0), other.available)
        group = order.oca_group or order.reference
        before = sum(claims.values())
        claims[group] = max(claims.get(group, 0), order.quantity - resting.filled)
        closable = max(0, -order.side.sign * self._ledger.quantity(order.symbol))
        return max(0, sum(claims.values()) - max(before, closable))

    def _free(self, resting: Resting) -> Decimal:
        """Return the cash that nothing but `resting` is set aside from.

        A short sale's proceeds are not free, and as much again is set aside for it.
        """
        free = self._ledger.cash
        if self._options.allow_short:
            free -= 2 * self._ledger.short_value()
        for other in self._book.entries.values():
            if other is not resting:
                free -= other.outlook * other.price_basis
        return free


def _time(moment: datetime) -> str:
    return f"{moment:%H:%M:%S} UTC"
