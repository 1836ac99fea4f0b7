"""Which session a command is about, when it looks back at days in the journal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from skim_core.calendar.sessions import SessionCalendar
from skim_core.model.events import DayResumed, DayStarted
from skim_core.model.session import Session
from skim_core.ports.journal import Journal


def begun_days(journal: Journal) -> list[DayStarted]:
    """Return the first event of every day that was begun, oldest first."""
    firsts = (run.first for run in journal.runs())
    return [first for first in firsts if isinstance(first, DayStarted)]


def asked_for(journal: Journal, run_id: str) -> str | None:
    """Return the one phase that a person last ran of a day by hand; None when a day was run."""
    begun = [
        record.event.only
        for record in journal.read(run_id)
        if isinstance(record.event, DayStarted | DayResumed)
    ]
    return begun[-1] if begun else None


def session_looked_at(
    begun: Sequence[DayStarted],
    calendar: SessionCalendar,
    date: dt.date | None,
    now: dt.datetime,
    exchange: str,
) -> Session | None:
    """Return the session of `date`, as its days were begun; None on a day off.

    Without a date it is today's (in the exchange's zone) until its close, and after it when
    a day of it was begun; else the next one.
    """
    if date is None:
        upcoming = calendar.current_or_next(now)
        today = upcoming.local(now).date()
        held = any((day.session.exchange, day.session.date) == (exchange, today) for day in begun)
        date = today if held else upcoming.date
    for day in begun:
        if (day.session.exchange, day.session.date) == (exchange, date):
            return day.session
    return calendar.session(date)
