"""When a scheduler has to call skim so that no session is missed, in either half of the year.

Debian's cron knows no time zones: it reads its lines in the host's (it ignores CRON_TZ), so
they list every hour at which a session may begin there, and the command decides. systemd's
timers know zones and need one line (systemd.time(7)).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from skim_core.model.session import Session

_STEP = dt.timedelta(minutes=5)
_AFTER = dt.timedelta(hours=1)
"""How long after the close the watchdog looks: closing auctions are over by then."""

_TWO = 2
"""So many hours in a row are written one by one."""

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True)
class CronTime:
    """The first five fields of a line of crontab(5), without a month and its days."""

    minutes: str
    hours: str
    weekdays: str

    def __str__(self) -> str:
        return f"{self.minutes:<5} {self.hours:<6} *  *  {self.weekdays:<4}"


@dataclass(frozen=True)
class Timetable:
    """When days are started, and when they are watched over."""

    starts: tuple[CronTime, ...]
    watches: tuple[CronTime, ...]


def cron_times(sessions: Iterable[Session], lead: dt.timedelta, zone: dt.tzinfo) -> Timetable:
    """Return cron's times for a host in `zone`, right for all of `sessions`.

    Days begin `lead` before the open; they are watched from then until an hour after the
    close, every five minutes.
    """
    starts: dict[int, set[tuple[int, int]]] = defaultdict(set)
    watched: set[tuple[int, int]] = set()
    for session in sessions:
        begins = session.open - lead
        local = begins.astimezone(zone)
        starts[local.minute].add((_weekday(local), local.hour))
        watched |= {(_weekday(at), at.hour) for at in _watched(session, begins, zone)}
    return Timetable(
        starts=tuple(
            CronTime(
                str(minute),
                _listed({hour for _, hour in times}),
                _listed({weekday for weekday, _ in times}),
            )
            for minute, times in sorted(starts.items())
        ),
        watches=tuple(_watches(watched)),
    )


def timer_times(sessions: Sequence[Session], lead: dt.timedelta) -> tuple[str, str]:
    """Return the ``OnCalendar=`` of the start and of the watch, in the exchange's zone."""
    opens = {(session.local(session.open) - lead).strftime("%H:%M") for session in sessions}
    first = min(session.local(session.open - lead).hour for session in sessions)
    last = max(session.local(session.close + _AFTER - _STEP).hour for session in sessions)
    weekdays = ",".join(_DAYS[day] for day in sorted({s.date.weekday() for s in sessions}))
    zone = sessions[0].timezone
    days = "Mon..Fri" if weekdays == "Mon,Tue,Wed,Thu,Fri" else weekdays
    return f"{days} {min(opens)} {zone}", f"{days} *-*-* {first:02}..{last:02}:00/5 {zone}"


def _watched(session: Session, begins: dt.datetime, zone: dt.tzinfo) -> Iterator[dt.datetime]:
    at = begins
    while at < session.close + _AFTER:
        yield at.astimezone(zone)
        at += _STEP


def _watches(watched: set[tuple[int, int]]) -> Iterator[CronTime]:
    """Yield a line for each stretch of hours, one that goes past midnight in two."""
    stretches: dict[bool, set[tuple[int, int]]] = defaultdict(set)
    hours_of: dict[int, set[int]] = defaultdict(set)
    for weekday, hour in watched:
        hours_of[weekday].add(hour)
    for weekday, hours in hours_of.items():
        for hour in hours:
            from_midnight = set(range(hour + 1)) <= hours
            stretches[from_midnight].add((weekday, hour))
    for _, found in sorted(stretches.items()):
        yield CronTime(
            "*/5", _listed({hour for _, hour in found}), _listed({day for day, _ in found})
        )


def _weekday(moment: dt.datetime) -> int:
    """Return the day of the week as cron counts, 0 for Sunday."""
    return moment.isoweekday() % 7


def _listed(numbers: set[int]) -> str:
    """Write numbers as cron does: ``22,23``, ``0-6``."""
    parts: list[list[int]] = []
    for number in sorted(numbers):
        if parts and parts[-1][-1] == number - 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ",".join(
        f"{part[0]}-{part[-1]}" if len(part) > _TWO else ",".join(map(str, part)) for part in parts
    )
