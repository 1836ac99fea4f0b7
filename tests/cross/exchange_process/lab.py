"""How a test holds an exchange's process and the processes that trade on it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from queue import SimpleQueue
from shutil import rmtree, which
from typing import Any

from skim_core.clock.wall import WallClock
from skim_core.journal.sqlite import SqliteJournal
from skim_core.model.events import Event

from .deaths import VARIABLE
from .remote import SOCKET
from .wire import receive, send

RUN = "straight/XASX/2026-11-24/paper"
START = ("start_trading_day", "--strategy", "straight", "--session", "2026-11-24")
MONITOR = ("start_monitoring",)
_PATIENCE = 30.0
"""Seconds of wall time that a process may take."""


def install(site: Path) -> Path:
    """Put the broker, as ``sim``, and the strategy into a folder for the import path.

    Only the broker ``sim`` may be hurried, so the remote one takes its name: of a
    distribution that is found twice, the one that comes first on the path counts.
    """
    (site / "exchange_process").symlink_to(Path(__file__).parent)
    _describe(
        site,
        "skim_core",
        "[skim.brokers]\nsim = exchange_process.remote\n"
        "[skim.engines]\nlocal = skim_core.engine.plugin\n",
    )
    _describe(
        site,
        "skim_strategy_straight",
        "[skim.strategies]\nstraight = exchange_process.strategy\n",
    )
    return site


def _describe(site: Path, distribution: str, entry_points: str) -> None:
    folder = site / f"{distribution}-0.1.0.dist-info"
    folder.mkdir()
    name = distribution.replace("_", "-")
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1.0\n")
    (folder / "entry_points.txt").write_text(entry_points)


class Exchange:
    """The exchange's process."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.socket = folder / "exchange"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "exchange_process.server", str(self.socket)],
            env=environment,
            cwd=folder,
        )
        self._line = socket.socket(socket.AF_UNIX)
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                self._line.connect(str(self.socket))
                break
            except OSError:
                assert self._process.poll() is None, "the exchange did not start"
                assert time.monotonic() < deadline, "the exchange does not listen"
                time.sleep(0.02)  # noqa: TID251  another process is waited for
        self._line.settimeout(_PATIENCE)
        send(self._line, {"pid": None})

    def tell(self, do: str, **what: Any) -> Any:
        """Tell it something; return what it has seen by then."""
        send(self._line, {"do": do, **what})
        return receive(self._line)

    def close(self) -> None:
        """End it."""
        self._line.close()
        self._process.wait(_PATIENCE)


class Launcher:
    """The process that forks skim's."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "exchange_process.launcher"],
            env=environment,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, **what: Any) -> Any:
        """Ask for something; return the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{json.dumps(what)}\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        """End it."""
        self._process.communicate(timeout=_PATIENCE)


