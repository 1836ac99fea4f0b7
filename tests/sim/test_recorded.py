from __future__ import annotations

import datetime as dt
import logging
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skim_core.errors import ConfigError, DataError
from skim_core.model.exchange import CommissionSchedule, Exchange, TickBand
from skim_core.model.session import Session
from skim_core.sim.recorded import RecordedFeed

NEW_YORK = "America/New_York"
NYSE = Exchange(
    mic="XNYS",
    name="an exchange",
    timezone=NEW_YORK,
    currency="USD",
    sources=("the test",),
    ticks=(TickBand(from_price=Decimal(0), tick=Decimal("0.01")),),
    commission=CommissionSchedule(name="none", source="the test"),
)
FRIDAY = dt.date(2025, 1, 3)
OPEN = dt.datetime(2025, 1, 3, 14, 30, tzinfo=dt.UTC)
COLUMNS = ("symbol", "ts", "open", "high", "low", "close", "volume")

DATA = Path(os.environ.get("SKIM_TEST_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
HALF_DAYS = {dt.date(2024, 7, 3), dt.date(2024, 11, 29), dt.date(2024, 12, 24)}
WITHOUT_PREVIOUS_CLOSE = {
    dt.date(2008, 3, 7),
    dt.date(2013, 6, 27),
    dt.date(2013, 7, 1),
    dt.date(2014, 6, 23),
    dt.date(2023, 8, 3),
    dt.date(2024, 1, 2),
    dt.date(2025, 1, 2),
}


def session(date=FRIDAY, closes=dt.time(16)):
    zone = ZoneInfo(NEW_YORK)
    return Session(
        exchange="XNYS",
        date=date,
        open=dt.datetime.combine(date, dt.time(9, 30), zone),
        close=dt.datetime.combine(date, closes, zone),
        timezone=NEW_YORK,
    )


def at(minute, second=0):
    return OPEN + dt.timedelta(minutes=minute, seconds=second)


def bar(symbol="AAA", ts=OPEN, prices=(10.0, 10.2, 9.9, 10.1), volume=100.0):
    return dict(zip(COLUMNS, (symbol, ts, *prices, volume), strict=True))


def daily(symbol="AAA", date=dt.date(2025, 1, 2), close=10.0):
    return {
        "symbol": symbol,
        "date": date,
        "open": close,
        "high": close,
        "low": close,
        "close": close,
        "volume": 1000.0,
    }


def table(rows):
    return pl.DataFrame(rows, infer_schema_length=None)


def write(path, frame):
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".csv":
        frame.write_csv(path)
    else:
        frame.write_parquet(path)


class Recording:
    """A folder of recorded bars that a test fills; by default one sound daily file."""

    def __init__(self, folder):
        self.folder = folder
        self.daily([daily(symbol) for symbol in ("AAA", "BBB")])

    def minutes(self, rows, date=FRIDAY, suffix=".parquet"):
        path = self.folder / "bars_1m" / "XNYS" / f"{date}{suffix}"
        write(path, rows if isinstance(rows, pl.DataFrame) else table(rows))
        return path

    def daily(self, rows, suffix=".parquet"):
        path = self.folder / "bars_1d" / f"XNYS{suffix}"
        write(path, rows if isinstance(rows, pl.DataFrame) else table(rows))
        return path

    def load(self, day=None):
        return RecordedFeed(self.folder).load(day or session(), NYSE)

    def refusal(self, day=None):
        with pytest.raises(DataError) as caught:
            self.load(day)
        return str(caught.value)


@pytest.fixture
def recording(tmp_path):
    return Recording(tmp_path)


SOUND = [
    bar("AAA", at(0)),
    bar("AAA", at(2), (10.1, 10.5, 10.1, 10.4), 50.0),
    bar("BBB", at(389), (7.0, 7.0, 7.0, 7.0), 1.0),
]


def test_rows_become_columns_from_the_open_with_gaps_where_nothing_traded(recording):
    recording.minutes(SOUND)
    data = recording.load()
    bars = data.bars
    assert data.session == session()
    assert bars.symbols == ("AAA", "BBB")
    assert bars.start == OPEN
    assert bars.close.shape == (2, 390)
    for column, expected in (
        (bars.open, [10.0, np.nan, 10.1]),
        (bars.high, [10.2, np.nan, 10.5]),
        (bars.low, [9.9, np.nan, 10.1]),
        (bars.close, [10.1, np.nan, 10.4]),
        (bars.volume, [100.0, 0.0, 50.0]),
    ):
        np.testing.assert_array_equal(column[0, :3], expected)
    assert bars.close[1, 389] == 7.0
    assert np.count_nonzero(~np.isnan(bars.close)) == 3
    assert bars.volume.sum() == 151


def test_a_summer_session_is_placed_by_its_own_open(recording):
    day = dt.date(2024, 6, 12)
    recording.daily([daily(date=dt.date(2024, 6, 11))])
    recording.minutes([bar(ts=dt.datetime(2024, 6, 12, 13, 31, tzinfo=dt.UTC))], date=day)
    assert recording.load(session(day)).bars.close[0, 1] == 10.1


@pytest.mark.parametrize(
    "times",
    [
        pl.col("ts").dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
        pl.col("ts").dt.strftime("%Y-%m-%d %H:%M:%S+00:00"),
        pl.col("ts").dt.convert_time_zone(NEW_YORK).dt.strftime("%Y-%m-%dT%H:%M:%S%z"),
        pl.col("ts").dt.strftime("%Y-%m-%dT%H:%M:%S.000000000Z"),
        pl.col("ts").dt.epoch("ns"),
    ],
    ids=["Z", "pandas", "New York", "nanoseconds", "integers"],
)
def test_csv_is_read_as_the_same_data(recording, times):
    recording.minutes(SOUND)
    parquet = recording.load()
    recording.minutes(SOUND).unlink()
    recording.minutes(table(SOUND).with_columns(times), suffix=".csv")
    csv = recording.load()
    assert csv.bars.symbols == parquet.bars.symbols
    np.testing.assert_array_equal(csv.bars.close, parquet.bars.close)
    np.testing.assert_array_equal(csv.bars.volume, parquet.bars.volume)


@pytest.mark.parametrize(
    "times",
    [
        pl.col("ts").dt.cast_time_unit("ns"),
        pl.col("ts").dt.cast_time_unit("ms"),
        pl.col("ts").dt.convert_time_zone(NEW_YORK),
        pl.col("ts").dt.epoch("ns"),
    ],
    ids=["ns", "ms", "New York", "integers"],
)
def test_any_exact_way_to_store_an_instant_is_read(recording, times):
    recording.minutes(table(SOUND).with_columns(times))
    assert recording.load().bars.close[0, 2] == 10.4


def test_other_columns_and_narrow_types_are_welcome(recording):
    frame = table(SOUND).with_columns(
        pl.col("symbol").cast(pl.Categorical),
        pl.col("close").cast(pl.Decimal(10, 2)),
        pl.col("open", "volume").cast(pl.Float32),
        vwap=pl.lit("not read"),
    )
    recording.minutes(frame)
    bars = recording.load().bars
    assert (bars.open[0, 2], bars.close[0, 2]) == (10.1, 10.4)


@pytest.mark.parametrize("order", [["symbol", "ts"], ["ts", "symbol"]])
def test_rows_sorted_by_symbol_or_by_time_are_the_same_session(recording, order):
    rows = [bar(symbol, at(minute)) for minute in range(3) for symbol in ("BBB", "AAA")]
    recording.minutes(table(rows).sort(order))
    bars = recording.load().bars
    assert bars.symbols == ("AAA", "BBB")
    assert not np.isnan(bars.close[:, :3]).any()


@given(
    st.dictionaries(
        st.tuples(st.sampled_from(["AAA", "BBB", "C.D"]), st.integers(0, 389)),
        st.tuples(*[st.integers(1, 10_000_000)] * 4, st.integers(0, 10**9)),
        min_size=1,
    )
)
@settings(max_examples=25, deadline=None)
def test_every_bar_lands_in_its_cell_unchanged(tmp_path_factory, cells):
    recording = Recording(tmp_path_factory.mktemp("bars"))
    recording.daily([daily(symbol) for symbol in ("AAA", "BBB", "C.D")])
    rows = {}
    for (symbol, minute), (*prices, volume) in sorted(cells.items()):
        low, opened, close, high = sorted(price / 10_000 for price in prices)
        rows[symbol, minute] = bar(symbol, at(minute), (opened, high, low, close), float(volume))
    recording.minutes(list(rows.values()))
    bars = recording.load().bars
    for (symbol, minute), row in rows.items():
        cell = bars.row[symbol], minute
        found = [getattr(bars, name)[cell] for name in COLUMNS[2:]]
        assert found == [row[name] for name in COLUMNS[2:]]
    assert np.count_nonzero(~np.isnan(bars.close)) == len(rows)


# Previous closes


def test_the_previous_close_is_the_last_daily_close_before_the_session(recording):
    recording.minutes(SOUND)
    recording.daily(
        [
            daily("AAA", dt.date(2025, 1, 2), 9.5),
            daily("AAA", dt.date(2024, 12, 31), 9.0),
            daily("AAA", FRIDAY, 11.0),
            daily("BBB", dt.date(2024, 12, 30), 6.9),
        ]
    )
    assert recording.load().previous_close.tolist() == [9.5, 6.9]


def test_daily_closes_are_read_from_csv_too(recording):
    recording.minutes(SOUND)
    recording.daily([daily()]).unlink()
    recording.daily([daily("AAA", close=9.5), daily("BBB", close=6.5)], suffix=".csv")
    assert recording.load().previous_close.tolist() == [9.5, 6.5]


def test_without_a_daily_close_it_is_the_last_price_of_the_recorded_session_before(recording):
    recording.minutes(SOUND)
    recording.daily([daily("AAA", close=9.5)])
    before = [
        bar(symbol, at(minute) - dt.timedelta(days=1), (price,) * 4)
        for symbol in ("AAA", "BBB")
        for minute, price in ((1, 6.0), (7, 6.5))
    ]
    recording.minutes(before, date=dt.date(2025, 1, 2))
    assert recording.load().previous_close.tolist() == [9.5, 6.5]


def test_a_session_after_an_earlier_one_needs_no_daily_file(recording):
    (recording.folder / "bars_1d" / "XNYS.parquet").unlink()
    recording.minutes(SOUND)
    recording.minutes([bar(ts=at(0) - dt.timedelta(days=1))], date=dt.date(2025, 1, 2))
    assert recording.load().previous_close[0] == 10.1


def test_symbols_without_a_previous_close_are_nan_and_named_in_one_warning(recording, caplog):
    new = [bar(f"NEW{letter}") for letter in "ABCDEFG"]
    recording.minutes([*SOUND, *new])
    with caplog.at_level(logging.WARNING):
        data = recording.load()
    assert np.isnan(data.previous_close).tolist() == [False, False] + [True] * 7
    (record,) = caplog.records
    assert "7 of 9 symbols have no previous close" in record.getMessage()
    assert "NEWA, NEWB, NEWC, NEWD, NEWE, ..." in record.getMessage()


def test_a_complete_session_warns_of_nothing(recording, caplog):
    recording.minutes(SOUND)
    recording.load()
    assert caplog.records == []


def test_a_close_of_long_ago_is_no_previous_close(recording):
    path = recording.minutes(SOUND)
    recording.daily([daily("AAA", dt.date(2024, 12, 23)), daily("BBB", dt.date(2024, 12, 20))])
    message = recording.refusal()
    assert f"{path}, row 1: AAA has no previous close, nor has any other symbol" in message
    assert "bars_1d/XNYS.parquet" in message


def test_a_daily_close_that_can_not_be_is_refused_by_row(recording):
    recording.minutes(SOUND)
    path = recording.daily(
        [daily("AAA", dt.date(2024, 12, 31)), daily("AAA"), daily("BBB", close=0)]
    )
    assert f"{path}, row 3: BBB closed at 0.0 on 2025-01-02" in recording.refusal()


def test_two_daily_closes_of_one_date_are_refused(recording):
    recording.minutes(SOUND)
    path = recording.daily([daily("BBB"), daily("AAA"), daily("AAA", close=11.0)])
    assert f"{path}, row 2: AAA has 2025-01-02 twice" in recording.refusal()


# Bad files


def broken(**changes):
    return [bar("AAA", at(0)), bar("AAA", at(1)) | changes]


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        (broken(high=9.5, low=9.6), "row 2: AAA has high 9.5 below low 9.6"),
        (
            broken(high=10.05),
            "row 2: AAA has open 10.0 or close 10.1 outside low 9.9 to high 10.05",
        ),
        (
            broken(low=10.05),
            "row 2: AAA has open 10.0 or close 10.1 outside low 10.05 to high 10.2",
        ),
        (broken(low=0.0), "row 2: AAA has open 10.0, high 10.2, low 0.0"),
        (broken(open=-1.0), "row 2: AAA has open -1.0"),
        (broken(volume=-5.0), "row 2: AAA has volume -5.0"),
        (broken(close=float("nan")), "row 2: AAA has open 10.0, high 10.2, low 9.9, close nan"),
        (broken(high=float("inf")), "row 2: AAA has open 10.0, high inf"),
        (broken(volume=float("nan")), "volume nan; expected finite numbers"),
        (broken(close=None), "row 2: close is empty, expected a number"),
        (broken(symbol=None), "row 2: symbol is empty"),
        (broken(symbol="aaa"), "row 2: symbol is 'aaa'"),
        (broken(ts=at(1, 30)), "row 2: AAA has ts 2025-01-03T14:31:30Z; expected the start of a"),
        (broken(ts=at(0)), "row 2: AAA has 2025-01-03T14:30:00Z twice; expected one bar"),
        (
            [bar(ts=at(1)), bar("BBB", at(0)), bar(ts=at(0))],
            "row 3: AAA has 2025-01-03T14:30:00Z after its 2025-01-03T14:31:00Z; expected each",
        ),
        (
            [bar(ts=at(-1)), bar(ts=at(0))],
            "row 1: AAA has a bar at 2025-01-03T14:29:00Z; expected the session's minutes, "
            "2025-01-03 14:30 up to but without 2025-01-03 21:00 UTC",
        ),
        ([bar(ts=at(0)), bar(ts=at(390))], "row 2: AAA has a bar at 2025-01-03T21:00:00Z"),
    ],
)
@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_a_bad_row_is_named_with_its_file_and_what_was_found(recording, rows, found, suffix):
    frame = table(rows)
    if suffix == ".csv":
        frame = frame.with_columns(pl.col("ts").dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
    path = recording.minutes(frame, suffix=suffix)
    message = recording.refusal()
    assert message.startswith(str(path))
    assert found in message


@pytest.mark.parametrize(
    ("column", "value", "found"),
    [
        ("open", "ten", "row 2: open is 'ten', expected a number"),
        ("ts", "2025-01-03 14:31:00", "row 2: ts is '2025-01-03 14:31:00', expected an instant"),
        ("ts", "tomorrow", "row 2: ts is 'tomorrow', expected an instant with its zone"),
    ],
)
def test_an_unreadable_cell_of_a_csv_is_named(recording, column, value, found):
    rows = [
        bar(ts="2025-01-03T14:30:00Z") | {"open": "10.0"},
        bar(ts="2025-01-03T14:31:00Z") | {"open": "10.0"} | {column: value},
    ]
    path = recording.minutes(rows, suffix=".csv")
    assert f"{path}, {found}" in recording.refusal()


def test_local_times_marked_as_utc_are_recognised(recording):
    path = recording.minutes([bar(ts=at(minute - 300)) for minute in range(390)])
    message = recording.refusal()
    assert f"{path}, row 1: AAA has a bar at 2025-01-03T09:30:00Z" in message
    assert f"the timestamps look like local time ({NEW_YORK})" in message


def test_ends_of_minutes_are_recognised(recording):
    recording.minutes([bar(ts=at(minute + 1)) for minute in range(390)])
    message = recording.refusal()
    assert "row 390: AAA has a bar at 2025-01-03T21:00:00Z" in message
    assert "label each bar with its start" in message


@pytest.mark.parametrize("per_second", [1, 1000, 1_000_000])
def test_integers_that_are_no_nanoseconds_are_recognised(recording, per_second):
    seconds = [int(at(minute).timestamp()) * per_second for minute in range(2)]
    recording.minutes([bar(ts=count) for count in seconds])
    assert "row 1: AAA has ts 1970-01" in (message := recording.refusal())
    assert "expected nanoseconds since 1970" in message


def test_a_missing_column_is_named_beside_those_found(recording):
    path = recording.minutes(table(SOUND).drop("low").rename({"volume": "vol"}))
    assert recording.refusal() == (
        f"{path} has no column 'low', 'volume': expected symbol, ts, open, high, low, close, "
        "volume, found symbol, ts, open, high, close, vol. Rename or add it."
    )


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (pl.col("open").cast(pl.String), "row 1: column 'open' is of type String"),
        (pl.col("ts").dt.replace_time_zone(None), "row 1: column 'ts' is of type Datetime"),
        (pl.col("ts").cast(pl.String), "row 1: column 'ts' is of type String"),
        (pl.lit(7).alias("symbol"), "row 1: column 'symbol' is of type Int32, expected text"),
    ],
)
def test_a_column_of_another_type_is_refused(recording, change, found):
    path = recording.minutes(table(SOUND).with_columns(change))
    assert f"{path}, {found}" in recording.refusal()


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_a_file_without_rows_is_refused(recording, suffix):
    path = recording.minutes(table(SOUND).clear(), suffix=suffix)
    assert f"{path} has no rows" in recording.refusal()


