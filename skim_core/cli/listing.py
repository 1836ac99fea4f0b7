"""``plugins`` and ``sessions``: what there is."""

from __future__ import annotations

from datetime import UTC, timedelta

from skim_core.cli.launch import calendar_of
from skim_core.cli.output import echo, print_json, table
from skim_core.cli.wanted import Wanted, parse_date
from skim_core.clock.wall import WallClock
from skim_core.errors import ConfigError
from skim_core.plugins.discovery import Group, available

_SPAN = timedelta(days=14)


def list_plugins(*, as_json: bool) -> int:
    """List the installed plugins by name; return the exit code."""
    found = [plugin for group in Group for plugin in available(group)]
    rows = [
        {
            "group": plugin.group.value,
            "name": plugin.name,
            "distribution": plugin.distribution,
            "version": plugin.version,
            "conflict": plugin.conflict,
        }
        for plugin in found
    ]
    if as_json:
        print_json({"plugins": rows})
        return 0
    table(
        ("group", "name", "package", "version", ""),
        [
            (
                plugin.group.value,
                plugin.name,
                plugin.distribution,
                plugin.version,
                f"conflicts with {plugin.conflict}" if plugin.conflict else "",
            )
            for plugin in found
        ],
    )
    if not any(plugin.group is Group.STRATEGIES for plugin in found):
        echo("No strategy is installed: pip install skim-strategy-orh-breakout.")
    return 0


def list_sessions(first: str | None, last: str | None, wanted: Wanted) -> int:
    """List an exchange's sessions; return the exit code."""
    settings = wanted.settings()
    calendar = calendar_of(settings)
    now = WallClock().now()
    today = calendar.current_or_next(now).local(now).date()
    start = parse_date(first, "--from") if first else today
    end = parse_date(last, "--to") if last else start + _SPAN
    if end < start:
        msg = f"--to {end} is before --from {start}: put the earlier date first."
        raise ConfigError(msg)
    sessions = calendar.sessions(start, end)
    if wanted.as_json:
        print_json({"sessions": [session.model_dump(mode="json") for session in sessions]})
        return 0
    rows = [
        (
            f"{session.date:%a %Y-%m-%d}",
            f"{session.local(session.open):%H:%M}",
            f"{session.local(session.close):%H:%M}",
            f"{session.open.astimezone(UTC):%a %H:%M}",
            f"{session.close.astimezone(UTC):%a %H:%M}",
            "half day" if session.half_day else "",
        )
        for session in sessions
    ]
    table((settings.exchange, "open", "close", "open UTC", "close UTC", ""), rows)
    return 0
