"""What became of a phase's attempts, recorded: results, failures, and a halt of a hopeless one."""

from __future__ import annotations

from collections.abc import Callable

from skim_core.decide.attempts import failed, succeeded
from skim_core.decide.state import PhaseStatus
from skim_core.engine.attempt import Raised, Returned
from skim_core.engine.messages import Told
from skim_core.engine.recorder import Recorder
from skim_core.engine.results import record_result
from skim_core.engine.shared import Identity, SharedFailure, SharedPhases, SharedResult, identity
from skim_core.errors import SkimError
from skim_core.model import events as ev
from skim_core.model.controls import Halt
from skim_core.model.phases import Shared
from skim_core.ports.engine import Assignment, EngineSetup
from skim_core.settings.masking import journaled


class Outcomes:
    """Records outcomes of one day's attempts, and shares those of shared phases.

    `halt` puts a halt where all days hear of it.
    """

    def __init__(
        self,
        assignment: Assignment,
        setup: EngineSetup,
        recorder: Recorder,
        shared: SharedPhases,
        halt: Callable[[Halt], None],
    ) -> None:
        self._assignment = assignment
        self._setup = setup
        self._clock = setup.clock
        self._recorder = recorder
        self._shared = shared
        self._halt = halt

    def take(self, message: Returned | Raised | Told) -> None:
        """Record an attempt's outcome; that of one which is over already changes nothing."""
        current = self._recorder.state.phases[message.phase]
        if current.status is not PhaseStatus.RUNNING or current.attempt != message.attempt:
            return
        if isinstance(message, Told):
            self._take_over(message)
        elif isinstance(message, Returned):
            self._succeed(message)
        else:
            self._fail(message.phase, message.error)

    def _succeed(self, message: Returned) -> None:
        now, name = self._clock.now(), message.phase
        phase = self._recorder.state.graph[name]
        try:
            declared = self._assignment.strategy.returns(phase.hook)
            events, result = record_result(phase.hook, declared, message.value, name, now)
        except SkimError as error:
            self._fail(name, str(error))
            return
        ending = succeeded(self._recorder.state, name, now, result)
        self._recorder.record(*events, ending, durable=not phase.repeats)
        self._settle_shared(name, SharedResult(self._assignment.day.run_id, events, result))

    def _fail(self, name: str, error: str) -> None:
        state = self._recorder.state
        event = failed(state, name, self._clock.now(), error)
        self._recorder.record(event, durable=isinstance(event, ev.PhaseFailed))
        self._halt_if_hopeless(name, error)
        self._settle_shared(name, SharedFailure(error))

    def _halt_if_hopeless(self, name: str, error: str) -> None:
        day, halt_after = self._assignment.day, self._setup.halt_after
        if not self._assignment.graph[name].repeats:
            return
        if self._recorder.state.phases[name].failures < halt_after or self._recorder.book.halted:
            return
        why = f"{name} failed {halt_after} times in a row: {error}"
        halt = Halt(
            at=self._clock.now(), account=day.account, strategy=day.strategy, by="skim", why=why
        )
        self._halt(halt)

    def _settle_shared(self, name: str, outcome: SharedResult | SharedFailure) -> None:
        shared = self._recorder.state.graph[name].shared
        if shared is not None:
            self._shared.settle(self.work(shared, name), self._assignment.day.run_id, outcome)

    def work(self, shared: Shared, name: str) -> Identity:
        """Return what a shared phase is known by: with whom its outcome is shared."""
        phase = self._recorder.state.graph[name]
        return identity(shared, phase, journaled(self._assignment.config))

    def _take_over(self, message: Told) -> None:
        now, outcome = self._clock.now(), message.outcome
        if isinstance(outcome, SharedFailure):
            self._fail(message.phase, outcome.error)
            return
        events = [
            event.model_copy(update={"at": now, "phase": message.phase}) for event in outcome.events
        ]
        ending = ev.PhaseCompleted(
            at=now, phase=message.phase, result=outcome.result, shared_from=outcome.run_id
        )
        self._recorder.record(*events, ending, durable=True)
