"""A store that polars ends its process on is told with its mend, on a trading day too.

Each command has a process of its own here, which such a store would end.
"""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date, timedelta

import polars as pl
import pytest
from skim_asx.eod import SCHEMA
from skim_asx.store import Store

from .test_history import STRATEGY

DAYS = [date(2026, 11, 19) + timedelta(days=number) for number in range(3)]


@pytest.fixture
def store(home):
    """Keep prices in skim's own folder, with the byte changed that lets polars ask for no end."""
    store = Store(home / "extensions" / "asx" / "data")
    rows = [
        (symbol, day, 10.0, 10.5, 9.5, 10.2, 1000.0 + number)
        for symbol in ("QQA", "QQB", "QQC")
        for number, day in enumerate(DAYS)
    ]
    store.merge([pl.DataFrame(rows, schema=SCHEMA, orient="row")])
    content = bytearray(store.parquet.read_bytes())
    content[55] = 1
    store.parquet.write_bytes(content)
    return store


def process(*arguments):
    command = [sys.executable, "-m", "skim_core", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_polars_can_not_read_such_a_store(store):
    code = "import polars, sys; polars.read_parquet(sys.argv[1])"
    command = [sys.executable, "-c", code, store.parquet]
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0


@pytest.mark.parametrize("command", ["analyse", "import_data", "download_data"])
def test_a_command_tells_what_to_do_about_it(store, tmp_path, monkeypatch, command):
    (tmp_path / "QQA.csv").write_text("QQA,20/11/2026,1,1,1,1,5\n")
    monkeypatch.setenv("COOLTRADER_USERNAME", "trader")
    monkeypatch.setenv("COOLTRADER_PASSWORD", "secret")
    rest = {
        "analyse": ("top", "1M"),
        "import_data": (str(tmp_path / "QQA.csv"),),
        "download_data": ("2026-11-20",),
    }
    kept = store.parquet.read_bytes()
    told = process(command, *rest[command])
    assert told.returncode == 2
    assert f"{store.parquet} is not a sound Parquet file (" in told.stderr
    assert "move it away, and 'skim download_data' makes it anew of the raw files." in told.stderr
    assert len(told.stderr.splitlines()) == 1
    assert store.parquet.read_bytes() == kept


def test_a_trading_day_fails_the_phase_that_needs_it(store, home, tmp_path, monkeypatch):
    (tmp_path / "strong_strategy.py").write_text(STRATEGY)
    info = tmp_path / "gaps-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: gaps\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[skim.strategies]\ngaps = strong_strategy\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (home / "skim.toml").write_text("[extension.asx.history.strong]\nreturn_3m_minimum = 10\n")
    day = process("start_trading_day", "--strategy", "gaps", "--session", "2026-11-24")
    assert day.returncode == 1
    [run] = json.loads(process("status", "--session", "2026-11-24", "--json").stdout)["days"]
    [scan] = run["phases"]
    assert (run["state"], scan["status"]) == ("failed", "failed")
    assert f"{store.parquet} is not a sound Parquet file (" in scan["error"]
