"""Plans are pure, events are all there is, and a crash changes nothing."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from skim_core.decide.sequencer import Plan, Planner, plan
from skim_core.decide.timing import INSTANT
from skim_core.decide.transitions import evolve
from skim_core.model import events as ev
from skim_core.model.graph import PhaseGraph
from skim_core.model.phases import Phase
from skim_core.testing.days import ScriptedDay, attempts, drive_day, fold, returns
from skim_core.testing.graphs import (
    SESSIONS,
    closed,
    crashes,
    opened,
    outcomes,
    roomy_graphs,
    scripted_days,
    sessions,
)


def states(events):
    """Yield the state after each event, with the event."""
    state = None
    for event in events:
        state = evolve(state, event)
        yield state, event


def through_json(events):
    return [ev.event_from_json(ev.event_to_json(event)) for event in events]


@given(scripted_days(crashing=True))
def test_p27_planning_changes_nothing_and_is_the_same_every_time(day):
    events = day.drive()
    known = list(states(events))
    for state, event in known:
        assert plan(state, event.at) == plan(state, event.at)
    assert known == list(states(events))


@given(scripted_days(crashing=True))
def test_p28_between_an_empty_plan_and_its_waking_time_there_is_nothing_to_do(day):
    for state, event in states(day.drive()):
        first = plan(state, event.at)
        if state.finished:
            assert first == Plan()
        elif not first.commands:
            assert first.wake_at is not None
            assert first.wake_at > event.at
            halfway = event.at + (first.wake_at - event.at) / 2
            assert plan(state, halfway) == plan(state, first.wake_at - INSTANT) == first
            assert plan(state, first.wake_at).commands


@given(scripted_days(crashing=True))
def test_p29_events_and_plans_survive_json_unchanged(day):
    events = day.drive()
    assert through_json(events) == events
    for state, event in states(events):
        made = plan(state, event.at)
        assert Plan.model_validate_json(made.model_dump_json()) == made


@given(scripted_days(crashing=True), st.data())
def test_p30_a_day_folded_again_from_its_journal_is_the_same_day(day, data):
    events = day.drive()
    known = list(states(events))
    at = data.draw(st.integers(1, len(events)), label="crash after so many events")
    state, event = known[at - 1]
    again = fold(through_json(events[:at]))
    assert again == state
    assert plan(again, event.at) == plan(state, event.at)


@given(scripted_days(crashing=True))
def test_p31_the_same_day_twice_is_the_same_to_the_byte(day):
    first, second = ([ev.event_to_json(event) for event in day.drive()] for _ in range(2))
    assert first == second


def ends(events):
    return {name: (told.status, told.skip_reason) for name, told in fold(events).phases.items()}


@given(roomy_graphs(), sessions(), crashes(longest=20), st.data())
def test_p32_a_day_that_crashed_ends_as_if_it_had_not(graph, session, some_crashes, data):
    start = session.open - timedelta(minutes=30)
    script = data.draw(outcomes(graph, longest=10))
    held = opened("BHP", start)
    smooth = ScriptedDay(graph, session, script, [held], start).drive()
    crashed = ScriptedDay(graph, session, script, [held, *some_crashes], start).drive()
    assert ends(crashed) == ends(smooth)
    assert crashed[-1].outcome is smooth[-1].outcome


@given(roomy_graphs(), st.data())
def test_p33_an_interrupted_attempt_is_begun_again_and_uses_up_no_retry(graph, data):
    session = SESSIONS[0]
    script = data.draw(outcomes(graph, longest=10))
    events = ScriptedDay(graph, session, script, data.draw(crashes(longest=20))).drive()
    takeovers = {event.at for event in events if isinstance(event, ev.DayResumed)}
    for phase in graph:
        mine = [each for each in attempts(events) if each.phase == phase.name]
        for interrupted, again in pairwise(mine):
            if interrupted.ending == "day_resumed":
                assert again.due == interrupted.due
                assert again.started_at in takeovers
        failures = [each for each in mine if each.ending in {"phase_retried", "phase_failed"}]
        told = fold(events).phases[phase.name]
        assert told.retry_count == sum(each.ending == "phase_retried" for each in failures)
        if told.status.value == "failed" and not phase.repeats:
            assert len(failures) == phase.retry.attempts


@given(scripted_days())
def test_p34_the_outcome_of_a_day_without_faults_is_completed(day):
    """Every phase returns at once, so only a start after a deadline can be a fault."""
    events = drive_day(day.graph, day.session, dict.fromkeys(day.outcomes, (returns(),)))
    late = any(
        isinstance(event, ev.PhaseSkipped) and event.reason is ev.SkipReason.LATE
        for event in events
    )
    failures = [event for event in events if isinstance(event, ev.PhaseFailed)]
    assert not failures
    assert late or events[-1].outcome is ev.Outcome.COMPLETED


@given(scripted_days(crashing=True), st.data())
def test_p36_a_planner_that_remembers_answers_like_one_that_does_not(day, data):
    planner = Planner()
    for state, event in states(day.drive()):
        assert planner.plan(state, event.at) == plan(state, event.at)
        later = event.at + timedelta(seconds=data.draw(st.integers(0, 600), label="asked after"))
        assert planner.plan(state, later) == plan(state, later)


def test_a_planner_sees_that_nothing_is_left_to_protect(full_day):
    graph = PhaseGraph(
        Phase("trade", at="open+1m"),
        Phase("manage", every="1m", between=("open", "close"), protective=True),
    )
    sold = full_day.open + timedelta(minutes=2, seconds=30)
    position = [opened("BHP", full_day.open + timedelta(seconds=30)), closed("BHP", sold)]
    planner = Planner()
    for state, event in states(drive_day(graph, full_day, happenings=position)):
        assert planner.plan(state, event.at) == plan(state, event.at)
    assert event.at == sold
