"""Virtual time: jumps to the next timer as soon as nobody holds it."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count


@dataclass(slots=True)
class _Hold:
    """One reason for time to stand still; lifted while its work sleeps in the clock."""

    sleeping: int = 0


@dataclass(order=True, slots=True)
class _Timer:
    when: datetime
    number: int
    callback: Callable[[], None] | None = field(compare=False)

    def cancel(self) -> None:
        self.callback = None


class VirtualClock:
    """A clock for simulations, replays and tests.

    Time stands still while anything holds it, and then jumps to the next timer; timers of
    one instant run in the order they were set. Work that awaits something else than the
    clock (a file, a socket) takes no virtual time.
    """

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._timers: list[_Timer] = []
        self._numbers = count()
        self._holds = 0
        self._stepping = False
        self._hold: ContextVar[_Hold | None] = ContextVar("hold", default=None)

    def now(self) -> datetime:
        """Return this instant."""
        return self._now

    def call_at(self, when: datetime, callback: Callable[[], None]) -> _Timer:
        """Call `callback` when time has come to `when`."""
        timer = _Timer(when, next(self._numbers), callback)
        heapq.heappush(self._timers, timer)
        self._go_on()
        return timer

    async def sleep_until(self, when: datetime) -> None:
        """Return at `when`; the hold that this is called in is lifted meanwhile."""
        if when <= self._now:
            return
        hold = self._hold.get()
        woken = asyncio.get_running_loop().create_future()

        def wake() -> None:
            if not woken.done():
                self._take_up(hold)
                woken.set_result(None)

        timer = self.call_at(when, wake)
        self._lift(hold)
        try:
            await woken
        finally:
            if not woken.done() or woken.cancelled():
                timer.cancel()
                self._take_up(hold)

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Keep time standing still inside the ``with`` block."""
        hold = _Hold()
        token = self._hold.set(hold)
        self._holds += 1
        try:
            yield
        finally:
            self._hold.reset(token)
            if not hold.sleeping:
                self._holds -= 1
            self._go_on()

    def _lift(self, hold: _Hold | None) -> None:
        if hold is None:
            return
        hold.sleeping += 1
        if hold.sleeping == 1:
            self._holds -= 1
            self._go_on()

    def _take_up(self, hold: _Hold | None) -> None:
        if hold is None:
            return
        hold.sleeping -= 1
        if hold.sleeping == 0:
            self._holds += 1

    def _go_on(self) -> None:
        if not self._holds and not self._stepping and self._timers:
            self._stepping = True
            asyncio.get_running_loop().call_soon(self._step)

    def _step(self) -> None:
        self._stepping = False
        while self._timers and not self._holds:
            timer = heapq.heappop(self._timers)
            if timer.callback is not None:
                self._now = max(self._now, timer.when)
                timer.callback()
                break
        self._go_on()
