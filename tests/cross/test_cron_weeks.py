"""Weeks of a host in UTC that does nothing but run our crontab: each phase at its Sydney minute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from skim_core.calendar.sessions import SessionCalendar
from skim_core.journal.sqlite import SqliteJournal
from skim_core.model import events as ev
from skim_core.model.session import Session

from .host.cooltrader import SYDNEY, cooltrader
from .host.debian_cron import read_crontab
from .host.machine import Host

CRONTAB = Path(__file__).parent.parent.parent / "crontab"
STRATEGY = "orh_breakout"
MINUTE = timedelta(minutes=1)

WEEKS = {
    "summer, with a half day and a holiday": (date(2026, 12, 21), date(2026, 12, 25), 4),
    "winter, after a weekend that ended summer time, with a holiday": (
        date(2026, 4, 6),
        date(2026, 4, 10),
        4,
    ),
    "the weekend that begins summer time": (date(2026, 10, 2), date(2026, 10, 5), 2),
}
"""First and last day, and how many sessions they have."""


@contextmanager
def host_from(folder, first, **options) -> Iterator[Host]:
    """Give a host whose wall stands at noon of the day before `first`."""
    noon = datetime.combine(first - timedelta(days=1), time(12), UTC)
    host = Host(folder, read_crontab(CRONTAB.read_text()), noon, **options)
    with cooltrader(lambda: host.now) as server:
        host.server = server
        host.configure(f'[extension.asx.cooltrader]\nurl = "{server.url}"\n')
        host.environment |= {"COOLTRADER_USERNAME": "user", "COOLTRADER_PASSWORD": "pass"}
        yield host


def events_of(folder, session):
    """Return what the journal has of a session."""
    journal = SqliteJournal.open(folder / "journal.sqlite")
    try:
        run_id = f"{STRATEGY}/XASX/{session.date}/paper"
        return [record.event for record in journal.read(run_id)]
    finally:
        journal.close()


def minutes_of(events, kind, phase):
    """Return the Sydney minutes at which a phase was begun, or ticked."""
    return [
        event.at.astimezone(SYDNEY).strftime("%H:%M")
        for event in events
        if isinstance(event, kind) and event.phase == phase
    ]


def every_minute(first, last):
    """Return each minute from one to another, in Sydney, the last one left out."""
    count = int((last - first) / MINUTE)
    return [(first + n * MINUTE).astimezone(SYDNEY).strftime("%H:%M") for n in range(count)]


@dataclass
class Week:
    """A week that is over: what cron ran, and what came of it."""

    host: Host
    sessions: Sequence[Session]

    @property
    def begun(self) -> Counter[tuple[date, str]]:
        """The dates and minutes in Sydney at which a start took any time."""
        return Counter(
            (in_sydney.date(), in_sydney.strftime("%H:%M"))
            for ran in self.host.ran
            if "start_trading_day" in ran.command and ran.until > ran.at
            for in_sydney in [ran.at.astimezone(SYDNEY)]
        )


@pytest.fixture(scope="module", params=WEEKS)
def week(request, tmp_path_factory):
    first, last, count = WEEKS[request.param]
    folder = tmp_path_factory.mktemp("host")
    with host_from(folder, first) as host:
        host.run_until(datetime.combine(last, time(12), UTC))
    found = Week(host, SessionCalendar("XASX", folder).sessions(first, last))
    assert len(found.sessions) == count
    return found


def test_each_day_is_begun_at_0945_in_sydney_once(week):
    assert week.begun == {(session.date, "09:45"): 1 for session in week.sessions}


def test_every_phase_runs_at_its_sydney_minute_once(week):
    for session in week.sessions:
        events = events_of(week.host.folder, session)
        assert minutes_of(events, ev.PhaseStarted, "setup") == ["09:45"]
        assert minutes_of(events, ev.PhaseStarted, "scan") == ["10:01"]
        assert len(minutes_of(events, ev.PhaseStarted, "track_ranges")) == 1
        assert len(minutes_of(events, ev.PhaseStarted, "alert")) == 1
        begin, end = session.open + 15 * MINUTE, session.close - 30 * MINUTE
        assert minutes_of(events, ev.PhaseTicked, "trade") == every_minute(begin, end)
        # It ends when nothing is left to protect, and nothing can be entered any more.
        managed = minutes_of(events, ev.PhaseTicked, "manage")
        assert len(managed) >= (end - session.open) // MINUTE
        assert managed == every_minute(session.open, session.close)[: len(managed)]
        assert isinstance(events[-1], ev.DayFinished)


def test_no_line_fails_and_the_watchdog_has_nothing_to_do_and_mails_nothing(week):
    watched = [ran for ran in week.host.ran if "start_monitoring" in ran.command]
    assert len(watched) > 90 * len(week.sessions)
    assert [ran for ran in watched if ran.mail or "nothing to do" not in ran.said] == []
    assert [ran for ran in week.host.ran if ran.code] == []


def test_the_end_of_day_prices_of_each_session_are_fetched_once_by_half_past_seven(week):
    given = [(day, at.astimezone(SYDNEY).strftime("%H:%M")) for day, at in week.host.server.given]
    assert given == [(str(session.date), "19:30") for session in week.sessions]


def test_the_other_half_year_s_hour_of_the_prices_does_nothing_and_neither_mails(week):
    runs = [ran for ran in week.host.ran if "download_data" in ran.command]
    assert [ran for ran in runs if ran.mail or ran.code] == []
    told = {ran.at.astimezone(SYDNEY).strftime("%H:%M"): set() for ran in runs}
    for ran in runs:
        at = ran.at.astimezone(SYDNEY)
        if at.date() in {session.date for session in week.sessions}:
            told[f"{at:%H:%M}"].add(ran.said.split(";")[0])
    assert told.pop("19:30") == {"1 downloaded, 0 there already, 0 not to be had, 0 failed"}
    early = {"It is 18:30 in Sydney: nothing is downloaded before 19:30.\n"}
    late = {"0 downloaded, 1 there already, 0 not to be had, 0 failed"}
    # In the week that begins summer time there are both.
    assert {said for each in told.values() for said in each} <= early | late
    assert all(told.values())


def test_prices_that_can_not_be_had_at_their_hour_are_mailed(tmp_path):
    with host_from(tmp_path, MONDAY) as host:
        host.server.ready = time(23)
        host.run_until(utc(12))
    mails = [ran.mail for ran in host.ran if "download_data" in ran.command]
    assert mails == [f"skim: {MONDAY}: CoolTrader has no file (yet).\n"] * 2


MONDAY = date(2026, 12, 21)
"""In summer time: the day is due at 22:45 UTC of the Sunday."""


def utc(hour, minute=0, *, day=MONDAY):
    return datetime.combine(day, time(hour, minute), UTC)


@pytest.fixture
def monday_off(tmp_path):
    """Run Monday on a host that has no power until `end`; return its host and the day's events."""

    def run(end):
        off = (utc(22, day=MONDAY - timedelta(days=1)), end)
        with host_from(tmp_path, MONDAY, off=(off,)) as host:
            host.run_until(utc(12))
        return host

    return run


