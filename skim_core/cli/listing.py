"""``sessions``: when an exchange trades."""

from __future__ import annotations

import datetime as dt

from skim_core.cli.output import Toned, echo, print_json, table
from skim_core.cli.places import calendar_of
from skim_core.cli.wanted import Wanted, parse_date
from skim_core.clock.wall import WallClock
from skim_core.errors import ConfigError
from skim_core.exits import ExitCode
from skim_core.model.session import Session

_SPAN = 14
"""Days that are listed when no last date is given."""


def list_sessions(first: str | None, last: str | None, wanted: Wanted) -> int:
    """List an exchange's sessions, two weeks from today when not told otherwise.

    Returns the exit code. Raises ConfigError for no date, and for dates the wrong way round.
    """
    settings = wanted.settings()
    calendar = calendar_of(settings)
    if first:
        start = parse_date(first, "--from")
    else:
        now = WallClock().now()
        start = calendar.current_or_next(now).local(now).date()
    end = parse_date(last, "--to") if last else _later(start)
    if end < start:
        msg = f"--to {end} is before --from {start}: put the earlier date first."
        raise ConfigError(msg)
    sessions = calendar.sessions(start, end)
    if wanted.as_json:
        rows = [_session(session) for session in sessions]
        print_json({"exchange": settings.exchange, "sessions": rows})
        return ExitCode.DONE
    if not sessions:
        echo(f"skim: {settings.exchange} has no session from {start} to {end}.")
        return ExitCode.DONE
    _print_sessions(sessions)
    return ExitCode.DONE


def _print_sessions(sessions: list[Session]) -> None:
    rows = [
        (
            session.date.isoformat(),
            f"{session.date:%A}",
            f"{session.local(session.open):%H:%M}",
            f"{session.local(session.close):%H:%M}",
            f"{session.open:%Y-%m-%d %H:%M}",
            f"{session.close:%Y-%m-%d %H:%M}",
            Toned("half day" if session.half_day else "", "warning"),
        )
        for session in sessions
    ]
    table(("date", "weekday", "open", "close", "open UTC", "close UTC", ""), rows)
    echo(f"{sessions[0].exchange}; open and close in {sessions[0].timezone}.")


def _later(start: dt.date) -> dt.date:
    return dt.date.fromordinal(min(start.toordinal() + _SPAN, dt.date.max.toordinal()))


def _session(session: Session) -> dict[str, object]:
    return {"weekday": f"{session.date:%A}", **session.model_dump(exclude={"exchange"})}
