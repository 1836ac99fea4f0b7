"""Analysis: each question against a plain loop that answers it too, and as the command gives it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import date, timedelta
from statistics import mean

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skim_asx import analysis
from skim_asx.chart import Candle, page, svg
from skim_asx.eod import SCHEMA
from skim_asx.performance import performance
from skim_asx.periods import Period, parse_period
from skim_asx.store import Store

from skim_core.errors import ConfigError

START = date(2026, 1, 1)
WHOLE = Period(START, START + timedelta(days=400))
LATER = Period(START + timedelta(days=55), START + timedelta(days=75))


def frame(**shares: list[tuple[float, float]]) -> pl.DataFrame:
    """Return prices: for each share its closes and volumes, a day each."""
    rows = [
        (symbol, START + timedelta(days=number), close, close + 0.01, close - 0.01, close, volume)
        for symbol, days in shares.items()
        for number, (close, volume) in enumerate(days)
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row").sort("symbol", "date")


DAYS = st.lists(
    st.tuples(
        st.sampled_from([1.0, 1.01, 1.02, 1.05, 1.2, 1.5]), st.sampled_from([0.0, 10.0, 100.0])
    ),
    min_size=1,
    max_size=40,
)
MARKETS = st.builds(
    lambda first, second: frame(QQA=[(1.0, 100.0)] * 50 + first, QQB=[(1.0, 100.0)] * 45 + second),
    DAYS,
    DAYS,
)


def by_symbol(prices: pl.DataFrame):
    for symbol in ("QQA", "QQB"):
        rows = list(prices.filter(symbol=symbol).iter_rows(named=True))
        yield symbol, rows


def baseline(rows, at):
    before = [row["volume"] for row in rows[max(0, at - 50) : at]]
    return mean(before) if len(before) == 50 and mean(before) > 0 else None


def inside(row, period):
    return period.first <= row["date"] <= period.last


@settings(max_examples=60)
@given(MARKETS, st.sampled_from([WHOLE, LATER]))
def test_gaps_are_those_that_a_loop_finds(prices, period):
    expected = set()
    for symbol, rows in by_symbol(prices):
        for at in range(1, len(rows)):
            usual = baseline(rows, at)
            gap = (rows[at]["open"] / rows[at - 1]["close"] - 1) * 100
            much = usual is not None and rows[at]["volume"] >= max(50, 0.9 * usual)
            if inside(rows[at], period) and gap >= 4 and much:
                expected.add((symbol, rows[at]["date"]))
    found = analysis.gaps(prices, period, percent=4, volume=50, times=0.9)
    assert set(found.select("symbol", "date").iter_rows()) == expected
    assert found["gap_percent"].to_list() == sorted(found["gap_percent"], reverse=True)


@settings(max_examples=60)
@given(MARKETS, st.sampled_from([WHOLE, LATER]), st.integers(1, 4))
def test_runs_are_those_that_a_loop_finds(prices, period, days):
    expected = {}
    for symbol, rows in by_symbol(prices):
        run = []
        for at in range(1, len(rows) + 1):
            rises = (
                at < len(rows)
                and inside(rows[at], period)
                and rows[at]["close"] > rows[at - 1]["close"]
            )
            if rises:
                run.append(at)
                continue
            if len(run) >= days:
                gain = (rows[run[-1]]["close"] / rows[run[0] - 1]["close"] - 1) * 100
                expected[symbol, rows[run[0]]["date"], len(run)] = pytest.approx(gain, abs=1e-5)
            run = []
    found = analysis.momentum(prices, period, days)
    told = found.select("symbol", "first", "days", "gain_percent").iter_rows()
    assert {row[:3]: row[3] for row in told} == expected


@settings(max_examples=60)
@given(MARKETS, st.sampled_from([WHOLE, LATER]), st.integers(2, 5))
def test_quiet_spans_are_those_that_a_loop_finds_each_once(prices, period, days):
    expected = set()
    for symbol, rows in by_symbol(prices):
        quiet = set()
        for start in range(len(rows) - days + 1):
            window = rows[start : start + days]
            high, low = max(r["high"] for r in window), min(r["low"] for r in window)
            usual = baseline(rows, start)
            if (
                all(inside(row, period) for row in window)
                and usual is not None
                and high - low <= (high + low) / 2 * 0.1 + 1e-9
                and mean(row["volume"] for row in window) <= 0.5 * usual + 1e-9
            ):
                quiet.add(start)
        spans = []
        for start in sorted(quiet):
            if spans and start <= spans[-1][1]:
                spans[-1][1] = start + days - 1
            else:
                spans.append([start, start + days - 1])
        expected |= {(symbol, rows[a]["date"], rows[b]["date"], b - a + 1) for a, b in spans}
    found = analysis.consolidation(prices, period, days)
    assert set(found.select("symbol", "first", "last", "days").iter_rows()) == expected


def test_performance_and_the_best_of_it():
    prices = frame(
        QQA=[(1.0, 100.0), (1.5, 100.0), (1.2, 100.0)],
        QQB=[(2.0, 100.0), (4.0, 100.0)],
        QQC=[(0.1, 100.0), (9.0, 100.0)],
        QQD=[(1.0, 1.0), (9.0, 1.0)],
        QQE=[(1.0, 100.0)],
    )
    found = analysis.top(prices, WHOLE, price=0.2, volume=50)
    assert found.select("symbol", "return_percent").rows() == [("QQB", 100.0), ("QQA", 20.0)]
    made = performance(prices, START, START).height
    assert made == 0
    volatility = performance(prices, START, WHOLE.last).filter(symbol="QQA")["volatility"][0]
    assert volatility == pytest.approx(49.497, abs=0.001)


def test_liquid_are_shares_that_trade_well_of_late():
    prices = frame(
        QQA=[(1.0, 60_000.0)] * 60,
        QQB=[(0.1, 60_000.0)] * 60,
        QQC=[(1.0, 60_000.0)] * 10 + [(1.0, 10.0)] * 50,
        QQCD=[(1.0, 60_000.0)] * 60,
    )
    assert analysis.liquid(prices)["symbol"].unique().to_list() == ["QQA"]


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026", "2026-01-01", "2026-12-31"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2026-03-02 to 2026-04-01", "2026-03-02", "2026-04-01"),
        ("1M", "2026-10-25", "2026-11-24"),
        ("3m", "2026-08-26", "2026-11-24"),
        ("6M", "2026-05-28", "2026-11-24"),
        ("1Y", "2025-11-24", "2026-11-24"),
    ],
)
def test_periods_are_written_in_several_ways(text, first, last):
    assert parse_period(text, date(2026, 11, 24)) == (
        date.fromisoformat(first),
        date.fromisoformat(last),
    )


@pytest.mark.parametrize(
    "text", ["", "2M", "2026-13", "0000", "2026-04-01 to 2026-03-02", "a to b"]
)
def test_what_is_no_period_is_refused(text):
    with pytest.raises(ConfigError, match="is no period: write a year"):
        parse_period(text, START)


CANDLES = st.lists(
    st.builds(
        lambda number, prices, volume: Candle(
            START + timedelta(days=number),
            prices[0],
            max(prices),
            min(prices),
            prices[1],
            volume,
        ),
        st.integers(0, 3000),
        st.tuples(*[st.floats(0.001, 500)] * 4),
        st.floats(0, 1e9),
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=40)
@given(CANDLES)
def test_every_picture_is_sound_and_has_every_day_within_its_frame(candles):
    root = ET.fromstring(svg("A&B", candles))
    groups = [each for each in root.iter() if each.get("class") in {"rise", "fall"}]
    assert len(groups) == len(candles)
    for shape in root.iter():
        for name, most in (("y", 540), ("y1", 540), ("y2", 540), ("x", 960), ("x1", 960)):
            assert 0 <= float(shape.get(name, 0)) <= most
        assert float(shape.get("height", 0)) >= 0


def test_the_page_has_nothing_from_elsewhere():
    made = page("A&B", [Candle(START, 1, 2, 0.5, 1.5, 10)])
    assert "<title>A&amp;B</title>" in made
    assert made.count("http") == 1  # the name of SVG itself


# The command


@pytest.fixture
def stored(home):
    """Keep sixty days of three shares in skim's own folder."""
    rise = [(1 + number / 100, 100_000.0) for number in range(60)]
    flat = [(2.0, 100_000.0)] * 52 + [(2.0, 20_000.0)] * 8
    leap = [*[(1.0, 80_000.0)] * 55, (1.5, 400_000.0), *[(1.5, 80_000.0)] * 4]
    Store(home / "extensions" / "asx" / "data").merge([frame(QQA=rise, QQB=flat, QQC=leap)])
    return home


