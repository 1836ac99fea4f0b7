"""When phases are due: their ticks, and the last instant at which they may start."""

from __future__ import annotations

from datetime import datetime, timedelta

from skim_core.decide.state import DayState, PhaseState
from skim_core.errors import SequenceError
from skim_core.model.phases import Phase

INSTANT = timedelta(microseconds=1)
"""The smallest step of time."""


def latest_start(state: DayState, phase: Phase) -> datetime | None:
    """Return the first instant at which the phase's window counts as over."""
    _, end = state.windows[phase.name]
    if end is None:
        return None
    return end if phase.repeats else end + INSTANT


def next_tick(state: DayState, phase: PhaseState, now: datetime) -> datetime:
    """Return the instant of the tick after the last one, at or after `now`.

    Raises SequenceError when the phase does not repeat or never ran.
    """
    policy = state.graph[phase.phase]
    start, _ = state.windows[phase.phase]
    if policy.every is None or start is None or phase.due is None:
        msg = f"phase {phase.phase!r} does not repeat but ticked: the journal is damaged."
        raise SequenceError(msg)
    return on_grid(start, policy.every, max(now, phase.due + INSTANT))


def on_grid(start: datetime, every: timedelta, moment: datetime) -> datetime:
    """Return the first of `start`, `start` + `every`, … that is not before `moment`."""
    return start + max(0, -((start - moment) // every)) * every
