"""The breakout's day, as the design draws it, told by what runs when.

All times are the exchange's own: ASX, 10:00 to 16:00, to 14:10 on a half day.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from skim_core.decide.sequencer import plan
from skim_core.decide.state import PhaseStatus
from skim_core.model import events as ev
from skim_core.model.graph import PhaseGraph
from skim_core.model.phases import Phase, Retry
from skim_core.testing.days import HANGS, Crash, attempts, drive_day, fold, raises, returns
from skim_core.testing.graphs import closed, opened

GRAPH = PhaseGraph(
    Phase("setup"),
    Phase(
        "scan",
        after="setup",
        at="open+1m",
        retry=Retry(attempts=3, backoff=timedelta(seconds=5), jitter=0),
        timeout="2m",
    ),
    Phase("track_ranges", after="scan", at="open+5m", deadline="open+30m"),
    Phase("alert", after="track_ranges", on_failure="continue"),
    Phase("trade", after="track_ranges", every="1m", between=("open+15m", "close-10m")),
    Phase("manage", every="1m", between=("open", "close"), protective=True),
)


def started(events, phase):
    """Return when the attempts of `phase` started, as the exchange's clock showed."""
    session = events[0].session
    return [
        f"{session.local(each.started_at):%H:%M:%S}"
        for each in attempts(events)
        if each.phase == phase
    ]


def status(events):
    return {name: told.status.value for name, told in fold(events).phases.items()}


def local(events, moment):
    return f"{events[0].session.local(moment):%H:%M:%S}"


def test_a_full_day_runs_phase_by_phase(full_day):
    events = drive_day(GRAPH, full_day, {"setup": [returns("10s")], "scan": [returns("20s")]})
    assert started(events, "setup") == ["09:30:00"]
    assert started(events, "scan") == ["10:01:00"]
    assert started(events, "track_ranges") == ["10:05:00"]
    assert started(events, "alert") == ["10:05:00"]
    assert len(started(events, "trade")) == 335
    assert started(events, "trade")[0] == "10:15:00"
    assert started(events, "trade")[-1] == "15:49:00"
    assert started(events, "manage")[0] == "10:00:00"
    assert set(status(events).values()) == {"completed"}
    assert local(events, events[-1].at) == "15:50:00"
    assert events[-1].outcome is ev.Outcome.COMPLETED


def test_one_plan_starts_all_that_is_due(full_day):
    due = full_day.open + timedelta(minutes=5)
    state = fold(event for event in drive_day(GRAPH, full_day) if event.at < due)
    commands = plan(state, due).commands
    assert [command.phase for command in commands] == ["track_ranges", "manage"]


def test_a_half_day_keeps_the_morning_and_ends_early(half_day):
    events = drive_day(GRAPH, half_day)
    assert started(events, "scan") == ["10:01:00"]
    assert started(events, "track_ranges") == ["10:05:00"]
    assert started(events, "trade")[0] == "10:15:00"
    assert started(events, "trade")[-1] == "13:59:00"
    assert local(events, events[-1].at) == "14:00:00"


def test_a_scan_that_fails_twice_is_tried_a_third_time(full_day):
    scan = [raises("no data", "1s"), raises("no data", "1s"), returns("1s")]
    events = drive_day(GRAPH, full_day, {"scan": scan})
    assert started(events, "scan") == ["10:01:00", "10:01:06", "10:01:17"]
    assert fold(events).phases["scan"].retry_count == 2
    assert events[-1].outcome is ev.Outcome.COMPLETED


def test_a_scan_that_fails_for_good_stops_what_follows_it(full_day):
    events = drive_day(GRAPH, full_day, {"scan": [raises("no data")]})
    assert status(events) == {
        "setup": "completed",
        "scan": "failed",
        "track_ranges": "skipped",
        "alert": "skipped",
        "trade": "skipped",
        "manage": "completed",
    }
    assert started(events, "trade") == []
    assert events[-1].outcome is ev.Outcome.FAILED
    assert events[-1].reason == "scan failed: no data"


def test_a_scan_that_hangs_is_cancelled_and_tried_again(full_day):
    events = drive_day(GRAPH, full_day, {"scan": [HANGS, returns("1s")]})
    assert started(events, "scan") == ["10:01:00", "10:03:05"]
    assert [each.error for each in attempts(events) if each.phase == "scan"] == [
        "timed out after 2m",
        None,
    ]


