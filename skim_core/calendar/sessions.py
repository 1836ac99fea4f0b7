"""The sessions of one exchange."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from itertools import count
from pathlib import Path

from skim_core.calendar.year import build_year, is_mic, read_year, write_year
from skim_core.model.session import Session

_BUNDLED = Path(__file__).with_name("tables")


class SessionCalendar:
    """When an exchange trades: holidays, half days and daylight saving included.

    `mic` is any exchange that exchange_calendars knows. Each year is kept in the folder
    `cache` once it was asked for, so that the next process starts without pandas; tables
    of the commonest exchanges come with skim. A cache that is damaged, of another
    version or not writable costs time and nothing else.

    Every method raises ConfigError when the exchange is unknown and DataError when its
    sessions in the years asked about are.
    """

    def __init__(self, mic: str, cache: Path) -> None:
        self._mic = mic
        self._cache = cache
        self._years: dict[int, dict[dt.date, Session]] = {}

    def session(self, date: dt.date) -> Session | None:
        """Return the session of a date in the exchange's zone; None on a day off."""
        return self._year(date.year).get(date)

    def sessions(self, first: dt.date, last: dt.date) -> list[Session]:
        """Return the sessions from `first` to `last`, both included, in order."""
        return [
            session
            for year in range(first.year, last.year + 1)
            for date, session in self._year(year).items()
            if first <= date <= last
        ]

    def current_or_next(self, now: dt.datetime) -> Session:
        """Return the first session that is not over at `now`, an aware datetime.

        At its close a session is not over yet; an instant later it is.
        """
        # A session of the last local date of a year may close in UTC's next one.
        return next(
            session
            for year in count((now - dt.timedelta(days=1)).year)
            for session in self._year(year).values()
            if session.close >= now
        )

    def previous(self, session: Session) -> Session:
        """Return the session before `session`."""
        return next(
            earlier
            for year in count(session.date.year, -1)
            for earlier in reversed(self._year(year).values())
            if earlier.date < session.date
        )

    def next(self, session: Session) -> Session:
        """Return the session after `session`."""
        return next(
            later
            for year in count(session.date.year)
            for later in self._year(year).values()
            if later.date > session.date
        )

    def _year(self, year: int) -> dict[dt.date, Session]:
        if year not in self._years:
            self._years[year] = self._load(year)
        return self._years[year]

    def _load(self, year: int) -> dict[dt.date, Session]:
        # The name becomes part of a path: what is no market identifier code never does.
        folders = (self._cache, _BUNDLED) if is_mic(self._mic) else ()
        for folder in folders:
            if table := read_year(folder, self._mic, year):
                return table.sessions()
        table = build_year(self._mic, year)
        # Where nothing can be kept, the next process builds the table again.
        with suppress(OSError):
            write_year(self._cache, table)
        return table.sessions()
