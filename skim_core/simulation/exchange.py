"""The server's side of the model broker: one account's orders as they truly are.

It does what the real one was seen doing. It doesn't know what an order means to whoever
sent it: a reference that comes twice makes two orders. Children wait for their parent's
first fill and cover what it has filled; a parent that is done without a fill takes them with
it; a fill of one of an OCA group takes as many shares from each of the others, in the same
instant. What it tells, and when, is spoilt by the plan's faults; `orders`, `fills`,
`positions` and `history` are the truth.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from skim_core.model.orders import (
    Fill,
    Order,
    OrderStatus,
    OrderType,
    Position,
    TimeInForce,
)
from skim_core.model.reports import OrderReport
from skim_core.simulation.clock import LoopClock
from skim_core.simulation.fault_shapes import LONGEST_HIDING, FaultKind, Occasion
from skim_core.simulation.faults import Fault, FaultPlan
from skim_core.simulation.foreign import foreign_order
from skim_core.simulation.front import Front
from skim_core.simulation.market import ModelMarket, in_currency
from skim_core.simulation.matching import next_trade, trade_price
from skim_core.simulation.model_books import ModelBooks
from skim_core.simulation.model_orders import FOREIGN, ModelOrder

_EXPIRY = timedelta(seconds=1)
"""How long after the close orders for the day expire: the closing auction is over then."""

_PARTS = (1, 1, 1, 2, 3)
"""In how many trades an order fills, each as likely."""

_EVEN = 0.5

_CHILD_OCCASIONS = {"stop": Occasion.STOP, "target": Occasion.TARGET}


class ModelExchange:
    """One account at a model broker, shared by all processes that connect to its `front`.

    `clock` is the right time. Each function in `on_change` is called after each step of the
    truth, outside of every process; `history` has a line for each step, in seconds after
    the open.
    """

    def __init__(self, market: ModelMarket, clock: LoopClock, plan: FaultPlan) -> None:
        self.market = market
        self.clock = clock
        self.plan = plan
        self.front = Front(plan, clock, market.session.open)
        self.books = ModelBooks(plan)
        self.orders = self.books.orders
        self.fills = self.books.fills
        self.history: list[str] = []
        self.on_change: list[Callable[[], None]] = []
        self.front.when_due(
            FaultKind.IDS_ROLLED_BACK, lambda fault: self.books.roll_back(fault.amount)
        )
        self.front.when_due(FaultKind.FOREIGN_ORDER, self._send_foreign)
        self.front.when_due(FaultKind.FOREIGN_POSITION, self._move_foreign)
        self.front.at(market.session.close + _EXPIRY, self._expire)

    @property
    def positions(self) -> dict[str, int]:
        """The shares that the account holds by symbol, ours and foreign."""
        return {symbol: shares for symbol, shares in self.books.ledger.shares.items() if shares}

    # What a client asks for

    def receive(self, order: Order, process: str) -> ModelOrder:
        """Take an order in; nothing becomes of it before it is transmitted."""
        found = self.books.add(order, process, self.clock.now())
        self._note(f"{process} sends {found}")
        return found

    def transmit(self, bracket: Sequence[ModelOrder]) -> bool:
        """Let orders work that have arrived whole; return whether all are shown at once."""
        for found in bracket:
            self._accept(found)
        for found in bracket:
            self._tell_status(found)
            self._schedule(found)
        return all(found.shown_at <= self.clock.now() for found in bracket)

    def modify(self, order: Order) -> None:
        """Change the live order with this reference. Raises BrokerError for an unknown one."""
        found = self.books.find(order.reference)
        if found.live:
            found.order = order
            self._changed(found, f"{found} is changed")
            self._finish_exhausted(found)
            self._schedule(found)
        self._tell_status(found)

    def cancel(self, reference: str, broker_id: str | None = None) -> None:
        """Begin to cancel the live order with this reference. Raises BrokerError for none."""
        found = self.books.find(reference, broker_id)
        if not found.live:
            self._tell_status(found)
            return
        # Until then it may trade.
        delay = timedelta(seconds=self.plan.draw("cancel", reference, found.trades) ** 3 * 2)
        self.front.at(self.clock.now() + delay, self._cancel, found)

    def reports(self) -> Sequence[OrderReport]:
        """Return what the books show of orders: open and done, ours and foreign."""
        return self.books.reports(self.clock.now(), self.front.lag())

    def executions(self) -> Sequence[Fill]:
        """Return what the books show of trades."""
        return self.books.executions(self.clock.now(), self.front.lag())

    def held(self) -> tuple[Position, ...]:
        """Return what the account holds: always the truth."""
        return self.books.ledger.positions()

    def tell_again(self, bracket: Sequence[ModelOrder]) -> None:
        """Tell the status of orders that came twice with the ids that they have already."""
        for found in bracket:
            self._tell_status(found)

    # An order's life

    def _accept(self, found: ModelOrder) -> None:
        order = found.order
        found.transmitted = True
        found.parts = _PARTS[int(self.plan.draw("parts", order.reference) * len(_PARTS))]
        parent = self._parent(found)
        refused = self._spoil(found)
        if refused:
            self._finish(found, OrderStatus.REJECTED, refused)
        elif order.parent is None:
            self._changed(found, f"{found} works")
        elif parent is None:
            self._finish(found, OrderStatus.REJECTED, f"there is no parent {order.parent}")
        elif parent.done_at is not None and not parent.filled:
            self._finish(found, OrderStatus.CANCELLED, f"its parent is {parent.status}")
        else:
            found.status = OrderStatus.WORKING if parent.filled else OrderStatus.HELD
            found.shown_at = max(parent.shown_at, found.shown_at)
            self._changed(found, f"{found} is {found.status}")

    def _parent(self, found: ModelOrder) -> ModelOrder | None:
        parent = self.books.parent(found) if found.order.parent else None
        if parent is not None:
            found.parent = parent
            parent.children.append(found)
        return parent

    def _spoil(self, found: ModelOrder) -> str:
        """Do to an order what the plan has for it; return why it is refused, or ''."""
        if found.foreign:
            return ""
        refused, now = "", self.clock.now()
        for fault in self.front.occur(_arrival(found.order)):
            if fault.kind is FaultKind.REJECTED:
                refused = "refused by the exchange (201)"
            elif fault.kind is FaultKind.ACCEPTED_LATE:
                found.shown_at = now + timedelta(seconds=fault.lasting)
            elif fault.kind is FaultKind.TRADED_UNSEEN:
                found.shown_at = now + timedelta(seconds=LONGEST_HIDING)
                found.hiding = fault.lasting
            elif fault.kind is FaultKind.CANCELLED_BY_OTHERS:
                self.front.at(now + timedelta(seconds=fault.lasting), self._cancel, found)
            elif fault.kind is FaultKind.FALSE_REJECT:
                self.front.at(now + timedelta(seconds=fault.lasting), self._lie, found)
            elif fault.kind is FaultKind.FILLED_IN_PARTS:
                found.parts, found.pause = fault.amount, fault.lasting
        return refused

    def _lie(self, found: ModelOrder) -> None:
        if found.live:
            false = {"status": OrderStatus.REJECTED, "reason": "an error that is none (10349)"}
            self.front.tell(found.report().model_copy(update=false), found.shown_at)

    def _schedule(self, found: ModelOrder) -> None:
        """Let the order meet the market when it next does."""
        if found.timer is not None:
            found.timer.cancel()
            found.timer = None
        if found.live and found.status is OrderStatus.WORKING and found.tradable:
            when = next_trade(found, self.market, self.clock.now(), self.plan.draw)
            if when is not None:
                found.timer = self.front.at(when, self._meet, found)

    def _meet(self, found: ModelOrder) -> None:
        now = self.clock.now()
        found.timer = None
        if self.market.halted_until(found.order.symbol, now) is None:
            if found.order.type is OrderType.STOP_LIMIT and not found.triggered:
                found.triggered = True
                self._changed(found, f"{found} is triggered")
            else:
                self._trade(found, trade_price(found, self.market, now))
                return
        self._schedule(found)

    def _trade(self, found: ModelOrder, ticks: int) -> None:
        order, now = found.order, self.clock.now()
        quantity = max(1, found.tradable // max(1, found.parts))
        found.parts -= 1
        found.trades += 1
        found.filled += quantity
        if found.hiding and now < found.shown_at:
            found.shown_at, found.hiding = now + timedelta(seconds=found.hiding), 0.0
        fill = Fill(
            execution_id=f"x{len(self.fills) + 1:05}",
            reference=order.reference,
            symbol=order.symbol,
            side=order.side,
            quantity=quantity,
            price=in_currency(ticks),
            at=now,
        )
        self.books.trade(found, fill)
        woken = [child for child in found.children if child.status is OrderStatus.HELD]
        for child in woken:
            child.status = OrderStatus.WORKING
        affected = [*self._take(found, quantity), *woken]
        self._changed(found, f"{found} trades {quantity} at {fill.price}")
        self._finish_exhausted(found)
        self._tell_trade(found, fill)
        for other in affected:
            self._finish_exhausted(other)
            self._tell_status(other)
            self._schedule(other)
        for other in (found, *found.children):
            self._schedule(other)

    def _take(self, found: ModelOrder, quantity: int) -> list[ModelOrder]:
        """Take as many shares from the others of the group; nothing is told yet."""
        others = self.books.group(found)
        for other in others:
            other.taken += min(quantity, other.remaining)
        return others

    def _tell_trade(self, found: ModelOrder, fill: Fill) -> None:
        self.front.occur(Occasion.FILL)
        status_first = self.plan.draw("status first", fill.execution_id) < _EVEN
        if status_first:
            self._tell_status(found)
        if not found.foreign:
            self.front.tell(fill, found.shown_at)
        if not status_first:
            self._tell_status(found)

    def _cancel(self, found: ModelOrder) -> None:
        if found.live:
            self._finish(found, OrderStatus.CANCELLED, "as asked (202)")
            self._tell_status(found)

    def _finish(self, found: ModelOrder, status: OrderStatus, reason: str) -> None:
        now = self.clock.now()
        found.status, found.reason, found.done_at = status, reason, now
        if found.timer is not None:
            found.timer.cancel()
            found.timer = None
        self._changed(found, f"{found} is {status}{reason and ': '}{reason}")
        for child in found.children:
            if child.live and child.exhausted:
                self._finish(child, OrderStatus.CANCELLED, f"its parent is {status}")
                self._tell_status(child)

    def _finish_exhausted(self, found: ModelOrder) -> None:
        """Finish an order that can't trade any more, now that shares of it did or were taken."""
        found.changed_at, found.told = self.clock.now(), None
        if found.live and found.exhausted:
            whole = found.filled >= found.order.quantity
            status = OrderStatus.FILLED if whole else OrderStatus.CANCELLED
            self._finish(found, status, "" if whole else "nothing of it is left to trade")

    def _expire(self) -> None:
        for found in list(self.orders):
            early = found.placed_at < self.market.session.close
            if found.live and early and found.order.time_in_force is not TimeInForce.GTC:
                self._finish(found, OrderStatus.CANCELLED, "expired at the close")
                self._tell_status(found)

    # Somebody else

    def _send_foreign(self, fault: Fault) -> None:
        order = foreign_order(fault, self.market.ticks(fault.target, self.clock.now()))
        self.transmit([self.receive(order, FOREIGN)])

    def _move_foreign(self, fault: Fault) -> None:
        if fault.amount:
            price = self.market.price(fault.target, self.clock.now())
            self.books.ledger.move(fault.target, fault.amount, price)
            self._note(f"{fault.amount} {fault.target} of {FOREIGN} appear")

    # What is told

    def _tell_status(self, found: ModelOrder) -> None:
        if not found.foreign:
            self.front.tell(found.report(), found.shown_at)

    def _changed(self, found: ModelOrder, what: str) -> None:
        found.changed_at = self.clock.now()
        found.told = None
        self._note(what)

    def _note(self, what: str) -> None:
        self.history.append(f"{self.front.seconds:.6f} {what}")
        for function in self.on_change:
            function()


def _arrival(order: Order) -> Occasion:
    if order.purpose in _CHILD_OCCASIONS:
        return _CHILD_OCCASIONS[order.purpose]
    return Occasion.EXIT if order.closes else Occasion.ENTRY