def test_ranges_that_come_too_late_are_not_traded_on(full_day):
    start = full_day.open + timedelta(minutes=30, seconds=1)
    events = drive_day(GRAPH, full_day, started_at=start)
    told = fold(events).phases
    assert told["scan"].status is PhaseStatus.COMPLETED
    assert told["track_ranges"].skip_reason is ev.SkipReason.LATE
    assert told["track_ranges"].error == "could not start by 10:30:00"
    assert told["trade"].skip_reason is ev.SkipReason.BLOCKED
    assert events[-1].reason == "track_ranges was skipped: could not start by 10:30:00"


def test_ranges_may_start_at_the_very_deadline(full_day):
    events = drive_day(GRAPH, full_day, started_at=full_day.open + timedelta(minutes=30))
    assert started(events, "track_ranges") == ["10:30:00"]
    assert events[-1].outcome is ev.Outcome.COMPLETED


def test_an_alert_that_fails_is_a_warning(full_day):
    events = drive_day(GRAPH, full_day, {"alert": [raises("no network")]})
    assert status(events)["alert"] == "failed"
    assert status(events)["trade"] == "completed"
    assert events[-1].outcome is ev.Outcome.COMPLETED


def test_alert_and_trade_do_not_wait_for_one_another(full_day):
    events = drive_day(
        GRAPH.override({"track_ranges": {"timeout": "20m"}, "alert": {"timeout": "30m"}}),
        full_day,
        {"track_ranges": [returns("12m")], "alert": [HANGS]},
    )
    assert started(events, "alert") == ["10:17:00"]
    assert started(events, "trade")[0] == "10:17:00"


def test_a_position_is_managed_to_the_close_although_the_scan_failed(full_day):
    held = opened("BHP", full_day.open)
    events = drive_day(GRAPH, full_day, {"scan": [raises("no data")]}, [held])
    assert len(started(events, "manage")) == 360
    assert started(events, "manage")[-1] == "15:59:00"
    assert local(events, events[-1].at) == "16:15:00"


def test_management_ends_when_the_last_position_is_closed(full_day):
    held = [
        opened("BHP", full_day.open + timedelta(hours=1)),
        closed("BHP", full_day.open + timedelta(hours=5, minutes=52, seconds=30)),
    ]
    events = drive_day(GRAPH, full_day, happenings=held)
    assert started(events, "manage")[-1] == "15:52:00"
    assert local(events, events[-1].at) == "15:52:30"


def test_a_failing_manager_never_gives_up(full_day):
    held = [opened("BHP", full_day.open)]
    events = drive_day(GRAPH, full_day, {"manage": [raises("no quote")]}, held)
    assert len(started(events, "manage")) == 360
    assert status(events)["manage"] == "completed"


def test_trade_gives_up_after_three_failures_in_a_row(full_day):
    unlucky = [raises("a"), raises("b"), returns(), raises("c"), raises("d"), raises("e")]
    events = drive_day(GRAPH, full_day, {"trade": unlucky})
    assert started(events, "trade") == [f"10:{minute}:00" for minute in range(15, 21)]
    assert events[-1].reason == "trade failed: e"


def test_a_tick_that_runs_long_costs_the_ticks_it_covers_and_no_more(full_day):
    graph = GRAPH.override({"trade": {"timeout": "5m"}})
    events = drive_day(graph, full_day, {"trade": [returns("150s"), returns("60s"), returns()]})
    assert started(events, "trade")[:4] == ["10:15:00", "10:18:00", "10:19:00", "10:20:00"]


@pytest.mark.parametrize("after", range(1, 40))
def test_a_crash_anywhere_in_the_morning_makes_no_phase_run_twice(full_day, after):
    graph = GRAPH.override({"trade": {"every": "1h"}, "manage": {"every": "1h"}})
    slow = {phase.name: [returns("3s")] for phase in graph}
    smooth = drive_day(graph, full_day, slow)
    crashed = drive_day(graph, full_day, slow, [Crash(after, away=timedelta(seconds=20))])
    ended = Counter(
        event.phase for event in crashed if isinstance(event, ev.PhaseCompleted | ev.PhaseFailed)
    )
    assert ended == Counter(phase.name for phase in GRAPH)
    assert status(crashed) == status(smooth)


def test_after_an_absence_one_tick_runs_late_and_the_grid_goes_on(full_day):
    events = drive_day(GRAPH, full_day)
    trades = [each for each in attempts(events) if each.phase == "trade"]
    index = events.index(
        next(
            event
            for event in events
            if isinstance(event, ev.PhaseTicked)
            and event.phase == "trade"
            and event.at == trades[2].ended_at
        )
    )
    away = Crash(index + 1, away=timedelta(minutes=4, seconds=20))
    events = drive_day(GRAPH, full_day, happenings=[away])
    assert started(events, "trade")[:6] == [
        "10:15:00",
        "10:16:00",
        "10:17:00",
        "10:21:20",
        "10:22:00",
        "10:23:00",
    ]