def rows(answer):
    assert answer.code == 0, answer.err
    return [row["symbol"] for row in answer.json["rows"]]


def test_questions_are_answered_as_json(skim, stored):
    top = skim("analyse", "top", "1M", "--json")
    assert rows(top) == ["QQC", "QQA", "QQB"]
    assert top.json["rows"][0]["return_percent"] == 50.0
    assert top.json["last"] == "2026-03-01"
    assert rows(skim("analyse", "gaps", "2026", "--json")) == ["QQC"]
    assert rows(skim("analyse", "momentum", "2026", "--json")) == ["QQA"]
    quiet = skim("analyse", "consolidation", "2026", "--json")
    assert rows(quiet) == ["QQB"]
    # Four quiet days and one before them are five at little volume on average.
    assert quiet.json["rows"][0]["days"] == 9
    figures = skim("analyse", "moves", "2026", "--json").json
    assert figures["momentum"]["by_days"] == {"59": 1}
    share = skim("analyse", "share", "qqc", "2026", "--json").json
    assert (share["symbol"], len(share["gaps"]), share["momentum"]) == ("QQC", 1, [])


def test_questions_are_answered_as_tables(skim, stored):
    top = skim("analyse", "top", "1M", "--limit", "2").out.splitlines()
    assert top[0].split()[:3] == ["symbol", "return", "%"]
    assert [line.split()[0] for line in top[1:3]] == ["QQC", "QQA"]
    assert top[-1] == "2 of 3 found from 2026-01-30 to 2026-03-01."
    assert (
        skim("analyse", "gaps", "2025").out == "Nothing was found from 2025-01-01 to 2025-12-31.\n"
    )
    assert "momentum" in skim("analyse", "moves", "2026").out
    assert "momentum: none" in skim("analyse", "share", "QQC", "2026").out


