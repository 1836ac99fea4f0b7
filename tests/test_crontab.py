"""Crontabs, read by Debian's rules, against every session of 2026: ours, and those that are made."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from skim_core.calendar.sessions import SessionCalendar
from skim_core.calendar.timetable import cron_times, timer_times
from skim_core.model.phases import Phase

from .cross.host.debian_cron import numbers, read_crontab, read_line

CRONTAB = Path(__file__).parent.parent / "crontab"
START = "skim start_trading_day --strategy orh_breakout --pace real"
MONITOR = "skim start_monitoring --strategy orh_breakout --pace real"
DOWNLOAD = "skim download_data today --after 19:30"
MINUTE = timedelta(minutes=1)
SLOTS = Phase("manage", every="5m", between=("open", "close"), protective=True)


def minutes_of(line, first: date, last: date) -> list[datetime]:
    """Return the minutes at which a line runs, from the first day to the last, on a host in UTC."""
    minutes, hours, *_ = line.fields
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    moments = (
        datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
        for day in days
        for hour in sorted(hours)
        for minute in sorted(minutes)
    )
    return [moment for moment in moments if line.fits(moment)]


OURS = read_crontab(CRONTAB.read_text())
SETTINGS, ENTRIES = OURS.environment, OURS.lines


def firings(command: str) -> Counter[datetime]:
    """Return how often each minute of 2026 (and a day either side) runs `command`."""
    return Counter(
        moment
        for entry in ENTRIES
        if entry.command.startswith(command)
        for moment in minutes_of(entry, date(2025, 12, 31), date(2027, 1, 1))
    )


@pytest.fixture
def sessions(tmp_path):
    return SessionCalendar("XASX", tmp_path).sessions(date(2026, 1, 1), date(2026, 12, 31))


def test_the_evaluator_reads_fields_as_cron_does():
    assert numbers("*/20", 0, 59) == {0, 20, 40}
    assert numbers("1-9/4,30", 0, 59) == {1, 5, 9, 30}
    friday_or_13th = read_line("0 0 13 * 5 skim")
    assert friday_or_13th.fits(datetime(2026, 10, 13, tzinfo=UTC))
    assert friday_or_13th.fits(datetime(2026, 10, 16, tzinfo=UTC))
    assert not friday_or_13th.fits(datetime(2026, 10, 15, tzinfo=UTC))
    assert read_line("0 0 * * 7 skim").fits(datetime(2026, 10, 18, tzinfo=UTC))


def test_every_session_is_started_once_at_0945_sydney(sessions):
    starts = firings(START)
    for session in sessions:
        due = session.open - 15 * MINUTE
        assert session.local(due).strftime("%H:%M") == "09:45"
        assert starts[due] == 1, session.date


def test_the_other_start_of_a_session_is_an_hour_too_early_or_finds_the_day_running(sessions):
    starts = firings(START)
    for session in sessions:
        due = session.open - 15 * MINUTE
        around = [due + n * MINUTE for n in range(-360, 361) if starts[due + n * MINUTE]]
        other = due + (60 * MINUTE if due.hour == 22 else -60 * MINUTE)
        assert sorted(around) == sorted([due, other]), session.date


def test_no_start_comes_in_a_session_but_at_its_beginning(sessions):
    starts = firings(START)
    for session in sessions:
        inside = [moment for moment in starts if session.open <= moment <= session.close]
        assert [moment for moment in inside if moment - session.open > 45 * MINUTE] == []


def test_every_five_minute_slot_of_every_session_is_watched_once(sessions):
    watched = firings(MONITOR)
    fridays = 0
    for session in sessions:
        slots = SLOTS.ticks(session)
        assert [slot for slot in slots if watched[slot] != 1] == [], session.date
        fridays += session.date.weekday() == 4
    assert fridays > 45


def test_the_watch_begins_with_the_day_and_outlasts_the_closing_auction(sessions):
    watched = firings(MONITOR)
    for session in sessions:
        moment = session.open - 15 * MINUTE
        while moment <= session.close + 10 * MINUTE:
            assert watched[moment] == 1, (session.date, moment)
            moment += 5 * MINUTE


def test_nothing_runs_while_it_is_a_weekend_in_sydney(sessions):
    zone = sessions[0]
    for command in (START, MONITOR, DOWNLOAD):
        for moment in firings(command):
            assert zone.local(moment).weekday() < 5, (command, moment)


def test_the_end_of_day_prices_are_fetched_after_every_session_in_both_halves_of_the_year(sessions):
    fetched = firings(DOWNLOAD)
    for session in sessions:
        at = session.local(session.close).replace(hour=19, minute=30).astimezone(UTC)
        assert fetched[at] == 1, session.date
        assert {moment.minute for moment in fetched} == {30}


def test_every_entry_is_one_that_skim_knows():
    known = {START, MONITOR, DOWNLOAD}
    assert {entry.command.removesuffix(" >/dev/null") for entry in ENTRIES} == known
    assert len({entry for entry in ENTRIES if "start_trading_day" in entry.command}) == 1


def test_the_header_leaves_mail_on_and_no_line_needs_cron_s_special_characters():
    assert SETTINGS.keys() == {"SHELL", "PATH"}
    assert "$" not in SETTINGS["PATH"]
    assert not any("%" in entry.text for entry in ENTRIES)
    assert CRONTAB.read_text().endswith("\n")


HOSTS = ["UTC", "Australia/Sydney", "America/New_York", "Asia/Kolkata", "Europe/London"]


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("exchange", ["XASX", "XNYS", "XLON"])
def test_the_lines_that_are_made_start_and_watch_every_session(exchange, host, tmp_path):
    zone = ZoneInfo(host)
    calendar = SessionCalendar(exchange, tmp_path)
    sessions = calendar.sessions(date(2026, 1, 1), date(2026, 12, 31))
    made = cron_times(sessions, 15 * MINUTE, zone)
    starts, watched = (Counter(local_firings(times)) for times in (made.starts, made.watches))
    for session in sessions:
        due = session.open - 15 * MINUTE
        assert starts[on_the_wall(due, zone)] == 1, session.date
        moment = due
        while moment <= session.close + 10 * MINUTE:
            assert watched[on_the_wall(moment, zone)] == 1, (session.date, moment)
            moment += 5 * MINUTE
    # A host in the exchange's own zone needs one hour, any other those of both halves.
    assert len({moment.hour for moment in starts}) <= (1 if host == sessions[0].timezone else 3)


def test_the_lines_that_are_made_for_a_host_in_utc_are_those_of_our_crontab(sessions):
    made = cron_times(sessions, 15 * MINUTE, UTC)
    ours = {
        command: [entry for entry in ENTRIES if entry.command.startswith(command)]
        for command in (START, MONITOR)
    }
    for times, command in ((made.starts, START), (made.watches, MONITOR)):
        assert Counter(local_firings(times)) == Counter(
            moment.replace(tzinfo=None)
            for entry in ours[command]
            for moment in minutes_of(entry, date(2025, 12, 31), date(2027, 1, 1))
        )


@pytest.mark.parametrize(
    ("exchange", "start", "watch"),
    [
        ("XASX", "Mon..Fri 09:45 Australia/Sydney", "Mon..Fri *-*-* 09..16:00/5 Australia/Sydney"),
        ("XNYS", "Mon..Fri 09:15 America/New_York", "Mon..Fri *-*-* 09..16:00/5 America/New_York"),
    ],
)
def test_timers_name_the_exchange_s_own_zone(exchange, start, watch, tmp_path):
    calendar = SessionCalendar(exchange, tmp_path)
    sessions = calendar.sessions(date(2026, 1, 1), date(2026, 12, 31))
    assert timer_times(sessions, 15 * MINUTE) == (start, watch)


def local_firings(times):
    """Return each minute, on the host's wall, at which one of the lines fires in 2026."""
    for time in times:
        entry = read_line(f"{time.minutes} {time.hours} * * {time.weekdays} skim")
        for moment in minutes_of(entry, date(2025, 12, 31), date(2027, 1, 1)):
            yield moment.replace(tzinfo=None)


def on_the_wall(moment, zone):
    return moment.astimezone(zone).replace(tzinfo=None)
