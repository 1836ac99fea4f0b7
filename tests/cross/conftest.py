"""The real command in processes of its own, over a folder of the test's own."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest

from skim_core.journal.sqlite import SqliteJournal

from .browser import Browser, find_browser

PATIENCE = 120.0
"""Seconds of wall time after which a process hangs: far more than any takes on a slow machine."""


@dataclass
class Skim:
    """``skim``, with its state in `directory` and `site` on its import path."""

    directory: Path
    site: Path | None = None
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command and leave it running."""
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("SKIM_")
        }
        # Compiled modules are kept, as in any installation: a start is several times as fast.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        environment["SKIM_DIRECTORY"] = str(self.directory)
        if self.site is not None:
            environment["PYTHONPATH"] = str(self.site)
        process = subprocess.Popen(
            [sys.executable, "-m", "skim_core", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
            cwd=self.directory,
        )
        self.started.append(process)
        return process

    def run(self, *arguments: str) -> tuple[int, str]:
        """Run a command to its end; return its exit code and all that it said."""
        process = self.start(*arguments)
        said, _ = process.communicate(timeout=PATIENCE)
        return process.returncode, said

    def kill_after(self, kind: str, *arguments: str) -> bool:
        """Start a command, kill it once the journal has an event of `kind`.

        Returns whether that came before the day's end.
        """
        process = self.start(*arguments)
        self.wait_for(kind, process)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=PATIENCE)
        return not self.has("day_finished")

    def wait_for(self, kind: str, process: subprocess.Popen[str]) -> None:
        """Return when the journal has an event of `kind`, or the process has ended."""
        deadline = time.monotonic() + PATIENCE
        while not self.has(kind) and process.poll() is None:
            assert time.monotonic() < deadline, f"no {kind} was journaled"
            time.sleep(0.004)  # noqa: TID251  another process is waited for

    def has(self, kind: str) -> bool:
        """Whether the journal has an event of `kind`."""
        path = self.directory / "journal.sqlite"
        try:
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
                found = connection.execute("SELECT 1 FROM events WHERE kind = ? LIMIT 1", (kind,))
                return found.fetchone() is not None
        except sqlite3.OperationalError:  # the file is being made
            return False

    def events(self, run_id: str):
        """Return a day's events as the journal has them."""
        journal = SqliteJournal.open(self.directory / "journal.sqlite")
        try:
            return [record.event for record in journal.read(run_id)]
        finally:
            journal.close()


@pytest.fixture(scope="session")
def skim_in(tmp_path_factory):
    """Give a ``Skim`` over a new folder: ``skim_in(site=None)``."""
    made = []
    numbers = count()

    def make(site=None):
        skim = Skim(tmp_path_factory.mktemp(f"skim{next(numbers)}"), site)
        made.append(skim)
        return skim

    yield make
    for process in [process for skim in made for process in skim.started]:
        if process.poll() is None:
            process.kill()
            process.communicate()


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    executable = find_browser()
    if executable is None:
        assert not os.environ.get("CI"), "no browser: tests/cross/browser.py installs one"
        pytest.skip("no browser: install Chromium, or name one in SKIM_TEST_BROWSER")
    with Browser(executable, tmp_path_factory.mktemp("profile")) as browser:
        yield browser
