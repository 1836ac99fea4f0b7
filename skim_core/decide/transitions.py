"""The fold: what a day's state is after each of its events.

`TRANSITIONS` is the whole rule: which event a phase may meet in which status, and the
status after it. Anything else is a damaged journal.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from skim_core.decide.state import DayState, PhaseState, PhaseStatus
from skim_core.decide.timing import next_tick
from skim_core.errors import SequenceError
from skim_core.model import events as ev

PENDING, RUNNING = PhaseStatus.PENDING, PhaseStatus.RUNNING
COMPLETED, FAILED, SKIPPED = PhaseStatus.COMPLETED, PhaseStatus.FAILED, PhaseStatus.SKIPPED

TRANSITIONS: dict[tuple[PhaseStatus, type[ev.Event]], PhaseStatus] = {
    (PENDING, ev.PhaseRequested): RUNNING,
    (RUNNING, ev.PhaseStarted): RUNNING,
    (RUNNING, ev.PhaseTicked): PENDING,
    (RUNNING, ev.PhaseRetried): PENDING,
    (RUNNING, ev.PhaseCompleted): COMPLETED,
    (RUNNING, ev.PhaseFailed): FAILED,
    (PENDING, ev.PhaseCompleted): COMPLETED,
    (PENDING, ev.PhaseFailed): FAILED,
    (PENDING, ev.PhaseSkipped): SKIPPED,
}


def evolve(state: DayState | None, event: ev.Event) -> DayState:
    """Return the state after `event`; the first event of a day is its DayStarted.

    Events that say nothing about phases or exposure leave the state as it is. Raises
    SequenceError for an event that can't happen in this state.
    """
    if type(event) is ev.DayStarted:
        return _begin(state, event)
    if state is None:
        msg = f"a day begins with day_started, found {event.kind!r} first: the journal is damaged."
        raise SequenceError(msg)
    fold = _FOLDS.get(type(event))
    if fold is None:
        return state
    if state.outcome is not None:
        msg = f"{event.kind!r} can't follow the end of {state.run_id}: the journal is damaged."
        raise SequenceError(msg)
    return fold(state, event)


def _begin(state: DayState | None, event: ev.DayStarted) -> DayState:
    if state is not None:
        msg = f"{event.run_id} was started twice: the journal is damaged."
        raise SequenceError(msg)
    return DayState(
        run_id=event.run_id,
        strategy=event.strategy,
        session=event.session,
        graph=event.graph,
        started_at=event.at,
        phases={phase.name: PhaseState(event.strategy, phase.name) for phase in event.graph},
        windows={phase.name: phase.window(event.session) for phase in event.graph},
    )


def _fold_phase(state: DayState, event: Any) -> DayState:
    phase = state.phases.get(event.phase)
    status = TRANSITIONS.get((phase.status, type(event))) if phase else None
    if phase is None or status is None:
        found = phase.status.value if phase else "unknown"
        msg = (
            f"{event.kind!r} can't happen to phase {event.phase!r} of {state.run_id}, "
            f"which is {found}: the journal is damaged."
        )
        raise SequenceError(msg)
    following = phase._replace(status=status, **_PHASE_CHANGES[type(event)](state, phase, event))
    return state._replace(phases={**state.phases, event.phase: following})


_Change: TypeAlias = Callable[[DayState, PhaseState, Any], dict[str, Any]]

_PHASE_CHANGES: dict[type[ev.Event], _Change] = {
    ev.PhaseRequested: lambda _state, _phase, event: {
        "attempt": event.attempt,
        "due": event.due,
        "started_at": event.at,
    },
    ev.PhaseStarted: lambda _state, _phase, event: {"started_at": event.at},
    ev.PhaseTicked: lambda state, phase, event: {
        "failures": 0,
        "deaths": 0,
        "error": None,
        "not_before": next_tick(state, phase, event.at),
    },
    ev.PhaseRetried: lambda _state, phase, event: {
        "failures": phase.failures + 1,
        "deaths": 0,
        "retry_count": phase.retry_count + 1,
        "error": event.error,
        "not_before": event.retry_at,
    },
    ev.PhaseCompleted: lambda _state, _phase, event: {
        "completed_at": event.at,
        "error": None,
    },
    ev.PhaseFailed: lambda _state, phase, event: {
        "completed_at": event.at,
        "failures": phase.failures + 1,
        "error": event.error,
    },
    ev.PhaseSkipped: lambda _state, _phase, event: {
        "completed_at": event.at,
        "skip_reason": event.reason,
        "error": event.detail or None,
    },
}


def _resume(state: DayState, _event: ev.DayResumed) -> DayState:
    phases = {
        name: phase._replace(status=PENDING, not_before=phase.due, deaths=phase.deaths + 1)
        if phase.status is RUNNING
        else phase
        for name, phase in state.phases.items()
    }
    return state._replace(phases=phases)


def _expose(state: DayState, name: str) -> DayState:
    if name in state.exposure:
        return state
    return state._replace(exposure=state.exposure | {name})


def _cover(state: DayState, name: str) -> DayState:
    if name not in state.exposure:
        return state
    return state._replace(exposure=state.exposure - {name})


_FOLDS: dict[type[ev.Event], Callable[[DayState, Any], DayState]] = {
    **dict.fromkeys(_PHASE_CHANGES, _fold_phase),
    ev.DayResumed: _resume,
    ev.DayFinished: lambda state, event: state._replace(outcome=event.outcome),
    ev.OrderIntended: lambda state, event: _expose(state, event.order.reference),
    ev.OrderSending: lambda state, event: _expose(state, event.reference),
    ev.OrderAcknowledged: lambda state, event: _expose(state, event.reference),
    ev.OrderFilled: lambda state, event: (
        state if event.remaining else _cover(state, event.fill.reference)
    ),
    ev.OrderCancelled: lambda state, event: _cover(state, event.reference),
    ev.OrderRejected: lambda state, event: _cover(state, event.reference),
    ev.OrderAbsent: lambda state, event: _cover(state, event.reference),
    ev.OrderResolved: lambda state, event: (
        state if event.outcome == "working" else _cover(state, event.reference)
    ),
    ev.OrderCarried: lambda state, event: _expose(state, event.state.order.reference),
    ev.PositionCarried: lambda state, event: _expose(state, event.symbol),
    ev.PositionOpened: lambda state, event: _expose(state, event.symbol),
    ev.PositionClosed: lambda state, event: _cover(state, event.symbol),
}
