"""Parquet files on which polars ends its process are bad files like others: told, or left out.

Each command has a process of its own here, which such a file would end.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys

import polars as pl
import pytest

from .test_bad_files import DATES, Recorded, as_parquet

SITE = """
import os, sys

def heard(event, arguments):
    if event == "subprocess.Popen":
        with open(os.environ["HEARD"], "a") as file:
            file.write("begun\\n")

sys.addaudithook(heard)
"""


def spoil(path):
    """Change the byte of a Parquet file with which polars asks for memory without bounds."""
    content = bytearray(path.read_bytes())
    content[48] = 1
    path.write_bytes(content)
    return path


@pytest.fixture
def recorded(tmp_path):
    """Give a week of minute bars and the daily bars, as Parquet files."""
    recorded = Recorded(tmp_path / "data")
    for day in (6, 7, 8, 9, 10):
        as_parquet(recorded, day)
    closes = pl.read_csv(recorded.closes, try_parse_dates=True)
    recorded.closes.unlink()
    closes.with_columns(pl.col("close").cast(pl.Float64)).write_parquet(
        recorded.closes.with_suffix(".parquet")
    )
    return recorded


@pytest.fixture
def paths(recorded):
    return {day: recorded.path(day).with_suffix(".parquet") for day in (6, 7, 8, 9, 10)}


@pytest.fixture
def process(home):
    """Run a command in a process of its own, which may leave a core."""
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))

    def called(*arguments):
        command = [sys.executable, "-m", "skim_core", *map(str, arguments)]
        environment = {**os.environ, "RUST_BACKTRACE": "1"}
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert not [*home.glob("*core*")]
        return done

    yield called
    resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))


@pytest.fixture
def begun(process, tmp_path, monkeypatch):
    """Run a command that is done, and return how many processes it and its own have begun."""
    (tmp_path / "heard").mkdir()
    (tmp_path / "heard" / "sitecustomize.py").write_text(SITE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "heard"), prepend=os.pathsep)
    monkeypatch.setenv("HEARD", str(tmp_path / "heard" / "begun"))

    def called(*arguments):
        (tmp_path / "heard" / "begun").write_text("")
        done = process(*arguments)
        assert done.returncode == 0, done.stderr
        return len((tmp_path / "heard" / "begun").read_text().split())

    return called


def test_polars_can_not_read_such_a_file(paths):
    code = "import polars, sys; polars.read_parquet(sys.argv[1])"
    command = [sys.executable, "-c", code, spoil(paths[8])]
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_replay_names_all_of_them_or_leaves_them_out(process, days, recorded, paths, jobs):
    for day in (7, 9, 10):
        spoil(paths[day])
    replay = ("replay", "-s", days, *DATES, "--data", recorded.folder, "--jobs", jobs)
    refused = process(*replay)
    assert refused.returncode == 2
    assert "3 of 5 sessions can't be replayed" in refused.stderr
    for day in (7, 9, 10):
        assert f"2025-01-{day:02}: {paths[day]} is not a sound Parquet file (" in refused.stderr
    assert refused.stderr.count("write it again") == 3
    assert len(refused.stderr.splitlines()) == 5
    done = process(*replay, "--skip-bad", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    summary = json.loads(done.stdout)
    assert summary["sessions"] == 2
    whys = [left_out["why"].partition(" ")[0] for left_out in summary["left_out"]]
    assert whys == [str(paths[day]) for day in (7, 9, 10)]


def test_the_daily_bars_may_be_such_a_file(process, days, recorded):
    closes = spoil(recorded.closes.with_suffix(".parquet"))
    refused = process("replay", "-s", days, *DATES, "--data", recorded.folder)
    assert refused.returncode == 2
    assert f"{closes} is not a sound Parquet file (" in refused.stderr


def test_a_sweep_is_refused_before_it_begins(process, days, recorded, paths, tmp_path):
    spoil(paths[8])
    sweep = ("sweep", "-s", days, *DATES, "--param", "shares=100,200", "--jobs", 2)
    refused = process(*sweep, "--data", recorded.folder, "--out", tmp_path / "swept")
    assert refused.returncode == 2
    assert f"{paths[8]} is not a sound Parquet file (" in refused.stderr
    assert not (tmp_path / "swept").exists()


def test_a_replay_is_not_repeated_on_such_a_file(process, days, recorded, paths, tmp_path):
    replay = ("replay", "-s", days, *DATES, "--data", recorded.folder, "--out", tmp_path / "out")
    assert process(*replay).returncode == 0
    spoil(paths[8])
    again = process("replay", "--again", tmp_path / "out")
    assert again.returncode == 2
    assert f"{paths[8]} is not a sound Parquet file (" in again.stderr


def test_a_file_that_was_found_sound_and_is_damaged_since_is_told(process, days, recorded, paths):
    replay = ("replay", "-s", days, *DATES, "--data", recorded.folder)
    assert process(*replay).returncode == 0
    found = paths[8].stat()
    spoil(paths[8])
    os.utime(paths[8], ns=(found.st_atime_ns, found.st_mtime_ns))
    refused = process(*replay)
    assert refused.returncode == 2
    assert f"{paths[8]} is not a sound Parquet file (" in refused.stderr


@pytest.mark.parametrize("way", ["--data", "settings"])
def test_a_day_is_told_and_goes_on_once_the_file_is_mended(
    process, days, recorded, paths, home, way
):
    sound = paths[8].read_bytes()
    spoil(paths[8])
    data = ("--data", recorded.folder)
    if way == "settings":
        (home / "skim.toml").write_text(f'[brokers.sim]\ndata = "{recorded.folder}"\n')
        data = ()
    day = ("start_trading_day", "-s", days, "--session", "2025-01-08", *data)
    refused = process(*day)
    assert refused.returncode == 2
    assert f"{paths[8]} is not a sound Parquet file (" in refused.stderr
    assert "write it again" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    paths[8].write_bytes(sound)
    assert process(*day).returncode == 0


def test_what_ended_the_process_is_told_with_debug(process, days, recorded, paths):
    spoil(paths[8])
    day = ("start_trading_day", "-s", days, "--session", "2025-01-08", "--data", recorded.folder)
    assert "the process that tries Parquet files ended with" in process(*day, "--debug").stderr


def test_a_replay_begins_one_process_for_its_files_and_none_for_those_it_knows(
    begun, days, recorded, tmp_path
):
    def replayed(first, last, jobs=1):
        dates = ("--from", f"2025-01-{first:02}", "--to", f"2025-01-{last:02}")
        folder = ("--data", recorded.folder, "--out", tmp_path / f"{first}-{last}")
        return begun("replay", "-s", days, *dates, *folder, "--jobs", jobs)

    assert replayed(6, 8, jobs=2) == 1
    assert replayed(7, 8) == 0
    assert replayed(6, 9) == 1
    assert begun("replay", "--again", tmp_path / "6-9", "--jobs", 2) == 0
    assert begun("report", tmp_path / "6-9") == 0


def test_a_day_begins_one_process_for_its_files_and_the_next_one_none(begun, install, recorded):
    def day(strategy):
        session = ("--session", "2025-01-08", "--data", recorded.folder)
        return begun("start_trading_day", "-s", strategy, *session)

    assert day(install("days")) == 1
    assert day(install("more")) == 0
    assert begun("report", "--session", "2025-01-08") == 1
    assert begun("report", "--session", "2025-01-08") == 0


def test_no_process_is_begun_for_csv(begun, days, tmp_path):
    folder = Recorded(tmp_path / "text").folder
    assert begun("replay", "-s", days, *DATES, "--data", folder) == 0
