"""``plugins`` and ``sessions``: what there is."""

from __future__ import annotations

import datetime as dt

from skim_core.cli.commands import is_own
from skim_core.cli.output import Toned, echo, print_json, table
from skim_core.cli.places import calendar_of
from skim_core.cli.wanted import Wanted, parse_date
from skim_core.clock.wall import WallClock
from skim_core.errors import ConfigError
from skim_core.model.session import Session
from skim_core.plugins.discovery import Group, PluginInfo, available

_SPAN = 14
"""Days that are listed when no last date is given."""


def list_plugins(*, as_json: bool) -> int:
    """List the installed plugins, from metadata alone; return the exit code."""
    found = [plugin for group in Group for plugin in available(group)]
    if as_json:
        print_json({"plugins": [_plugin(plugin) for plugin in found]})
        return 0
    rows = [
        (
            plugin.group.value,
            Toned(plugin.name, "title"),
            plugin.distribution,
            plugin.version,
            Toned(f"also in {' and '.join(others)}" if others else "", "error"),
        )
        for plugin, others in zip(found, map(_conflict, found), strict=True)
    ]
    table(("group", "name", "distribution", "version", "conflict"), rows)
    if not any(plugin.group is Group.STRATEGIES for plugin in found):
        echo("No strategy is installed: run 'pip install skim-strategy-orh-breakout'.")
    return 0


def _conflict(plugin: PluginInfo) -> tuple[str, ...]:
    """Return the other distributions that have the plugin's name; skim's own commands hide it."""
    if plugin.group is Group.COMMANDS and is_own(plugin.name):
        return ("skim-core", *plugin.conflict)
    return plugin.conflict


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
        return 0
    if not sessions:
        echo(f"skim: {settings.exchange} has no session from {start} to {end}.")
        return 0
    _print_sessions(sessions)
    return 0


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


def _plugin(plugin: PluginInfo) -> dict[str, object]:
    return {
        "group": plugin.group.value,
        "name": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "conflict": _conflict(plugin),
    }


def _session(session: Session) -> dict[str, object]:
    return {"weekday": f"{session.date:%A}", **session.model_dump(exclude={"exchange"})}
