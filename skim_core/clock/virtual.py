"""Virtual time: jumps to the next timer as soon as nobody holds it."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from contextvars import ContextVar, Token
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from types import TracebackType
from typing import Self


@dataclass(slots=True)
class _Timer:
    callback: Callable[[], None] | None

    def cancel(self) -> None:
        self.callback = None


class _Hold:
    """Counts as one hold of its clock until released, but not while its block sleeps."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._sleepers = 0
        self._released = False
        self._token: Token[_Hold | None] | None = None
        clock.holds += 1

    def release(self) -> None:
        if not self._released:
            self._released = True
            if not self._sleepers:
                self._clock.holds -= 1
            self._clock.go_on()

    def lift(self) -> None:
        self._sleepers += 1
        if self._sleepers == 1 and not self._released:
            self._clock.holds -= 1
            self._clock.go_on()

    def take_up(self) -> None:
        self._sleepers -= 1
        if self._sleepers == 0 and not self._released:
            self._clock.holds += 1

    def __enter__(self) -> Self:
        self._token = _held_in.set(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._token is not None:
            _held_in.reset(self._token)
        self.release()


_held_in: ContextVar[_Hold | None] = ContextVar("held_in", default=None)


class VirtualClock:
    """A clock for simulations, replays and tests.

    Time stands still while anything holds it, and then jumps to the next timer; timers of
    one instant run in the order they were set. Work that awaits something else than the
    clock (a file, a socket) takes no virtual time.
    """

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._timers: list[tuple[datetime, int, _Timer]] = []
        self._numbers = count()
        self.holds = 0
        self._stepping = False

    def now(self) -> datetime:
        """Return this instant."""
        return self._now

    def call_at(self, when: datetime, callback: Callable[[], None]) -> _Timer:
        """Call `callback` when time has come to `when`."""
        timer = _Timer(callback)
        heapq.heappush(self._timers, (when, next(self._numbers), timer))
        self.go_on()
        return timer

    async def sleep_until(self, when: datetime) -> None:
        """Return at `when`; the hold that this is called in is lifted meanwhile."""
        if when <= self._now:
            return
        hold = _held_in.get()
        woken = asyncio.get_running_loop().create_future()

        def wake() -> None:
            if not woken.done():
                if hold is not None:
                    hold.take_up()
                woken.set_result(None)

        timer = self.call_at(when, wake)
        if hold is not None:
            hold.lift()
        try:
            await woken
        finally:
            if not woken.done() or woken.cancelled():
                timer.cancel()
                if hold is not None:
                    hold.take_up()

    def hold(self) -> _Hold:
        """Keep time standing still until the hold is released."""
        return _Hold(self)

    def go_on(self) -> None:
        """Jump to the next timer soon, if nothing holds time."""
        if not self.holds and not self._stepping and self._timers:
            self._stepping = True
            asyncio.get_running_loop().call_soon(self._step)

    def _step(self) -> None:
        self._stepping = False
        while self._timers and not self.holds:
            when, _, timer = heapq.heappop(self._timers)
            if timer.callback is not None:
                self._now = max(self._now, when)
                timer.callback()
                break
        self.go_on()
