"""Whether orders may leave: the socket, the line from TWS to IBKR, and the daily restart."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from skim_broker_ibkr.rules.notices import Meaning

BEFORE_RESTART = timedelta(minutes=2)
"""So long before TWS restarts nothing is sent that it could lose."""

BACKOFF = (5.0, 10.0, 30.0, 60.0)
"""Seconds to wait before each try to connect again; the last holds from then on."""

ALARM = timedelta(minutes=5)
"""A line that is down for longer than this needs a person."""


@dataclass(frozen=True)
class RestartWindow:
    """When TWS restarts every day: `at`, a time of day in `timezone`. None: it isn't known."""

    at: dt.time | None
    timezone: str

    def next(self, now: datetime) -> datetime | None:
        """Return the first restart at or after `now`."""
        if self.at is None:
            return None
        zone = ZoneInfo(self.timezone)
        local = now.astimezone(zone)
        for days in range(3):
            date = local.date() + timedelta(days=days)
            restart = datetime.combine(date, self.at, zone).astimezone(dt.UTC)
            if restart >= now:
                return restart
        msg = "a day has one restart"
        raise AssertionError(msg)

    def near(self, now: datetime) -> datetime | None:
        """Return the restart that is so near that nothing may be sent, or None."""
        restart = self.next(now)
        return restart if restart is not None and restart - now <= BEFORE_RESTART else None


class Gate:
    """Open while the socket is up, TWS has IBKR, and all was compared since.

    `session` counts the connections: ids of one mean nothing in another.
    """

    def __init__(self, restart: RestartWindow) -> None:
        self._restart = restart
        self.session = 0
        self.socket = False
        self.upstream = True
        self.why_closed = "there is no connection to TWS yet"

    @property
    def open(self) -> bool:
        """Whether the line is up, at both ends of TWS."""
        return self.socket and self.upstream

    def connected(self) -> None:
        """Take in that a new connection stands."""
        self.session += 1
        self.socket, self.upstream = True, True

    def disconnected(self, why: str) -> bool:
        """Take in that the connection is gone; return whether the gate was open."""
        was_open = self.open
        self.socket, self.why_closed = False, why
        return was_open

    def hear(self, told: Meaning, text: str) -> bool:
        """Take in a notice about the line; return whether that opened or closed the gate."""
        before = self.open
        if told is Meaning.LOST:
            self.upstream, self.why_closed = False, text
        elif told in {Meaning.RESTORED, Meaning.RESTORED_DATA_LOST}:
            self.upstream = True
        return self.open != before

    def objection(self, now: datetime) -> str:
        """Return why nothing may be sent now; '' when it may."""
        if not self.open:
            return f"the line to IBKR is down ({self.why_closed})"
        restart = self._restart.near(now)
        if restart is not None:
            return f"TWS restarts at {restart:%H:%M} UTC, and could lose it"
        return ""


def backoff(tries: int) -> timedelta:
    """Return how long to wait after that many tries to connect that failed, from 1 on."""
    return timedelta(seconds=BACKOFF[min(tries, len(BACKOFF)) - 1])
