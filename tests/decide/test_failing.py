"""What failures do: retries, backoff, timeouts, giving up, stop and continue."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, target
from hypothesis import strategies as st

from skim_core.decide.state import PhaseStatus
from skim_core.model import events as ev
from skim_core.model.graph import PhaseGraph
from skim_core.model.phases import OnFailure, Phase
from skim_core.model.times import format_duration
from skim_core.testing.days import (
    HANGS,
    Crash,
    ScriptedDay,
    attempts,
    drive_day,
    fold,
    raises,
    returns,
)
from skim_core.testing.graphs import SESSIONS, opened, phase_graphs, scripted_days, sessions

FULL_DAY = SESSIONS[0]
MILLISECOND = timedelta(milliseconds=1)
FAILURES = {"phase_retried", "phase_failed"}


def of(events, phase):
    return [each for each in attempts(events) if each.phase == phase.name]


def upstream(graph, name):
    return {phase.name for phase in graph if name in graph.downstream(phase.name)}


@given(scripted_days(crashing=True))
def test_p13_a_phase_fails_no_more_often_than_it_has_attempts(day):
    events = day.drive()
    for phase in day.graph:
        failures = [each for each in of(events, phase) if each.ending in FAILURES]
        if not phase.repeats:
            assert len(failures) <= phase.retry.attempts
        for each in failures[:-1]:
            assert each.ending == "phase_retried"


@given(scripted_days())
def test_p14_a_retry_is_made_at_its_time_unless_its_deadline_comes_first(day):
    events = day.drive()
    for phase in day.graph:
        mine = of(events, phase)
        _, deadline = phase.window(day.session)
        for index, each in enumerate(mine):
            if phase.repeats:
                continue
            if each.ending == "phase_retried":
                assert mine[index + 1].started_at == each.retry_at
            elif each.ending == "phase_failed" and index + 1 < phase.retry.attempts:
                longest = phase.retry.wait(index + 1, 1)
                assert deadline is not None
                assert each.ended_at + longest + MILLISECOND > deadline


@given(scripted_days())
def test_p15_the_backoff_grows_within_its_jitter(day):
    events = day.drive()
    for phase in day.graph:
        retry = phase.retry
        retried = [each for each in of(events, phase) if each.ending == "phase_retried"]
        for number, each in enumerate(() if phase.repeats else retried):
            wait = min(retry.backoff * retry.factor**number, retry.longest)
            waited = each.retry_at - each.ended_at
            assert wait * (1 - retry.jitter) - MILLISECOND <= waited
            assert waited <= wait * (1 + retry.jitter) + MILLISECOND


@given(scripted_days())
def test_p16_an_attempt_ends_by_itself_or_is_cancelled_at_its_timeout(day):
    events = day.drive()
    for phase in day.graph:
        script = day.outcomes[phase.name]
        for index, each in enumerate(of(events, phase)):
            act = script[min(index, len(script) - 1)]
            own_end = phase.timeout if act.lasts is None else act.lasts
            assert each.ended_at - each.started_at == min(own_end, phase.timeout)
            if act.lasts is None or act.lasts > phase.timeout:
                assert each.ending in FAILURES
                assert each.error.startswith(f"timed out after {format_duration(phase.timeout)}")


@given(scripted_days(crashing=True))
def test_p17_a_repeating_phase_gives_up_after_so_many_failures_in_a_row(day):
    events = day.drive()
    for phase in day.graph:
        if not phase.repeats:
            continue
        in_a_row = 0
        for each in of(events, phase):
            if each.ending == "day_resumed":
                continue
            in_a_row = in_a_row + 1 if each.ending in FAILURES else 0
            given_up = phase.give_up_after is not None and in_a_row == phase.give_up_after
            assert (each.ending == "phase_failed") is given_up


@given(scripted_days(crashing=True))
def test_p18_a_failure_with_stop_skips_all_that_is_downstream_and_nothing_else(day):
    events = day.drive()
    state = fold(events)
    stopped = {
        name
        for name, phase in state.phases.items()
        if day.graph[name].on_failure is OnFailure.STOP
        and phase.status in {PhaseStatus.FAILED, PhaseStatus.SKIPPED}
    }
    for name, phase in state.phases.items():
        if stopped & upstream(day.graph, name):
            assert phase.status is PhaseStatus.SKIPPED, f"{name} is downstream of a stop"
            assert phase.attempt == 0
        else:
            assert phase.skip_reason is not ev.SkipReason.BLOCKED


def test_p18_a_stop_reaches_through_a_phase_that_was_skipped_itself():
    """Scan is late and may be missed, but setup, before it, has failed: nothing may trade."""
    graph = PhaseGraph(
        Phase("setup", timeout="1h"),
        Phase("scan", after="setup", deadline="open+10m", on_failure="continue"),
        Phase("trade", after="scan"),
    )
    events = drive_day(graph, FULL_DAY, {"setup": [raises("no connection", "50m")]})
    assert fold(events).phases["setup"].status is PhaseStatus.FAILED
    assert fold(events).phases["trade"].status is PhaseStatus.SKIPPED


@given(scripted_days())
def test_p19_a_failure_with_continue_hinders_nothing(day):
    graph = PhaseGraph(
        *(phase.model_copy(update={"on_failure": OnFailure.CONTINUE}) for phase in day.graph)
    )
    events = ScriptedDay(graph, day.session, day.outcomes, day.happenings).drive()
    assert not [
        event
        for event in events
        if isinstance(event, ev.PhaseSkipped) and event.reason is ev.SkipReason.BLOCKED
    ]
    assert events[-1].outcome is ev.Outcome.COMPLETED


@given(phase_graphs(), sessions(), st.sampled_from((HANGS, raises("it broke"), returns())))
def test_p20_a_protective_phase_runs_at_every_tick_while_a_position_is_open(graph, session, act):
    guard = Phase("guard", every="30m", timeout="1m", protective=True)
    outcomes = {phase.name: [act] for phase in graph} | {"guard": [raises("no quote"), returns()]}
    events = drive_day(
        PhaseGraph(*graph, guard),
        session,
        outcomes,
        [opened("BHP", session.open - timedelta(hours=1))],
    )
    assert [each.due for each in of(events, guard)] == guard.ticks(session)
    target(float(sum(isinstance(event, ev.PhaseFailed) for event in events)))


@given(scripted_days())
def test_p21_a_protective_phase_ends_when_nothing_is_left_to_protect(day):
    events = day.drive()
    for index, event in enumerate(events):
        if isinstance(event, ev.PhaseCompleted) and event.reason == "nothing left to protect":
            before = fold(events[:index])
            assert day.graph[event.phase].protective
            assert not before.exposure
            for phase in day.graph:
                assert phase.protective or before.phases[phase.name].status.ended


def test_p21_a_protective_phase_that_was_never_needed_has_not_come_late(full_day):
    """Setup was all there was to do; the process died and came back after the window."""
    graph = PhaseGraph(
        Phase("setup"),
        Phase("guard", every="1m", between=("open", "open+1h"), protective=True),
    )
    events = drive_day(graph, full_day, happenings=[Crash(4, away=timedelta(hours=3))])
    assert fold(events).phases["guard"].status is PhaseStatus.COMPLETED
    assert events[-1].outcome is ev.Outcome.COMPLETED
