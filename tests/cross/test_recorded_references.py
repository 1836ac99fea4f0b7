"""Trades on recorded days, against the plain-Python references of the plugins' own tests."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import polars as pl
import pytest

from skim_core.testing.replays import in_order, replay_days

CHECKOUT = Path(__file__).parent.parent.parent
DATA = Path(os.environ.get("SKIM_TEST_DATA", CHECKOUT.parent / "shared" / "data"))
STRATEGIES = ["orh_breakout", "gap_fade", "overnight"]

# Each begins with the second session of its set: the first has no previous close.
PERIODS = {
    "liquid shares": ("2025-01-03", "2025-02-07"),
    "thin shares, one of them new": ("2024-03-20", "2024-04-05"),
    "thin shares, half days and holidays": ("2024-11-25", "2024-12-31"),
    "former years": ("2019-02-11", "2019-02-13"),
    "a split that looks like a gap": ("2014-06-05", "2014-06-09"),
}

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"there are no recorded bars in {DATA}")


def reference_of(strategy):
    """Return the module with the reference of a strategy's plugin."""
    plugin = f"skim-strategy-{strategy.replace('_', '-')}"
    path = CHECKOUT / "plugins" / plugin / "tests" / "test_reference.py"
    specification = importlib.util.spec_from_file_location(f"{strategy}_reference", path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def calendars(tmp_path_factory):
    return tmp_path_factory.mktemp("replays")


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("period", PERIODS)
def test_recorded_days_are_traded_by_the_rules(calendars, strategy, period):
    rules = reference_of(strategy)
    # The references take every gap as one: which of them are splits is the exchange's to say.
    broker = {
        "cash": rules.CAPITAL,
        "participation": rules.PARTICIPATION,
        "data": DATA,
        "splits": "scan",
    }
    replayed = replay_days(
        strategy, *PERIODS[period], calendars, exchange="XNYS", config=rules.CONFIG, broker=broker
    )
    assert_traded_by(rules, replayed)


@pytest.mark.parametrize("gap", ["0.96", "1.04"])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_recorded_morning_is_traded_by_the_rules(calendars, tmp_path, strategy, gap):
    """Shares that are not recorded after the morning: what is held then stays held.

    Their previous closes are not recorded either, so their gaps are made.
    """
    minutes = pl.read_parquet(DATA / "bars_1m" / "XASX" / "2026-09-25.parquet")
    (tmp_path / "bars_1m" / "XASX").mkdir(parents=True)
    (tmp_path / "bars_1d").mkdir()
    minutes.write_parquet(tmp_path / "bars_1m" / "XASX" / "2026-09-25.parquet")
    minutes.group_by("symbol", maintain_order=True).agg(
        pl.lit("2026-09-24").alias("date"), close=(pl.col("open").first() / float(gap)).round(3)
    ).write_csv(tmp_path / "bars_1d" / "XASX.csv")
    rules = reference_of(strategy)
    broker = {"cash": rules.CAPITAL, "participation": rules.PARTICIPATION, "data": tmp_path}
    replayed = replay_days(
        strategy,
        "2026-09-25",
        "2026-09-25",
        calendars,
        exchange="XASX",
        config=rules.CONFIG,
        broker=broker,
    )
    assert_traded_by(rules, replayed)


def assert_traded_by(rules, replayed):
    reference = rules.Reference()
    for day in replayed.sessions():
        reference.play(day)
    assert not replayed.summary["failed"]
    assert replayed.trades == in_order(reference.account.trades)
    held = {one["symbol"]: one["quantity"] for one in replayed.summary["open"]}
    assert held == {name: held.quantity for name, held in reference.account.holdings.items()}
