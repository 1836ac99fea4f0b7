"""Cron starts a day too early, too late and on holidays: the command decides."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skim_core.calendar.sessions import SessionCalendar
from skim_core.cli.days.start import AFTERMATH, Nothing, choose_session
from skim_core.errors import ConfigError
from skim_core.model.session import Session
from skim_core.settings import Settings, load_settings

LEAD = dt.timedelta(minutes=15)
# The tables that come with skim: nothing is written.
CALENDAR = SessionCalendar("XASX", Path("/nowhere"))


def settings(pace: str = "real") -> Settings:
    return load_settings(None, {"SKIM_PACE": pace, "SKIM_LEAD": "15m"})


def chosen(
    utc: str, *, date: str | None = None, exchange: str = "XASX", pace: str = "real"
) -> Session | Nothing:
    given_settings = load_settings(
        None, {"SKIM_PACE": pace, "SKIM_LEAD": "15m", "SKIM_EXCHANGE": exchange}
    )
    calendar = SessionCalendar(exchange, Path("/nowhere"))
    day = dt.date.fromisoformat(date) if date else None
    return choose_session(given_settings, calendar, day, dt.datetime.fromisoformat(utc))


@pytest.mark.parametrize(
    ("utc", "date"),
    [
        ("2026-01-27T22:45:00Z", "2026-01-28"),
        ("2026-07-07T23:45:00Z", "2026-07-08"),
        ("2026-04-01T22:45:00Z", "2026-04-02"),
        ("2026-04-06T23:45:00Z", "2026-04-07"),
        ("2026-10-01T23:45:00Z", "2026-10-02"),
        ("2026-10-04T22:45:00Z", "2026-10-05"),
    ],
    ids=[
        *("summer", "winter", "before summer time ends", "after it"),
        *("before summer time begins", "after it begins"),
    ],
)
def test_a_day_can_start_from_its_lead_on_and_no_second_before(utc: str, date: str):
    assert isinstance(found := chosen(utc), Session)
    assert found.date == dt.date.fromisoformat(date)
    moment = dt.datetime.fromisoformat(utc) - dt.timedelta(seconds=1)
    too_early = chosen(moment.isoformat())
    assert too_early == Nothing(
        f"it is 09:44 at XASX: the day starts at {date} 09:45, 15m before the open."
    )


def test_the_other_half_of_the_years_hour_is_too_early_in_winter():
    assert chosen("2026-07-07T22:45:00Z") == Nothing(
        "it is 08:45 at XASX: the day starts at 2026-07-08 09:45, 15m before the open."
    )


def test_the_other_half_of_the_years_hour_is_in_the_session_in_summer():
    found = chosen("2026-01-27T23:45:00Z")
    assert isinstance(found, Session)
    assert found.open == dt.datetime(2026, 1, 27, 23, tzinfo=dt.UTC)


@pytest.mark.parametrize("utc", ["2026-01-28T01:30:00Z", "2026-01-28T05:00:00Z"])
def test_a_day_can_start_late_until_its_close(utc: str):
    found = chosen(utc)
    assert isinstance(found, Session)
    assert found.date == dt.date(2026, 1, 28)


def test_after_the_aftermath_the_day_is_over():
    close = dt.datetime(2026, 1, 28, 5, tzinfo=dt.UTC)
    assert isinstance(chosen((close + AFTERMATH).isoformat()), Session)
    later = close + AFTERMATH + dt.timedelta(seconds=1)
    assert chosen(later.isoformat()) == Nothing(
        "the session of Wednesday 2026-01-28 is over; the next session is Thursday 2026-01-29."
    )


@pytest.mark.parametrize(
    ("utc", "off", "following"),
    [
        ("2026-01-25T22:45:00Z", "Monday 2026-01-26", "Tuesday 2026-01-27"),
        ("2026-01-30T22:45:00Z", "Saturday 2026-01-31", "Monday 2026-02-02"),
        ("2026-12-24T22:45:00Z", "Friday 2026-12-25", "Tuesday 2026-12-29"),
    ],
)
def test_on_a_day_off_the_next_session_is_told(utc: str, off: str, following: str):
    assert chosen(utc) == Nothing(f"{off} is a day off at XASX; the next session is {following}.")


def test_a_half_day_is_over_early():
    assert isinstance(chosen("2026-12-24T03:10:00Z"), Session)
    assert isinstance(chosen("2026-12-24T04:00:00Z"), Nothing)


def test_a_session_asked_for_by_date_that_is_over_can_not_be_run_on_the_walls_time():
    with pytest.raises(ConfigError, match=r"closed at 16:00.*Use --pace fast"):
        chosen("2026-01-29T01:00:00Z", date="2026-01-28")


def test_a_session_asked_for_by_date_that_is_to_come_says_when():
    assert chosen("2026-01-27T01:00:00Z", date="2026-01-30") == Nothing(
        "it is 12:00 at XASX: the day starts at 2026-01-30 09:45, 15m before the open."
    )


def test_a_day_off_asked_for_by_date_is_told_at_any_pace():
    for pace in ("real", "fast", "60"):
        assert chosen("2026-01-25T22:45:00Z", date="2026-01-26", pace=pace) == Nothing(
            "Monday 2026-01-26 is a day off at XASX: nothing to do."
        )


@pytest.mark.parametrize("pace", ["fast", "600"])
def test_on_time_of_its_own_a_day_can_always_be_run(pace: str):
    midnight = "2026-01-27T13:00:00Z"
    upcoming, past = chosen(midnight, pace=pace), chosen(midnight, date="2026-01-05", pace=pace)
    assert isinstance(upcoming, Session)
    assert isinstance(past, Session)
    assert upcoming.date == dt.date(2026, 1, 28)
    assert past.date == dt.date(2026, 1, 5)


def test_new_york_has_hours_of_its_own():
    assert isinstance(chosen("2026-07-08T13:15:00Z", exchange="XNYS"), Session)
    assert isinstance(chosen("2026-01-07T13:15:00Z", exchange="XNYS"), Nothing)
    assert isinstance(chosen("2026-01-07T14:15:00Z", exchange="XNYS"), Session)


@given(
    st.datetimes(
        dt.datetime(2026, 1, 2),  # noqa: DTZ001  hypothesis wants its bounds naive
        dt.datetime(2026, 12, 20),  # noqa: DTZ001
        timezones=st.just(dt.UTC),
    )
)
def test_a_day_starts_in_its_sessions_hours_and_at_no_other_time(now: dt.datetime):
    near = CALENDAR.sessions(now.date() - dt.timedelta(days=2), now.date() + dt.timedelta(days=2))
    open_now = [day for day in near if day.open - LEAD <= now <= day.close + AFTERMATH]
    found = choose_session(settings(), CALENDAR, None, now)
    assert [found] == open_now if open_now else isinstance(found, Nothing)
