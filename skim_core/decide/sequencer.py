"""The sequencer: what a day's state is, and what is to be done next.

How it works
------------
A day is a sequence of events. `evolve` folds them, one at a time, into a `DayState`;
`plan` looks at a state and an instant and says what is to be done now and when to look
again. Both are pure: no clock, no chance, no I/O. `plan` is level-triggered: it never
remembers having said something, it only looks at what is. So a process that died is
replaced by folding the journal and planning again, and the same functions run unchanged
in the local engine, in a replay and inside a distributed workflow.

An engine does what a plan says and reports what came of it as events: it appends
PhaseRequested and PhaseStarted and calls the phase's hook for `StartPhase`, stops the
hook for `CancelPhase`, appends the event of a `Record`. When a hook has returned it
appends what `succeeded` gives, when it has raised or was stopped what `failed` gives
(both in `skim_core.decide.attempts`).
Then it plans again, until a plan has no commands; then it waits until `wake_at` or until
something happens.

Two tables are the whole of it, and nothing that affects them may live elsewhere.
`TRANSITIONS` (in `skim_core.decide.transitions`, with `evolve`) says which event a phase
may meet in which status. `RULES`, here, says what a phase that has not ended needs: the
rules are asked in order and the first that has an answer gives it.

Some words on why the rules are as they are.

* A dependency that failed, or was skipped, obstructs what follows it, unless its policy
  says ``continue``. A phase that was skipped did not wait for what it came after, so what
  follows it waits for that too: a failure with ``stop`` reaches everything downstream.
* A phase is never run late. One that could not start by its deadline is skipped; a retry
  that would fall behind the deadline is not made, and the phase has failed.
* Ticks that were missed, because the one before ran long or the process was away, are not
  made up for: one tick runs, and the grid goes on. A failed tick is tried again at the
  next one, until `give_up_after` in a row.
* A protective phase depends on nothing, so nothing obstructs it. It ends with its window,
  or as soon as all other phases have ended and nothing is left open that it could protect.
* An interrupted attempt (the process died) is begun again from its start; that is not a
  failure and uses up no retry. A phase in which the process died `DEATHS` times in a row is
  taken for the cause, and has failed; a protective one never is.
* The day is over when all phases are and nothing of it is open; or, with a position that
  is held overnight, `AFTERMATH` after the close, when the closing auction is done and the
  day's orders have expired.
* It ends failed when a phase whose policy is ``stop`` failed or came too late. A window
  that a half day closed before it opened is no failure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from skim_core.decide.state import DayState, PhaseState, PhaseStatus
from skim_core.decide.timing import latest_start, on_grid
from skim_core.model import events as ev
from skim_core.model.base import Model, Name, UtcDatetime, sound
from skim_core.model.phases import OnFailure, Phase, Shared
from skim_core.model.times import Duration, format_duration

DEATHS = 3
"""How many processes may die in one phase, one after the other."""

AFTERMATH = timedelta(minutes=15)
"""How long after the close the last fills and cancels of the day may come."""


class StartPhase(Model):
    """Call the phase's hook."""

    phase: Name
    attempt: int
    due: UtcDatetime
    hook: str
    timeout: Duration
    shared: Shared | None = None


class CancelPhase(Model):
    """Stop the running attempt: it has used up its time."""

    phase: Name
    attempt: int
    error: str


class Record(Model):
    """Append this event; nothing else is to be done for it."""

    event: ev.PhaseCompleted | ev.PhaseFailed | ev.PhaseSkipped | ev.DayFinished


Command: TypeAlias = StartPhase | CancelPhase | Record


class Plan(Model):
    """What is to be done now, and when to plan again if nothing happens before."""

    commands: tuple[Command, ...] = ()
    wake_at: UtcDatetime | None = None


# Their parts are sound already: nothing is left to be validated.
_PLAN, _START = sound(Plan), sound(StartPhase)
_NOTHING = Plan()

# The rules

