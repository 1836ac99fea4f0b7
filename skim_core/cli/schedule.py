"""``schedule``: the lines and units with which a host's scheduler runs the days of strategies."""

from __future__ import annotations

import datetime as dt
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from skim_core.calendar.timetable import cron_times, timer_times
from skim_core.cli.output import echo, print_json
from skim_core.cli.places import calendar_of
from skim_core.cli.wanted import Wanted
from skim_core.clock.wall import WallClock
from skim_core.errors import ConfigError
from skim_core.exits import ExitCode
from skim_core.model.session import Session
from skim_core.plugins.discovery import Group, find
from skim_core.settings import Settings

_BEGIN, _END = "# skim: begin", "# skim: end"
_SPAN = dt.timedelta(days=365)
_START = "start_trading_day"

_SERVICE = """\
[Unit]
Description=skim: $what of %i

[Service]
Type=exec
ExecStart=$command
# Time to cancel the phases and close the journal.
TimeoutStopSec=60
$restart"""
_TRY_AGAIN = """\
# 3: the broker can't be reached. It is tried again until it is there, or the session is over.
RestartForceExitStatus=3
RestartSec=60
"""
_TIMER = """\
[Unit]
Description=skim: $what of %i

[Timer]
OnCalendar=$when
AccuracySec=1s
# Not Persistent: a host that was off must not start a day late by itself.

[Install]
WantedBy=timers.target
"""


@dataclass(frozen=True)
class Scheduled:
    """What is to be scheduled, for which kind of scheduler; `zone` is the host's, for cron."""

    strategies: Sequence[str]
    cron: bool
    zone: str | None = None


def show_schedule(asked: Scheduled, wanted: Wanted) -> int:
    """Print the lines of a crontab, or the units; return the exit code."""
    files = _written(asked, wanted)
    if wanted.as_json:
        print_json({"files": [{"name": name, "text": text} for name, text in files.items()]})
        return ExitCode.DONE
    for name, text in files.items():
        if not asked.cron:
            echo(f"# {name}", "title")
        echo(text)
    return ExitCode.DONE


def install_schedule(asked: Scheduled, wanted: Wanted) -> int:
    """Put the lines into this user's crontab, or write the units; return the exit code.

    What else is in the crontab stays as it is; lines of skim's that are there are replaced.
    Raises ConfigError where there is no cron, or nothing can be written.
    """
    files = _written(asked, wanted)
    if asked.cron:
        [block] = files.values()
        _set_crontab(_without_block(_crontab()) + block)
        if wanted.as_json:
            print_json({"crontab": block})
            return ExitCode.DONE
        echo(f"skim: your crontab runs the days of {', '.join(asked.strategies)}.", "done")
        return ExitCode.DONE
    folder = _units_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        msg = f"{folder} can't be written ({error.strerror}): give this user the right to."
        raise ConfigError(msg) from error
    timers = [
        f"skim-{what}@{name}.timer" for name in asked.strategies for what in ("day", "monitoring")
    ]
    if wanted.as_json:
        print_json({"files": [folder / name for name in files], "timers": timers})
        return ExitCode.DONE
    units = " ".join(timers)
    echo(f"skim: {len(files)} units written to {folder}. Switch them on with:", "done")
    echo(f"systemctl --user daemon-reload && systemctl --user enable --now {units}")
    echo("loginctl enable-linger")
    return ExitCode.DONE


def remove_schedule(*, cron: bool, as_json: bool) -> int:
    """Take skim's lines out of this user's crontab, or its units away; return the exit code."""
    if cron:
        removed, told = _clear_crontab()
    else:
        removed = _remove_units()
        told = f"{len(removed)} units removed; 'systemctl --user daemon-reload' lets them go."
    if as_json:
        print_json({"removed": removed})
    else:
        echo(f"skim: {told}")
    return ExitCode.DONE


def _clear_crontab() -> tuple[list[str], str]:
    before = _crontab()
    after = _without_block(before)
    if after == before:
        return [], "your crontab has no lines of skim's."
    _set_crontab(after)
    gone = [line for line in before.splitlines() if line not in after.splitlines()]
    return gone, "its lines are out of your crontab."


def _remove_units() -> list[str]:
    found = [path for name in _unit_names() if (path := _units_folder() / name).exists()]
    for path in found:
        path.unlink()
    return [str(path) for path in found]


