"""``skim status`` as a monitor's check: each exit code, and what it stands for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from skim_core.calendar.year import CalendarYear, installed_version, write_year

NAMED = ("status", "--strategy", "tiny")
REAL = 'pace = "real"\n'


@pytest.fixture
def opens(home):
    """Let the exchange's next session open so long after now; 10 minutes of lead before it."""

    def made(after: timedelta, length: timedelta = timedelta(hours=3)) -> str:
        now = datetime.now(UTC).replace(microsecond=0)  # noqa: TID251  a session of the wall's time
        first = now + after
        rows = [(at.date(), at, at + length, False) for at in (first, first + timedelta(days=1))]
        for year in {row[0].year for row in rows}:
            table = CalendarYear(
                version=installed_version(),
                exchange="XASX",
                year=year,
                timezone="UTC",
                rows=tuple(row for row in rows if row[0].year == year),
            )
            write_year(home / "calendars", table)
        return first.date().isoformat()

    return made


@pytest.fixture
def configured(home, tiny, monkeypatch):
    """Configure the tiny strategy on the wall's time, and with more."""
    monkeypatch.setenv("SKIM_LEAD", "10m")

    def written(text: str = f"{REAL}[strategy.tiny]\n") -> None:
        (home / "skim.toml").write_text(text)

    written()
    return written


@pytest.mark.parametrize("command", [("status",), NAMED])
def test_a_day_that_nobody_started_in_time_fails_the_check(skim, configured, opens, command, home):
    opens(timedelta(minutes=-5))
    told = skim(*command)
    assert told.code == 1
    assert "tiny on XASX" in told.lines[0]
    assert told.lines[0].endswith(": not started")
    assert "and nobody has started it: 'skim start_trading_day --strategy tiny" in told.out
    [day] = skim(*command, "--json").json["days"]
    assert (day["state"], day["late"], day["needs_a_person"]) == ("not started", True, True)
    assert not (home / "journal.sqlite").exists()


def test_it_fails_from_the_days_start_on_and_not_from_the_open(skim, configured, opens):
    opens(timedelta(minutes=7))
    assert skim(*NAMED).code == 1


@pytest.mark.parametrize(
    "after",
    [timedelta(minutes=9, seconds=50), timedelta(hours=2), timedelta(hours=30)],
    ids=["within two minutes of its start", "before it", "on a day off"],
)
def test_a_day_whose_time_has_not_come_is_well(skim, configured, opens, after):
    opens(after)
    assert [skim(*NAMED).code, skim("status").code] == [0, 0]


def test_a_session_that_is_over_is_not_late_any_more(skim, configured, opens):
    date = opens(timedelta(hours=-4))
    assert skim(*NAMED).code == 0
    assert skim(*NAMED, "--session", date).code == 0


def test_a_day_off_by_the_exchanges_own_calendar_is_well(skim, configured):
    told = skim("status", "--session", "2026-01-26")
    assert told.code == 0
    assert "is a day off at XASX" in told.out


def test_nothing_is_late_on_simulated_time(skim, configured, opens):
    configured('pace = "fast"\n[strategy.tiny]\n')
    opens(timedelta(minutes=-5))
    assert skim("status").code == 0


def test_a_strategy_that_nobody_named_is_not_waited_for(skim, configured, opens):
    configured(REAL)
    opens(timedelta(minutes=-5))
    assert skim("status").code == 0
    assert skim(*NAMED).code == 1


def test_a_day_that_was_started_is_well_and_one_that_ended_too(skim, configured, opens, begin):
    opens(timedelta(minutes=-5), timedelta(minutes=30))
    begun = begin("start_trading_day", "--strategy", "tiny", until="tiny")
    running = skim(*NAMED, "--json")
    assert (running.code, running.json["days"][0]["state"]) == (0, "running")
    begun.kill()
    begun.wait()
    assert skim(*NAMED).code == 1
    assert "interrupted" in skim(*NAMED).out


def test_what_it_can_not_read_fails_the_check_with_the_right_code(skim, configured, home):
    assert skim("status", "--strategy", "other").code == 2
    assert skim("status", "--session", "tomorrow").code == 2
    (home / "journal.sqlite").write_text("no database" * 100)
    broken = skim("status")
    assert broken.code == 1
    assert "journal" in broken.err
    configured('pace = "quick"\n')
    assert skim("status").code == 2


def test_of_a_disabled_strategy_nothing_is_due(skim, configured, opens):
    opens(timedelta(minutes=-5))
    configured(f"{REAL}[strategy.tiny]\nenabled = false\n")
    assert [skim(*NAMED).code, skim("status").code] == [0, 0]
