"""Time, as everything in skim is told it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol


class Timer(Protocol):
    """A call that is due later and can be called off."""

    def cancel(self) -> None:
        """Call it off; nothing happens when it already ran."""


class Clock(Protocol):
    """The only source of time: the wall, a faster wall, or virtual time."""

    def now(self) -> datetime:
        """Return this instant, aware, in UTC."""

    async def sleep_until(self, when: datetime) -> None:
        """Return at `when`, or at once when it has passed."""

    def call_at(self, when: datetime, callback: Callable[[], None]) -> Timer:
        """Call `callback` in the event loop's thread at `when`, never before this returns."""

    def hold(self) -> AbstractContextManager[None]:
        """Keep virtual time standing still while something is being worked on.

        Virtual time jumps to the next timer when nobody holds it. A task that sleeps in
        this clock inside its hold lets go of it meanwhile. The wall can't be held.
        """
