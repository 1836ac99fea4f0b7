"""The simulated exchange's order book: orders that work, meet the market, trade and end.

For each order the next touch is sought once, on its symbol's tape, and waits on the
timeline: nothing is done for a minute in which nothing trades. The rules are in `matching`.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from skim_core.model.base import sound
from skim_core.model.orders import Fill, Order, OrderStatus, Side, TimeInForce
from skim_core.ports.broker import BrokerNotice
from skim_core.sim.ledger import Ledger
from skim_core.sim.matching import (
    Since,
    Tape,
    Touch,
    goes_to_opening_auction,
    is_resting_stop,
    make_tape,
    next_touch,
    reaches,
)
from skim_core.sim.resting import Resting
from skim_core.sim.timeline import EXPIRY, OTHER, STOP, Expiry, Look, Timeline

if TYPE_CHECKING:
    from skim_core.model.exchange import Exchange
    from skim_core.sim.halts import Halts
    from skim_core.sim.options import SimOptions


_FILL = sound(Fill)


class OrderBook:
    """The orders of one session.

    `orders` are all of them by reference, `live` those that may still trade, `entries`
    those of them for which money is set aside; `fills` are the session's, `notices` what is
    yet to be told.
    """

    def __init__(self, halts: Halts, rules: Exchange, options: SimOptions, ledger: Ledger) -> None:
        self.orders: dict[str, Resting] = {}
        self.live: dict[str, Resting] = {}
        self.entries: dict[str, Resting] = {}
        self.fills: list[Fill] = []
        self.notices: deque[BrokerNotice] = deque()
        self.timeline = Timeline(halts.data.session.open - timedelta(hours=12))
        self._halts = halts
        self._session = halts.data.session
        self._rules = rules
        self._options = options
        self._ledger = ledger
        self._by_symbol: dict[str, list[Resting]] = {}
        self._tapes: dict[str, Tape] = {}
        self._groups: dict[str, list[Resting]] = {}
        self._used: dict[tuple[str, Side], tuple[int, int]] = {}

    def add(self, resting: Resting) -> None:
        """Have an order, which does not work yet."""
        reference = resting.order.reference
        self.orders[reference] = self.live[reference] = resting
        self._by_symbol.setdefault(resting.order.symbol, []).append(resting)
        if resting.price_basis:
            self.entries[reference] = resting

    def live_in(self, symbol: str) -> list[Resting]:
        """Return the orders in `symbol` that may still trade."""
        found = [resting for resting in self._by_symbol.get(symbol, ()) if resting.live]
        self._by_symbol[symbol] = found
        return found

    def begin(self, resting: Resting) -> None:
        """Let an order work, or hold it for its parent's first fill."""
        order, parent = resting.order, resting.parent
        if parent is not None:
            parent.children.append(resting)
        if order.oca_group is not None:
            self._groups.setdefault(order.oca_group, []).append(resting)
        if parent is not None and not parent.filled:
            resting.status = OrderStatus.HELD
        session = self._session
        if order.time_in_force is TimeInForce.AT_CLOSE:
            auction = session.close + (self._rules.closing_auction or timedelta(0))
            self.timeline.wait(Expiry(resting), auction, EXPIRY)
        elif order.time_in_force is not TimeInForce.GTC:
            self.timeline.wait(Expiry(resting), session.close, EXPIRY)
        self._look_from_arrival(resting)

    def change(self, resting: Resting, order: Order) -> None:
        """Let a live order go on as `order`, as if it arrived now."""
        resting.order = order
        if resting.price_basis:
            self.entries[order.reference] = resting
        else:
            self.entries.pop(order.reference, None)
        resting.arrival = resting.at = self.timeline.when
        if not resting.outlook:
            self.end(resting, OrderStatus.CANCELLED, "the new quantity has traded already")
            return
        self.notices.append(resting.report())
        self._look_from_arrival(resting)

    def halted(self, symbol: str) -> None:
        """Take in that a symbol is halted: what could trade in the present minute has traded."""
        following = self._halts.data.bars.column(self.timeline.when) + 1
        for resting in self.live_in(symbol):
            if resting.since.column < following:
                resting.since = replace(resting.since, column=following, entered=None)
        self.look_anew(symbol)

    def look_anew(self, symbol: str) -> None:
        """Seek anew where the orders in a symbol meet the market, which has changed."""
        self._tapes.pop(symbol, None)
        for resting in self.live_in(symbol):
            self._look(resting)

    def expire(self, resting: Resting) -> None:
        """End an order with its session."""
        force = resting.order.time_in_force
        reason = {
            TimeInForce.AT_OPEN: "it did not trade in the opening auction",
            TimeInForce.AT_CLOSE: "it did not trade in the closing auction",
        }.get(force, "the session is over")
        self.end(resting, OrderStatus.CANCELLED, reason)

    def end(self, resting: Resting, status: OrderStatus, reason: str = "") -> None:
        """End an order for good, and its children that have nothing to close."""
        resting.status, resting.reason, resting.live = status, reason, False
        resting.at = self.timeline.when
        del self.live[resting.order.reference]
        self.entries.pop(resting.order.reference, None)
        self.notices.append(resting.report())
        for child in resting.children:
            if child.live and not child.outlook:
                why = f"its parent {resting.order.reference!r} was {status}"
                if resting.filled:
                    why += f" with {resting.filled} shares filled, and these are closed"
                self.end(child, OrderStatus.CANCELLED, why)

    def meet(self, resting: Resting, touch: Touch) -> None:
        """Let an order be triggered or trade, as much of it as can."""
        resting.awaited = False
        order = resting.order
        if not resting.available:
            return
        price = touch.price
        within_limit = reaches(order.side, price, order.limit_price)
        if is_resting_stop(order, triggered=resting.triggered):
            resting.triggered = True
            if not within_limit:
                resting.since = _after(touch)
                self._look(resting)
                return
            price = self._slipped(order, touch)
        elif touch.auction and not within_limit:
            reason = f"the auction traded at {touch.price}, beyond its limit {order.limit_price}"
            self.end(resting, OrderStatus.CANCELLED, reason)
            return
        elif order.limit_price is None:
            price = self._slipped(order, touch)
        self._trade_part(resting, touch, price)

    def _slipped(self, order: Order, touch: Touch) -> Decimal:
        """Return the price at which an order trades that takes what it gets."""
        if touch.auction:
            return touch.price
        price = self._options.slippage.worsen(touch.price, order.side, self._rules)
        limit = order.limit_price
        return price if limit is None or reaches(order.side, price, limit) else limit

    def _trade_part(self, resting: Resting, touch: Touch, price: Decimal) -> None:
        order, quantity = resting.order, resting.available
        if order.side is Side.SELL and not self._options.allow_short:
            quantity = min(quantity, max(0, self._ledger.quantity(order.symbol)))
            if not quantity and not (resting.parent and resting.parent.live):
                self.end(resting, OrderStatus.CANCELLED, f"no {order.symbol} is held any more")
                return
        if not touch.auction:
            quantity = min(quantity, self._take_volume(order, touch.column, quantity))
        if quantity:
            self._trade(resting, touch, quantity, price)
        if resting.live:
            resting.since = Since(touch.column + 1)
            self._look(resting)

    def _trade(self, resting: Resting, touch: Touch, quantity: int, price: Decimal) -> None:
        order = resting.order
        resting.fills += 1
        fill = _FILL(
            execution_id=f"{self._session.date:%Y%m%d}-{order.reference}-{resting.fills}",
            reference=order.reference,
            symbol=order.symbol,
            side=order.side,
            quantity=quantity,
            price=price,
            commission=self._commission(resting, quantity, price),
            at=self.timeline.when,
        )
        resting.filled += quantity
        resting.at = fill.at
        self._ledger.book(fill)
        self.fills.append(fill)
        self.notices.append(fill)
        if resting.filled >= order.quantity:
            self.end(resting, OrderStatus.FILLED)
        elif not resting.outlook:
            reason = f"the rest of {order.quantity - resting.filled} has nothing to close"
            self.end(resting, OrderStatus.CANCELLED, reason)
        else:
            self.notices.append(resting.report())
        self._take_from_group(resting, quantity)
        self._let_children_work(resting, touch)

    def _commission(self, resting: Resting, quantity: int, price: Decimal) -> Decimal:
        """Return what this fill adds to the commission of the whole order today."""
        resting.traded += quantity
        resting.value += quantity * price
        average = resting.value / resting.traded
        charge = self._rules.commission.charge(resting.traded, average)
        added, resting.charged = charge - resting.charged, charge
        return added

    def _take_volume(self, order: Order, column: int, wanted: int) -> int:
        """Take up to `wanted` shares of what the order's side may still trade in a minute."""
        key = (order.symbol, order.side)
        minute, used = self._used.get(key, (column, 0))
        if minute != column:
            used = 0
        taken = min(wanted, int(self._tape(order.symbol).shares[column]) - used)
        self._used[key] = column, used + taken
        return taken

    def _take_from_group(self, resting: Resting, quantity: int) -> None:
        group = resting.order.oca_group
        for other in self._groups.get(group, ()) if group else ():
            if other is resting or not other.live:
                continue
            other.taken = min(other.taken + quantity, other.order.quantity - other.filled)
            if not other.outlook:
                reason = f"one cancels all: {resting.order.reference!r} traded"
                self.end(other, OrderStatus.CANCELLED, reason)

    def _let_children_work(self, resting: Resting, touch: Touch) -> None:
        for child in resting.children:
            if not child.live:
                continue
            if child.status is OrderStatus.HELD:
                child.status, child.at = OrderStatus.WORKING, self.timeline.when
                self.notices.append(child.report())
            if not child.awaited:
                child.since = _after(touch)
                self._look(child)

    def _look_from_arrival(self, resting: Resting) -> None:
        order = resting.order
        if order.symbol not in self._halts.data.bars.row:
            return
        tape = self._tape(order.symbol)
        column = tape.first_column(resting.arrival)
        if self._halts.is_halted(order.symbol, resting.arrival):
            # The open that is at this very instant came before the halt.
            column = max(column, self._halts.data.bars.column(resting.arrival) + 1)
        resting.since = Since(
            column,
            opening_auction=goes_to_opening_auction(
                order, tape, resting.arrival, triggered=resting.triggered
            ),
        )
        self._look(resting)

    def _look(self, resting: Resting) -> None:
        """Seek the order's next touch and wait for it, instead of any before."""
        resting.looks += 1
        resting.awaited = False
        if resting.status is not OrderStatus.WORKING or not resting.available:
            return
        order, triggered = resting.order, resting.triggered
        touch = next_touch(self._tape(order.symbol), order, resting.since, triggered=triggered)
        if touch is not None:
            resting.awaited = True
            stops = touch.inside and is_resting_stop(order, triggered=triggered)
            look = Look(resting, resting.looks, touch)
            self.timeline.wait(look, touch.when, STOP if stops else OTHER)

    def _tape(self, symbol: str) -> Tape:
        tape = self._tapes.get(symbol)
        if tape is None:
            halts = self._halts
            auction = not halts.spans_close(symbol)
            tape = make_tape(halts.data, symbol, self._rules, self._options, auction=auction)
            self._tapes[symbol] = tape
        return tape


def _after(touch: Touch) -> Since:
    """Return from where on an order is looked at that begins to work with a touch."""
    return Since(touch.column, touch.price if touch.inside else None)