Answer: TypeAlias = Command | datetime | None
"""What a rule says of a phase: do this; look again then; or (None) ask the next rule."""

NEVER = datetime.max.replace(tzinfo=UTC)
"""Look again when something else happens, not before."""


def _blocked(state: DayState, phase: Phase, now: datetime) -> Answer:
    for name in _before(state, phase):
        dependency = state.phases[name]
        if _obstructs(state.graph[name], dependency):
            detail = f"{name} {dependency.status}"
            return _skip(phase, now, ev.SkipReason.BLOCKED, detail)
    return None


def _running(state: DayState, phase: Phase, now: datetime) -> Answer:
    current = state.phases[phase.name]
    if current.status is not PhaseStatus.RUNNING or current.started_at is None:
        return None
    ends = current.started_at + phase.timeout
    if now < ends:
        return ends
    error = f"timed out after {format_duration(phase.timeout)}"
    return CancelPhase(phase=phase.name, attempt=current.attempt, error=error)


def _no_window(state: DayState, phase: Phase, now: datetime) -> Answer:
    start, end = state.windows[phase.name]
    if start is not None and end is not None and start >= end:
        return _skip(phase, now, ev.SkipReason.NO_WINDOW, "its window does not open today")
    return None


def _nothing_to_protect(state: DayState, phase: Phase, now: datetime) -> Answer:
    if not phase.protective or state.exposure:
        return None
    others = [state.phases[other.name] for other in state.graph if not other.protective]
    if others and all(other.status.ended for other in others):
        event = ev.PhaseCompleted(at=now, phase=phase.name, reason="nothing left to protect")
        return Record(event=event)
    return None


def _window_over(state: DayState, phase: Phase, now: datetime) -> Answer:
    _, end = state.windows[phase.name]
    current = state.phases[phase.name]
    if end is None or (now < end if phase.repeats else now <= end):
        return None
    if not current.attempt:
        local = state.session.local(end)
        return _skip(phase, now, ev.SkipReason.LATE, f"could not start by {local:%H:%M:%S}")
    if phase.repeats:
        return Record(event=ev.PhaseCompleted(at=now, phase=phase.name, reason="window over"))
    error = f"{current.error or 'interrupted'}; its deadline has passed"
    return Record(event=ev.PhaseFailed(at=now, phase=phase.name, error=error))


def _waiting(state: DayState, phase: Phase, _now: datetime) -> Answer:
    for name in _before(state, phase):
        if not state.phases[name].status.ended:
            return latest_start(state, phase) or NEVER
    return None


def _deadly(state: DayState, phase: Phase, now: datetime) -> Answer:
    if phase.protective or state.phases[phase.name].deaths < DEATHS:
        return None
    error = f"the process died {DEATHS} times in a row while it ran"
    return Record(event=ev.PhaseFailed(at=now, phase=phase.name, error=error))


def _due(state: DayState, phase: Phase, now: datetime) -> Answer:
    current = state.phases[phase.name]
    due = current.not_before or _first_due(state, phase)
    if now < due:
        return min(due, latest_start(state, phase) or due)
    return _START(
        phase=phase.name,
        attempt=current.attempt + 1,
        due=due,
        hook=phase.hook,
        timeout=phase.timeout,
        shared=phase.shared,
    )


RULES: tuple[tuple[str, Callable[[DayState, Phase, datetime], Answer]], ...] = (
    ("running: wait, or cancel it at its timeout", _running),
    ("a phase before it failed or was skipped: skip", _blocked),
    ("its window does not open in this session: skip", _no_window),
    ("protective, and nothing is left to protect: complete", _nothing_to_protect),
    ("its deadline or window is over: skip, fail or complete", _window_over),
    ("a phase before it has not ended: wait", _waiting),
    ("its process died in it again and again: fail", _deadly),
    ("due: start; not yet: wait", _due),
)


def plan(state: DayState, now: datetime) -> Plan:
    """Return what is to be done at `now`: the same answer for the same state and instant."""
    return Planner().plan(state, now)


