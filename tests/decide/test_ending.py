"""How days end, and what a half day does to them."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given

from skim_core.decide.sequencer import AFTERMATH
from skim_core.decide.state import PhaseStatus
from skim_core.model import events as ev
from skim_core.model.graph import PhaseGraph
from skim_core.model.phases import OnFailure, Phase
from skim_core.testing.days import ScriptedDay, attempts, drive_day, fold
from skim_core.testing.graphs import phase_graphs, scripted_days, sessions

EXPOSING = (ev.PositionOpened, ev.PositionClosed)


@given(scripted_days(crashing=True))
def test_p22_every_day_ends_within_the_steps_that_its_policies_allow(day):
    events = day.drive()
    interruptions = sum(isinstance(event, ev.DayResumed) for event in events)
    for phase in day.graph:
        mine = [each for each in attempts(events) if each.phase == phase.name]
        most = len(phase.ticks(day.session)) if phase.repeats else phase.retry.attempts
        assert len(mine) <= most + interruptions
    assert isinstance(events[-1], ev.DayFinished)


@given(scripted_days())
def test_p23_a_day_ends_when_its_phases_have_and_nothing_is_open(day):
    *events, finished = day.drive()
    before = fold(events)
    over = day.session.close + AFTERMATH
    last = max(phase.completed_at for phase in before.phases.values())
    moments = {last, over, *(event.at for event in events if isinstance(event, EXPOSING))}
    assert finished.at in moments
    assert finished.at >= last
    assert finished.at <= max(last, over)
    assert not before.exposure or finished.at >= over


@given(scripted_days(crashing=True))
def test_p24_a_day_failed_when_a_phase_with_stop_failed_or_was_late(day):
    *events, finished = day.drive()
    faults = [
        name
        for name, phase in fold(events).phases.items()
        if day.graph[name].on_failure is OnFailure.STOP
        and (phase.status is PhaseStatus.FAILED or phase.skip_reason is ev.SkipReason.LATE)
    ]
    assert (finished.outcome is ev.Outcome.FAILED) is bool(faults)
    assert bool(finished.reason) is bool(faults)
    assert not faults or any(finished.reason.startswith(name) for name in faults)


@given(scripted_days(anchors=("close",)))
def test_p25_a_half_day_moves_all_that_hangs_on_the_close(day):
    earlier = timedelta(hours=1, minutes=50)
    full, half = (
        day.session.model_copy(update={"open": day.session.close - timedelta(hours=hours)})
        for hours in (6, 4)
    )
    half = half.model_copy(update={"close": half.close - earlier, "half_day": True})
    happened = []
    for session in (full, half):
        moved = session.close - day.session.close
        happenings = [item.model_copy(update={"at": item.at + moved}) for item in day.happenings]
        events = ScriptedDay(
            day.graph, session, day.outcomes, happenings, day.started_at + moved
        ).drive()
        happened.append(
            [(event.kind, getattr(event, "phase", None), event.at - moved) for event in events]
        )
    assert happened[0] == happened[1]


@given(phase_graphs(), sessions())
def test_p26_a_window_that_does_not_open_is_no_failure(graph, session):
    """The phases whose window does not open are skipped first and only; no fault of theirs."""
    events = drive_day(graph, session, started_at=session.open - timedelta(hours=6))
    shut = {
        phase.name
        for phase in graph
        for start, end in [phase.window(session)]
        if start and end and start >= end
    }
    for phase in graph:
        told = fold(events).phases[phase.name]
        if phase.name in shut:
            assert told.status is PhaseStatus.SKIPPED
            assert told.skip_reason is not ev.SkipReason.LATE
            assert told.attempt == 0
        else:
            assert told.skip_reason is not ev.SkipReason.NO_WINDOW


def test_p26_a_half_day_that_shuts_a_window_ends_completed(half_day):
    graph = PhaseGraph(
        Phase("scan", at="open"),
        Phase("enter", at="open+5h", deadline="close-30m"),
    )
    *events, finished = drive_day(graph, half_day)
    assert fold(events).phases["enter"].skip_reason is ev.SkipReason.NO_WINDOW
    assert finished.outcome is ev.Outcome.COMPLETED
