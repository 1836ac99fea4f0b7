"""Keeps positions protected: carries out what `decide.protection` says is missing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from skim_core.decide.protection import Action, lapses, next_lapse, open_symbols, protect
from skim_core.engine.desk import OrderDesk
from skim_core.engine.recorder import Recorder
from skim_core.errors import BrokerError, JournalError, OrderRefusedError
from skim_core.model import events as ev
from skim_core.ports.clock import Clock

_log = logging.getLogger("skim.orders")

_RETRY = timedelta(seconds=5)


class Guard:
    """Looks at one day's positions whenever something happened, and at times of its own.

    `ready` tells whether orders can be sent, `wake` is called when something was done,
    `broke` with an error that ends the day's run. `limit`: how long a position may be
    without a stop before it is told of.
    """

    def __init__(
        self,
        recorder: Recorder,
        desk: OrderDesk,
        clock: Clock,
        limit: timedelta,
        *,
        ready: Callable[[], bool],
        wake: Callable[[], None],
        broke: Callable[[JournalError], None],
    ) -> None:
        self._recorder = recorder
        self._book = recorder.book
        self._desk = desk
        self._clock = clock
        self._limit = limit
        self._ready = ready
        self._wake = wake
        self._broke = broke
        self._task: asyncio.Task[None] | None = None
        self._not_before: datetime | None = None
        # What was looked at last, and what came of it: the same gives the same.
        self._seen: tuple[int, bool, bool] | None = None
        self._next: datetime | None = None
        # The symbols to look at: those that want something, and those that changed since.
        self._symbols: dict[str, None] = {}
        self._mark = 0
        self._halted: ev.EntriesHalted | None = None

    @property
    def busy(self) -> bool:
        """Whether something is being done."""
        return self._task is not None and not self._task.done()

    def look(self) -> datetime | None:
        """Do what is missing; return when to look again if nothing happens before."""
        book, now = self._book, self._clock.now()
        if not book.holdings and not book.has_live and not book.lapsed:
            return None
        seen = (book.version, self._ready(), self.busy)
        if seen == self._seen and (self._next is None or now < self._next):
            return self._next
        told = lapses(book, now, self._limit)
        if told:
            self._recorder.record(*told, durable=True)
        looks = [next_lapse(book, self._limit)]
        if self._not_before is not None and now < self._not_before:
            looks.append(self._not_before)
        elif self._ready() and not self.busy:
            found = protect(book, now, self._changed())
            self._symbols = dict.fromkeys(found.wanting)
            looks.append(found.look_at)
            if found.actions:
                self._task = asyncio.create_task(self._carry_out(found.actions))
        self._seen = (book.version, self._ready(), self.busy)
        self._next = min((moment for moment in looks if moment is not None), default=None)
        return self._next

    def _changed(self) -> dict[str, None]:
        touched, self._mark = self._book.touched_since(self._mark)
        if self._book.halted is not self._halted:
            self._halted = self._book.halted
            return open_symbols(self._book)
        return self._symbols | touched

    def stop(self) -> None:
        """Begin nothing more."""
        if self._task is not None:
            self._task.cancel()

    async def _carry_out(self, actions: tuple[Action, ...]) -> None:
        # Time is not to pass while a position waits for its stop.
        with self._clock.hold():
            self._not_before = None
            for action in actions:
                _log.info("protection: %s", action)
                try:
                    await self._desk.carry_out(action)
                except (BrokerError, OrderRefusedError) as error:
                    # The other positions must not wait for this one.
                    _log.warning("protection: %s Tried again in %s s.", error, _RETRY.seconds)
                    self._not_before = self._clock.now() + _RETRY
                except JournalError as error:
                    self._broke(error)
                    break
            self._wake()
