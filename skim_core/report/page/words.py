"""Numbers, money, dates and times as the page writes them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

from skim_core.model.times import format_duration

MINUS = "\N{MINUS SIGN}"
NONE = "\N{EN DASH}"
"""What stands where a number has no value."""


def money(amount: Decimal, *, sign: bool = False) -> str:
    """Return an amount with two digits: ``1,234.50``; with `sign` also a gain has one.

    >>> money(Decimal("1234.5"), sign=True), money(Decimal("-0.001"), sign=True)
    ('+1,234.50', '0.00')
    """
    return signed(amount, 2, sign=sign)


def signed(amount: Decimal | float, digits: int, *, sign: bool = False) -> str:
    """Return a number with so many digits, its minus a real one."""
    text = f"{abs(amount):,.{digits}f}"
    if not text.strip("0,."):
        return text
    return f"{MINUS if amount < 0 else '+' if sign else ''}{text}"


def price(amount: Decimal | None) -> str:
    """Return a price with at least two and at most four digits: ``1.86``, ``0.0125``."""
    if amount is None:
        return NONE
    rounded = f"{amount:,.4f}"
    return rounded[:-2] if rounded.endswith("00") else rounded.rstrip("0")


def ratio(value: Decimal | None, digits: int = 2) -> str:
    """Return a ratio."""
    return NONE if value is None else signed(value, digits)


def multiple(value: Decimal | None) -> str:
    """Return an R multiple with its sign: ``+1.55 R``."""
    return NONE if value is None else f"{signed(value, 2, sign=True)} R"


def percent(part: Decimal | None, digits: int = 1) -> str:
    """Return a part of one as per cent: ``43.0 %``."""
    return NONE if part is None else f"{signed(part * 100, digits)} %"


def count(number: int, one: str, many: str | None = None) -> str:
    """Return a number and what is counted.

    >>> count(1, "trade"), count(1200, "trade"), count(2, "entry", "entries")
    ('1 trade', '1,200 trades', '2 entries')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def date(day: dt.date) -> str:
    """Return a date: ``2 Jan 2025``."""
    return f"{day.day} {day:%b %Y}"


def short_date(day: dt.date) -> str:
    """Return a date without its year: ``2 Jan``."""
    return f"{day.day} {day:%b}"


def span(first: dt.date, last: dt.date) -> str:
    """Return the dates from one to another, with no word twice."""
    if first == last:
        return date(first)
    if first.year == last.year:
        start = f"{first.day}" if first.month == last.month else short_date(first)
        return f"{start} {NONE} {date(last)}"
    return f"{date(first)} {NONE} {date(last)}"


def duration(time: dt.timedelta) -> str:
    """Return a length of time, in no more than two units: ``5h 28m``."""
    seconds = round(time.total_seconds())
    if seconds < 1 and time:
        return format_duration(time)
    units = (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1))
    parts = []
    for unit, size in units:
        whole, seconds = divmod(seconds, size)
        if whole:
            parts.append(f"{whole}{unit}")
    return " ".join(parts[:2]) or "0s"


class Clock:
    """Times of day in an exchange's zone."""

    def __init__(self, timezone: str) -> None:
        self._zone = ZoneInfo(timezone)

    def local(self, moment: dt.datetime) -> dt.datetime:
        """Return the moment in the exchange's zone."""
        return moment.astimezone(self._zone)

    def minute(self, moment: dt.datetime) -> str:
        """Return ``10:29``."""
        return f"{self.local(moment):%H:%M}"

    def second(self, moment: dt.datetime) -> str:
        """Return ``10:29``, with seconds where there are any."""
        local = self.local(moment)
        return f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"

    def full(self, moment: dt.datetime) -> str:
        """Return ``2025-01-02 10:29``."""
        return f"{self.local(moment):%Y-%m-%d} {self.second(moment)}"
