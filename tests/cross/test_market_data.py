"""``skim market_data`` over `ibkr`: asked of a gateway in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta

import pytest

from skim_core.calendar.sessions import SessionCalendar
from skim_core.clock.wall import WallClock

OPTIONS = ("--broker", "ibkr", "--json")


@pytest.fixture
def session(tmp_path):
    """Give the last session of an exchange that is closed now.

    The command asks for the bars up to the wall's time, and the gateway has those of its own:
    only of a session that is over are they the same ones at each time of day. Sydney and New
    York are never open together.
    """
    for exchange in ("XASX", "XNYS"):
        calendar, now = SessionCalendar(exchange, tmp_path / "calendars"), WallClock().now()
        current = calendar.current_or_next(now)
        if current.open > now + timedelta(minutes=5):
            return calendar.previous(current)
    return pytest.fail("two exchanges are open at once that never are")


@pytest.fixture
def gateway(tmp_path, session):
    """Serve the simulated exchange an hour into a session; give the port."""
    command = "from skim_gateway.commands import run; run()"
    process = subprocess.Popen(
        [
            *(sys.executable, "-c", command, "run", "--exchange", session.exchange),
            *("--session", str(session.date), "--start", "open+1h"),
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


@pytest.fixture
def skim(gateway, session, skim_in):
    skim = skim_in()
    (skim.directory / "skim.toml").write_text(
        f'exchange = "{session.exchange}"\naccount = "DU1234567"\n'
        f"[brokers.ibkr]\nport = {gateway}\n[brokers.sim]\nsymbols = 20\n",
        encoding="utf-8",
    )
    return skim


def test_the_broker_is_asked_and_no_day_begun(skim, session):
    symbol = known(skim)
    code, said = skim.run("market_data", symbol, *OPTIONS)
    assert code == 0, said
    shown = json.loads(said)
    assert shown["session"] == str(session.date)
    [row] = shown["rows"]
    assert float(row["bid"]) < float(row["last"]) < float(row["ask"])
    assert float(row["low"]) <= float(row["open"]) <= float(row["high"])
    gap = 100 * (float(row["open"]) / float(row["previous_close"]) - 1)
    assert float(row["gap_percent"]) == pytest.approx(gap, abs=0.006)
    assert not (skim.directory / "journal.sqlite").exists()


def test_a_symbol_that_ibkr_does_not_have_is_named(skim):
    code, said = skim.run("market_data", "ZZZZ", *OPTIONS)
    assert code == 2
    assert "broker ibkr has no symbol 'ZZZZ'" in said


def known(skim):
    """Return a symbol of the simulated exchange that the gateway serves."""
    said = skim.run("market_data", "ZZZZ", "--broker", "sim")[1]
    return said.split("it has ")[1].split(", ")[0]
