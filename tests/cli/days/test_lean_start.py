"""Cron calls every five minutes: what is not needed then is not imported."""

from __future__ import annotations

import subprocess
import sys

import pytest

from skim_core.journal.sqlite import SqliteJournal

HEAVY = {"exchange_calendars", "ib_async", "numpy", "pandas", "polars", "rich"}

LOADED = """
import sys
from skim_core.cli.main import run

code = 1
try:
    run()
except SystemExit as ended:
    code = ended.code or 0
print(code, *{name.partition(".")[0] for name in sys.modules})
"""


def loaded_by(*arguments: str) -> set[str]:
    """Return the packages that a command has imported when it exits with 0."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    code, *packages = done.stdout.splitlines()[-1].split()
    assert code == "0"
    assert "skim_core" in packages
    return set(packages)


@pytest.mark.parametrize("command", ["--version", "start_monitoring", "status"])
def test_what_only_looks_is_lean(command: str):
    assert not loaded_by(command) & HEAVY


@pytest.mark.parametrize("command", ["--version", "start_monitoring"])
def test_where_nothing_runs_nothing_asynchronous_is_imported(command: str):
    assert "asyncio" not in loaded_by(command)


@pytest.mark.parametrize("command", ["start_monitoring", "status"])
def test_looking_at_a_finished_day_is_lean(skim, tiny, home, command: str):
    day = ("--strategy", "tiny", "--session", "2026-01-28")
    assert skim("start_trading_day", *day).code == 0
    journal = SqliteJournal.open(home / "journal.sqlite")
    assert len(journal.runs()) == 1
    journal.close()
    assert not loaded_by(command) & HEAVY


def test_a_day_off_is_told_without_anything_heavy(tiny):
    start = ("start_trading_day", "--strategy", "tiny", "--session", "2026-01-26")
    assert not loaded_by(*start) & HEAVY


def test_the_check_would_see_something_heavy(tiny):
    start = ("start_trading_day", "--strategy", "tiny", "--session", "2026-01-28")
    assert "numpy" in loaded_by(*start)