def test_a_host_that_comes_up_after_the_start_begins_the_day_with_the_other_half_years_line(
    monday_off,
):
    host = monday_off(utc(23, 30, day=MONDAY - timedelta(days=1)))
    [session] = SessionCalendar("XASX", host.folder).sessions(MONDAY, MONDAY)
    events = events_of(host.folder, session)
    assert minutes_of(events, ev.PhaseStarted, "setup") == ["10:45"]
    # Its deadline was 10:30: what is late by then is not done any more, and nothing is bought.
    assert minutes_of(events, ev.PhaseStarted, "scan") == []
    assert [event for event in events if isinstance(event, ev.OrderIntended)] == []
    assert isinstance(events[-1], ev.DayFinished)


def test_a_day_that_nobody_could_start_is_mailed_by_the_watchdog_every_hour(monday_off):
    host = monday_off(utc(0, 30))
    watched = [ran for ran in host.ran if "start_monitoring" in ran.command]
    mailed = [ran.at.astimezone(SYDNEY).strftime("%H:%M") for ran in watched if ran.mail]
    assert mailed == ["12:10", "13:10", "14:10", "15:10"]
    assert all("nobody started it" in ran.mail for ran in watched if ran.mail)
    assert [ran for ran in host.ran if ran.until > ran.at] == []
