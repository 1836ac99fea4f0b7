"""``skim sweep``: every combination a replay, side by side, gone on with after a kill."""

from __future__ import annotations

import csv
import html
import json
import os
import pty
import re
import signal
import subprocess
import sys
import threading
from decimal import Decimal
from pathlib import Path

import pytest

DATES = ("--from", "2025-01-06", "--to", "2025-01-08")
SHARES = ("--param", "shares=50..150/50")
PAUSE = threading.Event()
TRADE_AT = ("--param", "phases.trade.at=open+6m,open+9m")


def content(folder):
    """Return every file below a folder with its bytes."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def sweep(skim, tmp_path):
    """Sweep ``days`` into a folder by name, and return the result: ``sweep("one", "--json")``."""

    def swept(name, *arguments):
        return skim("sweep", "-s", "days", *DATES, "--out", tmp_path / name, *arguments)

    return swept


def test_each_combination_is_the_replay_of_its_settings(sweep, replay, days, tmp_path):
    result = sweep("s", *SHARES, *TRADE_AT, "--json", "--keep")
    assert result.code == 0, result.err
    told = result.json
    assert [
        row["number"] for row in sorted(told["combinations"], key=lambda row: row["number"])
    ] == [
        1,
        2,
        3,
        4,
        5,
        6,
    ]
    row = next(row for row in told["combinations"] if row["number"] == 4)
    assert row["values"] == {"shares": "100", "phases.trade.at": "open+9m"}
    alone = replay(days, *DATES, "--set", "shares=100", "--set", "phases.trade.at=open+9m")
    run = tmp_path / "s" / "runs" / row["run"]
    assert content(run) == content(alone.path)
    assert row["trades"] == str(len(alone.trades))
    assert Decimal(row["profit"]) == sum(Decimal(trade["profit"]) for trade in alone.trades)


def test_the_results_are_the_same_for_any_jobs(sweep, days, tmp_path):
    assert sweep("one", *SHARES, *TRADE_AT).code == 0
    assert sweep("two", *SHARES, *TRADE_AT, "--jobs", "2").code == 0
    assert content(tmp_path / "one") == content(tmp_path / "two")
    assert not list(tmp_path.glob("*/runs/*/journal.sqlite"))


def test_a_sweep_that_is_killed_goes_on_and_loses_nothing(sweep, skim, days, tmp_path):
    grid = ("--param", "shares=10..80/10")
    killed = tmp_path / "killed"
    command = [sys.executable, "-m", "skim_core", "sweep", "-s", "days", *DATES, *grid]
    process = subprocess.Popen([*command, "--jobs", "2", "--out", killed])
    while process.poll() is None and not list(killed.glob("runs/0*/plan.json")):
        PAUSE.wait(0.02)
    workers = _children(process.pid)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = {path: path.stat().st_ino for path in killed.glob("runs/0*/plan.json")}
    assert 0 < len(done) < 8
    assert not (killed / "results.json").exists()
    assert _have_ended(workers)
    assert sweep("killed", *grid).code == 0
    assert sweep("whole", *grid).code == 0
    assert content(killed) == content(tmp_path / "whole")
    assert {path: path.stat().st_ino for path in done} == done
    assert not list(killed.rglob(".*"))


def test_the_processes_of_a_replay_that_is_killed_end_with_it(days, tmp_path):
    dates = ("--from", "2025-01-06", "--to", "2025-06-30")
    command = [sys.executable, "-m", "skim_core", "replay", "-s", "days", *dates]
    process = subprocess.Popen([*command, "--jobs", "2", "--out", tmp_path / "r"])
    # The tracker of multiprocessing's resources is one more.
    while process.poll() is None and len(_children(process.pid)) < 3:
        PAUSE.wait(0.02)
    workers = _children(process.pid)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert _have_ended(workers)


def _have_ended(pids):
    """Wait up to half a minute for processes to end, and return whether they did."""
    for _ in range(1500):
        if not any(map(_runs, pids)):
            return True
        PAUSE.wait(0.02)
    return False


def _children(pid):
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _runs(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_ctrl_c_keeps_what_is_done_and_says_so(days, tmp_path, sweep):
    folder = tmp_path / "stopped"
    command = [sys.executable, "-m", "skim_core", "sweep", "-s", "days", *DATES]
    grid = ("--param", "shares=20..400/20")
    process = subprocess.Popen(
        [*command, *grid, "--out", folder], stderr=subprocess.PIPE, text=True
    )
    while process.poll() is None and not list(folder.glob("runs/0*/plan.json")):
        PAUSE.wait(0.02)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    assert process.returncode == 130, said
    assert re.fullmatch(
        r"skim: interrupted, \d+ of 20 combinations are done: the same command goes on .*\n", said
    )
    assert list(folder.glob("runs/0*/plan.json"))
    assert not list(folder.glob("runs/.*"))


def test_a_damaged_run_is_replayed_again(sweep, days, tmp_path):
    sweep("s", *SHARES)
    before = content(tmp_path / "s")
    (tmp_path / "s" / "runs" / "002" / "plan.json").write_text("{")
    (tmp_path / "s" / "runs" / "003" / "plan.json").unlink()
    (tmp_path / "s" / "runs" / "001" / "trades.json").unlink()
    assert sweep("s", *SHARES).code == 0
    assert content(tmp_path / "s") == before


def test_a_full_disk_is_told_and_what_was_done_is_kept(sweep, days, tmp_path):
    sweep("s", "--param", "shares=50,100")
    (tmp_path / "s" / "runs" / "002" / "plan.json").unlink()
    before = content(tmp_path / "s" / "runs" / "001")
    command = f"{sys.executable} -m skim_core sweep -s days {' '.join(DATES)} --param shares=50,100"
    limited = f"ulimit -f 1; exec {command} --out {tmp_path / 's'}"
    result = subprocess.run(["bash", "-c", limited], capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert "make room on the disk" in result.stderr
    assert "Traceback" not in result.stderr
    assert content(tmp_path / "s" / "runs" / "001") == before
    assert not list(tmp_path.rglob(".*-*"))


def test_two_sweeps_dont_share_a_folder(sweep, days, tmp_path):
    sweep("s", *SHARES)
    other = sweep("s", "--param", "shares=10,20")
    assert (other.code, "holds another sweep" in other.err) == (2, True)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    refused = sweep("mine", *SHARES)
    assert (refused.code, "holds something else" in refused.err) == (2, True)
    assert content(tmp_path / "mine") == {"notes.txt": b"mine"}


def test_two_processes_dont_share_a_sweep(sweep, days, tmp_path):
    import fcntl

    sweep("s", *SHARES)
    held = os.open(tmp_path / "s", os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    refused = sweep("s", *SHARES)
    os.close(held)
    assert (refused.code, "another process is at this sweep" in refused.err) == (2, True)


def test_the_tables_agree(sweep, days, tmp_path):
    import polars as pl

    told = sweep("s", *SHARES, *TRADE_AT, "--by", "profit", "--json").json
    profits = [Decimal(row["profit"]) for row in told["combinations"]]
    assert profits == sorted(profits, reverse=True)
    assert told["best"] == told["combinations"][0]["number"]
    by_number = {row["number"]: row for row in told["combinations"]}
    written = json.loads((tmp_path / "s" / "results.json").read_text())["combinations"]
    assert {row["number"]: row for row in written} == by_number
    with (tmp_path / "s" / "results.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["profit"] for row in rows] == [
        by_number[number]["profit"] for number in range(1, 7)
    ]
    assert [row["shares"] for row in rows] == ["50", "50", "100", "100", "150", "150"]
    table = pl.read_parquet(tmp_path / "s" / "results.parquet")
    assert table["shares"].to_list() == [50, 50, 100, 100, 150, 150]
    assert table["profit"].to_list() == [Decimal(row["profit"]) for row in rows]


def test_the_map_is_the_table(sweep, days, tmp_path):
    result = sweep("s", *SHARES, *TRADE_AT, "--by", "profit")
    told = json.loads((tmp_path / "s" / "results.json").read_text())["combinations"]
    expected = {
        (
            row["values"]["shares"],
            row["values"]["phases.trade.at"],
        ): f"{Decimal(row['profit']):,.2f}"
        for row in told
    }
    page = html.unescape((tmp_path / "s" / "map.html").read_text())
    drawn = page.split("<table class=map>")[1].split("</table>")[0]
    lines = [re.findall(r"<t[hd][^>]*>([^<]*)<", line) for line in drawn.split("<tr>")[2:]]
    across = lines[0][1:]
    assert {
        (x, line[0]): cell for line in lines[1:] for x, cell in zip(across, line[1:], strict=True)
    } == (expected)
    printed = result.out.split("* is the best\n")[1].splitlines()
    for line in printed[1:3]:
        at, *cells = line.replace("*", "").split()
        assert cells == [expected[x, at] for x in printed[0].split()]


def test_the_page_needs_nothing_else_and_runs_nothing(sweep, days, tmp_path):
    sweep("s", *SHARES)
    page = (tmp_path / "s" / "map.html").read_text()
    assert not re.search(r"https?:|src=|url\(|<script|<link", page)
    assert "color-scheme: light dark" in page
    assert page.count("<td class='bar") == 3


def test_a_terminal_shows_colours_and_the_width_is_kept(days, sweep, tmp_path):
    sweep("s", *SHARES, *TRADE_AT)
    out = _in_terminal("sweep", "-s", "days", *DATES, *SHARES, *TRADE_AT, "--out", tmp_path / "s")
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", out)
    assert "\x1b[38;2;0;0;0;48;2;" in out or "\x1b[1;38;2;0;0;0;48;2;" in out
    lines = plain.replace("\r", "").splitlines()
    shown = lines[next(n for n, line in enumerate(lines) if "6 combinations" in line) :]
    too_wide = [line for line in shown if len(line.rstrip()) > 80 and "written to" not in line]
    assert not too_wide


def _in_terminal(*arguments):
    environment = {
        **os.environ,
        "COLUMNS": "80",
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
    }
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "skim_core", *map(str, arguments)]
    process = subprocess.Popen(command, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    read = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:
            break
        if not part:
            break
        read += part
    process.wait()
    os.close(ours)
    return read.decode()


def test_the_best_comes_with_a_warning(sweep, days):
    told = sweep("s", *SHARES, "--json").json
    assert told["tries"] == 3
    assert told["verdict"] in sweep("s", *SHARES).out
    assert re.search(r"choose none|luck", told["verdict"])


def test_three_parameters_are_mapped_around_the_best(sweep, days):
    third = ("--param", "phases.scan.at=open+4m,open+5m")
    grid = ("--param", "shares=50,100", *TRADE_AT, *third)
    result = sweep("s", *grid)
    assert "over shares (across) and phases.trade.at (down), with phases.scan.at=" in result.out
    chosen = sweep("s", *grid, "--map", "phases.scan.at,shares").out
    assert "over phases.scan.at (across) and shares (down), with phases.trade.at=" in chosen


def test_a_refused_combination_is_named_and_the_others_are_run(sweep, days):
    result = sweep("s", "--param", "shares=100,abc,many", *TRADE_AT)
    assert result.code == 0
    assert (
        "refused: shares=abc, phases.trade.at=open+6m and 1 other: [strategy.days] shares"
        in result.out
    )
    told = sweep("s", "--param", "shares=100,abc,many", *TRADE_AT, "--json").json
    assert [bool(row["refused"]) for row in told["combinations"]] == [False, False, *[True] * 4]
    assert [row["profit"] is None for row in told["combinations"]] == [False, False, *[True] * 4]
    assert told["tries"] == 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--param", "share=1,2"), "did you mean 'shares'"),
        (
            ("--param", "shares=a,b"),
            "every combination is refused; shares=a: [strategy.days] shares",
        ),
        (("--param", "phases.trad.at=open,close"), "trad"),
        (("--param", "phases.trade.at=soon"), "the combination is refused; phases.trade.at=soon"),
        (("--param", "shares=1..9"), "needs a step above 0"),
        (("--param", "shares=1..9/0"), "needs a step above 0"),
        (("--param", "shares=1,2", "--param", "shares=3"), "given twice"),
        (("--param", "shares=1..9999/1"), "more than 1,000"),
        (("--param", "shares=1,2,3", "--most", "2"), "allow them with --most 3"),
        (("--param", "token=a,b"), "is a secret"),
        (("--param", "shares=1,2", "--set", "shares=3"), "has a --param and a --set"),
        (("--param", "shares=1,2", "--by", "profits"), "did you mean 'profit'"),
        (("--param", "shares=1,2", "--map", "share"), "did you mean 'shares'"),
        (("--param", "shares=1,2", "--jobs", "0"), "from 1 on"),
    ],
)
def test_bad_input_is_refused_and_leaves_nothing(sweep, days, tmp_path, arguments, told):
    result = sweep("s", *arguments)
    assert result.code == 2
    assert told in result.err
    assert "Traceback" not in result.err
    assert not (tmp_path / "s").exists()


def test_dates_that_dont_fit_are_no_fault_of_the_combinations(skim, days):
    result = skim("sweep", "-s", "days", "--from", "2025-01-08", "--to", "2025-01-06", *SHARES)
    assert result.code == 2
    assert result.err.startswith("skim[config]: --to 2025-01-06 is before --from")


def test_failed_days_are_counted_and_the_exit_code_is_1(install, skim, tmp_path):
    broken = """
        from pydantic import BaseModel
        from skim_core import Context, Phase, PhaseGraph, hooks

        class Config(BaseModel):
            limit: int = 1

        @hooks.config_model
        def skim_config_model() -> type[Config]:
            return Config

        @hooks.phase_graph
        def skim_phase_graph() -> PhaseGraph:
            return PhaseGraph(Phase("setup"))

        @hooks.setup
        def skim_setup(ctx: Context[Config]) -> None:
            if ctx.config.limit > 1:
                raise ValueError("too much")
        """
    install("fails", broken)
    result = skim("sweep", "-s", "fails", *DATES, "--param", "limit=1,2", "--out", tmp_path / "s")
    assert result.code == 1
    assert "failed days: 3 with limit=2, see run 2" in result.out


def test_a_strategy_that_ends_its_process_is_told_and_the_rest_is_kept(install, skim, tmp_path):
    ends = """
        import os
        from pydantic import BaseModel
        from skim_core import Context, Phase, PhaseGraph, hooks

        class Config(BaseModel):
            limit: int = 1

        @hooks.config_model
        def skim_config_model() -> type[Config]:
            return Config

        @hooks.phase_graph
        def skim_phase_graph() -> PhaseGraph:
            return PhaseGraph(Phase("setup"))

        @hooks.setup
        def skim_setup(ctx: Context[Config]) -> None:
            if ctx.config.limit > 2:
                os._exit(7)
        """
    install("ends", ends)
    arguments = ("-s", "ends", *DATES, "--param", "limit=1,2,3", "--jobs", "2")
    result = skim("sweep", *arguments, "--out", tmp_path / "s")
    assert result.code == 2
    assert "a process of the sweep ended in the middle of a replay" in result.err
    assert not list((tmp_path / "s" / "runs").glob(".*"))


def test_a_sweep_is_for_its_owner_alone(skim, home, days):
    folder = Path(skim("sweep", "-s", "days", *DATES, *SHARES, "--json").json["folder"])
    assert folder.parent == home / "sweeps"
    for path in (folder, *folder.rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, path
