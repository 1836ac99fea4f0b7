"""The historical filter, by its rules and in a day."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skim_asx.config import HistoryConfig
from skim_asx.eod import SCHEMA
from skim_asx.history import HistoryFilter, Made, reason
from skim_asx.performance import until
from skim_asx.store import Store

from skim_core import Candidate
from skim_core.errors import DataError

DAY = date(2026, 11, 24)
NEWEST = date(2026, 11, 23)


def rows(symbol: str, *closes: tuple[int, float], volume: float = 1000.0) -> list[dict]:
    """Return rows of a symbol: its close so many days before the newest."""
    return [
        {
            "symbol": symbol,
            "date": NEWEST - timedelta(days=before),
            "open": close,
            "high": close,
            "low": close,
            "close": close,
            "volume": volume,
        }
        for before, close in closes
    ]


def rules(**values) -> HistoryConfig:
    return HistoryConfig.model_validate(values)


@pytest.fixture
def drop(tmp_path):
    """Judge candidates over some prices: ``drop(rows, {"return_3m_minimum": 10}, "QQA")``."""

    def dropped(prices, values, *symbols, day=DAY):
        store = Store(tmp_path / "data")
        store.merge([pl.DataFrame(prices, schema=SCHEMA)])
        judge = HistoryFilter("strong", rules(**values), store)
        found = [Candidate(symbol=symbol, reason="gaps") for symbol in symbols]
        ctx = SimpleNamespace(session=SimpleNamespace(date=day))
        return asyncio.run(judge.drop(ctx, found))

    return dropped


def test_returns_are_from_the_first_to_the_last_close_of_the_span(drop):
    prices = [*rows("QQA", (91, 9.0), (90, 10.0), (40, 50.0), (0, 12.0))]
    assert until(pl.DataFrame(prices, schema=SCHEMA), NEWEST, 90)["return_percent"].to_list() == [
        20
    ]
    assert drop(prices, {"return_3m_minimum": 20, "return_3m_maximum": 20}, "QQA") == {}
    assert drop(prices, {"return_3m_minimum": "20.1"}, "QQA") == {
        "QQA": "+20.0 % in 3 months, at least +20.1 % is wanted"
    }
    assert "at most +19.9 %" in drop(prices, {"return_3m_maximum": "19.9"}, "QQA")["QQA"]
    assert "in 6 months, at least +34 %" in drop(prices, {"return_6m_minimum": 34}, "QQA")["QQA"]


def test_one_without_two_closes_in_the_span_is_dropped_when_they_are_required(drop):
    prices = rows("QQA", (120, 9.0), (0, 12.0))
    assert drop(prices, {}, "QQA", "QQB") == {
        "QQA": "it has no prices of 3 months",
        "QQB": "it has no prices of 3 months",
    }
    assert drop(prices, {"require_3m": False}, "QQA") == {}
    assert drop(prices, {"require_3m": False, "require_6m": True}, "QQA", "QQB") == {
        "QQB": "it has no prices of 6 months"
    }


def test_the_volume_is_the_mean_of_three_months_and_none_is_zero(drop):
    prices = [*rows("QQA", (80, 1.0), volume=1000), *rows("QQA", (0, 1.0), volume=3000)]
    assert drop(prices, {"volume_minimum": 2000}, "QQA") == {}
    assert (
        "2,000 shares a day, at least 2,001" in drop(prices, {"volume_minimum": 2001}, "QQA")["QQA"]
    )
    assert (
        "0 shares a day" in drop(prices, {"volume_minimum": 1, "require_3m": False}, "QQB")["QQB"]
    )


def test_nothing_of_the_sessions_day_or_later_is_seen(drop):
    prices = rows("QQA", (60, 10.0), (0, 11.0), (-1, 99.0), (-2, 99.0))
    assert drop(prices, {"return_3m_maximum": 10}, "QQA") == {}


def test_prices_that_are_too_old_fail_the_filter_instead_of_passing(drop):
    prices = rows("QQA", (60, 10.0), (0, 11.0))
    assert drop(prices, {}, "QQA", day=NEWEST + timedelta(days=7)) == {}
    with pytest.raises(DataError, match="are of 2026-11-23, more than 7 days old: run 'skim down"):
        drop(prices, {}, "QQA", day=NEWEST + timedelta(days=8))
    with pytest.raises(DataError, match="there are no prices before 2026-01-01"):
        drop(prices, {}, "QQA", day=date(2026, 1, 1))


def test_without_candidates_nothing_is_asked(tmp_path):
    judge = HistoryFilter("strong", rules(), Store(tmp_path / "nowhere"))
    assert asyncio.run(judge.drop(SimpleNamespace(session=None), [])) == {}


BOUNDS = st.none() | st.integers(-50, 50).map(Decimal)
MADE = st.none() | st.builds(Made, st.integers(-60, 60).map(float), st.integers(0, 2000).map(float))


@given(
    st.builds(
        HistoryConfig.model_validate,
        st.fixed_dictionaries(
            {
                "return_3m_minimum": BOUNDS,
                "return_3m_maximum": BOUNDS,
                "return_6m_minimum": BOUNDS,
                "volume_minimum": st.none() | st.integers(0, 2000),
                "require_3m": st.booleans(),
                "require_6m": st.booleans(),
            }
        ),
    ),
    MADE,
    MADE,
)
def test_a_share_passes_exactly_when_each_rule_passes_it(config, three, six):
    volume = three.volume if three else 0
    passes = (
        (three is not None or not config.require_3m)
        and (six is not None or not config.require_6m)
        and (
            three is None
            or (
                (
                    config.return_3m_minimum is None
                    or three.return_percent >= config.return_3m_minimum
                )
                and (
                    config.return_3m_maximum is None
                    or three.return_percent <= config.return_3m_maximum
                )
            )
        )
        and (
            six is None
            or config.return_6m_minimum is None
            or six.return_percent >= config.return_6m_minimum
        )
        and (config.volume_minimum is None or volume >= config.volume_minimum)
    )
    assert (reason(config, three, six) == "") is passes


STRATEGY = """
from skim_core import Candidate, Context, Phase, PhaseGraph, hooks

