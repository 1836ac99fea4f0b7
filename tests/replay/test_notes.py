"""What a replay says about the data: splits, renames, holes, thin shares, sessions that end."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from pathlib import Path

import polars as pl
import pytest

DATA = Path(os.environ.get("SKIM_TEST_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
real = pytest.mark.skipif(not DATA.is_dir(), reason="no recorded data here: see SKIM_TEST_DATA")

GAPS = """
    from decimal import Decimal
    from pydantic import BaseModel
    from skim_core import Bracket, Candidate, Context, GapScan, Phase, PhaseGraph, hooks

    class Config(BaseModel):
        least: int = 1
        hold: bool = False

    @hooks.config_model
    def skim_config_model() -> type[Config]:
        return Config

    @hooks.phase_graph
    def skim_phase_graph() -> PhaseGraph:
        return PhaseGraph(Phase("scan", at="open+2m"), Phase("trade", after="scan"))

    @hooks.scan
    async def skim_scan(ctx: Context[Config]) -> list[Candidate]:
        rows = await ctx.market.scan(GapScan(minimum_percent=ctx.config.least, limit=20))
        return [Candidate(symbol=row.symbol, reason=f"{row.gap_percent}") for row in rows]

    @hooks.trade
    async def skim_trade(ctx: Context[Config]) -> None:
        if not ctx.config.hold:
            return
        for symbol in ctx.candidates:
            await ctx.orders.enter(Bracket(symbol=symbol, quantity=10, stop_price=Decimal(1)))
"""
"""Finds gaps, up or with a negative `least` down; told to `hold`, it buys them and keeps them."""

OPEN = dt.datetime(2025, 1, 5, 23, 0, tzinfo=dt.UTC)
"""Of the ASX on 6 January; it has 360 minutes."""

FULL = range(360)


@pytest.fixture
def gaps(install):
    return install("gaps", GAPS)


@pytest.fixture
def record(tmp_path):
    """Write a day's bars, each symbol at a price in some minutes: ``record(6, AAA=(10, FULL))``."""
    folder = tmp_path / "data"

    def recorded(day, **symbols):
        start = OPEN + dt.timedelta(days=day - 6)
        rows = [
            (symbol, start + dt.timedelta(minutes=minute), *[float(price)] * 4, 1000.0)
            for symbol, (price, minutes) in symbols.items()
            for minute in minutes
        ]
        columns = ["symbol", "ts", "open", "high", "low", "close", "volume"]
        path = folder / "bars_1m" / "XASX" / f"2025-01-{day:02}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pl.DataFrame(rows, schema=columns, orient="row").write_parquet(path)
        return folder

    return recorded


@pytest.fixture
def noted(skim, gaps, tmp_path):
    """Replay 7 January, and the 8th where it is recorded; return the summary."""

    def replayed(folder, *arguments, to="2025-01-07"):
        out = tmp_path / f"out{len(list(tmp_path.iterdir()))}"
        dates = ("--from", "2025-01-07", "--to", to)
        command = ("replay", "-s", gaps, "--data", folder, *dates, "--out", out, *arguments)
        result = skim(*command, "--json")
        assert result.code == 0, result.err
        told = skim(*command).out
        summary = result.json
        assert all(note["text"] in told for note in summary["notes"][:10])
        return summary

    return replayed


def kinds(summary):
    return [(note["kind"], note["symbol"]) for note in summary["notes"]]


def held(summary):
    return sorted(position["symbol"] for position in summary["open"])


def test_sound_data_have_no_notes(record, noted):
    record(6, AAA=(10, FULL), BBB=(20, FULL))
    assert noted(record(7, AAA=(10.5, FULL), BBB=(20, FULL)))["notes"] == []


