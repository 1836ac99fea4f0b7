"""A host with a gateway that lives, and a client that does not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Self

from skim_core.journal.sqlite import SqliteJournal
from skim_core.model.events import Event

from ..exchange_process.deaths import VARIABLE as DEATH  # noqa: TID252  a test's own tree
from .books import Books, look
from .host import ACCOUNT, DATE, VARIABLE
from .turns import Guest

PATIENCE = 300.0
"""Seconds after which a process hangs: far more than any takes on a busy machine."""

RUN_ID = f"killed/XASX/{DATE}/{ACCOUNT}"
START = ("start_trading_day", "--strategy", "killed", "--pace", "real")
MONITOR = ("start_monitoring", "--strategy", "killed", "--pace", "real")

_ENTRY_POINTS = "[skim.strategies]\nkilled = killed.strategy\n"


class Lab:
    """One day: its folder, its gateway's process and port. Use it in a ``with`` block."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._site(folder / "site")
        self._gateway: subprocess.Popen[str] | None = None
        self.port = self._time = 0

    def __enter__(self) -> Self:
        self._gateway = self._start("gateway", stdout=subprocess.PIPE)
        assert self._gateway.stdout is not None
        self.port, self._time = map(int, self._gateway.stdout.readline().split())
        (self.folder / "skim.toml").write_text(
            f'broker = "ibkr"\naccount = "{ACCOUNT}"\n[brokers.ibkr]\nport = {self.port}\n',
            encoding="utf-8",
        )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._gateway is not None
        self._gateway.kill()
        self._gateway.communicate()

    def run(self, *command: str, death: str = "") -> int:
        """Run a command to its end, or its death; return its exit code."""
        with (self.folder / "said.txt").open("a") as said:
            process = self._start("trader", *command, stdout=said, death=death)
            try:
                return process.wait(PATIENCE)
            finally:
                process.kill()

    @property
    def said(self) -> str:
        """What the commands said."""
        return (self.folder / "said.txt").read_text()

    def events(self) -> list[Event]:
        """Return the day's events."""
        journal = SqliteJournal.open(self.folder / "home" / "journal.sqlite")
        try:
            return [record.event for record in journal.read(RUN_ID)]
        finally:
            journal.close()

    def look(self) -> Books:
        """Return the account's books, as another client sees them."""
        return look(self.port)

    def let_pass(self, seconds: float) -> None:
        """Let time go on while there is none but the gateway."""
        nobody = Guest(self._time)
        end = nobody.microseconds + round(seconds * 1_000_000)
        while nobody.microseconds < end:
            nobody.pass_on(end)
        nobody.leave()

    def _start(self, module: str, *command: str, stdout, death: str = "") -> subprocess.Popen[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SKIM_")}
        kept.pop("PYTHONDONTWRITEBYTECODE", None)
        environment = {
            "PYTHONPATH": os.pathsep.join(
                [str(Path(__file__).parents[1]), str(self.folder / "site")]
            ),
            VARIABLE: str(self._time),
            DEATH: death,
            "SKIM_DIRECTORY": str(self.folder / "home"),
            "SKIM_CONFIG": str(self.folder / "skim.toml"),
        }
        return subprocess.Popen(
            [sys.executable, "-m", f"killed.{module}", str(self.folder), *command],
            stdout=stdout,
            stderr=None if module == "gateway" else subprocess.STDOUT,
            text=True,
            env={**kept, **environment},
            cwd=self.folder,
        )

    def _site(self, site: Path) -> None:
        """Install the strategy as its package would."""
        metadata = site / "killed-1.0.dist-info"
        metadata.mkdir(parents=True)
        (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: killed\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text(_ENTRY_POINTS)
