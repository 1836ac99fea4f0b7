"""One attempt of a phase: the hook's call, its time limit, and what came of it."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from skim_core.decide.sequencer import StartPhase
from skim_core.engine.context import Permit
from skim_core.engine.threads import in_thread
from skim_core.model.times import format_duration
from skim_core.ports.clock import Clock
from skim_core.ports.context import Context
from skim_core.ports.engine import Strategy

_log = logging.getLogger("skim.engine")

_GRACE = 1.0
"""Seconds of wall time that a cancelled attempt has to clean up."""


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
        report: Callable[[Returned | Raised], None],
    ) -> None:
        self._command = command
        self._permit = permit
        self._report = report
        self._hold = clock.hold()
        self._task: asyncio.Task[None] | None = None
        self._reported = False
        timed_out = f"timed out after {format_duration(command.timeout)}"
        self._guard = asyncio.get_running_loop().call_later(
            command.timeout.total_seconds(), self.cancel, timed_out
        )

    def start(self, strategy: Strategy, context: Context[Any]) -> None:
        """Begin calling the hook."""
        self._task = asyncio.create_task(self._run(strategy, context))

    def cancel(self, error: str) -> None:
        """Stop the attempt and report it failed with `error`; it is not waited for."""
        self._settle(Raised(self._command.phase, self._command.attempt, error))
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
        hook = self._command.hook
        with self._hold:
            try:
                call = functools.partial(strategy.call, hook, context)
                if strategy.is_async(hook):
                    value = await call()
                else:
                    value = await in_thread(call, f"{context.strategy}.{context.phase}")
            except Exception as error:  # noqa: BLE001  the plugin boundary: it fails its own phase
                _log.debug("phase %s raised", self._command.phase, exc_info=True)
                outcome: Returned | Raised = self._raised(describe(error))
            except asyncio.CancelledError:
                self._settle(self._raised("cancelled itself"))
                raise
            except BaseException as error:  # noqa: BLE001  sys.exit in a hook fails its own phase
                outcome = self._raised(describe(error))
            else:
                outcome = Returned(self._command.phase, self._command.attempt, value)
            self._settle(outcome)

    def _raised(self, error: str) -> Raised:
        return Raised(self._command.phase, self._command.attempt, error)

    def _settle(self, outcome: Returned | Raised) -> None:
        if not self._reported:
            self._reported = True
            self._report(outcome)
        self._end()

    def _end(self) -> None:
        self._permit.revoke()
        self._guard.cancel()
        self._hold.release()

    def _tell_if_left_behind(self) -> None:
        if self._task is not None and not self._task.done():
            _log.warning(
                "phase %r does not stop after its cancel and is left behind: "
                "let its hook not swallow CancelledError.",
                self._command.phase,
            )


def describe(error: BaseException) -> str:
    """Return what a raise says, in one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