class Planner:
    """Plans one day again and again: `plan`, without asking what can't have changed.

    The rules look, besides at the phase itself, at which phases have ended and at whether
    anything is open. So the instant at which a phase is to be looked at again stands until
    one of these is another, or that instant has come.
    """

    def __init__(self) -> None:
        self._asleep: dict[str, tuple[PhaseState, int, bool, datetime]] = {}

    def plan(self, state: DayState, now: datetime) -> Plan:
        """Return what is to be done at `now`."""
        if state.finished:
            return _NOTHING
        commands: list[Command] = []
        wake_at = NEVER
        phases, exposed = state.phases, bool(state.exposure)
        waking = [phase for phase in state.graph if not phases[phase.name].status.ended]
        ended = len(phases) - len(waking)
        for phase in waking:
            current = phases[phase.name]
            asleep = self._asleep.get(phase.name)
            if (
                asleep is not None
                and asleep[0] is current
                and asleep[1] == ended
                and asleep[2] is exposed
                and now < asleep[3]
            ):
                wake_at = min(wake_at, asleep[3])
                continue
            answer = _ask(state, phase, now)
            if isinstance(answer, datetime):
                self._asleep[phase.name] = (current, ended, exposed, answer)
                wake_at = min(wake_at, answer)
            else:
                commands.append(answer)
        if not waking:
            wake_at = _finish(state, now, commands)
        return _PLAN(commands=tuple(commands), wake_at=None if wake_at is NEVER else wake_at)


def _ask(state: DayState, phase: Phase, now: datetime) -> Command | datetime:
    for _, rule in RULES:
        answer = rule(state, phase, now)
        if answer is not None:
            return answer
    return NEVER


def _finish(state: DayState, now: datetime, commands: list[Command]) -> datetime:
    """Add the end of the day to the commands; return when to look again."""
    over = state.session.close + AFTERMATH
    if state.exposure and now < over:
        return over
    fault = next(_faults(state), "")
    outcome = ev.Outcome.FAILED if fault else ev.Outcome.COMPLETED
    commands.append(Record(event=ev.DayFinished(at=now, outcome=outcome, reason=fault)))
    return NEVER


def _faults(state: DayState) -> Iterator[str]:
    for phase in state.graph:
        current = state.phases[phase.name]
        late = current.skip_reason is ev.SkipReason.LATE
        if phase.on_failure is OnFailure.STOP and (current.status is PhaseStatus.FAILED or late):
            verb = "failed" if current.status is PhaseStatus.FAILED else "was skipped"
            yield f"{phase.name} {verb}: {current.error}"


def _before(state: DayState, phase: Phase) -> tuple[str, ...]:
    """Return what `phase` comes after, and what a skipped one of them came after.

    A phase that was skipped did not wait for its own dependencies.
    """
    names = phase.after
    for name in phase.after:
        if state.phases[name].status is PhaseStatus.SKIPPED:
            names = (*names, *_before(state, state.graph[name]))
    return names


def _obstructs(phase: Phase, current: PhaseState) -> bool:
    lost = current.status is PhaseStatus.FAILED or current.status is PhaseStatus.SKIPPED
    return lost and phase.on_failure is OnFailure.STOP


def _skip(phase: Phase, now: datetime, reason: ev.SkipReason, detail: str) -> Record:
    return Record(event=ev.PhaseSkipped(at=now, phase=phase.name, reason=reason, detail=detail))


def _first_due(state: DayState, phase: Phase) -> datetime:
    """Return when a phase that never ran is due, all that it waits for having ended.

    Derived from the state alone, never from the instant of asking, so that a tick which
    is looked at a moment late is still that tick.
    """
    ended = (state.phases[name].completed_at for name in _before(state, phase))
    free = max((moment for moment in ended if moment), default=state.started_at)
    start, _ = state.windows[phase.name]
    if start is None or free > start:
        return on_grid(start, phase.every, free) if start and phase.every else free
    return start
