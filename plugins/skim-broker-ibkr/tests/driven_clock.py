"""A clock that a test drives by hand; the socket's time goes on meanwhile."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from skim_core.broker import NoHold


class _Timer:
    def __init__(self, when, callback):
        self.when, self.callback = when, callback

    def cancel(self):
        self.callback = None


class DrivenClock:
    """Stands still until ``await clock.advance(seconds)``."""

    def __init__(self, start):
        self._now, self._timers = start, []

    def now(self):
        return self._now

    def call_at(self, when, callback):
        timer = _Timer(when, callback)
        self._timers.append(timer)
        if when <= self._now:
            asyncio.get_running_loop().call_soon(self._ring)
        return timer

    async def sleep_until(self, when):
        if when <= self._now:
            return
        woken = asyncio.get_running_loop().create_future()
        timer = self.call_at(when, lambda: woken.done() or woken.set_result(None))
        try:
            await woken
        finally:
            timer.cancel()

    def hold(self):
        return NoHold()

    async def advance(self, seconds):
        """Let time pass, timer by timer; before and after each the socket has its turns."""
        until = self._now + timedelta(seconds=seconds)
        await _turns()
        while due := [one for one in self._timers if one.callback and one.when <= until]:
            self._now = max(self._now, min(one.when for one in due))
            self._ring()
            await _turns()
        self._now = until

    def _ring(self):
        due = [one for one in self._timers if one.callback and one.when <= self._now]
        self._timers = [one for one in self._timers if one.callback and one not in due]
        for timer in sorted(due, key=lambda one: one.when):
            timer.callback()


async def _turns():
    for _ in range(300):
        await asyncio.sleep(0)
