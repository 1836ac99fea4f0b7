"""``skim market_data`` over `ibkr`: asked of a gateway in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from skim_core.calendar.sessions import SessionCalendar
from skim_core.clock.wall import WallClock

OPTIONS = ("--broker", "ibkr", "--json")


@pytest.fixture
def day(tmp_path):
    """Give the last session that has opened: what trades now is of no other."""
    calendar, now = SessionCalendar("XASX", tmp_path / "calendars"), WallClock().now()
    current = calendar.current_or_next(now)
    return (current if current.open <= now else calendar.previous(current)).date


@pytest.fixture
def gateway(tmp_path, day):
    """Serve the simulated exchange an hour into a session; give the port."""
    command = "from skim_gateway.commands import run; run()"
    process = subprocess.Popen(
        [
            *(sys.executable, "-c", command, "run", "--session", str(day), "--start", "open+1h"),
            *("--symbols", "20", "--port", "0", "--json"),
        ],
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    assert process.stdout is not None
    yield json.loads(process.stdout.readline())["port"]
    process.terminate()
    process.communicate()


def test_the_broker_is_asked_and_no_day_begun(gateway, skim_in, day):
    skim = skim_in()
    (skim.directory / "skim.toml").write_text(
        f'account = "DU1234567"\n[brokers.ibkr]\nport = {gateway}\n[brokers.sim]\nsymbols = 20\n',
        encoding="utf-8",
    )
    symbol = known(skim)
    code, said = skim.run("market_data", symbol, *OPTIONS)
    assert code == 0, said
    shown = json.loads(said)
    assert shown["session"] == str(day)
    [row] = shown["rows"]
    assert float(row["bid"]) < float(row["last"]) < float(row["ask"])
    assert float(row["low"]) <= float(row["open"]) <= float(row["high"])
    gap = 100 * (float(row["open"]) / float(row["previous_close"]) - 1)
    assert float(row["gap_percent"]) == pytest.approx(gap, abs=0.006)
    assert not (skim.directory / "journal.sqlite").exists()


def test_a_symbol_that_ibkr_does_not_have_is_named(gateway, skim_in):
    skim = skim_in()
    (skim.directory / "skim.toml").write_text(
        f'account = "DU1234567"\n[brokers.ibkr]\nport = {gateway}\n', encoding="utf-8"
    )
    code, said = skim.run("market_data", "ZZZZ", *OPTIONS)
    assert code == 2
    assert "broker ibkr has no symbol 'ZZZZ'" in said


def known(skim):
    """Return a symbol of the simulated exchange that the gateway serves."""
    said = skim.run("market_data", "ZZZZ", "--broker", "sim")[1]
    return said.split("it has ")[1].split(", ")[0]
