"""Places of instants: sessions side by side with no night between them, or one day's hours."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from skim_core.report.model import SessionResult
from skim_core.report.page.plot import Label, thin_out
from skim_core.report.page.words import Clock, short_date

_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 180, 240, 360, 720)
_LABELS = 8


class Sessions:
    """Sessions in a row, each as wide as any other."""

    def __init__(self, sessions: Sequence[SessionResult], clock: Clock) -> None:
        self._sessions = sessions
        self._closes = [session.close for session in sessions]
        self._clock = clock

    def place(self, moment: dt.datetime) -> float:
        """Return where an instant lies, from 0 to 1; between sessions: where the next begins."""
        index = bisect_right(self._closes, moment)
        if index == len(self._sessions):
            return 1.0
        session = self._sessions[index]
        part = (moment - session.open) / (session.close - session.open)
        return (index + max(0.0, part)) / len(self._sessions)

    def labels(self) -> list[Label]:
        """Return the labels beneath: dates, or the hours of a single session."""
        if len(self._sessions) == 1:
            only = self._sessions[0]
            return hours(Hours(only.open, only.close), self._clock)
        count = len(self._sessions)
        dates = [
            (index / count, short_date(session.date))
            for index, session in enumerate(self._sessions)
        ]
        return thin_out(dates, _LABELS)


@dataclass(frozen=True, slots=True)
class Hours:
    """A stretch of time."""

    start: dt.datetime
    end: dt.datetime

    def place(self, moment: dt.datetime) -> float:
        """Return where an instant lies, from 0 to 1."""
        part = (moment - self.start) / max(self.end - self.start, dt.timedelta(seconds=1))
        return min(1.0, max(0.0, part))


def hours(shown: Hours, clock: Clock, most: int = _LABELS) -> list[Label]:
    """Return labels at round local times."""
    minutes = (shown.end - shown.start).total_seconds() / 60
    step = next((each for each in _STEPS if minutes / each <= most), _STEPS[-1])
    first = clock.local(shown.start)
    midnight = first.replace(hour=0, minute=0, second=0, microsecond=0)
    since = (first - midnight).total_seconds() / 60
    found: list[tuple[float, str]] = []
    count = -int(-since // step)
    while (moment := midnight + dt.timedelta(minutes=count * step)) <= shown.end:
        found.append((shown.place(moment), clock.minute(moment)))
        count += 1
    return thin_out(found, most)
