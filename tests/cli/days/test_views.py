"""A running day, live on a terminal and as plain lines."""

from __future__ import annotations

import datetime as dt
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from skim_core.cli.views.live import LiveView
from skim_core.cli.views.plain import PlainView
from skim_core.model import events as ev
from skim_core.model.trading_day import TradingDay
from skim_core.testing.simulate import session_of, simulate_day


@pytest.fixture
def day(tmp_path: Path) -> TradingDay:
    session = session_of("XASX", "2026-01-28", tmp_path / "calendars")
    return TradingDay(strategy="tiny", session=session, account="paper")


@pytest.fixture
def events(tiny, day: TradingDay, tmp_path: Path) -> tuple[ev.Event, ...]:
    return simulate_day("tiny", day.session, tmp_path / "brokers").events


def terminal() -> Console:
    return Console(file=StringIO(), record=True, force_terminal=True, width=120)


def test_the_live_view_leaves_the_whole_story_on_the_screen(day, events):
    console = terminal()
    with LiveView([day], console) as view:
        for event in events:
            view.hear(event, day)
    shown = console.export_text()
    final = shown[shown.rindex("09:45:00  day") :]
    for phase in ("setup", "scan", "trade", "manage"):
        assert phase in final
    assert "2 candidates" in final
    assert "bought 100" in final
    assert "sold 100" in final
    assert "completed. 1 trade, " in final
    assert "✔" in final
    assert "✘" not in final


def test_the_live_view_shows_the_phases_as_they_stand(day, events):
    middle = next(
        index for index, event in enumerate(events) if isinstance(event, ev.CandidatesScanned)
    )
    console = terminal()
    with LiveView([day], console) as view:
        for event in events[:middle]:
            view.hear(event, day)
    words = [line.strip("│").split() for line in console.export_text().splitlines()]
    rows = {row[1]: row[0] for row in words if row and row[0] in {"✔", "▶", "·"}}
    assert rows["setup"] == "✔"
    assert rows["scan"] == "▶"
    assert rows["trade"] == "·"


def test_the_live_view_shows_a_failure_with_its_error(day, events):
    console = terminal()
    scan = next(event for event in events if isinstance(event, ev.CandidatesScanned))
    before = events[: events.index(scan)]
    with LiveView([day], console) as view:
        failure = ev.PhaseFailed(at=scan.at, phase="scan", error="OSError: feed down")
        for event in (*before, failure):
            view.hear(event, day)
    shown = console.export_text()
    assert "✘" in shown
    assert "OSError: feed down" in shown


def test_the_live_view_of_a_day_that_is_gone_on_with_tells_what_follows(day, events):
    entry = next(event for event in events if isinstance(event, ev.OrderIntended))
    rest = events[events.index(entry) :]
    resumed = ev.DayResumed(at=rest[0].at, owner="host:1:1", interrupted=("trade",))
    console = terminal()
    with LiveView([day], console) as view:
        for event in (resumed, *rest):
            view.hear(event, day)
    shown = console.export_text()
    assert "goes on where it was left" in shown
    assert "completed. 1 trade" in shown


def test_plain_lines_of_one_day_have_no_name_before_them(day, events, capsys):
    with PlainView([day]) as view:
        for event in events:
            view.hear(event, day)
    lines = capsys.readouterr().out.splitlines()
    assert all(dt.time.fromisoformat(line[:8]) for line in lines)
    assert lines[-1].split()[1:3] == ["day", "completed."]


def test_plain_lines_of_several_days_begin_with_the_strategys_name(day, events, capsys):
    other = day.model_copy(update={"strategy": "overnight"})
    with PlainView([day, other]) as view:
        for event in events:
            view.hear(event, day)
            view.hear(event, other)
    lines = capsys.readouterr().out.splitlines()
    mine = [line for line in lines if line.startswith("tiny       ")]
    others = [line for line in lines if line.startswith("overnight  ")]
    assert len(mine) == len(others) == len(lines) / 2 > 5
    assert [line[11:] for line in mine] == [line[11:] for line in others]
