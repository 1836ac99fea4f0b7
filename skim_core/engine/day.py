"""One strategy's day in the local engine: plans carried out, outcomes recorded."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from skim_core.decide.book import Book
from skim_core.decide.sequencer import CancelPhase, Command, Planner, Record, StartPhase
from skim_core.decide.state import PhaseStatus
from skim_core.engine.attempt import Attempt, Raised, Returned, describe
from skim_core.engine.carry import carried
from skim_core.engine.common import Common
from skim_core.engine.context import Contexts, Permit, PermittedOrders
from skim_core.engine.day_orders import DayOrders
from skim_core.engine.inbox import Inbox
from skim_core.engine.joining import JoiningStrategy
from skim_core.engine.messages import Broke, ControlsChanged, Message, Stop, Told, Wake
from skim_core.engine.outcomes import Outcomes
from skim_core.engine.overtime import Overtime
from skim_core.engine.recorder import Recorder
from skim_core.engine.shared import SharedFailure, SharedPhases, SharedResult
from skim_core.errors import SkimError
from skim_core.model import events as ev
from skim_core.model.base import sound
from skim_core.model.controls import Halt
from skim_core.ports.broker import BrokerNotice
from skim_core.ports.engine import Assignment, DayEnd, DayResult, EngineSetup, Strategy
from skim_core.settings.masking import journaled

_log = logging.getLogger("skim.engine")

_REQUESTED, _STARTED = sound(ev.PhaseRequested), sound(ev.PhaseStarted)


class DayRunner:
    """Runs one day from where its journal ends to where the day ends."""

    def __init__(
        self,
        assignment: Assignment,
        setup: EngineSetup,
        shared: SharedPhases,
        common: Common,
        may_send: Callable[[], bool],
    ) -> None:
        self._assignment = assignment
        self._setup = setup
        self._shared = shared
        self._clock = setup.clock
        self._recorder = Recorder(assignment.day, setup.journal, setup.bus)
        self._inbox: Inbox[Message] = Inbox(setup.clock)
        self._common = common
        self._orders = DayOrders(
            self._recorder,
            setup,
            common,
            assignment.limits,
            may_send=may_send,
            wake=self._wake,
            broke=lambda error: self._inbox.put(Broke(error)),
        )
        self._attempts: dict[str, Attempt] = {}
        self._overtime = Overtime()
        self._contexts = Contexts(assignment, setup, self._recorder)
        self._outcomes = Outcomes(assignment, setup, self._recorder, shared, self._halt)
        self._listening = False
        self._reason = ""
        self._expected: datetime | None = None
        self._planner = Planner()

    @property
    def book(self) -> Book:
        """The day's book."""
        return self._recorder.book

    def stuck(self, patience: timedelta) -> bool:
        """Whether the day should have gone on for `patience` already, and does not."""
        return self._expected is not None and self._clock.now() > self._expected + patience

    def due(self) -> datetime | None:
        """Return when the day acts next; None while it acts, or when only messages move it."""
        return self._expected

    def look(self) -> None:
        """Look soon whether something is due."""
        self._wake()

    def controls_changed(self) -> None:
        """Take in soon what people have said."""
        if self._listening:
            self._inbox.put(ControlsChanged())

    def hear(self, notice: BrokerNotice) -> None:
        """Take a broker's notice; before the day has begun there is nobody to take it."""
        if self._listening:
            self._inbox.put(notice)

    def stop(self, end: DayEnd, reason: str) -> None:
        """Leave the day soon; it can be resumed."""
        self._inbox.put(Stop(end, reason))

    async def run(self) -> DayResult:
        """Run the day and return how it was left. Raises SkimError when it can't go on."""
        self._inbox.busy()
        try:
            events = self._recorder.load()
            if self._recorder.begun and self._recorder.state.finished:
                outcome = self._recorder.state.outcome
                return self._result(DayEnd.ALREADY, f"it was run before and {outcome}")
            only = self._assignment.only
            if only is not None and (end := self._cannot_run(only)):
                return end
            # On the wall's time, what seems to lie ahead was told by another clock.
            if events and self._setup.pace != "real":
                await self._catch_up(events[-1].at)
            await self._begin()
            return await self._loop()
        finally:
            self._listening = False
            self._orders.stop()
            for attempt in self._attempts.values():
                attempt.forget()
            self._overtime.close()
            self._shared.abandon(self._assignment.day.run_id)
            self._recorder.close()
            self._inbox.close()

    async def _catch_up(self, moment: datetime) -> None:
        """Wait, on virtual time that began earlier, for the instant at which the day was left."""
        self._inbox.done()
        await self._clock.sleep_until(moment)
        self._inbox.busy()

    async def _begin(self) -> None:
        now = self._clock.now()
        self._listening = True
        if not self._recorder.begun:
            assignment = self._assignment
            started = ev.DayStarted(
                at=now,
                run_id=assignment.day.run_id,
                strategy=assignment.day.strategy,
                account=assignment.day.account,
                session=assignment.day.session,
                graph=assignment.graph,
                broker=self._setup.broker_name,
                broker_options=dict(self._setup.broker_options),
                pace=self._setup.pace,
                config=journaled(assignment.config),
                versions=dict(assignment.versions),
                limits=assignment.limits,
                only=assignment.only,
                missed=assignment.missed,
                disabled=assignment.disabled,
            )
            taken_over = carried(self._setup.journal, assignment.day, now)
            self._recorder.record(started, *taken_over, durable=True)
            self._orders.take_controls()
            await self._orders.begin("the day begins")
            return
        phases = self._recorder.state.phases.values()
        running = tuple(phase.phase for phase in phases if phase.status is PhaseStatus.RUNNING)
        resumed = ev.DayResumed(
            at=now,
            owner=self._setup.owner,
            interrupted=running,
            only=self._assignment.only,
        )
        self._recorder.record(resumed, durable=True)
        self._orders.take_controls()
        await self._orders.begin("another process goes on with the day")

    async def _loop(self) -> DayResult:
        only = self._assignment.only
        while True:
            if only is not None and self._has_run(only):
                return self._result(DayEnd.PAUSED, f"{only} was run")
            decided = self._planner.plan(self._recorder.state, self._clock.now())
            commands = [command for command in decided.commands if only in {None, _phase(command)}]
            before = self._recorder.sequence
            for command in commands:
                self._carry_out(command)
            state = self._recorder.state
            if state.outcome is not None:
                return self._result(DayEnd(state.outcome.value), self._reason)
            if self._recorder.sequence != before:
                continue
            looks = (decided.wake_at, self._orders.look())
            wake = min((moment for moment in looks if moment is not None), default=None)
            if self._recorder.sequence != before:
                continue
            if only is not None and not self._attempts and self._setup.pace != "fast":
                return self._result(DayEnd.NOT_NOW, f"{only} is not due yet")
            told = await self._hear_until(wake)
            if told is not None:
                return self._result(told.end, told.reason)

    async def _hear_until(self, wake: datetime | None) -> Stop | None:
        """Deal with what is told next, at `wake` at the latest; return what ends the run."""
        timer = self._clock.call_at(wake, self._wake) if wake is not None else None
        self._expected = wake
        message: Message | None = await self._inbox.next()
        self._expected = None
        if timer is not None:
            timer.cancel()
        # A broker tells of one trade in several notices: one look does for all of them.
        while message is not None:
            if isinstance(message, Stop):
                return message
            self._deal_with(message)
            message = self._inbox.take()
        return None

    def _wake(self) -> None:
        self._inbox.put(Wake())

    def _result(self, end: DayEnd, reason: str) -> DayResult:
        return DayResult(self._assignment.day, end, reason)

    def _cannot_run(self, only: str) -> DayResult | None:
        """Return the result when `only` has run before, or has to wait for another phase."""
        phases = self._recorder.state.phases if self._recorder.begun else {}
        if only in phases and phases[only].status.ended:
            reason = f"{only} was run before and {phases[only].status}"
            return self._result(DayEnd.ALREADY, reason)
        waits = [
            name
            for name in self._assignment.graph[only].after
            if name not in phases or not phases[name].status.ended
        ]
        if waits:
            reason = f"{only} comes after {', '.join(waits)}, which has not run yet"
            return self._result(DayEnd.NOT_NOW, reason)
        return None

    def _has_run(self, only: str) -> bool:
        status = self._recorder.state.phases[only].status
        repeats = self._assignment.graph[only].repeats
        ticked = repeats and only in self._attempts and status is PhaseStatus.PENDING
        return status.ended or ticked

    # Commands

    def _carry_out(self, command: Command) -> None:
        if isinstance(command, StartPhase):
            self._start(command)
        elif isinstance(command, CancelPhase):
            attempt = self._attempts.get(command.phase)
            if attempt is not None:
                attempt.cancel(command.error)
            else:
                self._inbox.put(Raised(command.phase, command.attempt, command.error))
        else:
            self._record(command)

    def _record(self, command: Record) -> None:
        if isinstance(command.event, ev.DayFinished):
            self._reason = command.event.reason
        self._recorder.record(command.event, durable=True)

    def _start(self, command: StartPhase) -> None:
        now = self._clock.now()
        name, number = command.phase, command.attempt
        self._recorder.record(
            _REQUESTED(at=now, phase=name, attempt=number, due=command.due),
            _STARTED(at=now, phase=name, attempt=number),
        )
        if command.shared is not None:
            work = self._outcomes.work(command.shared, name)

            def told(outcome: SharedResult | SharedFailure) -> None:
                self._inbox.put(Told(name, number, outcome))

            if not self._shared.claim(work, self._assignment.day.run_id, told):
                return
        run_id, precedence = self._assignment.day.run_id, self._common.precedence
        precedence.begin(run_id, name, command.due)
        permit = Permit(name, number)
        orders = PermittedOrders(
            self._orders.desk, permit, lambda: precedence.give_way(run_id, name)
        )
        attempt = Attempt(command, permit, self._clock, self._overtime, self._inbox.put)
        self._attempts[name] = attempt
        attempt.start(self._strategy_for(name, permit), self._contexts.make(command, orders))

    def _strategy_for(self, name: str, permit: Permit) -> Strategy:
        """Return the strategy, its phase joined with what extensions find."""
        strategy, phase = self._assignment.strategy, self._recorder.state.graph[name]
        if not phase.joins:
            return strategy

        def record(event: ev.CandidatesJoined) -> None:
            permit.check()
            self._recorder.record(event)

        return JoiningStrategy(strategy, phase, self._setup.joining, record)

    # Messages

    def _deal_with(self, message: Message) -> None:
        if isinstance(message, Wake | Stop):
            return
        if isinstance(message, Broke):
            raise message.error
        if isinstance(message, ControlsChanged):
            self._orders.take_controls()
            return
        if isinstance(message, Returned | Raised | Told):
            self._common.precedence.end(self._assignment.day.run_id, message.phase)
            self._outcomes.take(message)
        else:
            self._orders.hear(message)

    def _halt(self, halt: Halt) -> None:
        self._setup.journal.append_control(halt)
        self._common.controls.refresh()
        self._orders.take_controls()


def _phase(command: Command) -> str | None:
    if not isinstance(command, Record):
        return command.phase
    return None if isinstance(command.event, ev.DayFinished) else command.event.phase


async def run_day(runner: DayRunner, assignment: Assignment) -> DayResult:
    """Run a day; what breaks it is its result, and hurts no other day."""
    try:
        return await runner.run()
    except SkimError as error:
        return DayResult(assignment.day, DayEnd.BROKEN, str(error), error)
    except asyncio.CancelledError:
        raise
    except Exception as error:  # noqa: BLE001  a fault of ours must not hurt another day
        _log.exception("day %s broke", assignment.day.run_id)
        return DayResult(assignment.day, DayEnd.BROKEN, describe(error), error)
