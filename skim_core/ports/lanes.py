"""The lanes of the bus: one for each listener, in order, delaying nobody else."""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any, TypeAlias

from skim_core.model.events import Event
from skim_core.model.trading_day import TradingDay
from skim_core.ports.boundary import Guest, described, entered

log = logging.getLogger("skim.bus")

_TOLD_AT_MOST = 20
"""How often a listener's raise is told."""

_STANDSTILL = 15.0
"""Seconds of wall time for which an async listener may hold up the event loop."""

Receiver: TypeAlias = Callable[[Event, TradingDay], Awaitable[None] | None]
"""What hears events: a plain function, or an ``async def``."""


def tell_raised(receiver: object, event: Event, error: BaseException) -> None:
    """Name a receiver that raised in the log, with its traceback at level DEBUG."""
    log.error("%s raised on %s and goes on: %s", receiver, event.kind, described(error))
    log.debug("%s raised on %s", receiver, event.kind, exc_info=error)


class Lane(ABC):
    """The events that wait for one listener.

    `capacity` events of one day at most wait; while so many do, further ones of that day are
    dropped and counted. So a day that floods the bus costs no other day an event.
    """

    def __init__(self, name: str, receiver: Receiver, capacity: int) -> None:
        self.name = name
        self.dropped = 0
        self._receiver: Callable[[Event, TradingDay], Any] = receiver
        self._capacity = capacity
        self._raised = 0
        self._waiting: deque[tuple[Event, TradingDay]] = deque()
        self._of_day: Counter[str] = Counter()
        self._told: set[str] = set()
        self._hearing: tuple[Event, float] | None = None
        self._named: tuple[Event, float] | None = None
        self._closed = False
        self._changed = threading.Condition()

    def __str__(self) -> str:
        return f"listener {self.name!r}"

    def hear(self, _strategy: str, *, event: Event, day: TradingDay) -> None:
        """Take one event. Returns at once; this is what blinker calls."""
        with self._changed:
            if self._closed:
                return
            run_id = day.run_id
            first = False
            if self._of_day[run_id] < self._capacity:
                self._of_day[run_id] += 1
                self._waiting.append((event, day))
                self._changed.notify_all()
            else:
                self.dropped += 1
                first = run_id not in self._told
                self._told.add(run_id)
        if first:
            log.error(
                "%s is too slow: %d events wait for it, %s and further ones of %s are dropped "
                "until it has caught up. Make it quicker, or listen to fewer kinds.",
                self,
                self._capacity,
                event.kind,
                run_id,
            )
        self._wake()

    def look(self, patience: float) -> None:
        """Name the listener in the log, once, when it has been busy longer than `patience` seconds."""
        with self._changed:
            hearing = self._hearing
            if hearing is None or hearing is self._named or monotonic() - hearing[1] < patience:
                return
            self._named = hearing
        log.error(
            "%s has been busy with one %s for more than %g s; its other events wait. "
            "Let it return sooner, or time out by itself.",
            self,
            hearing[0].kind,
            patience,
        )

    def is_idle(self) -> bool:
        """Whether everything is heard."""
        with self._changed:
            return not self._waiting and self._hearing is None

    def close(self) -> None:
        """Hear no more. The event that is being heard is not waited for."""
        with self._changed:
            self._closed = True
            unheard = len(self._waiting)
            self._waiting.clear()
            self._of_day.clear()
            self._changed.notify_all()
        if unheard or self.dropped:
            log.warning(
                "%s ends with %d events unheard and %d dropped.", self, unheard, self.dropped
            )

    @abstractmethod
    def _wake(self) -> None:
        """See to it that what waits is heard."""

    def _tell_raised(self, event: Event, error: BaseException) -> None:
        self._raised += 1
        if self._raised <= _TOLD_AT_MOST:
            tell_raised(self, event, error)
        if self._raised == _TOLD_AT_MOST:
            log.error("%s raised %d times: further ones are not told.", self, self._raised)

    def _next(self) -> tuple[Event, TradingDay] | None:
        """Take the next event and note since when it is heard."""
        if not self._waiting:
            return None
        event, day = self._waiting.popleft()
        self._of_day[day.run_id] -= 1
        self._hearing = event, monotonic()
        return event, day

    def _heard(self) -> None:
        with self._changed:
            self._hearing = None
            self._changed.notify_all()


class ThreadLane(Lane):
    """A plain function's lane: a daemon thread, which never keeps the process alive."""

    def __init__(self, name: str, receiver: Receiver, capacity: int) -> None:
        super().__init__(name, receiver, capacity)
        self._thread = threading.Thread(target=self._run, name=f"skim {self}", daemon=True)
        self._thread.start()

    def _wake(self) -> None:
        """Nothing to do: the thread waits for the change."""

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                taken = self._next()
            if taken is None:
                return
            event, day = taken
            try:
                refuse_awaitable(self._receiver(event, day))
            except BaseException as error:  # noqa: BLE001  a plugin boundary: not even sys.exit() may end the lane
                self._tell_raised(event, error)
            finally:
                self._heard()


class AsyncLane(Lane):
    """A coroutine function's lane: a task in the publisher's event loop while events wait."""

    def __init__(self, name: str, receiver: Receiver, capacity: int) -> None:
        super().__init__(name, receiver, capacity)
        self._task: asyncio.Task[None] | None = None

    def _wake(self) -> None:
        # A task that ended with an earlier loop is replaced in this one.
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(
                self._run(), name=str(self), context=entered(Guest(str(self), _STANDSTILL))
            )

    def close(self) -> None:
        """Hear no more, and cancel the event that is being heard."""
        super().close()
        if self._task is not None and not self._task.get_loop().is_closed():
            self._task.cancel()

    async def _run(self) -> None:
        while True:
            with self._changed:
                taken = self._next()
            if taken is None:
                return
            event, day = taken
            try:
                await self._receiver(event, day)
            except asyncio.CancelledError as error:
                task = asyncio.current_task()
                if task is not None and task.cancelling():
                    raise
                self._tell_raised(event, error)
            except BaseException as error:  # noqa: BLE001  a plugin boundary: the lane goes on
                self._tell_raised(event, error)
            finally:
                self._heard()
            if self._closed:
                return
            await asyncio.sleep(0)  # a receiver that never awaits must not hold up the loop


def lane(name: str, receiver: Receiver, capacity: int) -> Lane:
    """Return the lane that fits the receiver."""
    call = type(receiver).__call__ if not inspect.isroutine(receiver) else receiver
    is_async = inspect.iscoroutinefunction(receiver) or inspect.iscoroutinefunction(call)
    return (AsyncLane if is_async else ThreadLane)(name, receiver, capacity)


def refuse_awaitable(result: object) -> None:
    """Raise TypeError for the result of an async receiver that was called as a plain one."""
    if inspect.iscoroutine(result):
        result.close()
        msg = "it returned a coroutine: make the receiver itself an 'async def'"
        raise TypeError(msg)