@pytest.mark.parametrize("content", [b"", b"nonsense", b"PAR1 and more PAR1"])
def test_a_file_that_is_not_parquet_is_refused(recording, content):
    path = recording.minutes(SOUND)
    path.write_bytes(content)
    assert f"{path} is not a sound Parquet file" in recording.refusal()


def test_a_parquet_file_without_its_end_is_refused(recording):
    path = recording.minutes(SOUND)
    path.write_bytes(path.read_bytes()[:-200])
    assert f"{path} is not a sound Parquet file" in recording.refusal()


def test_a_parquet_file_with_nothing_but_its_end_is_refused(recording):
    prices = [10 + minute / 7 for minute in range(390)]
    path = recording.minutes([bar(ts=at(i), prices=(p,) * 4) for i, p in enumerate(prices)])
    content = path.read_bytes()
    footer = int.from_bytes(content[-8:-4], "little") + 8
    path.write_bytes(content[-footer:])
    assert f"{path} is not a sound Parquet file" in recording.refusal()


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("", "is empty: expected a line with the names of the columns"),
        ("symbol,ts\nAAA,1,2,3\n", "can't be read as CSV"),
        ("AAA;1;2", "has no column 'symbol'"),
    ],
)
def test_a_file_that_is_not_csv_is_refused(recording, content, found):
    path = recording.minutes(table(SOUND), suffix=".csv")
    path.write_text(content)
    assert f"{path} {found}" in recording.refusal()


