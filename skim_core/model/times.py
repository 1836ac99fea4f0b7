"""Times as a strategy writes them: durations, and moments relative to a session."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer, model_serializer, model_validator

from skim_core.model.base import Model
from skim_core.model.session import Session

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|s|m|h))+")
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_LONGEST = timedelta(days=366)
"""Nothing in a day takes longer, and no instant overflows by it."""
_SESSION_TIME = re.compile(r"(open|close)(?:([+-])(.+))?")


def parse_duration(text: object) -> timedelta:
    """Read ``"5s"``, ``"1h30m"``, ``"250ms"`` or a timedelta.

    Raises ValueError, which pydantic turns into an error that names the field.
    """
    if isinstance(text, timedelta):
        if text < timedelta(0):
            msg = f"{text} is negative: a duration runs forward"
            raise ValueError(msg)
        return _bounded(text, text)
    if not isinstance(text, str) or not _DURATION.fullmatch(text):
        msg = (
            f"{text!r} is not a duration: write a number and ms, s, m or h, as in '90s' or '1h30m'"
        )
        raise ValueError(msg)
    seconds = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    try:
        duration = timedelta(seconds=seconds)
    except OverflowError:
        duration = timedelta.max
    return _bounded(duration, text)


def _bounded(duration: timedelta, written: object) -> timedelta:
    if duration > _LONGEST:
        msg = f"{str(written)!r} is longer than a year: write a duration such as '90s' or '1h30m'"
        raise ValueError(msg)
    return duration


def format_duration(duration: timedelta) -> str:
    """Write a duration so that `parse_duration` reads it back unchanged.

    >>> format_duration(timedelta(minutes=90))
    '1h30m'
    """
    milliseconds = round(duration.total_seconds() * 1000)
    parts = []
    for unit, size in (("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, milliseconds = divmod(milliseconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def _positive(value: object) -> timedelta:
    duration = parse_duration(value)
    if duration < timedelta(milliseconds=1):
        msg = f"{value!r} is not a duration of a millisecond or longer, such as '1m'"
        raise ValueError(msg)
    return duration


_SERIALIZED = PlainSerializer(format_duration, return_type=str)

Duration = Annotated[timedelta, BeforeValidator(parse_duration), _SERIALIZED]
"""A length of time, never negative, to the millisecond; in text ``"1h30m"``."""

PositiveDuration = Annotated[timedelta, BeforeValidator(_positive), _SERIALIZED]
"""A `Duration` longer than nothing."""


class Anchor(StrEnum):
    """The two moments of a session that times are relative to."""

    OPEN = "open"
    CLOSE = "close"


class SessionTime(Model):
    """A moment relative to a session, such as ``open+5m`` or ``close-10m``.

    Never relative to UTC or to a wall clock, so that it stays right through
    daylight saving and on half days.
    """

    anchor: Anchor
    offset: Annotated[timedelta, Field(ge=-_LONGEST, le=_LONGEST)] = timedelta(0)

    @model_validator(mode="before")
    @classmethod
    def _parse(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        match = _SESSION_TIME.fullmatch(value.replace(" ", ""))
        if match is None:
            msg = (
                f"{value!r} is not a session time: write 'open', 'close', 'open+5m' or 'close-10m'"
            )
            raise ValueError(msg)
        anchor, sign, duration = match.groups()
        offset = parse_duration(duration) if duration else timedelta(0)
        return {"anchor": anchor, "offset": -offset if sign == "-" else offset}

    @model_serializer
    def _write(self) -> str:
        return str(self)

    def __str__(self) -> str:
        if not self.offset:
            return str(self.anchor)
        sign = "-" if self.offset < timedelta(0) else "+"
        return f"{self.anchor}{sign}{format_duration(abs(self.offset))}"

    def resolve(self, session: Session) -> datetime:
        """Return the instant (UTC) that this is in `session`."""
        start = session.open if self.anchor is Anchor.OPEN else session.close
        return start + self.offset
