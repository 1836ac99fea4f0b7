"""A program on a simulated machine, which can be killed or suspended at any step."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from contextvars import Context, ContextVar
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar, TypeVarTuple

if TYPE_CHECKING:
    from skim_core.simulation.loop import SimulationLoop

ResultT = TypeVar("ResultT")
Arguments = TypeVarTuple("Arguments")

current_process: ContextVar[Process | None] = ContextVar("current_process", default=None)
"""The process whose code is running; None in the world around the processes."""

_CLOSINGS = 100
"""How often a coroutine is told to end that awaits something while it ends."""


class Killed(BaseException):
    """Raised by whatever a dead process still touches.

    Not an Exception, so that no code of the process takes it for a failure to deal with.
    """


class Tasks:
    """The tasks of one owner in the order in which they were made.

    They are kept until they are done: a task that nobody refers to would end whenever
    Python's collector finds it, which no seed decides.
    """

    def __init__(self) -> None:
        self._kept: list[tuple[asyncio.Task[Any], Context]] = []
        self._prune_at = 64
        self.made = 0

    def __iter__(self) -> Iterator[asyncio.Task[Any]]:
        return (task for task, _ in self._kept)

    def add(self, task: asyncio.Task[Any], context: Context) -> None:
        """Keep a task with the context that it runs in."""
        self.made += 1
        self._kept.append((task, context))
        if len(self._kept) >= self._prune_at:
            self.prune()
            self._prune_at = max(64, 2 * len(self._kept))

    def prune(self) -> None:
        """Let go of the tasks that are done; asyncio tells of errors that nobody asked for."""
        self._kept = [kept for kept in self._kept if not kept[0].done()]

    def silence(self) -> None:
        """Let nobody be told of the errors of tasks that are done."""
        for task in self:
            if task.done() and not task.cancelled():
                task.exception()

    def close(self) -> None:
        """End every task where it waits, in order; what comes of it is dropped."""
        # An ending task may make tasks.
        while self._kept:
            self.silence()
            ending, self._kept = self._kept, []
            for task, context in ending:
                if not task.done():
                    _close(task.get_coro(), context)


def _close(coroutine: Any, context: Context) -> None:
    for _ in range(_CLOSINGS):
        try:
            context.run(coroutine.close)
        except KeyboardInterrupt:
            raise
        except BaseException:  # noqa: BLE001, S112  what a dead process's cleanup raises is nobody's
            # Also when it awaited something instead of ending.
            continue
        return


class Process:
    """One program on one machine, from its start to its death; a restart is another Process.

    Its tasks, and all that they schedule, belong to it. Each time the loop runs one of them
    is a step, numbered from 1. Each place around a write to something that outlives the
    process is a write point, numbered from 1 too: see `at_write`.

    `on_death` is called, once, at the instant of its death, from outside the process.
    """

    def __init__(
        self, name: str, loop: SimulationLoop, on_death: Callable[[], None] | None = None
    ) -> None:
        self.name = name
        self.loop = loop
        self.alive = True
        self.death = ""
        self.steps = 0
        self.write_points = 0
        self.died: asyncio.Future[None] = loop.create_future()
        self.tasks = Tasks()
        self._on_death = on_death
        self._kill_step = 0
        self._kill_write_point = 0
        self._parked: deque[asyncio.Handle] | None = None
        self._resumption: asyncio.TimerHandle | None = None
        self._context = loop.world.copy()
        self._context.run(current_process.set, self)
        loop.processes.append(self)

    def __repr__(self) -> str:
        return f"<Process {self.name}: {'alive' if self.alive else self.death}>"

    def run(self, coroutine: Coroutine[Any, Any, ResultT]) -> asyncio.Task[ResultT]:
        """Start a coroutine as a task of this process. Raises Killed when it is dead."""
        if not self.alive:
            coroutine.close()
        self.check()
        return self.loop.create_task(coroutine, context=self._context.copy())

    def call_soon(
        self, callback: Callable[[*Arguments], object], *args: *Arguments
    ) -> asyncio.Handle:
        """Call a function of this process from outside, as when a message reaches it.

        It counts as a step of the process; a dead one never hears of it.
        """
        return self.loop.call_soon(callback, *args, context=self._context.copy())

    async def completes(self, task: asyncio.Task[Any]) -> bool:
        """Wait, outside the process, for the end of its task; False when it died before."""
        await asyncio.wait({task, self.died}, return_when=asyncio.FIRST_COMPLETED)
        return self.alive and task.done()

    # Death

    @property
    def suspended(self) -> bool:
        """Whether it stands still until it is resumed."""
        return self._parked is not None

    def check(self) -> None:
        """Raise Killed when the process is dead: called by all through which it acts."""
        if not self.alive:
            msg = f"{self.name} is dead: {self.death}"
            raise Killed(msg)

    def kill(self, how: str = "killed") -> None:
        """End the process between two steps: nothing of it runs any more, not even cleanup."""
        if not self.alive:
            return
        self.alive = False
        self.death = how
        self._parked = None
        if self._resumption is not None:
            self._resumption.cancel()
        self.tasks.silence()
        if not self.died.done():
            self.died.set_result(None)
        if self._on_death is not None:
            self.loop.world.copy().run(self._on_death)

    def kill_at_step(self, number: int) -> None:
        """Kill the process before its step `number`; 0 takes it back."""
        self._kill_step = number

    def kill_at_write(self, point: int) -> None:
        """Kill the process at its write point `point`; 0 takes it back."""
        self._kill_write_point = point

    def at_write(self, where: str) -> None:
        """Pass a write point: called before, after and between the steps of each write.

        `where` says so, such as ``"before append"``. Raises Killed when the process is dead,
        or dies here.
        """
        if not self.alive:
            self.check()
        self.write_points += 1
        if self.write_points == self._kill_write_point:
            self.kill(f"killed at write point {self.write_points}, {where}")
            self.check()

    # Standing still

    def suspend(self, lasting: timedelta | None = None) -> None:
        """Stop the process where it is, as a signal does; it goes on after `lasting`.

        None: when `resume` is called. What comes due meanwhile runs then, in order.
        """
        if not self.alive:
            return
        if self._parked is None:
            self._parked = deque()
        if self._resumption is not None:
            self._resumption.cancel()
            self._resumption = None
        if lasting is not None:
            when = self.loop.microseconds + lasting // timedelta(microseconds=1)
            self._resumption = self.loop.call_at_microsecond(
                when, self.resume, context=self.loop.world.copy()
            )

    def resume(self) -> None:
        """Let a suspended process go on."""
        if self._parked is None:
            return
        parked, self._parked = self._parked, None
        if self._resumption is not None:
            self._resumption.cancel()
            self._resumption = None
        self.loop.put_first(parked, self)

    def admits(self, handle: asyncio.Handle) -> bool:
        """Whether a handle of the process may run now, as its next step: the loop asks."""
        if not self.alive:
            return False
        if self._parked is not None:
            self._parked.append(handle)
            return False
        self.steps += 1
        if self.steps == self._kill_step:
            self.kill(f"killed at step {self.steps}")
            return False
        return True
