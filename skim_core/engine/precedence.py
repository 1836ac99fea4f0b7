"""Which of several days may enter first, when what they want is limited for all together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from skim_core.ports.clock import Clock

COURTESY = 1.0
"""Seconds of wall time for which a day lets those of a higher rank go first, at most."""

_LOOK = 0.002
_TOGETHER = timedelta(seconds=1)


@dataclass(slots=True)
class _Day:
    priority: int
    due: Callable[[], datetime | None]
    wake: Callable[[], None]
    running: dict[str, datetime] = field(default_factory=dict)


class Precedence:
    """The days of one account in this process by priority; the lowest goes first.

    Of phases that are due together (within a second) those of the first day have ended, or have
    had `COURTESY`, before another day's may enter. What is due at other times waits for nobody.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._days: dict[str, _Day] = {}

    def join(
        self,
        run_id: str,
        priority: int,
        due: Callable[[], datetime | None],
        wake: Callable[[], None],
    ) -> None:
        """Count a day; `due` tells when it acts next, None while it acts; `wake` makes it look."""
        self._days[run_id] = _Day(priority, due, wake)

    def leave(self, run_id: str) -> None:
        """Count a day no more."""
        self._days.pop(run_id, None)

    def begin(self, run_id: str, phase: str, due: datetime) -> None:
        """Note that a phase runs, and when it was due."""
        self._days[run_id].running[phase] = due

    def end(self, run_id: str, phase: str) -> None:
        """Note that a phase has ended."""
        self._days[run_id].running.pop(phase, None)

    async def give_way(self, run_id: str, phase: str) -> None:
        """Return when no earlier day that acts at the same time may still want to enter."""
        own = self._days[run_id]
        due = own.running.get(phase)
        if due is None:
            return
        earlier = [day for day in self._days.values() if day.priority < own.priority]
        if not earlier:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(COURTESY):
                # A day that looked and found nothing due tells nobody of it: so look again.
                while any(self._comes_first(day, due) for day in earlier):  # noqa: ASYNC110
                    await asyncio.sleep(_LOOK)

    def _comes_first(self, day: _Day, due: datetime) -> bool:
        acts_next = day.due()
        if acts_next is not None and acts_next <= self._clock.now():
            # Virtual time wakes those of one instant in turn: one may sleep at its own.
            day.wake()
            return True
        return any(abs(when - due) <= _TOGETHER for when in day.running.values())
