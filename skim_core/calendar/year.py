"""One exchange's sessions of one year: asked of exchange_calendars, kept as a small table.

exchange_calendars and pandas take more than a second to import, so they are imported
only when a table has to be built.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Self, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, model_validator

from skim_core.errors import ConfigError, DataError, nearest
from skim_core.model.base import Model, UtcDatetime
from skim_core.model.session import Mic, Session

Row: TypeAlias = tuple[dt.date, UtcDatetime, UtcDatetime, bool]
"""A session's local date, its open and close (UTC), and whether it is a half day."""


class CalendarYear(Model):
    """Every session of one exchange whose local date lies in `year`, in order.

    `version` is the exchange_calendars that said so; `timezone` is an IANA name.
    """

    version: str
    exchange: Mic
    year: int
    timezone: str
    rows: Annotated[tuple[Row, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _sound(self) -> Self:
        days = [row[0] for row in self.rows]
        if days != sorted(set(days)) or any(day.year != self.year for day in days):
            msg = f"the sessions must have ascending dates in {self.year}"
            raise ValueError(msg)
        if any(row[1] >= row[2] for row in self.rows):
            msg = "each session must open before it closes"
            raise ValueError(msg)
        try:
            ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError) as error:
            msg = f"{self.timezone!r} is not a time zone"
            raise ValueError(msg) from error
        return self

    def sessions(self) -> dict[dt.date, Session]:
        """Return the sessions by their local dates, in order."""
        return {
            date: Session(
                exchange=self.exchange,
                date=date,
                open=opens,
                close=closes,
                timezone=self.timezone,
                half_day=half_day,
            )
            for date, opens, closes, half_day in self.rows
        }


def installed_version() -> str:
    """Return the version of the installed exchange_calendars, without importing it."""
    return version("exchange_calendars")


def is_mic(name: str) -> bool:
    """Whether `name` has the form of a market identifier code."""
    return re.fullmatch("[A-Z0-9]{4}", name) is not None


def file_name(mic: str, year: int) -> str:
    """Return the name of the file that one year's table is kept in."""
    return f"{mic}-{year:04d}.json"


def read_year(folder: Path, mic: str, year: int) -> CalendarYear | None:
    """Return the table kept in `folder`; None unless it is sound and of the installed version."""
    try:
        table = CalendarYear.model_validate_json((folder / file_name(mic, year)).read_bytes())
    except (OSError, ValidationError):
        return None
    fits = (table.exchange, table.year, table.version) == (mic, year, installed_version())
    return table if fits else None


def write_year(folder: Path, table: CalendarYear) -> Path:
    """Keep `table` in `folder`, all of it or nothing; only its owner can read it.

    Returns the file. Raises OSError when the folder can't be written.
    """
    # One by one: mkdir's own `parents` would let others into those above.
    for missing in reversed((folder, *folder.parents)):
        missing.mkdir(mode=0o700, exist_ok=True)
    path = folder / file_name(table.exchange, table.year)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    content = table.model_dump(mode="json")
    rows = ",\n".join(json.dumps(row) for row in content.pop("rows"))
    text = f'{json.dumps(content)[:-1]}, "rows": [\n{rows}\n]}}\n'
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        return part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def build_year(mic: str, year: int) -> CalendarYear:
    """Ask exchange_calendars for the sessions of `year`.

    A half day is a session that the calendar lists among its early closes; late opens
    are taken as they are.

    Raises ConfigError for an exchange that it doesn't know, DataError for a year that
    it can't tell.
    """
    # Which warnings pandas gives depends on its version; none is the reader's to mend.
    with warnings.catch_warnings(action="ignore"):
        calendar = _calendar(mic, start=f"{year:04d}-01-01", end=f"{year:04d}-12-31")
        early = set(calendar.early_closes)
        return CalendarYear(
            version=installed_version(),
            exchange=mic,
            year=year,
            timezone=str(calendar.tz),
            rows=tuple(
                (day.date(), opens.to_pydatetime(), closes.to_pydatetime(), day in early)
                for day, opens, closes in calendar.schedule[["open", "close"]].itertuples()
            ),
        )


def describe(mic: str) -> tuple[str, str]:
    """Return the exchange whose sessions `mic` shares (often itself) and its time zone.

    Raises ConfigError for an exchange that exchange_calendars doesn't know.
    """
    with warnings.catch_warnings(action="ignore"):
        calendar = _calendar(mic)
        return str(calendar.name), str(calendar.tz)


def _calendar(mic: str, **bounds: str) -> Any:
    import exchange_calendars  # noqa: PLC0415  heavy: only when a table has to be built

    known = exchange_calendars.get_calendar_names(include_aliases=True)
    if not is_mic(mic) or mic not in known:
        meant = exchange_calendars.resolve_alias(mic) if mic in known else mic.upper()
        hint = nearest(meant, filter(is_mic, known))
        msg = (
            f"No exchange {mic!r} is known{hint}: give the ISO 10383 code of one that "
            "exchange_calendars has, such as 'XASX' or 'XNYS'."
        )
        raise ConfigError(msg)
    try:
        return exchange_calendars.get_calendar(mic, **bounds)
    except (
        ValueError,
        NotImplementedError,
        exchange_calendars.errors.CalendarError,
    ) as error:
        span = f" from {bounds['start']} to {bounds['end']}" if bounds else ""
        msg = (
            f"exchange_calendars {installed_version()} has no sessions of {mic}{span}: {error} "
            "Ask for another date, or install another version of it."
        )
        raise DataError(msg) from error
