"""What the processes of a host have in common: the account, the session, and the time of day."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

from skim_core.calendar.sessions import SessionCalendar
from skim_core.clock.wall import WallClock

if TYPE_CHECKING:
    from skim_core.model.session import Session

    from .turns import Time

ACCOUNT = "DU1234567"
DATE = dt.date(2025, 1, 6)
VARIABLE = "KILLED_HOST_TIME"
"""The port by which a process comes to the gateway's time."""


def session_in(folder: Path) -> Session:
    """Return the session that is traded."""
    session = SessionCalendar("XASX", folder / "calendars").session(DATE)
    assert session is not None
    return session


def live_by(time: Time, folder: Path) -> None:
    """Let this process's wall be `time`, which begins nine and a half minutes after the open."""
    start = session_in(folder).open + dt.timedelta(minutes=9, seconds=30)

    def now(_clock: WallClock) -> dt.datetime:
        return start + dt.timedelta(microseconds=time.microseconds)

    WallClock.now = now  # type: ignore[method-assign]