def _written(asked: Scheduled, wanted: Wanted) -> dict[str, str]:
    settings = wanted.settings()
    if not asked.strategies:
        msg = "name whose days are to be run: --strategy NAME, again for more."
        raise ConfigError(msg)
    for name in asked.strategies:
        find(Group.STRATEGIES, name)
    today = WallClock().now().date()
    sessions = calendar_of(settings).sessions(today, today + _SPAN)
    if asked.cron:
        return {"crontab": _block(asked, settings, sessions, wanted)}
    return _units(settings, sessions, wanted)


def _block(
    asked: Scheduled, settings: Settings, sessions: Sequence[Session], wanted: Wanted
) -> str:
    zone = asked.zone or _host_zone()
    try:
        times = cron_times(sessions, settings.lead, ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError) as error:
        msg = f"--zone {zone!r} is no time zone: give one such as Australia/Sydney or UTC."
        raise ConfigError(msg) from error
    lines = [
        _BEGIN,
        f"# The days of {settings.exchange}, on a host in {zone}. cron knows no other zone, so the",
        "# hours of both halves of the year are here, and skim leaves when it is not time.",
    ]
    for name in asked.strategies:
        start = _command(_START, name, settings, wanted).replace("%", r"\%")
        watch = _command("start_monitoring", name, settings, wanted).replace("%", r"\%")
        lines += [f"{time} {start}" for time in times.starts]
        lines += [f"{time} {watch} >/dev/null" for time in times.watches]
    return "\n".join([*lines, _END, ""])


def _units(settings: Settings, sessions: Sequence[Session], wanted: Wanted) -> dict[str, str]:
    starts, watches = timer_times(sessions, settings.lead)
    files = {}
    for unit, command, when, what, restart in (
        ("day", _START, starts, "trading day", _TRY_AGAIN),
        ("monitoring", "start_monitoring", watches, "watchdog of the trading day", ""),
    ):
        # systemd takes % for its own specifiers, of which %i is the instance.
        call = _command(command, "@", settings, wanted).replace("%", "%%").replace(" @ ", " %i ")
        service = Template(_SERVICE).substitute(what=what, command=call, restart=restart)
        files[f"skim-{unit}@.service"] = service
        files[f"skim-{unit}@.timer"] = Template(_TIMER).substitute(what=what, when=when)
    return files


def _command(command: str, strategy: str, settings: Settings, wanted: Wanted) -> str:
    """Return the command line, found from wherever a scheduler calls it."""
    options = ["--config", str(settings.file.absolute())] if settings.file else []
    if wanted.exchange and command == _START:
        options += ["--exchange", wanted.exchange]
    return shlex.join([_skim(), command, "--strategy", strategy, "--pace", "real", *options])


def _skim() -> str:
    beside = Path(sys.executable).with_name("skim")
    return str(beside) if beside.exists() else shutil.which("skim") or "skim"


def _host_zone() -> str:
    """Return the zone that cron reads its lines in."""
    named = os.environ.get("TZ", "").removeprefix(":")
    if named:
        return named
    local = Path("/etc/localtime")
    _, found, name = str(local.resolve()).partition("/zoneinfo/")
    return name if found else "UTC"


def _units_folder() -> Path:
    home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(home) / "systemd" / "user"


def _unit_names() -> list[str]:
    return [
        f"skim-{unit}@.{kind}" for unit in ("day", "monitoring") for kind in ("service", "timer")
    ]


def _without_block(crontab: str) -> str:
    kept, ours = [], False
    for line in crontab.splitlines(keepends=True):
        ours = ours or line.startswith(_BEGIN)
        if not ours:
            kept.append(line)
        if line.startswith(_END):
            ours = False
    return "".join(kept)


def _crontab() -> str:
    done = _cron(["-l"], "")
    # Without a crontab it says so and exits with 1.
    return done.stdout if done.returncode == 0 else ""


def _set_crontab(text: str) -> None:
    done = _cron(["-"], text)
    if done.returncode:
        msg = f"crontab refused the lines: {done.stderr.strip()}"
        raise ConfigError(msg)


def _cron(arguments: Sequence[str], text: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("crontab")
    if program is None:
        msg = (
            "there is no crontab on this host: install cron, or use systemd's timers with "
            "'skim schedule install --systemd'."
        )
        raise ConfigError(msg)
    return subprocess.run(  # noqa: S603  found on this host's own path
        [program, *arguments], input=text, capture_output=True, text=True, check=False
    )