def test_thin_shares_are_asked_for(skim, stored):
    store = Store(stored / "extensions" / "asx" / "data")
    store.merge([frame(QQT=[(1.0, 5.0), (9.0, 5.0)])])
    asked = ("analyse", "top", "2026", "--volume", "1", "--json")
    assert "QQT" not in rows(skim(*asked))
    assert rows(skim(*asked, "--every"))[0] == "QQT"


@pytest.mark.parametrize("suffix", ["svg", "html"])
def test_a_chart_is_drawn_into_a_file(skim, stored, suffix):
    out = stored / f"chart.{suffix}"
    drawn = skim("analyse", "chart", "qqa", "--limit", "20", "--out", str(out), "--json")
    assert drawn.json["days"] == 20
    text = out.read_text()
    assert text.count('<g class="') == 20
    assert "QQA" in text
    assert skim("analyse", "chart", "QQA", "2026-01").code == 0
    assert (stored / "QQA.svg").is_file()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["top", "lately"], "'lately' is no period"),
        (["share", "QQX", "2026"], "there are no prices of 'QQX' (did you mean 'QQ"),
        (["chart", "QQA", "--out", "a.png"], "neither .svg nor .html"),
        (["chart", "QQA", "--out", "/nowhere/a.svg"], "can't be written"),
        (["chart", "QQA", "2020"], "QQA has no prices in '2020'"),
    ],
)
def test_what_can_not_be_answered_is_told(skim, stored, arguments, told):
    refused = skim("analyse", *arguments)
    assert (refused.code, told in refused.err) == (2, True)


def test_without_prices_it_says_how_to_get_them(skim):
    refused = skim("analyse", "top", "1M")
    assert (refused.code, "run 'skim download_data --from DATE'" in refused.err) == (2, True)


def test_real_prices_are_analysed(skim, real_data):
    data = ("--data", str(real_data), "--json")
    assert len(rows(skim("analyse", "top", "3M", *data))) == 50
    assert len(rows(skim("analyse", "gaps", "2024-02", *data))) > 5
    assert skim("analyse", "consolidation", "3M", *data).json["found"] > 100
