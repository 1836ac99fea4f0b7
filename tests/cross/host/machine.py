"""A host on simulated time: its cron runs the real commands, which see its wall and no other.

All in one process. A command that waits for the wall, as a day does, lets the host's time go on;
what cron starts meanwhile is run at its minute, beside it, in the order in which it is due.
"""

from __future__ import annotations

import asyncio
import heapq
import io
import os
import shlex
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from unittest import mock

import pytest

from skim_core.cli.days import launch
from skim_core.cli.main import run
from skim_core.clock.virtual import VirtualClock
from skim_core.clock.wall import WallClock

from .debian_cron import MINUTE, Cron, Crontab, Line

# Time jumps from one timer of a day to its next: the lease has to outlast each jump.
CONFIGURATION = """
lease_term = "1h"
[brokers.sim]
symbols = 40
"""

_BESIDE = """
import sys
from datetime import datetime
from skim_core.cli.main import run
from skim_core.clock.wall import WallClock
now = datetime.fromisoformat(sys.argv.pop(1))
WallClock.now = lambda _clock: now
sys.argv[0] = "skim"
run()
"""
"""A command whose wall stands still: enough for one that has nothing to wait for."""

_PATIENCE = 120.0


@dataclass(frozen=True)
class Ran:
    """A command that cron has run: from when until when, its code, what it said, and its mail."""

    at: datetime
    until: datetime
    command: str
    code: int
    said: str
    mail: str


class HostClock(VirtualClock):
    """The host's wall for a command that waits for it: cron is served before each jump."""

    def __init__(self, host: Host) -> None:
        super().__init__(host.now)
        self._host = host

    def _step(self) -> None:
        while self._timers and self._timers[0][2].callback is None:
            heapq.heappop(self._timers)
        if self._timers and not self.holds:
            self._host.serve_until(self._timers[0][0])
            self._host.lose_power(before=self._timers[0][0])
        super()._step()
        if self._now > self._host.now:
            self._host.jumped += (self._now - self._host.now).total_seconds()
            self._host.now = self._now


class HostLoop(asyncio.SelectorEventLoop):
    """An event loop whose timers, such as those that renew a lease, see the wall's jumps."""

    def __init__(self, host: Host) -> None:
        super().__init__()
        self._host = host

    def time(self) -> float:
        return super().time() + self._host.jumped


@dataclass
class Host:
    """A machine whose skim keeps its state in `folder`; its wall stands at `now`.

    `off` are the spans in which it has no power: what is due in them is never run. At
    `power_fails` it and this process end, as by SIGKILL. `sets` are the instants at which somebody
    sets the wall, to what.
    """

    folder: Path
    crontab: Crontab
    now: datetime
    zone: tzinfo = UTC
    off: tuple[tuple[datetime, datetime], ...] = ()
    power_fails: datetime | None = None
    sets: dict[datetime, datetime] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    ran: list[Ran] = field(default_factory=list)
    jumped: float = 0.0
    _next: datetime | None = None
    _due: deque[tuple[Line, datetime]] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.configure("")
        self._cron = Cron(self.crontab, self.zone, self.now)

    def configure(self, text: str) -> None:
        """Write the configuration: what a host on simulated time needs, and `text`."""
        (self.folder / "skim.toml").write_text(CONFIGURATION + text, encoding="utf-8")

    def run_until(self, end: datetime) -> None:
        """Let time go on until `end`, and cron do its work."""
        with self._wall():
            self.serve_until(end)
        self.now = end

    def serve_until(self, end: datetime) -> None:
        """Run what is due by `end`, each line at its minute."""
        if self._next is None:
            self._next = self.now.replace(second=0, microsecond=0) + MINUTE
        while self._due or self._next <= end:
            if self._due:
                # A line that waits for the wall lets those of its minute run beside it.
                self._run(*self._due.popleft())
                continue
            self._serve(self._next)

    def _serve(self, moment: datetime) -> None:
        self.lose_power(before=moment)
        moment = self.sets.pop(moment, moment)
        self._next = moment + MINUTE
        if any(start <= moment < stop for start, stop in self.off):
            # The daemon that is started with the host knows of no minute before it.
            self._cron = Cron(self.crontab, self.zone, moment)
            return
        self._due.extend((line, moment) for line in self._cron.wake(moment))

    def lose_power(self, before: datetime) -> None:
        """End this process, if the host loses its power before an instant."""
        if self.power_fails is not None and self.power_fails <= before:
            os.kill(os.getpid(), signal.SIGKILL)

    def _run(self, line: Line, at: datetime) -> None:
        self.now = max(self.now, at)
        command = line.command.removesuffix(" >/dev/null")
        program, *arguments = shlex.split(command)
        assert Path(program).name == "skim", line.text
        code, said, warned = self._call(arguments)
        mail = warned if command != line.command else said + warned
        self.ran.append(Ran(at, self.now, command, code, said, mail))

    def _call(self, arguments: list[str]) -> tuple[int, str, str]:
        """Run a command: beside another one in a process of its own, as the two may meet."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return self._here(arguments)
        if arguments[0] == "start_monitoring":  # it does nothing where a day is run
            with ThreadPoolExecutor(1) as beside:
                return beside.submit(self._here, arguments).result()
        done = subprocess.run(
            [sys.executable, "-c", _BESIDE, self.now.isoformat(), *arguments],
            capture_output=True,
            text=True,
            check=False,
            env=self._environment(),
            cwd=self.folder,
            timeout=_PATIENCE,
        )
        return done.returncode, done.stdout, done.stderr

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SKIM_")}
        own = {"SKIM_DIRECTORY": str(self.folder), "SKIM_CONFIG": str(self.folder / "skim.toml")}
        return {**kept, **self.environment, **own}

    def _here(self, arguments: list[str]) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        with (
            mock.patch.dict(os.environ, self._environment(), clear=True),
            mock.patch.object(sys, "argv", ["skim", *arguments]),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            try:
                run()
                code = 0
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else int(end.code is not None)
        return code, out.getvalue(), err.getvalue()

    @contextmanager
    def _wall(self) -> Iterator[None]:
        """Have this process's commands read this host's wall, and wait for it."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(WallClock, "now", lambda _clock: self.now)
            patch.setattr(launch, "WallClock", lambda: HostClock(self))
            patch.setattr(asyncio, "new_event_loop", lambda: HostLoop(self))
            yield
