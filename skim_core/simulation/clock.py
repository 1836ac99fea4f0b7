"""A simulated machine's clock, which may be wrong and may be set."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import copy_context
from datetime import datetime, timedelta

from skim_core.clock.wall import NoHold
from skim_core.simulation.loop import SimulationLoop

_MICROSECOND = timedelta(microseconds=1)

_LOOK_AGAIN = 15_000_000
"""Microseconds after which a timer of the wall's clock looks at the time again."""


class _Timer:
    """Waits on the loop's time for an instant of its clock.

    It does what a timer of `WallClock` does, which looks at the time every 15 seconds, but
    looks only after the clock was set: otherwise it is known what it would see.
    """

    def __init__(self, clock: LoopClock, when: datetime, callback: Callable[[], None]) -> None:
        self._clock = clock
        self._when = when
        self._callback = callback
        self._context = copy_context()
        self._set_at = 0
        self._due = 0
        self._handle: asyncio.TimerHandle
        self._arm()

    def cancel(self) -> None:
        self._handle.cancel()
        self._clock.forget(self)

    def look_again(self) -> None:
        """Look at the time where the wall's timer would look next."""
        now = self._clock.loop.microseconds
        looks = -((self._set_at - now) // _LOOK_AGAIN)
        look = min(self._due, self._set_at + looks * _LOOK_AGAIN)
        self._handle.cancel()
        self._handle = self._schedule(look)

    def _arm(self) -> None:
        self._set_at = self._clock.loop.microseconds
        self._due = self._set_at + max(0, (self._when - self._clock.now()) // _MICROSECOND)
        self._handle = self._schedule(self._due)

    def _schedule(self, microsecond: int) -> asyncio.TimerHandle:
        return self._clock.loop.call_at_microsecond(microsecond, self._look, context=self._context)

    def _look(self) -> None:
        if self._clock.now() >= self._when:
            self._clock.forget(self)
            self._callback()
        else:
            self._arm()


class LoopClock:
    """The time of day on a simulated machine: `epoch`, plus the loop's time, plus a skew.

    `epoch` is aware and in UTC. Timers are due when this clock says so; when it is set, they
    notice as those of `WallClock` do: at once in at most 15 seconds, never early.
    """

    def __init__(
        self, loop: SimulationLoop, epoch: datetime, skew: timedelta = timedelta()
    ) -> None:
        self.loop = loop
        self._skew = skew
        self._epoch = epoch
        self._origin = epoch + skew
        # A dict, as sets have no order.
        self._timers: dict[_Timer, None] = {}

    @property
    def skew(self) -> timedelta:
        """How far the clock is ahead of the right time; assigning sets the clock."""
        return self._skew

    @skew.setter
    def skew(self, skew: timedelta) -> None:
        self._skew = skew
        self._origin = self._epoch + skew
        for timer in self._timers:
            timer.look_again()

    def now(self) -> datetime:
        """Return this instant, as the machine believes."""
        return self._origin + timedelta(microseconds=self.loop.microseconds)

    def call_at(self, when: datetime, callback: Callable[[], None]) -> _Timer:
        """Call `callback` at `when`, or soon when it has passed."""
        timer = _Timer(self, when, callback)
        self._timers[timer] = None
        return timer

    async def sleep_until(self, when: datetime) -> None:
        """Return at `when`, or at once when it has passed."""
        if when <= self.now():
            return
        woken = self.loop.create_future()

        def wake() -> None:
            if not woken.done():
                woken.set_result(None)

        timer = self.call_at(when, wake)
        try:
            await woken
        finally:
            timer.cancel()

    def hold(self) -> NoHold:
        """Do nothing: time moves only when nothing is ready."""
        return NoHold()

    def forget(self, timer: _Timer) -> None:
        """Let go of a timer that has run or was called off."""
        self._timers.pop(timer, None)
