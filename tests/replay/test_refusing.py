"""What can't be replayed is refused in words, and nothing is written."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

import polars as pl
import pytest

from skim_core.calendar.exchanges import load_exchange
from skim_core.calendar.sessions import SessionCalendar
from skim_core.sim.generated import GeneratedFeed

DATES = ("--from", "2025-01-06", "--to", "2025-01-08")


def record(folder, sessions, seed=1, symbols=20):
    """Write generated sessions as recorded ones, with previous closes for all."""
    exchange = load_exchange("XASX")
    closes = []
    for session in sessions:
        data = GeneratedFeed(seed=seed, symbols=symbols).load(session, exchange)
        bars, rows = data.bars, []
        for row, symbol in enumerate(bars.symbols):
            closes.append((symbol, session.date, float(data.previous_close[row])))
            for minute in range(session.minutes):
                if bars.volume[row, minute]:
                    at = int(session.open.timestamp() + 60 * minute) * 1_000_000_000
                    prices = (
                        float(column[row, minute])
                        for column in (bars.open, bars.high, bars.low, bars.close, bars.volume)
                    )
                    rows.append((symbol, at, *prices))
        columns = ["symbol", "ts", "open", "high", "low", "close", "volume"]
        path = folder / "bars_1m" / "XASX" / f"{session.date}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pl.DataFrame(rows, schema=columns, orient="row").write_parquet(path)
    before = sessions[0].date.replace(day=sessions[0].date.day - 3)
    first = [(symbol, before, close) for symbol, date, close in closes if date == sessions[0].date]
    (folder / "bars_1d").mkdir(exist_ok=True)
    daily = [(symbol, date, *[close] * 4, 1.0) for symbol, date, close in first]
    columns = ["symbol", "date", "open", "high", "low", "close", "volume"]
    table = pl.DataFrame(daily, schema=columns, orient="row")
    table.write_parquet(folder / "bars_1d" / "XASX.parquet")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Give a folder with the sessions of 6 to 10 January, and without that of the 7th."""
    folder = tmp_path_factory.mktemp("recorded")
    calendar = SessionCalendar("XASX", folder / "calendars")
    first, last = (pl.date_range(pl.date(2025, 1, 6), pl.date(2025, 1, 10), eager=True))[[0, -1]]
    record(folder, calendar.sessions(first, last), symbols=4)
    (folder / "bars_1m" / "XASX" / "2025-01-07.parquet").unlink()
    return folder


@pytest.fixture
def data(made, tmp_path):
    return Path(shutil.copytree(made, tmp_path / "data"))


def test_sessions_that_are_not_recorded_are_left_out_and_named(skim, days, data):
    result = skim("replay", "-s", days, *DATES, "--data", data, "--json")
    assert result.code == 0
    assert result.json["sessions"] == 2
    [left_out] = result.json["left_out"]
    assert left_out["date"] == "2025-01-07"
    assert "2025-01-07" in skim("replay", "-s", days, *DATES, "--data", data).out


def test_again_tells_that_the_recorded_bars_have_changed(replay, skim, days, data):
    folder = replay(days, "--data", data)
    assert folder.trades
    assert skim("replay", "--again", folder.path).code == 0
    path = data / "bars_1m" / "XASX" / "2025-01-08.parquet"
    bars = pl.read_parquet(path)
    bars.with_columns(volume=pl.col("volume") + 1).write_parquet(path)
    again = skim("replay", "--again", folder.path)
    assert again.code == 1
    assert "are others than then" in again.out


def test_a_damaged_file_is_named_and_nothing_is_written(skim, days, data, tmp_path):
    path = data / "bars_1m" / "XASX" / "2025-01-08.parquet"
    path.write_bytes(b"not a table")
    out = tmp_path / "out" / "replay"
    for jobs in (1, 2):
        result = skim("replay", "-s", days, *DATES, "--data", data, "--out", out, "--jobs", jobs)
        assert result.code == 2
        assert str(path) in result.err
        assert not out.parent.exists()


def test_dates_without_a_recorded_session_are_refused(skim, days, data):
    dates = ("--from", "2025-02-03", "--to", "2025-02-04")
    result = skim("replay", "-s", days, *dates, "--data", data)
    assert result.code == 2
    assert "found 2025-01-06 to 2025-01-10" in result.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-s", "days", "--from", "2025-01-06"), "needs --strategy, --from and --to"),
        (("-s", "days", "--from", "2025-01-06", "--to", "soon"), "--to 'soon' is not a date"),
        (("-s", "days", "--from", "2025-01-09", "--to", "2025-01-06"), "is before --from"),
        (("-s", "days", "--from", "2025-01-11", "--to", "2025-01-12"), "has no session from"),
        (("-s", "dais", *DATES), "did you mean 'days'?"),
        (("-s", "days", *DATES, "--jobs", "0"), "--jobs 0"),
        (("-s", "days", *DATES, "--capital", "much"), "cash"),
        (("-s", "days", *DATES, "--set", "shares"), "write a key and its value"),
        (("-s", "days", *DATES, "--set", "share=3"), "did you mean 'shares'?"),
        (("-s", "days", "-s", "nights", *DATES, "--set", "shares=3"), "of one strategy"),
        (("--again", "nowhere"), "is no replay's folder"),
        (("--again", "nowhere", "-s", "days"), "nothing that changes it"),
    ],
)
def test_wrong_usage_is_told_with_its_mend(skim, days, nights, arguments, said):
    result = skim("replay", *arguments)
    assert result.code == 2
    assert said in result.err


def test_a_folder_that_is_not_a_replays_is_left_alone(skim, days, tmp_path):
    out = tmp_path / "thesis"
    out.mkdir()
    (out / "chapter.txt").write_text("years of work")
    result = skim("replay", "-s", days, *DATES, "--out", out)
    assert result.code == 2
    assert "no replay's folder" in result.err
    assert [path.name for path in out.iterdir()] == ["chapter.txt"]


def test_a_folder_with_another_replay_is_left_alone(skim, replay, days):
    folder = replay(days)
    before = folder.content
    result = skim("replay", "-s", days, *DATES, "--out", folder.path)
    assert result.code == 2
    assert "holds another replay" in result.err
    assert folder.content == before


def test_replaying_into_its_own_folder_touches_its_own_files_alone(skim, replay, days):
    folder = replay(days, *DATES)
    before = folder.content
    (folder.path / "notes.txt").write_text("mine")
    (folder.path / "trades.csv").write_text("spoilt")
    assert skim("replay", "-s", days, *DATES, "--out", folder.path).code == 0
    assert folder.content == {**before, "notes.txt": b"mine"}


def test_a_replays_folder_is_for_its_owner_alone(skim, home, days):
    folder = Path(skim("replay", "-s", days, *DATES, "--json").json["folder"])
    assert folder.parent == home / "replays"
    assert folder.name.startswith("days_2025-01-06_2025-01-08_")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (folder, folder.parent)}
    assert modes == {0o700}
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_a_setting_for_once_is_in_the_plan_and_makes_another_replay(replay, days):
    plain, changed = replay(days, *DATES), replay(days, *DATES, "--set", "shares=30")
    assert changed.plan["strategies"][0]["config"]["shares"] == 30
    assert {trade["quantity"] for trade in changed.trades} == {"30"}
    assert plain.plan["strategies"][0]["config"]["shares"] == 100
