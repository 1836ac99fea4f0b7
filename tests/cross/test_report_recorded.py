"""The report of a replay on recorded days shows what was recorded."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path

import polars as pl
import pytest

CHECKOUT = Path(__file__).parent.parent.parent
DATA = Path(os.environ.get("SKIM_TEST_DATA", CHECKOUT.parent / "shared" / "data"))
BARS = DATA / "bars_1m" / "XNYS"

pytestmark = pytest.mark.skipif(not BARS.is_dir(), reason=f"there are no recorded bars in {BARS}")


@pytest.fixture(scope="module")
def report(skim_in):
    """Report a replay of what is bought before one close and sold after the next open."""
    skim = skim_in()
    dates = ("--from", "2025-02-05", "--to", "2025-02-10", "--exchange", "XNYS")
    code, said = skim.run("replay", "-s", "overnight", *dates, "--data", str(DATA), "--out", "run")
    assert code == 0, said
    code, said = skim.run("report", "run", "--json")
    assert code == 0, said
    return json.loads(said)


def test_the_candles_are_the_recorded_bars(report):
    held = [each for each in report["trades"] if each["trade"]["held_overnight"]]
    assert len(held) >= 2
    pictures = {each["number"]: each["candles"] for each in report["pictures"]}
    for each in held:
        candles = pictures[each["number"]]
        starts = [dt.datetime.fromisoformat(start) for start in candles["starts"]]
        length = dt.timedelta(minutes=candles["minutes"])
        dates = sorted({start.date() for start in starts})
        assert len(dates) == len(candles["sessions"]) == 2
        frame = pl.concat([pl.read_parquet(BARS / f"{date}.parquet") for date in dates])
        frame = frame.filter(pl.col("symbol") == each["trade"]["symbol"])
        for index, start in enumerate(starts):
            inside = frame.filter((pl.col("ts") >= start) & (pl.col("ts") < start + length))
            assert candles["volume"][index] == inside["volume"].sum()
            assert candles["high"][index] == pytest.approx(inside["high"].max())
            assert candles["low"][index] == pytest.approx(inside["low"].min())


def test_a_session_that_was_not_recorded_is_told(report):
    [told] = [each for each in report["incidents"] if each["kind"] == "left_out"]
    assert (told["date"], told["strategy"], told["at"]) == ("2025-02-10", "", None)
    assert told["why"]


def test_the_report_says_what_is_still_held_and_where_the_bars_are(report):
    assert {each["strategy"] for each in report["open"]} == {"overnight"}
    assert report["subject"]["data"] == DATA.as_posix()
    assert report["subject"]["market"] == "recorded bars"
    assert report["subject"]["data_digest"]
