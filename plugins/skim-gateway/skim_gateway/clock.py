"""A clock that stands still until a test, or the control socket, drives it on."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from skim_core.broker import NoHold


@dataclass(order=True, slots=True)
class _Timer:
    when: datetime
    number: int
    callback: Callable[[], None] | None = field(compare=False)

    def cancel(self) -> None:
        self.callback = None


class DrivenClock:
    """Virtual time that moves only in `advance`; implements `skim_core.ports.clock.Clock`.

    What is due at the present instant is done soon, by the event loop.
    """

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._timers: list[_Timer] = []
        self._numbers = count()
        self._draining = False

    def now(self) -> datetime:
        """Return this instant."""
        return self._now

    def call_at(self, when: datetime, callback: Callable[[], None]) -> _Timer:
        """Call `callback` when time has been driven to `when`."""
        timer = _Timer(when, next(self._numbers), callback)
        heapq.heappush(self._timers, timer)
        if when <= self._now and not self._draining:
            self._draining = True
            asyncio.get_running_loop().call_soon(self._drain)
        return timer

    async def sleep_until(self, when: datetime) -> None:
        """Return when time has been driven to `when`."""
        if when <= self._now:
            return
        woken = asyncio.get_running_loop().create_future()

        def wake() -> None:
            if not woken.done():
                woken.set_result(None)

        timer = self.call_at(when, wake)
        try:
            await woken
        finally:
            timer.cancel()

    def hold(self) -> NoHold:
        """Do nothing: this clock waits for its driver alone."""
        return NoHold()

    async def advance(self, until: datetime, turns: int = 5) -> None:
        """Drive time to `until`, doing what is due on the way, each at its time.

        After each instant the event loop has `turns` turns, so that what was done leads to
        what follows from it before time goes on.
        """
        while self._timers and self._timers[0].when <= until:
            self._now = max(self._now, self._timers[0].when)
            self._drain()
            for _ in range(turns):
                await asyncio.sleep(0)
        self._now = max(self._now, until)

    def _drain(self) -> None:
        self._draining = False
        while self._timers and self._timers[0].when <= self._now:
            timer = heapq.heappop(self._timers)
            if timer.callback is not None:
                timer.callback()
