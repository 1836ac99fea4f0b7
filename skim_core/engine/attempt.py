"""One attempt of a phase: the hook's call, its time limit, and what came of it."""

from __future__ import annotations

import asyncio
import functools
import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from skim_core.decide.sequencer import StartPhase
from skim_core.engine.context import Permit
from skim_core.engine.overtime import Overtime
from skim_core.engine.rehearsal import rehearse
from skim_core.engine.threads import in_thread, leave_if_forked
from skim_core.errors import PluginError
from skim_core.model.text import one_line
from skim_core.model.times import format_duration
from skim_core.ports.boundary import Guest, described, entered, exact, guest
from skim_core.ports.clock import Clock
from skim_core.ports.context import Context
from skim_core.ports.engine import Strategy
from skim_core.ports.raised import place

_log = logging.getLogger("skim.engine")

_GRACE = 1.0
"""Seconds of wall time that a cancelled attempt has to clean up."""

_STANDSTILL = 15.0
"""Seconds of wall time for which an async hook may hold up the event loop: half a lease."""

describe = described


@dataclass(frozen=True, slots=True)
class Returned:
    """The attempt's hook returned `value`."""

    phase: str
    attempt: int
    value: Any


@dataclass(frozen=True, slots=True)
class Raised:
    """The attempt failed, or was cancelled; `error` says why."""

    phase: str
    attempt: int
    error: str


class Attempt:
    """A running attempt. It reports once, and then does nothing more.

    Time limits count in the day's own time (the sequencer's) and, as virtual time stands
    still while a hook works, in wall time too (this class's own guard).
    """

    def __init__(
        self,
        command: StartPhase,
        permit: Permit,
        clock: Clock,
        overtime: Overtime,
        report: Callable[[Returned | Raised], None],
    ) -> None:
        self._command = command
        self._permit = permit
        self._clock = clock
        self._report = report
        self._hold = clock.hold()
        self._task: asyncio.Task[None] | None = None
        self._reported = False
        self._process = os.getpid()
        self._overtime = overtime
        overtime.limit(self, command.timeout.total_seconds(), self._time_out)

    def start(self, strategy: Strategy, context: Context[Any]) -> None:
        """Begin calling the hook."""
        name = f"{context.strategy}.{context.phase}"
        patience = min(self._command.timeout.total_seconds(), _STANDSTILL)
        self._task = asyncio.get_running_loop().create_task(
            self._run(strategy, context),
            name=name,
            context=entered(Guest(f"phase {name}", patience)),
        )

    def _time_out(self) -> None:
        self.cancel(f"timed out after {format_duration(self._command.timeout)}")

    def cancel(self, error: str) -> None:
        """Stop the attempt and report it failed with `error`; it is not waited for."""
        self._settle(self._raised(error))
        if self._task is not None and not self._task.done():
            self._task.cancel()
            loop = asyncio.get_running_loop()
            loop.call_later(_GRACE, self._tell_if_left_behind)

    def forget(self) -> None:
        """Stop the attempt without reporting anything: its day goes on elsewhere."""
        self._reported = True
        self._end()
        if self._task is not None:
            self._task.cancel()

    async def _run(self, strategy: Strategy, context: Context[Any]) -> None:
        with self._hold:
            try:
                if strategy.is_async(self._command.hook):
                    outcome = await self._await(strategy, context)
                else:
                    call = functools.partial(self._call, strategy, context)
                    outcome = await in_thread(call, f"{context.strategy}.{context.phase}")
            except asyncio.CancelledError:
                with exact():
                    self._settle(self._raised("cancelled itself"))
                raise
            with exact():  # what it wakes goes on in the engine's arithmetic
                self._settle(outcome)

    async def _await(self, strategy: Strategy, context: Context[Any]) -> Returned | Raised:
        try:
            value = await strategy.call(self._command.hook, context)
            return self._returned(strategy, value)
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001  the plugin boundary: it fails its own phase
            return self._failed(error)
        finally:
            leave_if_forked(self._process)

    def _call(self, strategy: Strategy, context: Context[Any]) -> Returned | Raised:
        try:
            value = strategy.call(self._command.hook, context)
            return self._returned(strategy, value)
        except BaseException as error:  # noqa: BLE001  the plugin boundary: it fails its own phase
            return self._failed(error)

    def _returned(self, strategy: Strategy, value: object) -> Returned:
        """Return the result, tried out: what can't be journaled fails the phase, not the day."""
        leave_if_forked(self._process)
        if forgotten := self._forgotten():
            msg = f"{self._command.hook} returned, but what it asked for was not done{forgotten}."
            raise PluginError(msg)
        hook, name = self._command.hook, self._command.phase
        if isinstance(value, Sequence) and not isinstance(value, str | bytes):
            value = tuple(value)
        rehearse(hook, strategy.returns(hook), value, name, self._clock.now())
        return Returned(name, self._command.attempt, value)

    def _failed(self, error: BaseException) -> Raised:
        # The exception itself ends here: its frames hold on to whatever the hook allocated.
        _log.debug("phase %s raised", self._command.phase, exc_info=error)
        told = described(error).removeprefix("PluginError: ")
        return self._raised(f"{told}{place(error)}{self._forgotten()}")

    @staticmethod
    def _forgotten() -> str:
        """Return which answers of its context the hook never awaited, as the end of a sentence."""
        visitor = guest.get()
        calls = visitor.forgotten() if visitor is not None else ()
        if not calls:
            return ""
        return (
            f"; it never awaited {', '.join(calls)}: write 'await' before it in an 'async def' "
            "hook, and ctx.wait(...) around it in a plain one"
        )

    def _raised(self, error: str) -> Raised:
        return Raised(self._command.phase, self._command.attempt, one_line(error))

    def _settle(self, outcome: Returned | Raised) -> None:
        if not self._reported:
            self._reported = True
            self._report(outcome)
        self._end()

    def _end(self) -> None:
        self._permit.revoke()
        self._overtime.release(self)
        self._hold.release()

    def _tell_if_left_behind(self) -> None:
        if self._task is not None and not self._task.done():
            _log.warning(
                "phase %r does not stop after its cancel and is left behind: "
                "let its hook not swallow CancelledError.",
                self._command.phase,
            )
