from __future__ import annotations

import os
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from skim_core.calendar.sessions import SessionCalendar
from skim_core.cli.days.journaled import session_looked_at
from skim_core.cli.days.owner import this_owner
from skim_core.model import events as ev
from skim_core.testing.days import drive_day, raises

STATUS = ("status", "--session", "2026-01-06")


@pytest.fixture
def begun(days, write, session) -> str:
    """Return the id of a day whose last phase has not ended."""
    return write(days.completed(session), until="position_closed")


@pytest.fixture
def gone() -> str:
    """Return the name in a lease of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return f"{socket.gethostname()}:{process.pid}:0"


def lease(journal, run_id: str, owner: str, term: timedelta = timedelta(hours=1)) -> None:
    assert journal.acquire(run_id, owner, datetime.now(UTC), term)  # noqa: TID251  a lease is of the wall


def test_before_anything_ran_it_says_so_and_makes_no_journal(skim, home):
    shown = skim("status")
    assert (shown.code, "nothing was run yet" in shown.out) == (0, True)
    assert not home.exists()
    assert skim("status", "--json").json["days"] == []


def test_a_completed_day_is_shown_in_the_exchanges_time(skim, days, write, session):
    write(days.completed(session))
    shown = skim(*STATUS)
    assert shown.code == 0
    assert shown.out.startswith(
        "example on XASX Tue 2026-01-06, account paper: completed\n"
        "phase  status     started   completed  attempts  retries  error\n"
        "scan   completed  10:01:00  10:01:00          1\n"
    )
    assert shown.out.endswith("2 candidates, 1 trade, profit +98.00 after costs\n")


def test_json_has_times_in_utc_and_exact_money(skim, days, write, session):
    write(days.completed(session))
    [day] = skim(*STATUS, "--json").json["days"]
    assert (day["state"], day["run_id"]) == ("completed", "example/XASX/2026-01-06/paper")
    assert day["phases"][0]["started_at"] == "2026-01-05T23:01:00Z"
    assert day["trades"] == [
        {
            "symbol": "BHP",
            "quantity": 100,
            "entry": "45.1",
            "exit": "46.2",
            "profit": "98",
            "opened_at": "2026-01-05T23:30:00Z",
            "closed_at": "2026-01-06T00:30:00Z",
        }
    ]
    assert day["profit"] == "98"
    assert day["positions"] == []


def test_a_failed_day_shows_its_error_and_fails_the_command(skim, days, write, session):
    write(drive_day(days.graph, session, {"scan": [raises("no data")]}))
    shown = skim(*STATUS)
    assert shown.code == 1
    assert ["scan", "failed", "10:01:00", "10:01:00", "1", "no", "data"] in shown.words
    assert ["alert", "skipped", "10:01:00", "scan", "failed"] in shown.words


def test_a_day_without_a_process_is_interrupted_and_fails_the_command(skim, begun):
    shown = skim(*STATUS)
    assert shown.code == 1
    assert "account paper: interrupted\n" in shown.out
    assert "skim start_monitoring" in shown.out


def test_a_day_that_a_living_process_owns_is_running(skim, journal, begun):
    lease(journal, begun, this_owner())
    shown = skim(*STATUS)
    assert shown.code == 0
    assert f"running by {this_owner()}\n" in shown.out


def test_a_day_of_another_host_is_running_until_its_lease_runs_out(skim, journal, begun):
    lease(journal, begun, "elsewhere:1:1")
    assert skim(*STATUS).code == 0
    lease(journal, begun, "elsewhere:1:1", timedelta(seconds=-1))
    assert "interrupted" in skim(*STATUS).out


def test_a_day_whose_process_died_is_interrupted_before_its_lease_runs_out(
    skim, journal, begun, gone
):
    lease(journal, begun, gone)
    assert skim(*STATUS).code == 1


def test_what_is_held_and_what_rests_is_shown(skim, days, write, session):
    bought = days.bought(session)
    write(drive_day(days.graph, session, happenings=bought), until="day_finished")
    assert "holds 100 BHP at 45.10\n" in skim(*STATUS).out
    submitted = bought[0].model_copy(update={"at": session.open})
    write([*drive_day(days.graph, session, happenings=[submitted])[:3], submitted], account="two")
    assert "order buy 100 BHP at market (entry)\n" in skim(*STATUS).out


def test_a_configured_strategy_that_has_not_begun_is_not_started(skim, days, write, session, home):
    write(days.completed(session))
    Path("skim.toml").write_text("[strategy.other]\n")
    shown = skim(*STATUS)
    assert shown.code == 0
    assert "other on XASX Tue 2026-01-06, account paper: not started\n" in shown.out
    states = [day["state"] for day in skim(*STATUS, "--json").json["days"]]
    assert states == ["completed", "not started"]


def test_a_strategy_that_does_not_exist_is_refused_even_before_anything_ran(skim, example):
    refused = skim("status", "--strategy", "exmaple")
    assert refused.code == 2
    assert "did you mean 'example'?" in refused.err


def test_a_day_of_a_strategy_that_was_uninstalled_is_still_shown(skim, days, write, session):
    write(days.completed(session))
    assert skim(*STATUS, "--strategy", "example").code == 0


def test_a_session_without_a_day_names_the_last_that_has_one(skim, days, write, session):
    write(days.completed(session))
    shown = skim("status", "--exchange", "XNYS", "--session", "2026-01-07")
    assert shown.code == 0
    assert "'skim status --exchange XASX --session 2026-01-06'" in shown.out


def test_a_day_off_is_said_to_be_one(skim, days, write, session):
    write(days.completed(session))
    assert "Sunday 2026-01-04 is a day off at XASX" in skim("status", "--session", "2026-01-04").out


def test_todays_session_is_looked_at_after_its_close_only_when_it_has_a_day(days, session):
    calendar = SessionCalendar("XASX", Path(os.devnull))
    started = [event for event in days.completed(session) if isinstance(event, ev.DayStarted)]
    evening = session.close + timedelta(hours=3)

    def looked_at(begun, now):
        return session_looked_at(begun, calendar, None, now, "XASX").date.isoformat()

    assert looked_at([], session.open - timedelta(hours=1)) == "2026-01-06"
    assert looked_at([], evening) == "2026-01-07"
    assert looked_at(started, evening) == "2026-01-06"
    assert looked_at(started, evening + timedelta(days=1)) == "2026-01-08"
