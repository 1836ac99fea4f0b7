"""What the model broker lets through: lines that break, notices late, books that lag."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from skim_core.model.orders import Fill
from skim_core.model.reports import OrderReport
from skim_core.simulation.clock import LoopClock
from skim_core.simulation.fault_shapes import FaultKind, Occasion
from skim_core.simulation.faults import Fault, FaultPlan, Occasions

_MICROSECOND = timedelta(microseconds=1)

_DROP_DELAY = 0.15
"""Seconds within which a line drops after its occasion: before, while or after its messages
travel."""

_REACH = 0.1
"""Seconds for which at most what is under way on a broken line is carried out still."""


class Line(Protocol):
    """A process's line, as the broker sees it."""

    def tell(self, notice: OrderReport | Fill) -> None:
        """Send a notice, if the line is up."""

    def drop(self, fault: Fault, *, reach: timedelta, until: datetime) -> None:
        """Break; what is under way and arrives within `reach` is carried out still."""


class Front:
    """Stands between the exchange and the processes, and does what the plan has for both.

    `clock` is the right time, of which processes' own clocks may differ; `opened` is when
    the session opens. Until `outage_until` nobody reaches the broker.
    """

    def __init__(self, plan: FaultPlan, clock: LoopClock, opened: datetime) -> None:
        self.plan = plan
        self.clock = clock
        self.lines: list[Line] = []
        self.outage_until = clock.now()
        self._opened = opened
        self._began = clock.now() - clock.loop.microseconds * _MICROSECOND
        self._occasions = Occasions(plan.faults)
        self._slow = plan.of(FaultKind.SLOW_LINE)
        self._lags = plan.of(FaultKind.BOOKS_LAG)
        self.when_due(FaultKind.LINE_DROPS, self._drop)

    # Time

    @property
    def seconds(self) -> float:
        """How long the session has been open, in seconds."""
        return (self.clock.now() - self._opened).total_seconds()

    def at(
        self, when: datetime, function: Callable[..., object], *arguments: object
    ) -> asyncio.TimerHandle:
        """Call a function, outside of every process, at an instant of the right time."""
        loop = self.clock.loop
        microsecond = -((self._began - when) // _MICROSECOND)
        return loop.call_at_microsecond(
            microsecond, function, *arguments, context=loop.world.copy()
        )

    def when_due(self, kind: FaultKind, deed: Callable[[Fault], None]) -> None:
        """Call `deed` with each fault of a kind that has a time, at its time."""
        for fault in self.plan.of(kind):
            if fault.at is not None:
                self.at(self._opened + timedelta(seconds=fault.at), deed, fault)

    # What the plan has

    def occur(self, occasion: Occasion) -> Sequence[Fault]:
        """Count an occasion; return the faults that come with it."""
        faults = self._occasions.next(occasion)
        for fault in faults:
            if fault.kind is FaultKind.LINE_DROPS:
                delay = self.plan.draw(fault.number, "delay") ** 3 * _DROP_DELAY
                self.at(self.clock.now() + timedelta(seconds=delay), self._drop, fault)
        return faults

    def slowness(self) -> float:
        """Return the seconds that a message takes longer now."""
        return self._longest(self._slow) / 1000

    def lag(self) -> timedelta:
        """Return how late executions and orders that are done show now."""
        return timedelta(seconds=self._longest(self._lags))

    def _longest(self, faults: Sequence[Fault]) -> int:
        if not faults:
            return 0
        seconds = self.seconds
        return max((fault.amount for fault in faults if fault.covers(seconds)), default=0)

    def _drop(self, fault: Fault) -> None:
        until = self.clock.now() + timedelta(seconds=fault.lasting)
        self.outage_until = max(self.outage_until, until)
        reach = timedelta(seconds=self.plan.draw(fault.number, "reach") ** 3 * _REACH)
        for line in tuple(self.lines):
            line.drop(fault, reach=reach, until=until)

    # Notices

    def tell(self, notice: OrderReport | Fill, shown_at: datetime) -> None:
        """Tell all processes of an order or a fill that is not shown before `shown_at`."""
        fill = isinstance(notice, Fill)
        now = self.clock.now()
        when = max(now, shown_at)
        for fault in self.occur(Occasion.FILL_TOLD if fill else Occasion.STATUS_TOLD):
            lasting = timedelta(seconds=fault.lasting)
            if fault.kind is FaultKind.STATUS_SKIPPED:
                return
            if fault.kind is FaultKind.NOTICE_LATE:
                when += lasting
            elif fault.kind is FaultKind.NOTICE_DOUBLED:
                self.at(when + lasting, self._send, notice)
        if when > now:
            self.at(when, self._send, notice)
        else:
            self._send(notice)

    def _send(self, notice: OrderReport | Fill) -> None:
        for line in tuple(self.lines):
            line.tell(notice)
