"""The sessions of the ASX and the NYSE, and the times that hang on them."""

from __future__ import annotations

import calendar as months
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skim_core.calendar.sessions import SessionCalendar
from skim_core.errors import ConfigError, DataError
from skim_core.model.phases import Phase
from skim_core.model.session import Session

MANAGE = Phase("manage", every="5m", between=("open", "close"), protective=True)
SCAN = Phase("scan", at="open+1m")
JANUARY, JULY = 1, 7
FRIDAY, SATURDAY, SUNDAY = 4, 5, 6


@pytest.fixture
def asx(tmp_path):
    return SessionCalendar("XASX", tmp_path)


@pytest.fixture
def nyse(tmp_path):
    return SessionCalendar("XNYS", tmp_path)


def days_of(year: int, month: int) -> list[date]:
    return [date(year, month, day) for day in range(1, months.monthrange(year, month)[1] + 1)]


def local_times(session: Session) -> tuple[time, time]:
    return session.local(session.open).time(), session.local(session.close).time()


@pytest.mark.parametrize("month", [JANUARY, JULY])
def test_every_session_has_all_its_five_minute_slots_on_fridays_too(asx, month):
    days = days_of(2026, month)
    sessions = asx.sessions(days[0], days[-1])

    for session in sessions:
        slots = [session.local(slot) for slot in MANAGE.ticks(session)]
        assert len(slots) == 72
        assert {slot.date() for slot in slots} == {session.date}
        assert (slots[0].time(), slots[-1].time()) == (time(10), time(15, 55))
    weekdays = [day for day in days if day.weekday() < SATURDAY]
    holidays = {date(2026, 1, 1), date(2026, 1, 26)}
    assert [session.date for session in sessions] == [d for d in weekdays if d not in holidays]
    assert any(session.date.weekday() == FRIDAY for session in sessions)


def test_there_is_no_session_on_a_weekend(asx):
    weekends = [
        day for month in range(1, 13) for day in days_of(2026, month) if day.weekday() >= SATURDAY
    ]
    assert len(weekends) == 104
    assert [day for day in weekends if asx.session(day)] == []


@pytest.mark.parametrize(
    "holiday",
    [
        date(2026, 1, 1),
        date(2026, 1, 26),
        date(2026, 4, 3),
        date(2026, 4, 6),
        date(2026, 6, 8),
        date(2026, 12, 25),
        date(2026, 12, 28),
    ],
)
def test_there_is_no_session_on_a_holiday(asx, holiday):
    assert asx.session(holiday) is None
    assert asx.sessions(holiday, holiday) == []


@pytest.mark.parametrize("eve", [date(2026, 12, 24), date(2026, 12, 31)])
def test_the_last_day_before_christmas_and_of_the_year_closes_at_1410(asx, eve):
    session = asx.session(eve)

    assert session.half_day
    assert local_times(session) == (time(10), time(14, 10))
    assert len(MANAGE.ticks(session)) == 50


def test_only_those_two_days_of_2026_are_half_days(asx):
    halves = [s.date for s in asx.sessions(date(2026, 1, 1), date(2026, 12, 31)) if s.half_day]
    assert halves == [date(2026, 12, 24), date(2026, 12, 31)]


@pytest.mark.parametrize(
    ("before", "after", "utc_before", "utc_after"),
    [
        (date(2026, 4, 2), date(2026, 4, 7), time(23), time(0)),
        (date(2026, 10, 2), date(2026, 10, 5), time(0), time(23)),
    ],
)
def test_the_open_stays_at_ten_in_sydney_when_the_clocks_change(
    asx, before, after, utc_before, utc_after
):
    last, first = asx.session(before), asx.session(after)

    assert asx.next(last) == first
    assert asx.previous(first) == last
    assert (last.open.time(), first.open.time()) == (utc_before, utc_after)
    for session in (last, first):
        assert local_times(session) == (time(10), time(16))
        assert len(MANAGE.ticks(session)) == 72


