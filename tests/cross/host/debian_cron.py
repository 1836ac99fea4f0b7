"""Debian's cron, as far as a crontab of skim's can notice: crontab(5) and cron(8) of 3.0pl1-162.

Once a minute, by the host's wall, each line whose five fields fit is run by the shell. A host's
zone is that of all lines: Debian's cron ignores CRON_TZ (crontab(5), LIMITATIONS). When both days
are given, either is enough. When the wall is set on by less than three hours, the lines of the
hours that were left out run at once; those of hours that come twice run once. Lines with a * for
the minute or the hour only follow the wall (cron(8)). How far the wall was set is told from the
minute that was served last, as in the main loop of Vixie's cron.c: up to five minutes are served
one by one, as after a wake-up that came late.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

MINUTE = timedelta(minutes=1)
_LATE = timedelta(minutes=5)
_CORRECTION = timedelta(hours=3)
_SETTING = re.compile(r"([A-Za-z_]\w*)\s*=\s*(.*)")
_BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))


@dataclass(frozen=True)
class Line:
    """A line of a crontab: what it runs, and the minutes, hours and days on which it does.

    `wild`: its minute or its hour begins with a *, so that it only follows the wall.
    """

    text: str
    fields: tuple[frozenset[int], ...]
    days_given: tuple[bool, bool]
    wild: bool
    command: str

    def fits(self, wall: datetime) -> bool:
        """Whether the line runs at a minute of the host's wall."""
        minutes, hours, days, months, weekdays = self.fields
        on_day = wall.day in days
        # Sunday is 0 and 7; Python's Monday is 0.
        on_weekday = bool({wall.isoweekday(), wall.isoweekday() % 7} & weekdays)
        either = all(self.days_given)
        return (
            wall.minute in minutes
            and wall.hour in hours
            and wall.month in months
            and (on_day or on_weekday if either else on_day and on_weekday)
        )


@dataclass(frozen=True)
class Crontab:
    """A user's crontab: the environment that it sets, and its lines."""

    environment: dict[str, str]
    lines: tuple[Line, ...]

    def due(self, moment: datetime, zone: tzinfo) -> Iterator[Line]:
        """Yield the lines that run at an instant on a host of a zone, in their order."""
        wall = moment.astimezone(zone)
        return (line for line in self.lines if line.fits(wall))


class Cron:
    """The daemon of one start of a host: `wake` is called whenever the minute of the wall changes."""

    def __init__(self, crontab: Crontab, zone: tzinfo, now: datetime) -> None:
        self._crontab = crontab
        self._zone = zone
        self._served = now.replace(second=0, microsecond=0)

    def wake(self, now: datetime) -> Iterator[Line]:
        """Yield the lines to run now, in their order; `now` is a whole minute."""
        ahead = now - self._served
        if abs(ahead) > _CORRECTION:
            self._served = now
            yield from self._crontab.due(now, self._zone)
        elif ahead <= timedelta(0):
            yield from (line for line in self._crontab.due(now, self._zone) if line.wild)
        elif ahead <= _LATE:
            for minute in self._minutes_until(now):
                yield from self._crontab.due(minute, self._zone)
        else:
            yield from (line for line in self._crontab.due(now, self._zone) if line.wild)
            for minute in self._minutes_until(now):
                yield from (line for line in self._crontab.due(minute, self._zone) if not line.wild)

    def _minutes_until(self, now: datetime) -> Iterator[datetime]:
        while self._served < now:
            self._served += MINUTE
            yield self._served


def read_crontab(text: str) -> Crontab:
    """Read a crontab. Raises ValueError for a line that cron would refuse."""
    if not text.endswith("\n"):
        msg = "cron refuses a crontab whose last line does not end"
        raise ValueError(msg)
    environment, lines = {}, []
    for line in text.splitlines():
        kept = line.strip()
        if not kept or kept.startswith("#"):
            continue
        if found := _SETTING.fullmatch(kept):
            environment[found[1]] = found[2].strip("'\"")
            continue
        lines.append(read_line(kept))
    return Crontab(environment, tuple(lines))


def read_line(text: str) -> Line:
    """Read one line of five fields and a command. Raises ValueError for one that cron would refuse."""
    *fields, command = text.split(maxsplit=5)
    if len(fields) != len(_BOUNDS):
        msg = f"{text!r} has too few fields"
        raise ValueError(msg)
    return Line(
        text=text,
        fields=tuple(
            numbers(field, *bounds) for field, bounds in zip(fields, _BOUNDS, strict=True)
        ),
        wild=any(field.startswith("*") for field in fields[:2]),
        days_given=(not fields[2].startswith("*"), not fields[4].startswith("*")),
        # An unescaped % begins what the command is given to read.
        command=re.sub(r"(?<!\\)%.*", "", command).replace(r"\%", "%"),
    )


def numbers(field: str, lowest: int, highest: int) -> frozenset[int]:
    """Read one field: lists of *, numbers and ranges, each with a step."""
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        start, end = (lowest, highest) if span == "*" else (int(first), int(last or first))
        if not lowest <= start <= end <= highest:
            msg = f"{field!r} is out of range"
            raise ValueError(msg)
        found.update(range(start, end + 1, int(step or 1)))
    return frozenset(found)
