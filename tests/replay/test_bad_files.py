"""Each kind of bad file is told before a replay starts, or left out where that is asked for."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

DATES = ("--from", "2025-01-06", "--to", "2025-01-10")
OPEN = dt.datetime(2025, 1, 5, 23, 0, tzinfo=dt.UTC)
"""Of the ASX on 6 January."""


def bars(day, symbols=("AAA", "BBB"), minutes=30):
    """Rising prices, a bar a minute, as a table of text."""
    start = OPEN + dt.timedelta(days=day - 6)
    rows = [
        {
            "symbol": symbol,
            "ts": (start + dt.timedelta(minutes=minute)).isoformat(),
            "open": f"{10 + minute / 100:.2f}",
            "high": f"{10.05 + minute / 100:.2f}",
            "low": f"{9.95 + minute / 100:.2f}",
            "close": f"{10 + minute / 100:.2f}",
            "volume": "1000",
        }
        for symbol in symbols
        for minute in range(minutes)
    ]
    return pl.DataFrame(rows)


class Recorded:
    def __init__(self, folder):
        self.folder = folder
        self.minutes(6, 7, 8, 9, 10)
        closes = [
            {"symbol": symbol, "date": f"2025-01-0{day}", "close": "10.00"}
            for symbol in ("AAA", "BBB")
            for day in (3, 6, 7, 8, 9)
        ]
        self.daily(pl.DataFrame(closes))

    def path(self, day):
        return self.folder / "bars_1m" / "XASX" / f"2025-01-{day:02}.csv"

    @property
    def closes(self):
        return self.folder / "bars_1d" / "XASX.csv"

    def minutes(self, *days):
        for day in days:
            self.path(day).parent.mkdir(parents=True, exist_ok=True)
            bars(day).write_csv(self.path(day))

    def daily(self, frame):
        self.closes.parent.mkdir(exist_ok=True)
        frame.write_csv(self.closes)

    def spoil(self, day, row, **cells):
        """Change cells of a row, counted from 1 without the header."""
        frame = pl.read_csv(self.path(day), infer_schema=False)
        at = pl.int_range(pl.len()) == row - 1
        changes = {
            name: pl.when(at).then(pl.lit(value)).otherwise(pl.col(name))
            for name, value in cells.items()
        }
        frame.with_columns(**changes).write_csv(self.path(day))


@pytest.fixture
def recorded(tmp_path):
    return Recorded(tmp_path / "data")


def as_parquet(recorded, day, change=lambda frame: frame):
    path = recorded.path(day)
    types = dict.fromkeys(("open", "high", "low", "close", "volume"), pl.Float64)
    frame = bars(day).with_columns(pl.col("ts").str.to_datetime(time_zone="UTC")).cast(types)
    path.unlink()
    change(frame).write_parquet(path.with_suffix(".parquet"))
    return path.with_suffix(".parquet")


def cut(recorded):
    path = as_parquet(recorded, 8)
    path.write_bytes(path.read_bytes()[:-100])


def not_parquet(recorded):
    as_parquet(recorded, 8).write_text("symbol,ts\n")


def empty_parquet(recorded):
    as_parquet(recorded, 8).write_bytes(b"")


def swapped_types(recorded):
    as_parquet(recorded, 8, lambda frame: frame.with_columns(pl.col("close").cast(pl.String)))


def not_a_number(recorded):
    change = pl.when(pl.int_range(pl.len()) == 4).then(float("nan")).otherwise(pl.col("close"))
    as_parquet(recorded, 8, lambda frame: frame.with_columns(close=change))


def without(column):
    def drop(recorded):
        pl.read_csv(recorded.path(8), infer_schema=False).drop(column).write_csv(recorded.path(8))

    return drop


def row(number, **cells):
    return lambda recorded: recorded.spoil(8, number, **cells)


def minute(number):
    return (OPEN + dt.timedelta(days=2, minutes=number)).isoformat()


def another_day(recorded):
    recorded.path(9).rename(recorded.path(8))
    recorded.minutes(9)


BAD = {
    "empty": (lambda recorded: recorded.path(8).write_text(""), "is empty"),
    "header alone": (lambda recorded: bars(8)[:0].write_csv(recorded.path(8)), "has no rows"),
    "bytes": (lambda recorded: recorded.path(8).write_bytes(b"\xff\xfe\x00" * 99), "no column"),
    "cut": (cut, "is not a sound Parquet file"),
    "no parquet": (not_parquet, "is not a sound Parquet file"),
    "empty parquet": (empty_parquet, "is not a sound Parquet file"),
    "type": (swapped_types, "row 1: column 'close' is of type String"),
    "NaN": (not_a_number, "row 5: AAA has open"),
    "column": (without("volume"), "has no column 'volume'"),
    "null": (row(7, close=None), "row 7: close is empty"),
    "text": (row(7, high="n/a"), "row 7: high is 'n/a', expected a number"),
    "zero": (row(7, low="0"), "row 7: AAA has open"),
    "negative": (row(7, low="-1"), "expected prices above 0"),
    "dear": (row(7, high="1e12"), "expected prices up to 1,000,000,000"),
    "much": (row(7, volume="1e30"), "and volumes up to"),
    "high below low": (row(7, high="5", low="6"), "row 7: AAA has high 5.0 below low 6.0"),
    "outside": (row(7, close="20"), "row 7: AAA has open 10.06 or close 20.0 outside"),
    "volume": (row(7, volume="-5"), "row 7: AAA has volume -5.0"),
    "unsorted": (row(7, ts=minute(2)), "row 7: AAA has 2025-01-07T23:02:00Z after its"),
    "twice": (row(7, ts=minute(5)), "row 7: AAA has 2025-01-07T23:05:00Z twice"),
    "seconds": (row(7, ts=minute(6.5)), "expected the start of a minute"),
    "before the open": (row(1, ts=minute(-30)), "row 1: AAA has a bar at 2025-01-07T22:30:00Z"),
    "another day": (another_day, "row 1: AAA has a bar at 2025-01-08T23:00:00Z"),
    "no instant": (row(7, ts="yesterday"), "row 7: ts is 'yesterday', expected an instant"),
    "symbol": (row(7, symbol="aaa"), "row 7: symbol is 'aaa'; expected a ticker"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_is_refused_before_the_start_or_left_out(skim, days, recorded, tmp_path, kind):
    spoil, said = BAD[kind]
    spoil(recorded)
    arguments = ("replay", "-s", days, *DATES, "--data", recorded.folder, "--out", tmp_path / "out")
    result = skim(*arguments)
    assert result.code == 2
    assert "1 of 5 sessions can't be replayed" in result.err
    assert f"2025-01-08: {recorded.path(8).with_suffix('')}" in result.err
    assert said in result.err
    assert "with --skip-bad" in result.err
    assert not (tmp_path / "out").exists()
    summary = skim(*arguments, "--skip-bad", "--json").json
    assert summary["sessions"] == 4
    [left_out] = summary["left_out"]
    assert left_out["date"] == "2025-01-08"
    assert said in left_out["why"]


def test_all_bad_files_are_named_not_just_the_first(skim, days, recorded):
    recorded.spoil(7, 3, close="0")
    recorded.path(9).write_text("")
    for jobs in (1, 2):
        result = skim("replay", "-s", days, *DATES, "--data", recorded.folder, "--jobs", jobs)
        assert result.code == 2
        assert "2 of 5 sessions" in result.err
        assert f"{recorded.path(7)}, row 3" in result.err
        assert f"{recorded.path(9)} is empty" in result.err
    result = skim("replay", "-s", days, *DATES, "--data", recorded.folder, "--skip-bad")
    assert "left out: 2025-01-07" in result.out
    assert "left out: 2025-01-09" in result.out


@pytest.mark.parametrize(
    ("spoil", "sessions", "said"),
    [
        (lambda path: path.write_text("nonsense"), 5, "has no column 'symbol', 'date', 'close'"),
        (lambda path: path.write_text(path.read_text() + "AAA,2025-01-09,0\n"), 1, "row 11: AAA"),
        (lambda path: path.write_text(path.read_text() + "AAA,2025-01-09,9\n"), 1, "row 10: BBB"),
        (lambda path: path.write_text(path.read_text() + "AAA,soon,9\n"), 5, "row 11: date is"),
    ],
)
def test_bad_daily_bars_are_told_for_the_sessions_that_need_them(
    skim, days, recorded, spoil, sessions, said
):
    spoil(recorded.closes)
    result = skim("replay", "-s", days, *DATES, "--data", recorded.folder)
    assert result.code == 2
    assert f"{sessions} of 5 sessions can't be replayed" in result.err
    assert f"{recorded.closes}" in result.err
    assert ("--skip-bad" in result.err) == (sessions < 5)


def test_a_session_without_any_previous_close_is_told(skim, days, recorded):
    recorded.closes.unlink()
    result = skim("replay", "-s", days, *DATES, "--data", recorded.folder)
    assert "1 of 5 sessions" in result.err
    assert f"{recorded.path(6)}, row 1: AAA has no previous close, nor has any other" in result.err
    summary = skim("replay", "-s", days, *DATES, "--data", recorded.folder, "--skip-bad", "--json")
    assert summary.json["sessions"] == 4


def test_a_file_that_the_first_session_needs_is_looked_at_too(skim, days, recorded):
    recorded.closes.unlink()
    recorded.spoil(6, 2, volume="-1")
    dates = ("--from", "2025-01-07", "--to", "2025-01-10")
    result = skim("replay", "-s", days, *dates, "--data", recorded.folder)
    assert "1 of 4 sessions" in result.err
    assert f"2025-01-07: {recorded.path(6)}, row 2" in result.err


def test_a_folder_with_a_files_name_is_not_recorded(skim, days, recorded):
    recorded.path(8).unlink()
    recorded.path(8).mkdir()
    summary = skim("replay", "-s", days, *DATES, "--data", recorded.folder, "--json").json
    assert [left_out["date"] for left_out in summary["left_out"]] == ["2025-01-08"]


def test_what_was_found_sound_is_not_looked_at_again_until_it_changes(skim, days, recorded, home):
    arguments = ("replay", "-s", days, *DATES, "--data", recorded.folder)
    assert skim(*arguments).code == 0
    remembered = home / "sound_recordings"
    assert len(remembered.read_text().split()) == 1
    # What is remembered is believed: the file says the same to the last byte.
    recorded.spoil(8, 7, close="0")
    assert skim(*arguments).code == 2
    assert len(remembered.read_text().split()) == 1
    remembered.write_bytes(b"\xff damaged")
    recorded.minutes(8)
    assert skim(*arguments).code == 0


def test_again_looks_at_files_that_have_changed(skim, replay, days, recorded):
    folder = replay(days, *DATES, "--data", recorded.folder)
    recorded.path(10).write_text("")
    again = skim("replay", "--again", folder.path)
    assert again.code == 2
    assert "1 of 5 sessions can't be replayed" in again.err


@pytest.mark.parametrize("place", ["bars_1m/XASX/2025-01-08.csv", "bars_1m", "nowhere"])
def test_a_data_folder_that_is_none_is_refused_with_its_mend(skim, days, recorded, place):
    data = Path(recorded.folder / place)
    result = skim("replay", "-s", days, *DATES, "--data", data)
    assert result.code == 2
    assert f"{data}" in result.err
    assert "Give the folder that holds bars_1m." in result.err
