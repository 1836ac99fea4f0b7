"""The systemd timers, read by systemd itself, against every session of 2026."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from skim_core.calendar.sessions import SessionCalendar

UNITS = Path(__file__).parent.parent.parent / "deploy" / "systemd"
ANALYZE = shutil.which("systemd-analyze")
UTC_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?= UTC)")

pytestmark = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed")


def elapses(timer: str, start: str, count: int) -> list[datetime]:
    """Return the first `count` instants at which a timer elapses after `start` (UTC)."""
    text = (UNITS / timer).read_text()
    (expression,) = re.findall(r"^OnCalendar=(.*)$", text, re.MULTILINE)
    run = subprocess.run(
        [ANALYZE, "calendar", f"--base-time={start} UTC", f"--iterations={count}", expression],
        check=True,
        capture_output=True,
        text=True,
        env={"TZ": "UTC", "LC_ALL": "C", "PATH": "/usr/bin:/bin"},
    )
    return [datetime.fromisoformat(f"{moment}+00:00") for moment in UTC_TIME.findall(run.stdout)]


@pytest.fixture
def sessions(tmp_path):
    return SessionCalendar("XASX", tmp_path).sessions(date(2026, 1, 1), date(2026, 12, 31))


def test_the_day_s_timer_elapses_15_minutes_before_each_open(sessions):
    starts = set(elapses("skim-day@.timer", "2026-01-01 00:00:00", 262))
    dues = {session.open - timedelta(minutes=15) for session in sessions}
    assert dues <= starts
    zone = sessions[0]
    assert {zone.local(start).strftime("%H:%M") for start in starts} == {"09:45"}


@pytest.mark.parametrize("week", [date(2026, 4, 7), date(2026, 10, 5), date(2026, 7, 10)])
def test_the_watchdog_s_timer_elapses_at_every_slot_on_both_sides_of_the_clock_change(
    sessions, week
):
    before = f"{week - timedelta(days=7)} 00:00:00"
    elapsed = set(elapses("skim-monitoring@.timer", before, 84 * 8))
    watched = [s for s in sessions if week - timedelta(days=6) <= s.date <= week]
    assert watched
    for session in watched:
        slots = {session.open + timedelta(minutes=n) for n in range(0, 371, 5)}
        assert slots <= elapsed, session.date
    assert all(moment.tzinfo is UTC for moment in elapsed)


@pytest.mark.parametrize("unit", ["skim-day", "skim-monitoring"])
def test_systemd_finds_no_fault_in_the_units(tmp_path, unit):
    for kind in ("service", "timer"):
        shutil.copy(UNITS / f"{unit}@.{kind}", tmp_path / f"{unit}@orh_breakout.{kind}")
    run = subprocess.run(
        [ANALYZE, "verify", str(tmp_path / f"{unit}@orh_breakout.timer")],
        check=False,
        capture_output=True,
        text=True,
    )
    assert (run.returncode, run.stderr) == (0, "")
