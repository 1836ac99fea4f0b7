"""The simulated exchange: one account's orders through one session, without any I/O."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from skim_core.model.orders import Fill, Order, OrderStatus
from skim_core.model.reports import OrderReport
from skim_core.ports.broker import BrokerNotice
from skim_core.sim.admission import Admission
from skim_core.sim.halts import Halts
from skim_core.sim.instructions import (
    CallHalt,
    CarriedOrder,
    EndHalt,
    Instruction,
    Modify,
    Opening,
    Submit,
)
from skim_core.sim.ledger import Ledger
from skim_core.sim.market import Market
from skim_core.sim.orderbook import OrderBook
from skim_core.sim.resting import Resting
from skim_core.sim.timeline import Due, Expiry, Look

if TYPE_CHECKING:
    from skim_core.model.exchange import Exchange
    from skim_core.sim.data import SessionData
    from skim_core.sim.options import SimOptions


class SimulatedExchange:
    """One account's session: takes instructions, steps through time, tells notices.

    It does nothing by itself: whoever holds it gives instructions at the place that `place`
    names and lets it `run` when time has come to `next_due`. `market` shows the data without
    the minutes of `halts`; `ledger` is the account's.
    """

    def __init__(
        self, data: SessionData, rules: Exchange, options: SimOptions, opening: Opening
    ) -> None:
        rules = options.commission.applied(rules)
        self.halts = Halts(data, rules, options.halts)
        self.market = Market(
            self.halts.data, rules, split_gaps=options.splits == "scan", halts=self.halts
        )
        self.ledger = Ledger(opening.cash, opening.positions)
        self._options = options
        self._book = OrderBook(self.halts, rules, options, self.ledger)
        self._timeline = self._book.timeline
        self._admission = Admission(self.market, rules, options, self.ledger, self._book)
        self._sent: dict[str, Order] = {}
        self._in_flight: dict[str, datetime] = {}
        for carried in opening.orders:
            self._take_over(carried)

    # What is told

    def place(self, now: datetime) -> tuple[datetime, int]:
        """Return when, and in which turn, an instruction given at `now` arrives."""
        self.settle(now)
        if self._options.latency:
            return now + self._options.latency, 1
        return now, self._timeline.turn_at(now)

    def place_at_once(self, now: datetime) -> tuple[datetime, int]:
        """Return the place of what is done at `now` without being on its way, such as a halt."""
        self.settle(now)
        return now, self._timeline.turn_at(now)

    def take(self, instruction: Instruction) -> None:
        """Take an instruction; it is followed when time comes to its place."""
        if isinstance(instruction, Submit):
            for order in instruction.orders:
                self._sent[order.reference] = order
                self._in_flight[order.reference] = instruction.at
        self._timeline.arrive(instruction)

    # What is asked

    def sent(self, reference: str) -> Order | None:
        """Return the order as it was first sent with this reference, or None."""
        return self._sent.get(reference)

    def current(self, reference: str) -> Order | None:
        """Return the order with this reference, changes included, or None."""
        resting = self._book.orders.get(reference)
        return resting.order if resting else self._sent.get(reference)

    def off_tick(self, order: Order) -> str:
        """Return which price of `order` is not on the tick; '' when all are."""
        return self._admission.off_tick(order)

    def reports(self) -> list[OrderReport]:
        """Return the exchange's word about every order of the session."""
        reports = [resting.report() for resting in self._book.orders.values()]
        on_the_way = (
            Resting(order, at, at, OrderStatus.HELD if order.parent else OrderStatus.WORKING)
            for order, at in ((self._sent[name], at) for name, at in self._in_flight.items())
        )
        return [*reports, *(resting.report() for resting in on_the_way)]

    @property
    def fills(self) -> Sequence[Fill]:
        """The session's trades, oldest first."""
        return self._book.fills

    @property
    def notices(self) -> deque[BrokerNotice]:
        """What is yet to be told, oldest first; whoever tells it takes it away."""
        return self._book.notices

    @property
    def has_live_orders(self) -> bool:
        """Whether an order may still trade, or is on its way."""
        return bool(self._book.live or self._in_flight)

    def closing(self) -> Opening:
        """Return what the account takes into the next session, when this one is finished."""
        return Opening(
            cash=self.ledger.cash,
            positions=self.ledger.positions(),
            orders=tuple(resting.carry() for resting in self._book.live.values()),
        )

    # Time

    def next_due(self) -> datetime | None:
        """Return when something happens next, or None."""
        return self._timeline.next_due()

    def settle(self, now: datetime) -> None:
        """Do all that comes before an instruction given at `now`."""
        while (due := self._timeline.pop_before_instruction(now)) is not None:
            self._do(due)

    def run(self, now: datetime) -> None:
        """Do all that is due by `now`."""
        while (due := self._timeline.pop_until(now)) is not None:
            self._do(due)

    def finish(self) -> None:
        """Do all that is left of the session."""
        while (due := self._timeline.pop_until(None)) is not None:
            self._do(due)

    def _do(self, due: Due) -> None:
        if due.void:
            return
        if isinstance(due, Look):
            self._book.meet(due.resting, due.touch)
        elif isinstance(due, Expiry):
            self._book.expire(due.resting)
        elif isinstance(due.instruction, Submit):
            self._submit(due.instruction.orders)
        elif isinstance(due.instruction, Modify):
            self._modify(due.instruction.order)
        elif isinstance(due.instruction, CallHalt):
            self._call_halt(due.instruction)
        elif isinstance(due.instruction, EndHalt):
            self._end_halt(due.instruction)
        else:
            self._cancel(due.instruction.reference)

    # Instructions, as they arrive

    def _submit(self, orders: Sequence[Order]) -> None:
        now, taken = self._timeline.when, []
        refusal, culprit = "", ""
        for order in orders:
            self._in_flight.pop(order.reference, None)
            parent = self._book.orders.get(order.parent) if order.parent else None
            resting = Resting(order, arrival=now, at=now, parent=parent)
            if not refusal:
                refusal = self._admission.refusal(resting, now)
                culprit = order.reference
            self._book.add(resting)
            taken.append(resting)
        for resting in taken:
            reference = resting.order.reference
            if refusal:
                with_it = "" if reference == culprit else f"sent with {culprit!r}, refused as "
                self._book.end(resting, OrderStatus.REJECTED, with_it + refusal)
            else:
                self._book.begin(resting)
                self.notices.append(resting.report())

    def _modify(self, order: Order) -> None:
        resting = self._book.orders.get(order.reference)
        if resting is None or not resting.live:
            self._tell_again(order.reference)
            return
        refusal = self._admission.unaffordable(resting, order, self._timeline.when)
        if refusal:
            report = resting.report()
            self.notices.append(report.model_copy(update={"reason": f"not changed: {refusal}"}))
            return
        self._book.change(resting, order)

    def _cancel(self, reference: str) -> None:
        resting = self._book.orders.get(reference)
        if resting is None or not resting.live:
            self._tell_again(reference)
            return
        self._book.end(resting, OrderStatus.CANCELLED, "as asked")

    def _call_halt(self, instruction: CallHalt) -> None:
        if self.halts.call(instruction.symbol, instruction.at):
            self.market.show(self.halts.data)
            self._book.halted(instruction.symbol)

    def _end_halt(self, instruction: EndHalt) -> None:
        if self.halts.end(instruction.symbol, instruction.at):
            self.market.show(self.halts.data)
            self._book.look_anew(instruction.symbol)

    def _tell_again(self, reference: str) -> None:
        """Tell what became of an order for which an instruction came too late."""
        if reference in self._book.orders:
            self.notices.append(self._book.orders[reference].report())

    def _take_over(self, carried: CarriedOrder) -> None:
        order, now = carried.order, self._timeline.when
        resting = Resting(
            order,
            arrival=now,
            at=now,
            parent=self._book.orders.get(order.parent) if order.parent else None,
            most=carried.most,
            filled=carried.filled,
            taken=carried.taken,
            triggered=carried.triggered,
        )
        # It was taken in its first session; this only sets the money aside again.
        self._admission.unaffordable(resting, order, now)
        self._sent[order.reference] = order
        self._book.add(resting)
        self._book.begin(resting)