@pytest.mark.parametrize(
    ("previous", "opened", "said"),
    [
        (70, 10, "a 7:1 split"),
        (20.2, 10, "a 2:1 split"),
        (10, 100, "a 1:10 consolidation"),
        (0.003, 0.05, "a 1:17 consolidation"),
        (0.05, 0.53, "about 1:11 consolidation"),
        (20, 12, None),
        (10, 26, None),
        (0.002, 0.001, None),
        (0.1, 0.3, None),
    ],
)
def test_a_probable_split_is_noted_and_no_other_gap(record, noted, previous, opened, said):
    record(6, AAA=(previous, FULL), BBB=(20, FULL))
    summary = noted(record(7, AAA=(opened, FULL), BBB=(20, FULL)))
    if said is None:
        assert summary["notes"] == []
        return
    [note] = summary["notes"]
    assert (note["date"], note["symbol"], note["kind"]) == ("2025-01-07", "AAA", "split")
    assert said in note["text"]
    assert note["text"].endswith("its gap is not scanned")


def test_a_consolidations_gap_is_not_traded_unless_it_is_asked_for(record, noted, home):
    record(6, AAA=(10, FULL), BBB=(20, FULL))
    folder = record(7, AAA=(100, FULL), BBB=(21, FULL))
    summary = noted(folder, "--set", "hold=true")
    assert held(summary) == ["BBB"]
    (home / "skim.toml").write_text('[brokers.sim]\nsplits = "scan"')
    summary = noted(folder, "--set", "hold=true")
    assert held(summary) == ["AAA", "BBB"]
    assert summary["notes"][0]["text"].endswith("its gap is scanned as any other")


def test_a_split_of_what_is_held_says_whose_profit_it_is(record, noted):
    record(6, AAA=(70, FULL), BBB=(20, FULL))
    record(7, AAA=(80, FULL), BBB=(20, FULL))
    folder = record(8, AAA=(10, FULL), BBB=(20, FULL))
    summary = noted(folder, "--set", "hold=true", to="2025-01-08")
    [note] = [note for note in summary["notes"] if note["kind"] == "split"]
    assert "8:1 split" in note["text"]
    assert "It was held over the night: what its trade made is the split's" in note["text"]


def test_a_symbol_that_takes_the_place_of_another_is_noted(record, noted):
    record(6, NWSA=(32.6, FULL), BBB=(20, FULL))
    summary = noted(record(7, FOXA=(28.77, FULL), BBB=(20, FULL)))
    assert kinds(summary) == [("rename", "FOXA"), ("no_previous_close", None)]
    assert "NWSA is gone at about its price" in summary["notes"][0]["text"]


def test_two_new_symbols_are_not_guessed_to_be_the_one_that_is_gone(record, noted):
    record(6, OLD=(10, FULL), BBB=(20, FULL))
    summary = noted(record(7, NEW1=(10, FULL), NEW2=(10, FULL), BBB=(20, FULL)))
    assert kinds(summary) == [("no_previous_close", None)]
    assert "2 of 3 symbols" in summary["notes"][0]["text"]


def test_data_that_end_early_are_noted(record, noted):
    record(6, AAA=(10, FULL))
    summary = noted(record(7, AAA=(10, range(100))))
    assert kinds(summary) == [("early_end", None)]
    assert "the data end at 11:40, the session at 16:00" in summary["notes"][0]["text"]


@pytest.mark.parametrize(
    ("minutes", "kind", "said"),
    [
        (range(6), "stub", "its bars end at 10:06"),
        ([*range(100), *range(130, 360)], "hole", "no bar from 11:40 to 12:10"),
        (range(0, 360, 7), "thin", "traded in 52 of 360 minutes"),
    ],
)
def test_the_holes_of_what_a_strategy_found_are_noted_and_no_others(
    record, noted, minutes, kind, said
):
    record(6, AAA=(10, FULL), BBB=(20, FULL), CCC=(20, FULL))
    summary = noted(record(7, AAA=(11, minutes), BBB=(20, minutes), CCC=(20, FULL)))
    assert kinds(summary) == [(kind, "AAA")]
    assert said in summary["notes"][0]["text"]


