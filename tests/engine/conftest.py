"""Days with a story: one phase that a test tells, against a broker that does as it is told.

All runs on simulated time: five minutes of waiting take no time at all.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from skim_core.engine.local import LocalEngine
from skim_core.errors import BrokerError, NotSentError
from skim_core.journal.memory import MemoryJournal
from skim_core.model.events import Event
from skim_core.model.graph import PhaseGraph
from skim_core.model.limits import Limits
from skim_core.model.market import Quote
from skim_core.model.orders import Bracket, Fill, Order, OrderStatus, Position, Side
from skim_core.model.phases import Phase
from skim_core.model.reports import OrderReport
from skim_core.model.times import parse_duration
from skim_core.model.trading_day import TradingDay
from skim_core.ports.broker import Connection
from skim_core.ports.bus import Bus
from skim_core.ports.engine import Assignment, DayResult, EngineSetup
from skim_core.simulation import LoopClock, SimulationLoop
from skim_core.testing.scripted import NoConfig, ScriptedStrategy, plain_exchange, plain_session

QUIET = timedelta(seconds=10)
CHANGED = OrderStatus.CANCELLED


@dataclass
class Kept:
    """One order as the broker has it."""

    order: Order
    broker_id: str
    status: OrderStatus
    filled: int = 0
    reason: str = ""

    @property
    def open(self) -> bool:
        return not self.status.final


@dataclass
class ToldBroker:
    """Keeps every order, and does with the next one what `answers` says.

    ``takes``, ``takes slowly`` (in three seconds), ``takes silently`` (and never answers),
    ``loses`` (it doesn't have it, and never answers),
    ``loses the line`` (the same, and it says so), ``never sent``. `refuses`: the purposes that it
    rejects, `deaf`: it has what is cancelled or changed, and does nothing. `hidden`: orders
    that it has and doesn't show.
    """

    clock: LoopClock
    quiet_time: timedelta = QUIET
    answers: deque[str] = field(default_factory=deque)
    refuses: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)
    kept: list[Kept] = field(default_factory=list)
    fills: list[Fill] = field(default_factory=list)
    shares: dict[str, int] = field(default_factory=dict)
    prices: dict[str, Quote] = field(default_factory=dict)
    submitted: list[tuple[str, ...]] = field(default_factory=list)
    cancels: list[tuple[str, str | None]] = field(default_factory=list)
    modified: list[Order] = field(default_factory=list)
    looks: int = 0
    deaf: bool = False
    answering: bool = True
    receivers: list[Callable[[Any], None]] = field(default_factory=list)

    # The port

    async def connect(self) -> None:
        self.receivers.clear()

    async def close(self) -> None:
        self.receivers.clear()

    def subscribe(self, receiver: Callable[[Any], None]) -> None:
        self.receivers.append(receiver)

    async def quotes(self, symbols: Any) -> dict[str, Quote]:
        return {symbol: self.prices[symbol] for symbol in symbols if symbol in self.prices}

    async def submit(self, orders: Any) -> None:
        self.submitted.append(tuple(order.reference for order in orders))
        answer = self.answers.popleft() if self.answers else "takes"
        if answer == "never sent":
            msg = "the queue was not empty."
            raise NotSentError(msg)
        if answer.startswith("takes"):
            self.take(*orders)
        if answer == "loses the line":
            msg = "the socket was closed."
            raise BrokerError(msg)
        if answer == "takes slowly":
            await asyncio.sleep(3)
        elif answer != "takes":
            await asyncio.Event().wait()

    async def modify(self, order: Order) -> None:
        self.modified.append(order)
        await self._answer()
        if not self.deaf:
            self.find(order.reference).order = order

    async def cancel(self, reference: str, broker_id: str | None = None) -> None:
        self.cancels.append((reference, broker_id))
        await self._answer()
        if not self.deaf:
            self.end(self.find(reference, broker_id), CHANGED, "as asked")

    async def orders(self) -> list[OrderReport]:
        self.looks += 1
        await self._answer()
        return [self.report(kept) for kept in self.kept if kept.order.reference not in self.hidden]

    async def executions(self) -> list[Fill]:
        return [fill for fill in self.fills if fill.reference not in self.hidden]

    async def positions(self) -> list[Position]:
        return [
            Position(symbol=symbol, quantity=quantity, average_price=Decimal(10))
            for symbol, quantity in self.shares.items()
        ]

    async def _answer(self) -> None:
        if not self.answering:
            await asyncio.Event().wait()

    # What a test lets happen

    def take(self, *orders: Order) -> None:
        """Have these orders, whoever sent them."""
        for order in orders:
            held = order.parent is not None and not self.find(order.parent).filled
            status = OrderStatus.HELD if held else OrderStatus.WORKING
            kept = Kept(order, str(len(self.kept) + 1), status)
            self.kept.append(kept)
            if order.purpose in self.refuses:
                self.end(kept, OrderStatus.REJECTED, "off the tick")

    def find(self, reference: str, broker_id: str | None = None) -> Kept:
        for kept in self.kept:
            if kept.order.reference == reference and broker_id in {None, kept.broker_id}:
                return kept
        raise BrokerError(reference)

    def working(self, purpose: str | None = None) -> list[Order]:
        """Return the orders that may still trade."""
        return [
            kept.order for kept in self.kept if kept.open and purpose in {None, kept.order.purpose}
        ]

    def report(self, kept: Kept) -> OrderReport:
        order = kept.order
        return OrderReport(
            reference=order.reference,
            status=kept.status,
            filled=kept.filled,
            remaining=max(0, order.quantity - kept.filled) if kept.open else 0,
            reason=kept.reason,
            at=self.clock.now(),
            broker_id=kept.broker_id,
            symbol=order.symbol,
            side=order.side,
            quantity=order.quantity,
            limit_price=order.limit_price,
            stop_price=order.stop_price,
        )

    def tell(self, notice: Any) -> None:
        for receiver in self.receivers:
            receiver(notice)

    def end(self, kept: Kept, status: OrderStatus, reason: str = "", *, tell: bool = True) -> None:
        """Let an order be over; a parent that never traded takes its children with it."""
        if not kept.open:
            return
        kept.status, kept.reason = status, reason
        if tell:
            self.tell(self.report(kept))
        first = self.find(kept.order.reference) is kept
        if status is not OrderStatus.FILLED and not kept.filled and first:
            for child in self.kept:
                if child.order.parent == kept.order.reference:
                    self.end(child, CHANGED, "its parent is gone", tell=tell)

    def trade(self, reference: str, quantity: int, price: str = "10", *, tell: bool = True) -> Fill:
        """Let (part of) an order trade, and tell of it, or not."""
        kept = self.find(reference)
        order = kept.order
        fill = Fill(
            execution_id=f"x{len(self.fills) + 1}",
            reference=reference,
            symbol=order.symbol,
            side=order.side,
            quantity=quantity,
            price=Decimal(price),
            at=self.clock.now(),
        )
        self.fills.append(fill)
        kept.filled += quantity
        held = self.shares.get(order.symbol, 0) + order.side.sign * quantity
        self.shares[order.symbol] = held
        if kept.filled >= order.quantity:
            kept.status = OrderStatus.FILLED
        for other in self.kept:
            if other.order.parent == reference and other.status is OrderStatus.HELD:
                other.status = OrderStatus.WORKING
        if tell:
            self.tell(fill)
            self.tell(self.report(kept))
        group = order.oca_group
        for other in self.kept:
            if group and other.open and other is not kept and other.order.oca_group == group:
                left = other.order.quantity - quantity
                if left > other.filled:
                    other.order = other.order.model_copy(update={"quantity": left})
                else:
                    self.end(other, CHANGED, "another of its group traded", tell=tell)
        return fill

    def line(self, *, up: bool, data_lost: bool = False) -> None:
        """Let the line go down, or be up again."""
        reason = "" if up else "no route"
        self.tell(Connection(up=up, data_lost=data_lost, reason=reason, at=self.clock.now()))


Story = Callable[[Any], Awaitable[None]]


class OrderLab:
    """Runs days of strategies whose one phase, ``trade``, is a test's story, from the open on.

    The journal and the broker are kept between runs, as those of a real day are.
    """

    def __init__(self) -> None:
        self.loop = SimulationLoop()
        self.session = plain_session()
        self.clock = LoopClock(self.loop, self.session.open - timedelta(minutes=1))
        self.journal = MemoryJournal()
        self.broker = ToldBroker(self.clock)
        self.engine: LocalEngine | None = None
        self.limits = Limits()
        self.account_limits = Limits()
        self.error: BaseException | None = None

    def day(self, strategy: str = "told") -> TradingDay:
        return TradingDay(strategy=strategy, session=self.session, account="paper")

    def assignment(self, story: Story, strategy: str = "told", phase: Phase | None = None) -> Any:
        async def trade(ctx: Any) -> None:
            try:
                await story(ctx)
            except asyncio.CancelledError:
                raise
            except BaseException as error:
                self.error = self.error or error
                raise

        told = ScriptedStrategy(strategy, {"trade": trade})
        graph = PhaseGraph(phase or Phase("trade", at="open", timeout="5h"))
        return Assignment(self.day(strategy), told, graph, NoConfig(), limits=self.limits)

    def run(self, *assignments: Assignment) -> list[DayResult]:
        """Run the days to their ends, or until a story stops the engine."""
        setup = EngineSetup(
            journal=self.journal,
            bus=Bus(),
            clock=self.clock,
            wall=self.clock,
            broker=self.broker,
            broker_name="told",
            exchange=plain_exchange(),
            owner="lab",
            limits=self.account_limits,
        )
        self.engine = LocalEngine(setup)
        return list(self.loop.run_until_complete(self.engine.run(assignments)))

    def tell(self, story: Story, strategy: str = "told") -> DayResult:
        """Run a day until its story is told; raise what the story raised."""

        async def told(ctx: Any) -> None:
            try:
                await story(ctx)
            finally:
                self.engine.stop()

        [result] = self.run(self.assignment(told, strategy))
        if self.error is not None:
            raise self.error
        return result

    async def passes(self, duration: str) -> None:
        await asyncio.sleep(parse_duration(duration).total_seconds())

    def events(self, kind: str | None = None, strategy: str = "told") -> list[Event]:
        records = self.journal.read(self.day(strategy).run_id)
        return [record.event for record in records if kind in {None, record.event.kind}]

    def kinds(self, *wanted: str, strategy: str = "told") -> list[str]:
        found = [event.kind for event in self.events(strategy=strategy)]
        return [kind for kind in found if not wanted or kind in wanted]

    def next_day(self) -> None:
        """Let the night pass."""
        day = timedelta(days=1)
        session = self.session
        self.session = session.model_copy(
            update={
                "date": session.date + day,
                "open": session.open + day,
                "close": session.close + day,
            }
        )
        opens = self.session.open - timedelta(minutes=1)
        self.loop.run_until_complete(self.clock.sleep_until(opens))


@pytest.fixture
def lab():
    made = OrderLab()
    with closing(made.loop):
        yield made
    assert not made.loop.unhandled


@pytest.fixture
def broker(lab):
    return lab.broker


@pytest.fixture
def bracket():
    """Make an intent: 100 BHP at 10 at most, stop at 9."""

    def make(symbol="BHP", quantity=100, limit_price="10", stop_price="9", **more):
        return Bracket(
            symbol=symbol,
            quantity=quantity,
            limit_price=None if limit_price is None else Decimal(limit_price),
            stop_price=Decimal(stop_price),
            **more,
        )

    return make


@pytest.fixture
def foreign_order():
    """Make an order that is somebody else's."""

    def make(reference="manual-1", symbol="CSL"):
        return Order(reference=reference, symbol=symbol, side=Side.SELL, quantity=7)

    return make