# What is recorded


def test_the_recorded_dates_are_listed_in_order(recording):
    for date, suffix in (("2025-01-06", ".csv"), ("2025-01-03", ".parquet")):
        recording.minutes(table(SOUND), date=date, suffix=suffix)
    recording.minutes(table(SOUND), date="20250107")
    recording.minutes(table(SOUND), date="notes", suffix=".csv")
    feed = RecordedFeed(recording.folder)
    assert feed.sessions("XNYS") == [FRIDAY, dt.date(2025, 1, 6)]
    assert feed.sessions("XASX") == []


def test_a_session_that_is_not_recorded_is_refused_with_the_nearest(recording):
    for date in ("2024-12-02", "2025-01-02", "2025-01-06", "2025-01-07"):
        recording.minutes(SOUND, date=date)
    message = recording.refusal()
    assert "bars_1m/XNYS/2025-01-03.parquet (or .csv)" in message
    assert "the nearest are 2025-01-02, 2025-01-06, 2025-01-07." in message


def test_an_exchange_that_is_not_recorded_is_refused_with_those_that_are(recording):
    recording.minutes(SOUND)
    (recording.folder / "bars_1m" / "XNYS").rename(recording.folder / "bars_1m" / "XASX")
    assert "the exchanges there are: XASX" in recording.refusal()


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"nowhere is not a folder: expected .* bars_1m"):
        RecordedFeed(tmp_path / "nowhere")


