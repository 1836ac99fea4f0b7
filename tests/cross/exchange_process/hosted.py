"""The exchange inside its process: skim's own simulated one, and a record of what it was asked."""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from skim_core.clock.wall import NoHold
from skim_core.model.exchange import Exchange
from skim_core.model.orders import Order, OrderStatus
from skim_core.model.reports import OrderReport
from skim_core.model.session import Session
from skim_core.ports.broker import BrokerNotice, BrokerSetup
from skim_core.sim.broker import SimBroker
from skim_core.sim.data import Feed
from skim_core.sim.options import SimOptions

from .wire import CALLS, TRADING

T = TypeVar("T")


@dataclass(order=True)
class _Timer:
    when: datetime
    number: int
    callback: Callable[[], None] | None = field(compare=False)

    def cancel(self) -> None:
        self.callback = None


class HandSetClock:
    """A clock that stands where it was last set, and never goes back."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._timers: list[_Timer] = []
        self._numbers = count()

    def now(self) -> datetime:
        """Return this instant."""
        return self._now

    def set(self, now: datetime) -> None:
        """Set it to `now`, unless that has passed."""
        self._now = max(self._now, now)

    def call_at(self, when: datetime, callback: Callable[[], None]) -> _Timer:
        """Call `callback` with the first `ring` at or after `when`."""
        timer = _Timer(when, next(self._numbers), callback)
        heapq.heappush(self._timers, timer)
        return timer

    async def sleep_until(self, when: datetime) -> None:
        """Return with the first `ring` at or after `when`."""
        if when > self._now:
            woken = asyncio.get_running_loop().create_future()
            self.call_at(when, lambda: woken.set_result(None))
            await woken

    def hold(self) -> NoHold:
        """Do nothing: the clock stands anyway."""
        return NoHold()

    @property
    def due(self) -> datetime | None:
        """When the next timer is due."""
        while self._timers and self._timers[0].callback is None:
            heapq.heappop(self._timers)
        return self._timers[0].when if self._timers else None

    def ring(self) -> None:
        """Set it to the next timer's instant, and run that."""
        timer = heapq.heappop(self._timers)
        self.set(timer.when)
        if timer.callback is not None:
            timer.callback()


def at_once(answer: Coroutine[Any, Any, T]) -> T:
    """Return what a coroutine returns that waits for nothing."""
    try:
        answer.send(None)
    except StopIteration as done:
        returned: T = done.value
        return returned
    answer.close()
    msg = "the simulated exchange waited for something, which it never does"
    raise AssertionError(msg)


@dataclass
class Record:
    """What an exchange saw, for a test to judge.

    `sent`: each order that arrived for the first time; `again`: the references of those
    that were submitted although it had them. `asked`: how often each process asked for
    something that changes anything. `longest_bare`: the longest that a position was without
    a working stop of its size, in the exchange's own time.
    """

    sent: list[Order] = field(default_factory=list)
    again: list[str] = field(default_factory=list)
    asked: dict[int, int] = field(default_factory=dict)
    requests: int = 0
    longest_bare: timedelta = timedelta(0)


class HostedExchange:
    """One account's session, kept whatever becomes of those who trade in it.

    Its time is the latest that anybody told it: it goes on while nobody is there only when
    `let_pass` says so.
    """

    def __init__(self, session: Session, rules: Exchange, directory: Path, feed: Feed) -> None:
        self.clock = HandSetClock(session.open - timedelta(hours=1))
        setup = BrokerSetup("paper", self.clock, rules, (session,), directory)
        self._broker = SimBroker(setup, SimOptions(), feed)
        self._broker.subscribe(self._hear)
        self._listeners: dict[int, deque[BrokerNotice]] = {}
        self._bare: dict[str, datetime] = {}
        self.record = Record()

    @property
    def connected(self) -> bool:
        """Whether anybody ever connected: before that there is nothing to be told."""
        return self.record.requests > 0

    def answer(self, pid: int, name: str, arguments: Any, now: datetime) -> Any:
        """Do what process `pid` asks for at its time `now`; return the result as JSON has it.

        Raises SkimError as the broker does.
        """
        self._pass(now)
        self.record.requests += 1
        if name == "wake":
            while self.clock.due is not None and self.clock.due <= self.clock.now():
                self._ring()
            return None
        call = CALLS[name]
        taken = call.takes.validate_python(arguments)
        if name == "connect":
            self._listeners[pid] = deque()
        if name in TRADING:
            self._note(pid, name, taken)
        result = at_once(getattr(self._broker, name)(*taken))
        self._watch()
        return call.gives.dump_python(result, mode="json")

    def heard(self, pid: int) -> tuple[BrokerNotice, ...]:
        """Return the notices that process `pid` was not told yet."""
        notices = self._listeners.get(pid, deque())
        told = tuple(notices)
        notices.clear()
        return told

    def leave(self, pid: int) -> None:
        """Tell process `pid` nothing more."""
        self._listeners.pop(pid, None)

    def let_pass(self, time: timedelta) -> None:
        """Let time go on while nobody is there."""
        end = self.clock.now() + time
        self._pass(end)

    def told(self, name: str) -> Any:
        """Return what the broker says to a question, as JSON has it."""
        return CALLS[name].gives.dump_python(at_once(getattr(self._broker, name)()), mode="json")

    def close(self) -> None:
        """Let go of the account's book."""
        at_once(self._broker.close())

    def _pass(self, now: datetime) -> None:
        # What is due at this very instant waits for its client's own timer: in one process
        # too it comes in the order in which the clock's timers were set.
        while self.clock.due is not None and self.clock.due < now:
            self._ring()
        self.clock.set(now)

    def _ring(self) -> None:
        self.clock.ring()
        self._watch()

    def _hear(self, notice: BrokerNotice) -> None:
        for notices in self._listeners.values():
            notices.append(notice)

    def _note(self, pid: int, name: str, arguments: Any) -> None:
        record = self.record
        record.asked[pid] = record.asked.get(pid, 0) + 1
        if name == "submit":
            known = {order.reference for order in record.sent}
            [orders] = arguments
            record.again += [order.reference for order in orders if order.reference in known]
            record.sent += [order for order in orders if order.reference not in known]

    def _watch(self) -> None:
        """Measure how long each position has been without a working stop of its size."""
        now, stops = self.clock.now(), self._stops()
        positions = at_once(self._broker.positions())
        held = {position.symbol: abs(position.quantity) for position in positions}
        for symbol in {*held, *self._bare}:
            if symbol in self._bare:
                lapsed = now - self._bare[symbol]
                self.record.longest_bare = max(self.record.longest_bare, lapsed)
            if stops.get(symbol, 0) >= held.get(symbol, 0):
                self._bare.pop(symbol, None)
            else:
                self._bare.setdefault(symbol, now)

    def _stops(self) -> dict[str, int]:
        covered: dict[str, int] = {}
        for report in at_once(self._broker.orders()):
            if _is_working_stop(report) and report.symbol is not None:
                covered[report.symbol] = covered.get(report.symbol, 0) + report.remaining
        return covered


def _is_working_stop(report: OrderReport) -> bool:
    return report.status is OrderStatus.WORKING and report.stop_price is not None