class Lab:
    """One exchange and one launcher, for one day after the other."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        site = folder / "site"
        site.mkdir()
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith("SKIM_")
        }
        self.environment.pop("PYTHONDONTWRITEBYTECODE", None)
        path = [str(install(site)), os.environ.get("PYTHONPATH", "")]
        self.environment["PYTHONPATH"] = os.pathsep.join(filter(None, path))
        self.environment["PYDANTIC_DISABLE_PLUGINS"] = "1"
        self.exchange = Exchange(folder, self.environment)
        self.launcher = Launcher(folder, self.environment)
        self._folder = folder
        self._numbers = count(1)

    def day(self) -> Day:
        """Open the exchange anew, for a day of which nothing has happened yet."""
        directory = self._folder / f"day{next(self._numbers)}"
        directory.mkdir()
        self.exchange.tell("open", directory=str(directory / "account"))
        return Day(self, directory)

    def pause(self, seconds: float) -> None:
        """Let a process run for a while."""
        time.sleep(seconds)  # noqa: TID251  another process is to get somewhere meanwhile

    def close(self) -> None:
        """End both processes."""
        self.launcher.close()
        self.exchange.close()


@dataclass(frozen=True)
class Day:
    """A day's folder, its journal and its exchange."""

    lab: Lab
    directory: Path

    def start(self, *arguments: str, death: str = "", **settings: str) -> int:
        """Start skim and return its process id."""
        environment = self.environment(death, **settings)
        pid: int = self.lab.launcher.ask(
            do="start",
            arguments=arguments,
            environment=environment,
            directory=str(self.directory),
            said=str(self.directory / "said"),
        )
        return pid

    def environment(self, death: str = "", **settings: str) -> dict[str, str]:
        """Return the environment of a process that trades here."""
        return {
            **self.lab.environment,
            SOCKET: str(self.lab.exchange.socket),
            VARIABLE: death,
            "SKIM_DIRECTORY": str(self.directory),
            **settings,
        }

    def wait(self, pid: int) -> int:
        """Wait for a process; return its exit code, or minus the signal that ended it."""
        code: int | None = self.lab.launcher.ask(do="wait", pid=pid, seconds=_PATIENCE)
        assert code is not None, f"it did not end within {_PATIENCE:g} s"
        return code

    def run(self, *arguments: str, death: str = "", **settings: str) -> int:
        """Run skim to its end; return its exit code as `wait` does."""
        return self.wait(self.start(*arguments, death=death, **settings))

    def events(self) -> list[Event]:
        """Return the day's events, as the journal has them."""
        if not (self.directory / "journal.sqlite").exists():
            return []
        journal = SqliteJournal.open(self.directory / "journal.sqlite")
        try:
            return [record.event for record in journal.read(RUN)]
        finally:
            journal.close()

    def spawn(self, *arguments: str, death: str = "") -> int:
        """Run the installed console script to its end; return its exit code as `wait` does."""
        script = which("skim", path=str(Path(sys.executable).parent))
        assert script is not None, "the console script is not installed beside this Python"
        with (self.directory / "said").open("a") as said:
            return subprocess.run(
                [script, *arguments],
                env=self.environment(death),
                cwd=self.directory,
                stdout=said,
                stderr=said,
                timeout=_PATIENCE,
                check=False,
            ).returncode

    def wait_until_stopped(self, pid: int) -> None:
        """Return when a process has been stopped by a signal."""
        deadline = time.monotonic() + _PATIENCE
        while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
            assert time.monotonic() < deadline, f"{pid} does not stop"
            time.sleep(0.01)  # noqa: TID251  another process is waited for

    def wait_until_lease_ends(self) -> None:
        """Return when nobody holds the day's lease any more."""
        journal = SqliteJournal.open(self.directory / "journal.sqlite")
        try:
            lease = journal.lease(RUN)
        finally:
            journal.close()
        assert lease is not None, "nobody ever held the lease"
        left = lease.expires_at - WallClock().now()
        time.sleep(max(0.0, left.total_seconds()))  # noqa: TID251  the lease is in wall time

    def said(self) -> str:
        """Return all that its processes said."""
        with suppress(FileNotFoundError):
            return (self.directory / "said").read_text()
        return ""

    def at_exchange(self) -> Any:
        """Return what the exchange has seen, and its books."""
        return self.lab.exchange.tell("show")


class Labs:
    """Runs days, a few at a time."""

    def __init__(self, folder: Path, number: int) -> None:
        self._labs = [Lab(folder / f"lab{index}") for index in range(number)]
        self._free: SimpleQueue[Lab] = SimpleQueue()
        for lab in self._labs:
            self._free.put(lab)

    @contextmanager
    def day(self) -> Iterator[Day]:
        """Give a new day, in a lab that nobody else uses meanwhile."""
        lab = self._free.get()
        day = lab.day()
        try:
            yield day
        finally:
            # Hundreds of journals would fill a file system in memory.
            rmtree(day.directory)
            self._free.put(lab)

    def each(self, trial: Callable[[Day, int], None], numbers: Iterable[int]) -> None:
        """Try each number on a day of its own. Raises AssertionError with all that went wrong."""

        def tried(number: int) -> str:
            with self.day() as day:
                try:
                    trial(day, number)
                except AssertionError as error:
                    return f"{number}: {error}\n{day.said()}"
            return ""

        with ThreadPoolExecutor(len(self._labs)) as pool:
            wrong = [found for found in pool.map(tried, numbers) if found]
        assert not wrong, f"{len(wrong)} went wrong:\n" + "\n".join(wrong)

    def close(self) -> None:
        """End all labs."""
        for lab in self._labs:
            lab.close()
