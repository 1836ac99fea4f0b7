"""``skim market_data`` over `ibkr`: asked of a gateway in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

DAY = "2026-11-26"
OPTIONS = ("--broker", "ibkr", "--session", DAY, "--json")


@pytest.fixture
def gateway(tmp_path):
    """Serve the simulated exchange an hour into a session; give the port."""
    command = "from skim_gateway.commands import run; run()"
    process = subprocess.Popen(
        [
            *(sys.executable, "-c", command, "run", "--session", DAY, "--start", "open+1h"),
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


def test_the_broker_is_asked_and_no_day_begun(gateway, skim_in):
    skim = skim_in()
    (skim.directory / "skim.toml").write_text(
        f'account = "DU1234567"\n[brokers.ibkr]\nport = {gateway}\n', encoding="utf-8"
    )
    code, said = skim.run("market_data", "AEG", *OPTIONS)
    assert code == 0, said
    [row] = json.loads(said)["rows"]
    assert float(row["bid"]) < float(row["last"]) < float(row["ask"])
    assert float(row["low"]) <= float(row["open"]) <= float(row["high"])
    assert not (skim.directory / "journal.sqlite").exists()
    code, said = skim.run("market_data", "ZZZZ", *OPTIONS)
    assert code == 2
    assert "broker ibkr has no symbol 'ZZZZ'" in said
