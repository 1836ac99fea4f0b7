"""A whole day, as the one who starts it sees it."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

SESSION = "2026-01-28"
START = ("start_trading_day", "--session", SESSION, "--strategy")


def test_a_day_is_told_line_by_line_in_its_order(process, tiny):
    told = process(*START, "tiny")
    assert (told.code, told.err) == (0, "")
    rows = [line.split(maxsplit=2) for line in told.lines]
    assert [topic for _, topic, _ in rows] == [
        *("day", "setup", "scan", "scan", "order", "trade", "fill"),
        *("order", "fill", "trade", "manage", "day"),
    ]
    times = [time for time, _, _ in rows]
    assert times == sorted(times)
    assert (times[0], times[2], times[-1]) == ("09:59:00", "10:05:00", "10:15:00")
    texts = [text for _, _, text in rows]
    assert texts[0] == ("tiny on XASX Wed 2026-01-28, 10:00 to 16:00, account paper, broker sim")
    assert texts[2].startswith("2 candidates: ")
    assert texts[4].startswith("buy 100 ")
    assert texts[4].endswith(" at market, it gaps")
    assert texts[7].endswith(" at market, enough")
    assert texts[-2] == "completed after 4 ticks (nothing left to protect)"
    assert texts[-1].startswith("completed. 1 trade, ")


def test_a_day_is_the_same_day_each_time_it_is_simulated(
    process, skim, tiny, tmp_path: Path, monkeypatch
):
    first = process(*START, "tiny")
    monkeypatch.setenv("SKIM_DIRECTORY", str(tmp_path / "another"))
    assert skim(*START, "tiny").out == first.out


def test_a_second_start_says_that_the_day_was_run(skim, tiny):
    skim(*START, "tiny")
    again = skim(*START, "tiny")
    assert again.code == 0
    assert again.out == (
        "skim: the day of tiny on XASX 2026-01-28: it was run before and completed, "
        "nothing to do.\n"
    )


def test_the_whole_output_can_be_one_json_document(skim, tiny):
    told = skim(*START, "tiny", "--json")
    assert (told.code, told.err) == (0, "")
    (day,) = told.json["days"]
    assert day["run_id"] == "tiny/XASX/2026-01-28/paper"
    assert day["end"] == "completed"
    assert {row["phase"]: row["status"] for row in day["phases"]} == dict.fromkeys(
        ["setup", "scan", "trade", "manage"], "completed"
    )
    (trade,) = day["trades"]
    assert trade["symbol"] == day["candidates"][0]["symbol"]
    assert trade["quantity"] == 100
    assert day["profit"] == trade["profit"]
    assert (day["positions"], day["live_orders"]) == ([], [])
    (again,) = skim(*START, "tiny", "--json").json["days"]
    assert again["end"] == "already"
    assert again["trades"] == day["trades"]


def test_hyphens_will_do(skim, tiny):
    told = skim("start-trading-day", *START[1:], "tiny")
    assert told.code == 0
    assert "completed. 1 trade" in told.lines[-1]


def test_two_strategies_run_side_by_side(skim, install, tiny):
    install("second")
    told = skim(*START, "tiny", "--strategy", "second")
    assert told.code == 0
    assert {line[:8] for line in told.lines} == {"tiny    ", "second  "}
    endings = [line for line in told.lines if "completed. 1 trade" in line]
    assert len(endings) == 2
    mine, other = (
        [line[8:] for line in told.lines if line.startswith(name)] for name in ("t", "s")
    )
    assert mine[1:] == other[1:]


def test_a_strategy_named_twice_runs_once(skim, tiny):
    told = skim(*START, "tiny", "--strategy", "tiny")
    assert told.code == 0
    assert sum("completed. 1 trade" in line for line in told.lines) == 1


def test_a_phase_that_raises_fails_the_day_and_is_named_in_one_line(skim, install, tiny):
    install("raising", tiny.replace("rows = await", "raise OSError('feed down'); rows = await"))
    told = skim(*START, "raising")
    assert (told.code, told.err) == (1, "")
    (failure,) = [line for line in told.lines if line[10:14] == "scan"]
    assert failure.endswith("failed: OSError: feed down (installed_raising.py:39)")
    assert told.lines[-1].endswith("feed down (installed_raising.py:39). No trades")
    assert skim("status", "--session", SESSION).code == 1


def test_a_failing_day_does_not_hurt_the_one_beside_it(skim, install, tiny):
    install("raising", tiny.replace("rows = await", "raise OSError('feed down'); rows = await"))
    told = skim(*START, "raising", "--strategy", "tiny", "--json")
    assert told.code == 1
    assert [day["end"] for day in told.json["days"]] == ["failed", "completed"]


def test_the_configuration_reaches_the_strategy(skim, tiny, home: Path):
    (home / "skim.toml").write_text(
        dedent("""
            [strategy.tiny]
            shares = 7

            [strategy.tiny.phases.scan]
            at = "open+8m"

            [strategy.tiny.phases.trade]
            at = "open+9m"
        """)
    )
    told = skim(*START, "tiny")
    assert told.code == 0
    assert "10:08:00  scan          completed" in told.lines
    assert any("buy 7 " in line for line in told.lines)


def test_another_seed_is_another_market(skim, tiny, tmp_path: Path, monkeypatch):
    first = skim(*START, "tiny", "--json").json["days"][0]["candidates"]
    monkeypatch.setenv("SKIM_DIRECTORY", str(tmp_path / "another"))
    other = skim(*START, "tiny", "--json", "--seed", "7").json["days"][0]["candidates"]
    assert other != first


def test_a_day_off_is_told_and_is_no_failure(skim, tiny):
    told = skim("start_trading_day", "--session", "2026-01-26", "--strategy", "tiny")
    assert told.code == 0
    assert told.out == "skim: Monday 2026-01-26 is a day off at XASX: nothing to do.\n"
    as_json = skim("start_trading_day", "--session", "2026-01-26", "--strategy", "tiny", "--json")
    assert as_json.json == {"days": [], "reason": told.out.removeprefix("skim: ").rstrip()}


def test_a_half_day_is_said_to_be_one(skim, tiny):
    told = skim("start_trading_day", "--session", "2026-12-24", "--strategy", "tiny")
    assert told.code == 0
    assert "10:00 to 14:10, a half day" in told.lines[0]
