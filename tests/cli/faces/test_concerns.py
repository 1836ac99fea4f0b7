"""What ``status`` and the live view say of a day that something is wrong with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from rich.console import Console

from skim_core.cli.days.owner import this_owner
from skim_core.cli.views.live import LiveView
from skim_core.model import events as ev
from skim_core.model.controls import Halt
from skim_core.model.trading_day import TradingDay
from skim_core.testing.days import drive_day

STATUS = ("status", "--session", "2026-01-06")


@pytest.fixture
def stand(days, session, write, journal):
    """Write a running day of which something was told last; give its events."""

    def written(*told: ev.Event) -> list[ev.Event]:
        events = drive_day(days.graph, session, happenings=list(told))
        run_id = write(events, until="day_finished")
        now = datetime.now(UTC)  # noqa: TID251  a lease is of the wall
        assert journal.acquire(run_id, this_owner(), now, timedelta(hours=1))
        return events

    return written


def test_a_running_day_without_a_trouble_needs_nobody(skim, stand):
    stand()
    [day] = skim(*STATUS, "--json").json["days"]
    assert day["needs_a_person"] is False
    assert skim(*STATUS).code == 0


def test_a_position_without_a_stop_is_shown(skim, stand, days, session):
    bought = days.bought(session)
    stand(*bought)
    shown = skim(*STATUS)
    assert shown.code == 0
    assert "BHP has had no working stop since 10:30:00\n" in shown.out


def test_protection_that_lapsed_needs_a_person(skim, stand, days, session):
    bought = days.bought(session)
    at = bought[-1].at + timedelta(minutes=1)
    lapsed = ev.ProtectionLapsed(at=at, symbol="BHP", since=bought[-1].at, reason="no stop")
    stand(*bought, lapsed)
    shown = skim(*STATUS)
    assert shown.code == 1
    assert "BHP has had no working stop since 10:30:00: protection has lapsed" in shown.out
    [day] = skim(*STATUS, "--json").json["days"]
    assert [bare["lapsed"] for bare in day["without_stop"]] == [True]


def test_a_line_that_is_down_and_what_is_not_ours_is_shown(skim, stand, session):
    at = session.open + timedelta(minutes=5)
    stand(
        ev.Reconciled(
            at=at,
            reason="the day begins",
            passes=1,
            foreign_orders=("sell 5 CSL (abc)",),
            foreign_positions={"BHP": 70},
        ),
        ev.ConnectionChanged(at=at, up=False, reason="1100"),
    )
    shown = skim(*STATUS)
    assert shown.code == 0
    assert "the line to the broker is down" in shown.out
    assert "not ours, and left alone: 70 BHP, sell 5 CSL (abc)" in shown.out
    [day] = skim(*STATUS, "--json").json["days"]
    assert (day["connected"], day["foreign_positions"]) == (False, {"BHP": 70})


def test_a_standing_halt_is_shown_with_who_why_since_and_how_it_ends(skim, journal, stand, session):
    stand()
    halt = Halt(
        at=session.open,
        account="paper",
        by="ann",
        why="odd fills",
        strategy="example",
        flatten=True,
    )
    journal.append_control(halt)
    shown = skim(*STATUS)
    assert shown.out.startswith(
        "HALTED: entries of example, by ann since 2026-01-06 10:00:00: odd fills, and what is "
        "held is sold. 'skim resume --strategy example' takes it back.\n"
    )
    [told] = skim(*STATUS, "--json").json["halts"]
    assert (told["strategy"], told["by"], told["flatten"]) == ("example", "ann", True)


def test_a_day_that_was_interrupted_before_is_shown_with_today(skim, days, session, write):
    run_id = write(days.completed(session), until="position_closed")
    shown = skim("status")
    assert shown.code == 1
    assert f"{session.date}, account paper: interrupted" in shown.out
    assert skim("status", "--json").json["days"][0]["run_id"] == run_id


def test_the_live_view_shows_that_something_is_wrong(days, session):
    at = session.open + timedelta(minutes=5)
    day = TradingDay(strategy="example", session=session, account="paper")
    halted = ev.EntriesHalted(at=at, why="odd fills", by="ann")
    down = ev.ConnectionChanged(at=at, up=False)
    happened = drive_day(days.graph, session, happenings=[halted, down])
    console = Console(file=StringIO(), record=True, force_terminal=True, width=110)
    with LiveView([day], console) as view:
        for event in happened[:-1]:
            view.hear(event, day)
    assert "halted  no connection" in console.export_text()