def test_what_is_so_each_day_is_one_note(record, noted):
    record(6, AAA=(10, FULL), BBB=(20, FULL))
    record(7, AAA=(11, range(0, 360, 7)), BBB=(20, FULL))
    folder = record(8, AAA=(12, range(0, 360, 9)), BBB=(20, FULL))
    alone, apart = (noted(folder, "--jobs", jobs, to="2025-01-08")["notes"] for jobs in (1, 2))
    assert alone == apart
    [note] = alone
    assert note["text"] == "traded in 52 of 360 minutes (2 sessions so, the last on 2025-01-08)"


def test_many_notes_are_bounded_and_the_rest_counted(record, noted):
    before = {f"A{number}": (70, FULL[:9]) for number in range(60)}
    record(6, **before, BBB=(20, FULL))
    after = dict.fromkeys(before, (10, FULL[:9]))
    notes = noted(record(7, **after, BBB=(20, FULL)), "--set", "least=50")["notes"]
    assert len(notes) == 51
    assert (notes[-1]["kind"], notes[-1]["text"]) == ("more", "10 more notes, on split")


@real
@pytest.mark.parametrize(("splits", "bought"), [("leave_out", []), ("scan", ["AAPL"])])
def test_the_real_split_of_apple_is_a_gap_only_if_it_is_asked_for(
    skim, gaps, monkeypatch, splits, bought
):
    monkeypatch.setenv("SKIM_BROKERS__SIM__SPLITS", splits)
    dates = ("--from", "2014-06-09", "--to", "2014-06-09", "--exchange", "XNYS", "--data", DATA)
    settings = ("--set", "least=-10", "--set", "hold=true")
    summary = skim("replay", "-s", gaps, *dates, *settings, "--json").json
    [note] = [note for note in summary["notes"] if note["kind"] == "split"]
    assert note["symbol"] == "AAPL"
    assert "opened at 92.69 after a close of" in note["text"]
    assert "probably a 7:1 split" in note["text"]
    assert held(summary) == bought


@real
def test_the_real_rename_and_the_stub_day_are_left_out_with_their_reasons(skim, gaps, tmp_path):
    for first, last, said in (
        ("2013-06-28", "2013-07-02", "FOXA may be NWSA, renamed"),
        ("2014-06-06", "2014-06-23", "TWX has no previous close"),
    ):
        dates = ("--from", first, "--to", last, "--exchange", "XNYS", "--data", DATA)
        refused = skim("replay", "-s", gaps, *dates)
        assert refused.code == 2
        assert said in refused.err
        left_out = skim("replay", "-s", gaps, *dates, "--skip-bad", "--json").json["left_out"]
        assert [out["why"] for out in left_out if said in out["why"]]


@real
def test_the_real_stub_day_with_a_previous_close_ends_early(skim, gaps, tmp_path):
    bars = tmp_path / "data" / "bars_1m" / "XNYS"
    bars.mkdir(parents=True)
    shutil.copy(DATA / "bars_1m" / "XNYS" / "2014-06-23.parquet", bars)
    (tmp_path / "data" / "bars_1d").mkdir()
    daily = tmp_path / "data" / "bars_1d" / "XNYS.csv"
    daily.write_text("symbol,date,close\nTWX,2014-06-20,66.00\n")
    dates = ("--from", "2014-06-23", "--to", "2014-06-23", "--exchange", "XNYS")
    summary = skim("replay", "-s", gaps, *dates, "--data", tmp_path / "data", "--json").json
    assert kinds(summary) == [("early_end", None)]
    assert "the data end at 09:36" in summary["notes"][0]["text"]


@real
def test_the_real_thin_shares_that_are_found_are_named(skim, gaps, tmp_path):
    dates = ("--from", "2024-02-01", "--to", "2024-02-09", "--exchange", "XNYS", "--data", DATA)
    notes = skim("replay", "-s", gaps, *dates, "--json").json["notes"]
    thin = [note for note in notes if note["kind"] == "thin"]
    assert thin
    assert len({note["symbol"] for note in thin}) == len(thin)
