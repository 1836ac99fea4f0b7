"""When phases start: dependencies, times, concurrency, ticks."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from skim_core.decide.state import PhaseStatus
from skim_core.model import events as ev
from skim_core.model.graph import PhaseGraph
from skim_core.model.phases import OnFailure
from skim_core.testing.days import Crash, ScriptedDay, attempts, fold
from skim_core.testing.graphs import scripted_days


def never_earlier(moments):
    return all(before <= after for before, after in pairwise(moments))


def upstream(graph, name):
    return {phase.name for phase in graph if name in graph.downstream(phase.name)}


def free_at(events, state, name):
    """Return when the last of all that comes before the phase ended, however it did."""
    ends = (state.phases[before].completed_at for before in upstream(state.graph, name))
    return max(ends, default=events[0].at)


@given(scripted_days(crashing=True))
def test_p01_no_phase_starts_before_all_that_is_upstream_of_it_has_ended(day):
    started, ended = set(), {}
    for event in day.drive():
        match event:
            case ev.PhaseRequested(phase=name) if name not in started:
                started.add(name)
                for before in upstream(day.graph, name):
                    assert before in ended, f"{name} started before {before} ended"
                    if not isinstance(ended[before], ev.PhaseCompleted):
                        assert day.graph[before].on_failure is OnFailure.CONTINUE
            case ev.PhaseCompleted() | ev.PhaseFailed() | ev.PhaseSkipped():
                ended[event.phase] = event


@given(scripted_days(crashing=True))
def test_p02_no_attempt_starts_outside_its_window(day):
    for attempt in attempts(day.drive()):
        phase = day.graph[attempt.phase]
        start, end = phase.window(day.session)
        if start is not None:
            assert attempt.started_at >= start
        if end is not None and phase.repeats:
            assert attempt.started_at < end
        elif end is not None:
            assert attempt.started_at <= end


@given(scripted_days(crashing=True))
def test_p03_nothing_happens_to_a_phase_after_its_end(day):
    ended = set()
    for event in day.drive():
        name = getattr(event, "phase", None)
        assert name not in ended
        if isinstance(event, ev.PhaseCompleted | ev.PhaseFailed | ev.PhaseSkipped):
            ended.add(name)
    assert ended == {phase.name for phase in day.graph}


@given(scripted_days(crashing=True))
def test_p04_a_phase_has_one_attempt_at_a_time(day):
    running = set()
    for event in day.drive():
        match event:
            case ev.PhaseRequested(phase=name):
                assert name not in running
                running.add(name)
            case ev.PhaseTicked() | ev.PhaseRetried() | ev.PhaseCompleted() | ev.PhaseFailed():
                running.discard(event.phase)
            case ev.DayResumed():
                running.clear()


@given(scripted_days(crashing=True))
def test_p05_attempts_are_numbered_and_time_never_goes_back(day):
    events = day.drive()
    assert never_earlier([event.at for event in events])
    for phase in day.graph:
        mine = [each for each in attempts(events) if each.phase == phase.name]
        assert [each.attempt for each in mine] == list(range(1, len(mine) + 1))


@given(scripted_days())
def test_p06_a_phase_starts_at_the_very_instant_at_which_it_may(day):
    events = day.drive()
    state = fold(events)
    first = {each.phase: each for each in reversed(attempts(events))}
    for phase in day.graph:
        start, end = state.windows[phase.name]
        free = free_at(events, state, phase.name)
        if phase.repeats:
            due = next((tick for tick in phase.ticks(day.session) if tick >= free), None)
        else:
            due = max(free, start or free)
        if phase.name in first:
            assert first[phase.name].started_at == first[phase.name].due == due
        elif state.phases[phase.name].skip_reason is ev.SkipReason.LATE:
            assert end is not None
            assert due is None or due > end


@given(scripted_days(), st.data())
def test_p07_phases_that_do_not_depend_on_one_another_change_nothing_for_one_another(day, data):
    chosen = data.draw(st.sampled_from([phase.name for phase in day.graph]))
    related = {chosen}
    while grown := {
        phase.name
        for phase in day.graph
        if phase.name not in related
        and (related & set(phase.after) or any(phase.name in day.graph[n].after for n in related))
    }:
        related |= grown
    alone = PhaseGraph(*(phase for phase in day.graph if phase.name in related))
    # A protective phase looks at what is left to protect: it alone depends on the whole day.
    protective = {phase.name for phase in day.graph if phase.protective}
    watched = related - protective.union(*map(day.graph.downstream, protective))
    by_itself = ScriptedDay(alone, day.session, day.outcomes, day.happenings, day.started_at)
    assert [event for event in day.drive() if getattr(event, "phase", None) in watched] == [
        event for event in by_itself.drive() if getattr(event, "phase", None) in watched
    ]


@given(scripted_days(crashing=True))
def test_p08_ticks_are_due_on_the_grid_of_their_window(day):
    grids = {phase.name: set(phase.ticks(day.session)) for phase in day.graph if phase.repeats}
    for attempt in attempts(day.drive()):
        if attempt.phase in grids:
            assert attempt.due in grids[attempt.phase]
            assert attempt.started_at >= attempt.due


@given(scripted_days())
def test_p09_undisturbed_ticks_start_when_they_are_due(day):
    for attempt in attempts(day.drive()):
        assert attempt.started_at == attempt.due


@given(scripted_days(crashing=True))
def test_p10_missed_ticks_are_not_made_up_for(day):
    events = day.drive()
    for phase in day.graph:
        mine = [each for each in attempts(events) if each.phase == phase.name and phase.repeats]
        for before, after in pairwise(mine):
            if before.ending == "day_resumed":
                assert after.due == before.due
            else:
                assert after.due > before.due
                assert after.due >= before.ended_at
                missed = [t for t in phase.ticks(day.session) if before.ended_at <= t < after.due]
                assert set(missed) <= {before.due}


@given(scripted_days(), st.timedeltas(timedelta(0), timedelta(hours=7)))
def test_p11_after_a_long_absence_at_most_one_tick_is_late(day, away):
    started = day.drive()[0].at
    crash = Crash(events=1, away=away)
    events = ScriptedDay(day.graph, day.session, {}, [*day.happenings, crash], started).drive()
    for phase in day.graph:
        mine = [each for each in attempts(events) if each.phase == phase.name and phase.repeats]
        assert all(each.started_at == each.due for each in mine[1:])


@given(scripted_days(crashing=True))
def test_p12_the_state_tells_each_phase_as_it_went(day):
    events = day.drive()
    state = fold(events)
    ends = {
        event.phase: event
        for event in events
        if isinstance(event, ev.PhaseCompleted | ev.PhaseFailed | ev.PhaseSkipped)
    }
    statuses = {
        ev.PhaseCompleted: PhaseStatus.COMPLETED,
        ev.PhaseFailed: PhaseStatus.FAILED,
        ev.PhaseSkipped: PhaseStatus.SKIPPED,
    }
    for phase in day.graph:
        told, end = state.phases[phase.name], ends[phase.name]
        mine = [each for each in attempts(events) if each.phase == phase.name]
        assert told.strategy == state.strategy
        assert told.status is statuses[type(end)]
        assert told.completed_at == end.at
        assert told.attempt == len(mine)
        assert told.started_at == (mine[-1].started_at if mine else None)
        assert told.retry_count == sum(each.ending == "phase_retried" for each in mine)
        assert (told.error is None) is isinstance(end, ev.PhaseCompleted)
