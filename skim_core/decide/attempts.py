"""What came of an attempt: the event that follows a hook's return or failure."""

from __future__ import annotations

import hashlib
from datetime import datetime

from skim_core.decide.state import DayState
from skim_core.decide.timing import latest_start, next_tick
from skim_core.model import events as ev
from skim_core.model.base import sound

_TICKED = sound(ev.PhaseTicked)


def succeeded(
    state: DayState, name: str, now: datetime, result: object = None
) -> ev.PhaseTicked | ev.PhaseCompleted:
    """Return the event for an attempt of phase `name` that returned."""
    if state.graph[name].repeats:
        return _TICKED(at=now, phase=name, attempt=state.phases[name].attempt)
    return ev.PhaseCompleted(at=now, phase=name, result=result)


def failed(
    state: DayState, name: str, now: datetime, error: str
) -> ev.PhaseRetried | ev.PhaseFailed:
    """Return the event for an attempt of phase `name` that raised or was cancelled."""
    phase, current = state.graph[name], state.phases[name]
    failures = current.failures + 1
    if phase.repeats:
        if phase.give_up_after is not None and failures >= phase.give_up_after:
            return ev.PhaseFailed(at=now, phase=name, error=error)
        retry_at = next_tick(state, current, now)
    else:
        if failures >= phase.retry.attempts:
            return ev.PhaseFailed(at=now, phase=name, error=error)
        retry_at = now + phase.retry.wait(failures, _spread(state.run_id, name, current.attempt))
        latest = latest_start(state, phase)
        if latest is not None and retry_at >= latest:
            return ev.PhaseFailed(at=now, phase=name, error=f"{error}; no time for a retry")
    return ev.PhaseRetried(
        at=now, phase=name, attempt=current.attempt, error=error, retry_at=retry_at
    )


def _spread(run_id: str, phase: str, attempt: int) -> float:
    """Return where in its jitter a wait falls, from -1 to 1: the same for the same attempt."""
    digest = hashlib.sha256(f"{run_id}|{phase}|{attempt}".encode()).digest()
    return int.from_bytes(digest[:4]) / 0x7FFFFFFF - 1
