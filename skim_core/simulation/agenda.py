"""What a simulation has to do, in order, and what its time is."""

from __future__ import annotations

import asyncio
import heapq
import selectors
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from itertools import count
from typing import TYPE_CHECKING, Any

from skim_core.errors import SkimError

if TYPE_CHECKING:
    from _typeshed import FileDescriptorLike

    from skim_core.simulation.process import Process

_SECOND = 1_000_000
"""Microseconds."""


class SimulationStuck(SkimError):
    """A simulated run doesn't end: nothing is due any more, or it takes too many steps."""


class NotSimulated(SkimError):
    """Simulated code reached for the real machine: a thread, a socket."""


class _Turn:
    """The handle whose turn it is, told to asyncio as a file that can be read."""

    fileobj = None
    data: tuple[asyncio.Handle | None, None] = (None, None)


class Agenda(selectors.BaseSelector):
    """Stands where asyncio expects its selector and gives it one handle at a time.

    A selector says which files are ready and asyncio runs the handles of their readers;
    here a handle is ready when its turn comes. So each step can be counted, watched and
    refused before it runs, and nothing but this object decides about order: first in first
    out, timers of one instant in the order they were set. Time, in microseconds, moves to
    the next timer when nothing is ready.
    """

    def __init__(self, step_limit: int, waiting: Callable[[], Iterable[str]]) -> None:
        self.microseconds = 0
        self.steps = 0
        self.running: Process | None = None
        self.watch: Callable[[], None] | None = None
        self.refusal: NotSimulated | None = None
        self._step_limit = step_limit
        self._waiting = waiting
        self._ready: deque[tuple[asyncio.Handle, Process | None]] = deque()
        self._timers: list[tuple[int, int, asyncio.TimerHandle, Process | None]] = []
        self._numbers = count()
        self._turn = _Turn()
        self._told: list[Any] = [(self._turn, selectors.EVENT_READ)]
        self._files: dict[FileDescriptorLike, selectors.SelectorKey] = {}

    def add(self, handle: asyncio.Handle, process: Process | None) -> None:
        """Put a handle of a process (None: of the world around them) behind all others."""
        self._ready.append((handle, process))

    def add_timer(
        self, microseconds: int, handle: asyncio.TimerHandle, process: Process | None
    ) -> None:
        """Put a handle off until an instant of simulated time; soon when it has passed."""
        if microseconds <= self.microseconds:
            self._ready.append((handle, process))
        else:
            heapq.heappush(self._timers, (microseconds, next(self._numbers), handle, process))

    def put_first(self, handles: Iterable[asyncio.Handle], process: Process) -> None:
        """Put handles that waited for their process before all others, in their order."""
        self._ready.extendleft(reversed([(handle, process) for handle in handles]))

    def clear(self) -> None:
        """Forget everything that was to be done, and count from the start."""
        self._ready.clear()
        self._timers.clear()
        self._turn.data = (None, None)
        self.steps = 0
        self.watch = None
        self.refusal = None

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return the handle whose turn it is, as asyncio takes it.

        Raises SimulationStuck when there will never be one, or when there were too many,
        and whatever the watch raises.
        """
        if self.watch is not None:
            self.watch()
        if self.refusal is not None:
            raise self.refusal
        ready = self._ready
        while True:
            while ready:
                handle, process = ready.popleft()
                if handle.cancelled() or (process is not None and not process.admits(handle)):
                    continue
                self.steps += 1
                if self.steps > self._step_limit:
                    raise self._endless()
                self.running = process
                self._turn.data = (handle, None)
                return self._told
            if timeout == 0:
                # The loop was told to stop.
                return []
            self._wait()

    def _wait(self) -> None:
        """Let something become ready: time moves. Raises SimulationStuck when nothing is due."""
        self._move_time()

    def _move_time(self) -> None:
        timers = self._timers
        while timers and _is_idle(timers[0]):
            heapq.heappop(timers)
        if not timers:
            raise self._still()
        self.microseconds = timers[0][0]
        while timers and timers[0][0] <= self.microseconds:
            _, _, handle, process = heapq.heappop(timers)
            self._ready.append((handle, process))

    def _still(self) -> SimulationStuck:
        return SimulationStuck(
            f"the simulation stands still {self._so_far()}: nothing is due any more, and what "
            f"it waits for has not come ({self._who_waits()}). Look for a wait for something "
            f"that is not simulated (a thread, a file, a socket), or for a process that died."
        )

    def _endless(self) -> SimulationStuck:
        return SimulationStuck(
            f"the simulation has not ended {self._so_far()} ({self._who_waits()}). Look for "
            f"what goes round for ever, or give the loop a higher step_limit."
        )

    def _so_far(self) -> str:
        return f"at {self.microseconds / _SECOND:g} s, after {self.steps} steps"

    def _who_waits(self) -> str:
        names = list(self._waiting())
        more = f" and {len(names) - 5} more" if names[5:] else ""
        return f"waiting: {', '.join(names[:5])}{more}" if names else "no task is waiting"

    # The rest of a selector: asyncio registers the pipe with which it wakes itself.

    def register(
        self, fileobj: FileDescriptorLike, events: int, data: Any = None
    ) -> selectors.SelectorKey:
        """Take the loop's own pipe. Raises NotSimulated for any other file or socket."""
        if self._files or self.steps:
            msg = (
                f"file {fileobj} was to be waited for, but a simulation has no files and no "
                f"sockets: put a simulated broker or journal in the place of what uses it."
            )
            raise NotSimulated(msg)
        number = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        key = selectors.SelectorKey(fileobj, number, events, data)
        self._files[fileobj] = key
        return key

    def unregister(self, fileobj: FileDescriptorLike) -> selectors.SelectorKey:
        """Let the loop's own pipe go."""
        return self._files.pop(fileobj)

    def get_map(self) -> Mapping[FileDescriptorLike, selectors.SelectorKey]:
        """Return what is registered."""
        return self._files


def _is_idle(timer: tuple[int, int, asyncio.TimerHandle, Process | None]) -> bool:
    """Whether nothing would come of a timer: time need not move for it."""
    _, _, handle, process = timer
    return handle.cancelled() or (process is not None and not process.alive)
