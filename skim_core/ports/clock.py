"""Time, as everything in skim is told it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self


class Timer(Protocol):
    """A call that is due later and can be called off."""

    def cancel(self) -> None:
        """Call it off; nothing happens when it already ran."""


class Hold(Protocol):
    """A reason for virtual time to stand still, from when it is taken until it is released.

    As a context manager it is released at the end of its block, and lifted while the block
    sleeps in the clock.
    """

    def release(self) -> None:
        """Let time go on; nothing happens the second time."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class Clock(Protocol):
    """The only source of time: the wall, a faster wall, or virtual time."""

    def now(self) -> datetime:
        """Return this instant, aware, in UTC."""

    async def sleep_until(self, when: datetime) -> None:
        """Return at `when`, or at once when it has passed."""

    def call_at(self, when: datetime, callback: Callable[[], None]) -> Timer:
        """Call `callback` in the event loop's thread at `when`, never before this returns."""

    def hold(self) -> Hold:
        """Keep virtual time standing still while something is being worked on.

        Virtual time jumps to the next timer when nobody holds it. The wall can't be held.
        """
