"""Which session a command is about, when it looks back at days in the journal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from skim_core.calendar.sessions import SessionCalendar
from skim_core.cli.wanted import Wanted
from skim_core.errors import ConfigError
from skim_core.model.events import DayResumed, DayStarted
from skim_core.model.session import Session
from skim_core.ports.journal import Journal

_SHOWN_AT_MOST = 5


def begun_days(journal: Journal) -> list[DayStarted]:
    """Return the first event of every day that was begun, oldest first."""
    firsts = (run.first for run in journal.runs())
    return [first for first in firsts if isinstance(first, DayStarted)]


def fits(day: DayStarted, strategy: str | None, wanted: Wanted) -> bool:
    """Whether a day is of the strategy, exchange and date that were asked for."""
    return (
        strategy in {None, day.strategy}
        and wanted.exchange in {None, day.session.exchange}
        and wanted.date in {None, day.session.date}
    )


def day_named(days: Sequence[DayStarted], what: str) -> DayStarted | None:
    """Return the day whose id is `what` or begins with it; None when there is none.

    Raises ConfigError when several begin so.
    """
    named = [day for day in days if day.run_id.startswith(what)]
    exact = [day for day in named if day.run_id == what]
    if len(exact or named) == 1:
        return (exact or named)[0]
    if named:
        raise ambiguous(what, [day.run_id for day in reversed(named)])
    return None


def ambiguous(what: str, matching: Sequence[str]) -> ConfigError:
    """Return the error of a beginning that fits several."""
    shown = ", ".join(matching[:_SHOWN_AT_MOST])
    more = f" and {len(matching) - _SHOWN_AT_MOST} more" if len(matching) > _SHOWN_AT_MOST else ""
    return ConfigError(f"{what!r} fits several: {shown}{more}. Write more of the one you mean.")


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
