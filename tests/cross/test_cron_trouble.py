"""A host in UTC whose cron is in trouble: lines that run twice, power that fails, a wall that is set."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from skim_core.calendar.sessions import SessionCalendar
from skim_core.journal.sqlite import SqliteJournal
from skim_core.model import events as ev
from skim_core.model.phases import Phase

from .host.cooltrader import SYDNEY
from .host.debian_cron import Cron, read_crontab
from .host.machine import Host

CRONTAB = Path(__file__).parent.parent.parent / "crontab"
STRATEGY = "orh_breakout"
MONDAY = date(2026, 12, 21)
"""In summer time: the day is due at 22:45 UTC of the Sunday."""
NOON = datetime(2026, 12, 20, 12, tzinfo=UTC)
END = datetime(2026, 12, 21, 8, tzinfo=UTC)


@pytest.fixture
def trading() -> str:
    """Give our crontab without the line that fetches end-of-day prices."""
    lines = CRONTAB.read_text().splitlines(keepends=True)
    return "".join(line for line in lines if "download_data" not in line)


def events_of(folder) -> list[ev.Event]:
    """Return what the journal has of Monday."""
    journal = SqliteJournal.open(folder / "journal.sqlite")
    try:
        return [record.event for record in journal.read(f"{STRATEGY}/XASX/{MONDAY}/paper")]
    finally:
        journal.close()


def minutes_of(events, kind, phase) -> list[str]:
    """Return the Sydney minutes of a phase's events of a kind."""
    return [
        event.at.astimezone(SYDNEY).strftime("%H:%M")
        for event in events
        if isinstance(event, kind) and event.phase == phase
    ]


def dues_of(events) -> list[datetime]:
    """Return the minutes that ticks of trade were asked for, in their order."""
    return [
        event.due
        for event in events
        if isinstance(event, ev.PhaseRequested) and event.phase == "trade"
    ]


def took_time(host, command):
    """Return the runs of a command that had something to do."""
    return [ran for ran in host.ran if command in ran.command and ran.until > ran.at]


TRADES = "[strategy.orh_breakout]\ngap_minimum = 1\n"
"""So low that the strategy has something to buy on this Monday."""


def ordered_once(events) -> bool:
    orders = [event.order.reference for event in events if isinstance(event, ev.OrderIntended)]
    return bool(orders) and len(orders) == len(set(orders))


def test_lines_that_are_there_twice_run_each_phase_once(tmp_path, trading):
    host = Host(tmp_path, read_crontab(trading + trading), NOON)
    host.configure(TRADES)
    host.run_until(END)
    [session] = SessionCalendar("XASX", tmp_path).sessions(MONDAY, MONDAY)
    events = events_of(tmp_path)
    assert len(took_time(host, "start_trading_day")) == 1
    assert minutes_of(events, ev.PhaseStarted, "setup") == ["09:45"]
    assert minutes_of(events, ev.PhaseStarted, "scan") == ["10:01"]
    ticks = minutes_of(events, ev.PhaseTicked, "trade")
    assert len(ticks) == len(set(ticks)) == (session.close - session.open).seconds // 60 - 45
    assert ordered_once(events)
    twin = [
        ran for ran in host.ran if "start_trading_day" in ran.command and "22:45" in f"{ran.at}"
    ]
    assert sorted(ran.code for ran in twin) == [0, 0]
    assert sum("run by another process" in ran.said for ran in twin) == 1
    assert [ran for ran in host.ran if ran.code] == []


UNTIL_POWER_FAILS = """
import sys
from datetime import datetime
from pathlib import Path
from host.debian_cron import read_crontab
from host.machine import Host

folder, crontab, now, fails, configuration = sys.argv[1:]
host = Host(Path(folder), read_crontab(crontab), datetime.fromisoformat(now))
host.configure(configuration)
host.power_fails = datetime.fromisoformat(fails)
host.run_until(host.power_fails)
raise SystemExit("the power should have failed")
"""


