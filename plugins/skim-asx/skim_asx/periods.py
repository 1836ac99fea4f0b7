"""Periods as a person writes them: a year, a month, two dates, or so much time until now. Pure."""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta
from typing import NamedTuple

from skim_core.errors import ConfigError

_SPANS = {"1M": 30, "3M": 90, "6M": 180, "1Y": 365}
"""Calendar days."""
_YEAR, _MONTH = re.compile(r"\d{4}"), re.compile(r"(\d{4})-(\d{2})")


class Period(NamedTuple):
    """From one day to another, both of them in it."""

    first: date
    last: date


def parse_period(text: str, newest: date) -> Period:
    """Read ``2026``, ``2026-03``, ``2026-03-02 to 2026-04-01``, or ``1M``, ``3M``, ``6M``, ``1Y``.

    The last four end on `newest`, the newest day there is. Raises ConfigError for anything else.
    """
    words = text.strip()
    try:
        if days := _SPANS.get(words.upper()):
            return Period(newest - timedelta(days=days), newest)
        if _YEAR.fullmatch(words):
            return Period(date(int(words), 1, 1), date(int(words), 12, 31))
        if month := _MONTH.fullmatch(words):
            year, number = int(month[1]), int(month[2])
            last = calendar.monthrange(year, number)[1]
            return Period(date(year, number, 1), date(year, number, last))
        first, to, last_day = words.partition(" to ")
        if to:
            period = Period(date.fromisoformat(first.strip()), date.fromisoformat(last_day.strip()))
            if period.first <= period.last:
                return period
    except (ValueError, calendar.IllegalMonthError):
        pass
    msg = (
        f"{text!r} is no period: write a year (2026), a month (2026-03), "
        "'2026-03-02 to 2026-04-01', or 1M, 3M, 6M or 1Y."
    )
    raise ConfigError(msg)
