"""What a question about the past says: bar sizes, durations, end times."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from skim_core import Session

DAY = 24 * 3600
_SECONDS = {1: "1 secs", 5: "5 secs", 10: "10 secs", 15: "15 secs", 30: "30 secs"}
_MINUTES = {1: "1 min"} | {number: f"{number} mins" for number in (2, 3, 5, 10, 15, 20, 30)}
_HOURS = {1: "1 hour"} | {number: f"{number} hours" for number in (2, 3, 4, 8)}
BAR_SIZES = {
    **{text: seconds for seconds, text in _SECONDS.items()},
    **{text: minutes * 60 for minutes, text in _MINUTES.items()},
    **{text: hours * 3600 for hours, text in _HOURS.items()},
    "1 day": DAY,
    "1D": DAY,
    "1 week": 7 * DAY,
    "1W": 7 * DAY,
    "1 month": 30 * DAY,
    "1M": 30 * DAY,
}
"""Seconds by the texts that the API takes."""

_DURATION = re.compile(r"([0-9]{1,6}) ([SDWMY])")
_SESSIONS = {"D": 1, "W": 5, "M": 21, "Y": 252}
_END = re.compile(r"([0-9]{8})(?:([ -])([0-9]{2}:[0-9]{2}:[0-9]{2}))?(?: (.+))?")

_HYPHENED = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})( [0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9])?")


class SpanError(ValueError):
    """A question that can't be understood; its text is what a real gateway says."""


def bar_seconds(text: str) -> int:
    """Return a bar size in seconds. Raises SpanError."""
    seconds = BAR_SIZES.get(text)
    if seconds is None:
        msg = (
            "Historical data bar size setting is invalid. Legal ones are: "
            f"{', '.join(size for size in BAR_SIZES if ' ' in size)}"
        )
        raise SpanError(msg)
    return seconds


def end_time(text: str, timezone: str, now: datetime) -> datetime:
    """Return the end of the span asked for; `now` when none is given. Raises SpanError.

    A time without a zone is the gateway's; one after a hyphen is UTC.
    """
    if not text:
        return now
    found = _END.fullmatch(text.strip())
    try:
        if found is None:
            raise ValueError(text)  # noqa: TRY301  told below, with the others
        date, separator, time, zone = found.groups()
        moment = datetime.strptime(f"{date} {time or '23:59:59'}", "%Y%m%d %H:%M:%S")  # noqa: DTZ007  its zone follows
        where = UTC if separator == "-" else ZoneInfo(zone or timezone)
        return moment.replace(tzinfo=where).astimezone(UTC)
    except (ValueError, OverflowError, ZoneInfoNotFoundError, OSError):
        msg = (
            f"Historical data query end date/time string [{text[:60]}] is invalid.  "
            "Format is 'YYYYMMDD{SPACE}hh:mm:ss[{SPACE}TMZ]'."
        )
        raise SpanError(msg) from None


def moment(text: str, timezone: str, otherwise: datetime) -> datetime:
    """Return a bound of a question about news; `otherwise` when none is given. Raises SpanError.

    Written as for bars, or with hyphens and tenths of a second: ``2025-06-18 10:30:00.0``.
    """
    found = _HYPHENED.fullmatch(text.strip())
    return end_time("".join(found.groups()) if found else text, timezone, otherwise)


def span(
    duration: str, end: datetime, sessions: Sequence[Session]
) -> list[tuple[Session, datetime, datetime]]:
    """Return the parts of sessions that a duration before `end` covers, the oldest first.

    Days, weeks, months and years are counted in sessions (1, 5, 21, 252), seconds in
    trading time. Raises SpanError.
    """
    found = _DURATION.fullmatch(duration)
    if found is None or not int(found[1]):
        msg = "Historical data query duration string is invalid.  Format is 'integer{SPACE}unit'."
        raise SpanError(msg)
    number, unit = int(found[1]), found[2]
    begun = [session for session in sessions if session.open < end]
    if unit != "S":
        return [
            (session, session.open, min(end, session.close))
            for session in begun[-number * _SESSIONS[unit] :]
        ]
    left, parts = timedelta(seconds=number), []
    for session in reversed(begun):
        close = min(end, session.close)
        start = max(session.open, close - left)
        parts.append((session, start, close))
        left -= close - start
        if not left:
            break
    return parts[::-1]