def test_the_scan_is_never_due_before_the_open(asx):
    for session in asx.sessions(date(2024, 1, 1), date(2027, 12, 31)):
        due, _ = SCAN.window(session)
        assert due > session.open
        assert session.local(due).time() == time(10, 1)


def test_new_york_has_its_own_hours_holidays_and_half_days(nyse):
    assert nyse.session(date(2025, 1, 9)) is None
    assert local_times(nyse.session(date(2025, 1, 8))) == (time(9, 30), time(16))
    for half in (date(2024, 7, 3), date(2024, 11, 29), date(2024, 12, 24)):
        session = nyse.session(half)
        assert session.half_day
        assert session.local(session.close).time() == time(13)


def test_a_session_says_whose_it_is(asx):
    session = asx.session(date(2026, 7, 1))
    assert (session.exchange, session.timezone) == ("XASX", "Australia/Sydney")
    assert session.open.tzinfo is UTC
    assert session.minutes == 360


@pytest.mark.parametrize(
    ("sydney", "expected"),
    [
        ("2026-07-03T09:59:00+10:00", date(2026, 7, 3)),
        ("2026-07-03T16:00:00+10:00", date(2026, 7, 3)),
        ("2026-07-03T16:00:01+10:00", date(2026, 7, 6)),
        ("2026-07-05T12:00:00+10:00", date(2026, 7, 6)),
        ("2026-01-25T23:59:00+11:00", date(2026, 1, 27)),
        ("2026-12-31T14:10:01+11:00", date(2027, 1, 4)),
    ],
)
def test_the_current_session_lasts_until_its_close_then_comes_the_next(asx, sydney, expected):
    assert asx.current_or_next(datetime.fromisoformat(sydney)).date == expected


@given(now=st.datetimes(datetime(2024, 1, 10), datetime(2027, 12, 20), timezones=st.just(UTC)))  # noqa: DTZ001
def test_no_session_lies_between_any_instant_and_the_current_or_next(tmp_path_factory, now):
    asx = SessionCalendar("XASX", tmp_path_factory.getbasetemp())

    session = asx.current_or_next(now)

    assert now <= session.close
    assert asx.previous(session).close < now


def test_previous_and_next_lead_through_every_session_in_order(asx):
    sessions = asx.sessions(date(2024, 6, 1), date(2026, 6, 30))
    for earlier, later in pairwise(sessions):
        assert asx.next(earlier) == later
        assert asx.previous(later) == earlier
        assert earlier.close < later.open


def test_a_range_that_ends_before_it_starts_holds_no_session(asx):
    assert asx.sessions(date(2026, 7, 2), date(2026, 7, 1)) == []


@pytest.mark.parametrize(
    ("name", "hint"),
    [("XASY", "'XASX'|'XNAS'"), ("ASX", "'XASX'"), ("xnys", "'XNYS'"), ("../XASX", "'XASX'")],
)
def test_an_unknown_exchange_is_refused_with_the_nearest_known_name(tmp_path, name, hint):
    calendar = SessionCalendar(name, tmp_path)
    with pytest.raises(ConfigError, match=rf"did you mean ({hint})"):
        calendar.session(date(2026, 7, 1))


@pytest.mark.parametrize(("mic", "year"), [("XHKG", 2060), ("XASX", 1500)])
def test_a_year_that_the_calendar_cannot_tell_is_refused_by_name(tmp_path, mic, year):
    calendar = SessionCalendar(mic, tmp_path)
    with pytest.raises(DataError, match=rf"no sessions of {mic} from {year}-01-01"):
        calendar.session(date(year, 7, 1))


def test_a_naive_instant_is_refused(asx):
    with pytest.raises(TypeError):
        asx.current_or_next(datetime(2026, 7, 1) + timedelta(hours=1))  # noqa: DTZ001