def test_a_folder_of_something_else_is_refused(tmp_path):
    with pytest.raises(DataError, match="has no folder bars_1m"):
        RecordedFeed(tmp_path)


def test_without_polars_the_command_that_installs_it_is_told(recording, monkeypatch):
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(ConfigError, match=r"pip install 'skim-core\[data\]'"):
        RecordedFeed(recording.folder)


def test_polars_is_imported_with_the_first_session_not_before(recording):
    recording.minutes(SOUND)
    code = (
        "import sys; from pathlib import Path; from skim_core.sim.recorded import RecordedFeed;"
        "feed = RecordedFeed(Path(sys.argv[1])); feed.sessions('XNYS');"
        "sys.exit('polars' in sys.modules or 'numpy' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, recording.folder], check=True)


@pytest.mark.skipif(not DATA.is_dir(), reason="no recorded data here: see SKIM_TEST_DATA")
def test_every_recorded_session_of_new_york_loads_or_has_no_previous_close():
    feed = RecordedFeed(DATA)
    refused = {}
    for date in feed.sessions("XNYS"):
        day = session(date, dt.time(13 if date in HALF_DAYS else 16))
        try:
            bars = feed.load(day, NYSE).bars
        except DataError as error:
            refused[date] = str(error)
        else:
            assert bars.minutes == day.minutes
            assert np.nansum(bars.volume) > 0
    assert set(refused) == WITHOUT_PREVIOUS_CLOSE
    assert all("has no previous close" in message for message in refused.values())


@pytest.mark.skipif(not DATA.is_dir(), reason="no recorded data here: see SKIM_TEST_DATA")
def test_a_real_session_has_the_gaps_that_it_is_known_for():
    data = RecordedFeed(DATA).load(session(dt.date(2025, 2, 4)), NYSE)
    row = data.bars.row["PLTR"]
    gap = data.bars.open[row, 0] / data.previous_close[row] - 1
    assert 0.21 < gap < 0.25