@pytest.mark.parametrize(
    ("fails", "back"),
    [((2, 2), (2, 13)), ((0, 30), (1, 30))],
    ids=["eleven minutes", "an hour"],
)
def test_a_host_whose_power_fails_goes_on_with_the_day_at_the_watchdogs_next_minute(
    tmp_path, trading, fails, back
):
    fails, back = (datetime(2026, 12, 21, *moment, tzinfo=UTC) for moment in (fails, back))
    ended = subprocess.run(
        [sys.executable, "-c", UNTIL_POWER_FAILS, tmp_path, trading, str(NOON), str(fails), TRADES],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    before = events_of(tmp_path)
    assert not isinstance(before[-1], ev.DayFinished)
    assert before[-1].at <= fails

    host = Host(tmp_path, read_crontab(trading), back)
    host.configure(TRADES)
    host.run_until(END)
    events = events_of(tmp_path)
    assert events[: len(before)] == before
    [resumed] = [event for event in events if isinstance(event, ev.DayResumed)]
    # cron calls the watchdog in minutes that five divides.
    assert resumed.at == back + timedelta(minutes=-back.minute % 5 or 5)
    [gone_on] = took_time(host, "start_monitoring")
    assert (gone_on.at, gone_on.code) == (resumed.at, 0)
    for phase in ("setup", "scan", "track_ranges", "alert"):
        assert len(minutes_of(events, ev.PhaseCompleted, phase)) == 1
    [session] = SessionCalendar("XASX", tmp_path).sessions(MONDAY, MONDAY)
    minutes = Phase("trade", every="1m", between=("open+15m", "close-30m")).ticks(session)
    # One tick makes up for all that were missed, and the grid goes on.
    made_up = min(due for due in minutes if due not in dues_of(before))
    assert dues_of(events) == [due for due in minutes if due <= made_up or due >= resumed.at]
    assert ordered_once(events)
    assert isinstance(events[-1], ev.DayFinished)


def utc(hour, minute, day=20):
    return datetime(2026, 12, day, hour, minute, tzinfo=UTC)


def commands(lines):
    return [line.command.split()[1] for line in lines]


START, WATCH = "start_trading_day", "start_monitoring"


@pytest.mark.parametrize(
    ("served", "now", "run"),
    [
        ((22, 44), (22, 45), [START, WATCH]),
        ((22, 44), (22, 48), [START, WATCH]),  # woken late: each minute is served
        ((22, 40), (22, 50), [WATCH, START]),  # set on: what was left out, and the wall's own
        ((21, 50), (23, 50), [WATCH, START, START]),
        (
            (20, 0),
            (23, 50),
            [WATCH],
        ),  # by more than three hours: a correction, nothing is made up for
        ((22, 50), (22, 45), [WATCH]),  # set back: what has run is not run again
        ((23, 50), (20, 0), []),
    ],
)
def test_a_wall_that_is_set_is_followed_as_cron_says(trading, served, now, run):
    """cron(8), NOTES."""
    cron = Cron(read_crontab(trading), UTC, utc(*served))
    assert commands(cron.wake(utc(*now))) == run


def test_after_a_wall_that_is_set_back_lines_with_hours_wait_until_it_has_caught_up(trading):
    cron = Cron(read_crontab(trading), UTC, utc(22, 50))
    run = [commands(cron.wake(utc(22, 40) + timedelta(minutes=n))) for n in range(66)]
    assert sum(found.count(START) for found in run) == 1
    assert START in run[65]
    assert sum(found.count(WATCH) for found in run) == 14


def test_a_wall_that_is_set_on_over_both_starts_begins_the_day_once(tmp_path, trading):
    """From 22:30 to midnight, where cron makes up for 22:45 and 23:45: the day begins late."""
    host = Host(tmp_path, read_crontab(trading), NOON, sets={utc(22, 30): utc(0, 0, day=21)})
    host.run_until(END)
    events = events_of(tmp_path)
    assert minutes_of(events, ev.PhaseStarted, "setup") == ["11:00"]
    # What was due by then is late and not done any more.
    assert minutes_of(events, ev.PhaseStarted, "scan") == []
    assert not [event for event in events if isinstance(event, ev.OrderIntended)]
    [told, again] = [ran for ran in host.ran if START in ran.command and ran.at.hour == 0]
    assert told.code == 1
    assert "failed: scan was skipped: could not start by 10:30:00" in told.mail
    assert (again.code, "was run before" in again.said) == (0, True)


LOGS_IN = """
from datetime import UTC, datetime

from skim_core.errors import BrokerError
from skim_core.ports import hooks
from skim_core.ports.broker import BrokerSetup
from skim_core.sim.broker import SimBroker
from skim_core.sim.generated import GeneratedFeed
from skim_core.sim.options import SimOptions


class LogsIn(SimBroker):
    def __init__(self, setup):
        super().__init__(setup, SimOptions(symbols=40), GeneratedFeed(seed=1))
        self.clock = setup.clock

    async def connect(self) -> None:
        if self.clock.now() < datetime(2026, 12, 20, 22, 52, tzinfo=UTC):
            raise BrokerError("nobody answers at localhost:4002: start the gateway.")
        await super().connect()


@hooks.make_broker
def skim_make_broker(setup: BrokerSetup):
    return LogsIn(setup)
"""


def test_a_day_whose_broker_still_logs_in_is_begun_by_a_later_start(tmp_path, trading, monkeypatch):
    """With the minutes that docs/operating.md shows."""
    site = tmp_path / "site"
    metadata = site / "logs_in-1.0.dist-info"
    metadata.mkdir(parents=True)
    (site / "logs_in.py").write_text(LOGS_IN)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: logs-in\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[skim.brokers]\nlogs_in = logs_in\n")
    monkeypatch.syspath_prepend(site)
    monkeypatch.setenv("PYTHONPATH", str(site), prepend=":")
    page = (CRONTAB.parent / "docs" / "operating.md").read_text(encoding="utf-8")
    assert "`45,50,55` for the minutes" in page
    changed = trading.replace("45    22,23", "45,50,55 22,23")
    assert changed != trading
    host = Host(tmp_path, read_crontab(changed), NOON, environment={"SKIM_BROKER": "logs_in"})
    host.run_until(END)
    codes = sorted((f"{ran.at:%H:%M}", ran.code) for ran in host.ran if START in ran.command)
    assert codes == [
        ("22:45", 3),
        ("22:50", 3),
        ("22:55", 0),
        ("23:45", 0),
        ("23:50", 0),
        ("23:55", 0),
    ]
    events = events_of(tmp_path)
    assert minutes_of(events, ev.PhaseStarted, "setup") == ["09:55"]
    assert minutes_of(events, ev.PhaseStarted, "scan") == ["10:01"]
    assert len(took_time(host, START)) == 1
    refused = [ran for ran in host.ran if ran.code == 3]
    assert all("nobody answers at localhost:4002" in ran.mail for ran in refused)