@hooks.phase_graph
def skim_phase_graph() -> PhaseGraph:
    return PhaseGraph(Phase("scan", filters=["strong"]))

@hooks.scan
async def skim_scan(ctx: Context[None]) -> list[Candidate]:
    return [Candidate(symbol=name, reason="gaps") for name in ("QQA", "QQB", "QQC")]
"""


def test_a_strategy_declares_it_and_its_day_is_filtered(skim, home, tmp_path, monkeypatch):
    (tmp_path / "strong_strategy.py").write_text(STRATEGY)
    info = tmp_path / "gaps-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: gaps\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[skim.strategies]\ngaps = strong_strategy\n")
    monkeypatch.syspath_prepend(tmp_path)
    day = ("start_trading_day", "--strategy", "gaps", "--session", "2026-11-24")
    refused = skim(*day)
    assert refused.code == 2
    assert "names the filter 'strong', which no loaded extension has" in refused.err
    (home / "skim.toml").write_text("[extension.asx.history.strong]\nreturn_3m_minimum = 10\n")
    prices = [*rows("QQA", (60, 10.0), (0, 12.0)), *rows("QQB", (60, 10.0), (0, 9.0))]
    Store(home / "extensions" / "asx" / "data").merge([pl.DataFrame(prices, schema=SCHEMA)])
    assert skim(*day).code == 0
    told = " ".join(skim("explain", "--strategy", "gaps").out.split())
    assert "1 candidate: QQA (gaps)." in told
    assert "QQB dropped by strong: -10.0 % in 3 months, at least +10 % is wanted" in told
    assert "QQC dropped by strong: it has no prices of 3 months" in told
    assert "passed by strong" in skim("graph", "gaps").out


def test_a_real_year_of_prices(real_data, tmp_path):
    prices = pl.read_parquet(real_data / "bars_1d" / "XASX.parquet")
    newest = prices["date"].max()
    made = until(prices, newest, 90)
    assert made.height > 1500
    bhp = prices.filter(
        (pl.col("symbol") == "BHP") & (pl.col("date") >= newest - timedelta(days=90))
    )
    expected = (bhp["close"][-1] / bhp["close"][0] - 1) * 100
    assert made.filter(symbol="BHP")["return_percent"][0] == pytest.approx(expected, abs=1e-5)


def test_what_a_day_only_loads_is_light():
    code = "import skim_asx.plugin, skim_asx.commands, sys; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )
    assert not {"polars", "httpx2", "stamina", "selectolax"} & set(loaded.stdout.split())
