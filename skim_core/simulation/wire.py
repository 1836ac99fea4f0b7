"""A process's line to the model exchange: messages take time, and the line can break."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from skim_core.errors import BrokerError, NotSentError
from skim_core.model.orders import Fill
from skim_core.model.reports import OrderReport
from skim_core.ports.broker import BrokerNotice, Connection
from skim_core.ports.clock import Clock
from skim_core.simulation.fault_shapes import FaultKind, Occasion
from skim_core.simulation.faults import Fault
from skim_core.simulation.front import Front
from skim_core.simulation.process import Process

T = TypeVar("T")

_SHORTEST, _LONGEST = 0.001, 0.06
"""Seconds that a message travels."""

_RESET = timedelta(milliseconds=20)
"""How long it takes until a message on a line that is gone comes back as an error."""

_PATIENCE = timedelta(seconds=30)
"""How long an answer is waited for."""

_TOLD = 0.7
"""How often whoever waits is told that the line broke; else nothing is heard any more."""

NO_ANSWER = object()
"""What a message gives that is not answered."""

_ORDER_REQUESTS = frozenset({Occasion.SUBMIT, Occasion.MODIFY, Occasion.CANCEL})


@dataclass(slots=True, eq=False)
class Period:
    """One time that the line is up; `silent` when it broke without a word."""

    up: bool = True
    silent: bool = False
    applies_until: datetime | None = None


@dataclass(slots=True, eq=False)
class _Trip:
    """A request on its way and back, with what goes wrong on it."""

    request: Occasion
    period: Period
    answer: asyncio.Future[Any]
    faults: dict[FaultKind, Fault] = field(default_factory=dict)

    def has(self, kind: FaultKind) -> bool:
        return kind in self.faults

    def delay(self, kind: FaultKind) -> float:
        fault = self.faults.get(kind)
        return fault.lasting if fault is not None else 0.0


class Wire:
    """Carries one process's requests to the exchange, and notices back.

    `clock` is the process's own, `hear` is called in the process with each notice. What was
    sent before the line broke is carried out or lost, as the plan draws; what happened while
    it was down nobody tells. It is taken up again by itself.
    """

    def __init__(
        self,
        front: Front,
        process: Process,
        clock: Clock,
        hear: Callable[[BrokerNotice], None],
    ) -> None:
        self._front = front
        self._process = process
        self._clock = clock
        self._hear = hear
        self._period: Period | None = None
        self._closed = False
        self._messages = 0
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        start = front.clock.now()
        self._upward, self._downward = start, start

    @property
    def up(self) -> bool:
        """Whether the process believes that the line is up."""
        return self._period is not None

    async def connect(self) -> None:
        """Take up the line. Raises BrokerError when nobody answers."""
        if self.up:
            return
        self._process.check()
        self._closed = False
        self._front.occur(Occasion.CONNECT)
        answer: asyncio.Future[Any] = self._front.clock.loop.create_future()
        self._front.at(self._arrival(), self._accept, answer)
        await answer
        self._open()

    def close(self) -> None:
        """Hang up; what is under way is carried out."""
        self._closed = True
        if self._period is not None:
            self._period.up = False
            self._period.applies_until = self._front.clock.now() + _PATIENCE
        self._period = None
        if self in self._front.lines:
            self._front.lines.remove(self)

    async def ask(self, request: Occasion, *messages: Callable[[], T]) -> T:
        """Send messages and return what the last one gives at the exchange.

        Raises NotSentError when the line is known to be down, BrokerError when it breaks,
        when there is no answer in time, or when the exchange refuses.
        """
        self._process.check()
        period = self._period
        if period is None:
            msg = "the line to the broker is down: nothing was sent."
            raise NotSentError(msg)
        answer: asyncio.Future[T] = self._front.clock.loop.create_future()
        faults = {fault.kind: fault for fault in self._front.occur(request)}
        trip = _Trip(request, period, answer, faults)
        number = self._messages
        self._waiting[number] = answer
        try:
            for index, message in enumerate(messages, 1):
                if request in _ORDER_REQUESTS:
                    self._process.at_write(f"before {request} {index}")
                self._send(trip, message, last=index == len(messages))
                if request in _ORDER_REQUESTS:
                    self._process.at_write(f"after {request} {index}")
            return await answer
        finally:
            self._waiting.pop(number, None)

    # The way there

    def _send(self, trip: _Trip, message: Callable[[], object], *, last: bool) -> None:
        self._messages += 1
        if not trip.period.up and trip.period.silent:
            self._front.at(self._now() + _RESET, self._break, trip.period)
        if not trip.period.up or trip.has(FaultKind.REQUEST_LOST):
            self._expect_nothing(trip)
            return
        arrival = self._arrival(trip.delay(FaultKind.REQUEST_DELAYED))
        self._front.at(arrival, self._arrive, trip, message, last)

    def _arrive(self, trip: _Trip, message: Callable[[], object], last: bool) -> None:
        period = trip.period
        if not period.up and (period.applies_until is None or self._now() > period.applies_until):
            self._expect_nothing(trip)
            return
        refused = trip.faults.get(FaultKind.REQUEST_REFUSED)
        given: object = None
        error: BrokerError | None = None
        if refused is not None:
            error = BrokerError("the broker answered with an error that says nothing (321).")
        if refused is None or refused.variant == "carried out":
            try:
                given = message()
                if trip.has(FaultKind.REQUEST_DOUBLED):
                    message()
            except BrokerError as found:
                error = found
        if last:
            self._return(trip, given, error)

    # The way back

    def _return(self, trip: _Trip, given: object, error: BrokerError | None) -> None:
        if given is NO_ANSWER or trip.has(FaultKind.REPLY_LOST) or not trip.period.up:
            self._expect_nothing(trip)
            return
        arrival = self._departure(trip.delay(FaultKind.REPLY_DELAYED))
        self._front.at(arrival, self._deliver, trip, given, error)

    def _deliver(self, trip: _Trip, given: object, error: BrokerError | None) -> None:
        if not trip.period.up:
            self._expect_nothing(trip)
        elif self._process.alive:
            self._process.call_soon(_settle, trip.answer, given, error)

    def _expect_nothing(self, trip: _Trip) -> None:
        self._front.at(self._now() + _PATIENCE, self._give_up, trip.answer)

    def _give_up(self, answer: asyncio.Future[Any]) -> None:
        if self._process.alive and not answer.done():
            error = BrokerError(f"the broker did not answer within {_PATIENCE.seconds} s.")
            self._process.call_soon(_settle, answer, None, error)

    def tell(self, notice: OrderReport | Fill) -> None:
        """Send a notice to the process, if the line is up."""
        period = self._period
        if period is not None and period.up and self._process.alive:
            self._front.at(self._departure(), self._bring, period, notice)

    def _bring(self, period: Period, notice: OrderReport | Fill) -> None:
        if period.up and self._process.alive:
            self._process.call_soon(self._hear, notice)

    # Breaking and mending

    def drop(self, fault: Fault, *, reach: timedelta, until: datetime) -> None:
        """Break as `fault` says; what arrives within `reach` is carried out still."""
        period = self._period
        if period is None or not period.up or not self._process.alive:
            return
        now = self._now()
        period.up = False
        period.applies_until = now + reach
        period.silent = fault.variant.startswith("silently")
        noticed = now + timedelta(seconds=fault.amount)
        if fault.variant.startswith("at once"):
            noticed = now + timedelta(milliseconds=1)
        self._front.at(noticed, self._break, period, "data lost" in fault.variant, until)

    def _break(
        self, period: Period, data_lost: bool = False, until: datetime | None = None
    ) -> None:
        if self._process.alive:
            self._process.call_soon(self._notice_broken, period, data_lost, until or self._now())

    def _notice_broken(self, period: Period, data_lost: bool, until: datetime) -> None:
        if self._period is not period:
            return
        self._period = None
        self._front.lines.remove(self)
        reason = "the line to the broker broke (1100)"
        self._hear(Connection(up=False, reason=reason, at=self._clock.now()))
        for number, answer in list(self._waiting.items()):
            # Some are told of; of the others nothing is ever heard.
            if self._front.plan.draw("told", self._process.name, number) < _TOLD:
                _settle(answer, None, BrokerError(f"{reason}: what was sent may have arrived."))
        self._front.at(max(until, self._now()) + _RESET, self._reconnect, data_lost)

    def _reconnect(self, data_lost: bool) -> None:
        if self._closed or not self._process.alive:
            return
        if self._now() < self._front.outage_until:
            self._front.at(self._front.outage_until + _RESET, self._reconnect, data_lost)
        else:
            self._process.call_soon(self._notice_mended, data_lost)

    def _notice_mended(self, data_lost: bool) -> None:
        if self._closed or self.up:
            return
        self._open()
        code = 1101 if data_lost else 1102
        reason = f"the line to the broker is up again ({code})"
        self._hear(Connection(up=True, data_lost=data_lost, reason=reason, at=self._clock.now()))

    def _accept(self, answer: asyncio.Future[Any]) -> None:
        error = None
        if self._now() < self._front.outage_until:
            error = BrokerError("the broker can't be reached: see whether its gateway runs.")
        if self._process.alive:
            self._process.call_soon(_settle, answer, None, error)

    def _open(self) -> None:
        self._period = Period()
        self._front.lines.append(self)

    # Time

    def _now(self) -> datetime:
        return self._front.clock.now()

    def _arrival(self, delay: float = 0.0) -> datetime:
        self._upward = max(self._upward, self._now() + self._travel(delay))
        return self._upward

    def _departure(self, delay: float = 0.0) -> datetime:
        when = self._now() + self._travel(delay)
        if delay:
            # Late by itself: what follows doesn't wait for it.
            return when
        self._downward = max(self._downward, when)
        return self._downward

    def _travel(self, delay: float) -> timedelta:
        self._messages += 1
        chance = self._front.plan.draw("travel", self._process.name, self._messages)
        seconds = _SHORTEST + chance**3 * _LONGEST + self._front.slowness() + delay
        return timedelta(seconds=seconds)


def _settle(answer: asyncio.Future[Any], given: object, error: BrokerError | None) -> None:
    if answer.done():
        return
    if error is None:
        answer.set_result(given)
    else:
        answer.set_exception(error)
        # Whoever waited may be dead.
        answer.exception()
