"""An event loop in which time is virtual and every step is decided by the run alone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Generator, Iterable, Iterator
from concurrent.futures import Executor
from contextvars import Context, copy_context
from math import inf
from typing import Any, NamedTuple, NoReturn, TypeVar, TypeVarTuple

from skim_core.simulation.agenda import Agenda, NotSimulated
from skim_core.simulation.process import Killed, Process, Tasks, current_process

ResultT = TypeVar("ResultT")
Arguments = TypeVarTuple("Arguments")

_SECOND = 1_000_000
"""Microseconds."""


class Unhandled(NamedTuple):
    """An error that no code of a living process or of the world dealt with."""

    message: str
    exception: BaseException | None


class SimulationLoop(asyncio.SelectorEventLoop):
    """An asyncio event loop for simulated processes; `time` begins at 0.

    What is ready runs first in first out; time stands still meanwhile, and then moves to the
    next timer. It counts whole microseconds, to which timers are rounded. Threads, files and
    sockets are refused with NotSimulated.

    A handle belongs to the process in whose context it was scheduled: it is dropped when
    that is dead, and put off while it is suspended.

    `step_limit`: how many handles may run before the run counts as endless. `agenda`: what
    decides which is next.

    `unhandled` lists what asyncio would have logged, such as the error of a task that nobody
    awaited. Look at it after `close`, which ends what still waits.
    """

    def __init__(self, *, step_limit: int = 1_000_000, agenda: type[Agenda] = Agenda) -> None:
        self._agenda = agenda(step_limit, self._waiting)
        self._tasks = Tasks()
        self._ending = False
        self._thread = threading.get_ident()
        self.processes: list[Process] = []
        self.unhandled: list[Unhandled] = []
        self.world = copy_context()
        self.world.run(current_process.set, None)
        super().__init__(self._agenda)
        self.set_exception_handler(self._note)

    @property
    def microseconds(self) -> int:
        """Simulated microseconds since the loop was made."""
        return self._agenda.microseconds

    @property
    def steps(self) -> int:
        """How many handles have run, of all processes and of the world."""
        return self._agenda.steps

    def time(self) -> float:
        """Return the simulated seconds since the loop was made."""
        return self._agenda.microseconds / _SECOND

    def watch(self, look: Callable[[], None] | None) -> None:
        """Call `look` before each step; what it raises ends the run. None: no more."""
        self._agenda.watch = look

    # Scheduling

    def call_soon(
        self,
        callback: Callable[[*Arguments], object],
        *args: *Arguments,
        context: Context | None = None,
    ) -> asyncio.Handle:
        """Run `callback` after all that is ready now."""
        process = current_process.get() if context is None else context.get(current_process)
        handle = asyncio.Handle(callback, args, self, context)
        self._agenda.add(handle, process)
        return handle

    def call_at(
        self,
        when: float,
        callback: Callable[[*Arguments], object],
        *args: *Arguments,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Run `callback` at `when` in simulated seconds, to the microsecond."""
        if when == inf:
            return asyncio.TimerHandle(when, callback, args, self, context)
        return self.call_at_microsecond(round(when * _SECOND), callback, *args, context=context)

    def call_at_microsecond(
        self,
        when: int,
        callback: Callable[[*Arguments], object],
        *args: *Arguments,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Run `callback` at `when` in simulated microseconds."""
        process = current_process.get() if context is None else context.get(current_process)
        handle = asyncio.TimerHandle(when / _SECOND, callback, args, self, context)
        self._agenda.add_timer(when, handle, process)
        return handle

    def put_first(self, handles: Iterable[asyncio.Handle], process: Process) -> None:
        """Run the handles that a suspended process has missed before all others."""
        self._agenda.put_first(handles, process)

    def create_task(
        self,
        coro: Generator[Any, None, ResultT] | Coroutine[Any, Any, ResultT],
        *,
        name: object = None,
        context: Context | None = None,
        **options: Any,
    ) -> asyncio.Task[ResultT]:
        """Make a task of the process in whose context this is called, or of the world.

        A task without a name is called by its owner and its number there.
        """
        if context is None:
            context = copy_context()
        process = context.get(current_process)
        tasks = self._tasks if process is None else process.tasks
        if name is None:
            owner = "world" if process is None else process.name
            name = f"{owner}/{tasks.made + 1}"
        task = super().create_task(coro, name=name, context=context, **options)
        tasks.add(task, context)
        return task

    # Threads

    def call_soon_threadsafe(
        self,
        callback: Callable[[*Arguments], object],
        *args: *Arguments,
        context: Context | None = None,
    ) -> asyncio.Handle:
        """Run `callback` soon. Raises NotSimulated, and ends the run, in another thread."""
        # asyncio itself calls this, in the loop's thread, to close async generators.
        if threading.get_ident() != self._thread:
            error = _no_threads(callback)
            self._agenda.refusal = error
            raise error
        if self._ending:
            # It will not run, so nobody awaits what closes a generator.
            for argument in args:
                if isinstance(argument, Coroutine):
                    argument.close()
        return self.call_soon(callback, *args, context=context)

    def run_in_executor(
        self,
        executor: Executor | None,  # noqa: ARG002  asyncio's signature
        func: Callable[[*Arguments], ResultT],
        *args: *Arguments,  # noqa: ARG002
    ) -> NoReturn:
        """Raise NotSimulated: what a thread does, no seed decides."""
        raise _no_threads(func)

    # The end

    def close(self) -> None:
        """End the run: every process dies, and every task ends where it waits, in order.

        Their cleanup runs, but reaches nothing: all that a dead process touches raises
        Killed. What it raises is dropped.
        """
        if not self.is_closed() and not self.is_running():
            for tasks in self._owned():
                tasks.prune()
            self._ending = True
            self._agenda.clear()
            # Cleanup may ask for the running loop.
            self.call_soon(self._end, context=self.world.copy())
            self.run_forever()
            self._agenda.clear()
        super().close()

    def _end(self) -> None:
        for process in self.processes:
            process.kill("the run has ended")
        for tasks in self._owned():
            tasks.close()
        self.stop()

    def _owned(self) -> Iterator[Tasks]:
        yield from (process.tasks for process in self.processes)
        yield self._tasks

    def _waiting(self) -> Iterator[str]:
        for process in self.processes:
            if process.alive:
                yield from (task.get_name() for task in process.tasks if not task.done())
        yield from (task.get_name() for task in self._tasks if not task.done())

    def _note(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        process = self._agenda.running if "handle" in context else None
        dead = process is not None and not process.alive
        if not (self._ending or dead or isinstance(error, Killed)):
            self.unhandled.append(Unhandled(context["message"], error))


def _no_threads(function: Callable[..., object]) -> NotSimulated:
    name = getattr(function, "__qualname__", repr(function))
    return NotSimulated(
        f"{name} was to run in, or was called from, another thread, and a simulation has but "
        f"one: write 'async def', or call it where the loop runs."
    )
