"""The wall, and a wall that runs faster. The only place where the time of day is read."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import asyncio
    from types import TracebackType

_LOOK_AGAIN = 15.0
"""Seconds after which a timer looks at the time again: the loop's own timers stand still
while the machine is suspended, and don't notice when the time of day is set."""


def _loop() -> asyncio.AbstractEventLoop:
    # Most commands only ask what time it is: they need not wait for asyncio's import.
    from asyncio import get_running_loop  # noqa: PLC0415

    return get_running_loop()


class _WallTimer:
    def __init__(self, clock: WallClock, when: datetime, callback: Callable[[], None]) -> None:
        self._clock = clock
        self._when = when
        self._callback = callback
        self._handle: asyncio.TimerHandle | None = None
        self._arm()

    def cancel(self) -> None:
        if self._handle is not None:
            self._handle.cancel()

    def _arm(self) -> None:
        left = self._clock.seconds_until(self._when)
        delay = min(max(0.0, left), _LOOK_AGAIN)
        self._handle = _loop().call_later(delay, self._look)

    def _look(self) -> None:
        if self._clock.now() >= self._when:
            self._callback()
        else:
            self._arm()


class NoHold:
    """A hold on a clock that can't be held."""

    def release(self) -> None:
        """Do nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass


class WallClock:
    """The time of day."""

    def now(self) -> datetime:
        """Return this instant."""
        return datetime.now(UTC)  # noqa: TID251  this is the clock

    def seconds_until(self, when: datetime) -> float:
        """Return the wall seconds from now to `when`; negative when it has passed."""
        return (when - self.now()).total_seconds()

    def call_at(self, when: datetime, callback: Callable[[], None]) -> _WallTimer:
        """Call `callback` at `when`, or soon when it has passed."""
        return _WallTimer(self, when, callback)

    async def sleep_until(self, when: datetime) -> None:
        """Return at `when`, or at once when it has passed."""
        if when <= self.now():
            return
        woken = _loop().create_future()

        def wake() -> None:
            if not woken.done():
                woken.set_result(None)

        timer = self.call_at(when, wake)
        try:
            await woken
        finally:
            timer.cancel()

    def hold(self) -> NoHold:
        """Do nothing: the wall waits for nobody."""
        return NoHold()


class PacedClock(WallClock):
    """Time that runs `factor` times as fast as the wall's, from `start` on.

    It stands at `start` until it is first waited for, so that getting ready takes no time.
    """

    def __init__(self, start: datetime, factor: float) -> None:
        self._start = start
        self._factor = factor
        self._origin: float | None = None

    def now(self) -> datetime:
        """Return this instant."""
        if self._origin is None:
            return self._start
        return self._start + timedelta(seconds=(time.monotonic() - self._origin) * self._factor)

    def seconds_until(self, when: datetime) -> float:
        """Return the wall seconds from now to `when`; time runs from now on."""
        if self._origin is None:
            self._origin = time.monotonic()
        return super().seconds_until(when) / self._factor
