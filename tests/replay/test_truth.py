"""A replay does what the days themselves would have done."""

from __future__ import annotations

import json
from decimal import Decimal

import polars as pl

from skim_core.journal.sqlite import SqliteJournal

CAPITAL = Decimal(20000)


def fills_of(events):
    return [event.fill for event in events if event.kind == "order_filled"]


def test_a_replayed_session_has_the_fills_of_the_day_itself(replay, skim, home, days):
    folder = replay(days, "--from", "2025-01-07", "--to", "2025-01-07", "--seed", 3)
    day = skim("start_trading_day", "-s", days, "--session", "2025-01-07", "--seed", 3)
    assert day.code == 0
    journal = SqliteJournal.open(home / "journal.sqlite")
    [run] = journal.runs()
    lived = fills_of(record.event for record in journal.read(run.run_id))
    journal.close()
    assert len(lived) >= 4
    assert fills_of(folder.events("order_filled")) == lived


def test_days_held_overnight_have_the_fills_of_the_days_themselves(replay, skim, home, nights):
    dates = ["2025-01-06", "2025-01-07", "2025-01-08", "2025-01-09"]
    folder = replay(nights, "--from", dates[1], "--to", dates[-1])
    for date in dates[1:]:
        assert skim("start_trading_day", "-s", nights, "--session", date).code == 0
    journal = SqliteJournal.open(home / "journal.sqlite")
    lived = [record.event for run in journal.runs() for record in journal.read(run.run_id)]
    journal.close()
    assert [event for event in lived if event.kind == "position_carried"]
    assert fills_of(folder.events("order_filled")) == fills_of(lived)


def test_a_flat_session_is_followed_by_one_with_the_capital(replay, nights):
    folder = replay(nights, "--from", "2025-01-06", "--to", "2025-01-13", "--capital", CAPITAL)
    found = {
        event.at.date().isoformat(): Decimal(event.alerts[0].text)
        for event in folder.events("candidates_alerted")
    }
    # The ASX opens at 23:00 UTC of the day before; nothing is bought on the 6th and the 9th.
    assert found["2025-01-05"] == found["2025-01-06"] == CAPITAL
    assert found["2025-01-07"] < CAPITAL
    assert found["2025-01-08"] < CAPITAL
    assert found["2025-01-09"] == CAPITAL


def test_a_trade_held_overnight_is_one_row_with_both_its_days(replay, nights):
    [first, *_] = replay(nights).trades
    assert (first["session"], first["held_overnight"]) == ("2025-01-08", "true")
    assert first["entered_at"].startswith("2025-01-07T")
    assert first["exited_at"].startswith("2025-01-07T23:")
    assert first["exit_reason"] == "exit"
    assert Decimal(first["stop"]) > 0


def test_what_is_held_at_the_end_is_told(skim, nights):
    result = skim(
        "replay", "-s", nights, "--from", "2025-01-06", "--to", "2025-01-07", "--json"
    ).json
    [held] = result["open"]
    assert (held["quantity"], result["trades"]) == (50, 0)


def test_the_journal_of_a_replay_is_read_by_the_other_commands(replay, skim, days, monkeypatch):
    folder = replay(days)
    before = folder.content["journal.sqlite"]
    monkeypatch.setenv("SKIM_JOURNAL", str(folder.path / "journal.sqlite"))
    told = skim("explain", "--strategy", days, "--session", "2025-01-07")
    assert told.code == 0
    assert "it gaps" in told.out
    assert folder.content["journal.sqlite"] == before


def test_a_session_that_fails_is_named_and_the_others_go_on(skim, install):
    code = """
        from skim_core import Context, Phase, PhaseGraph, hooks

        @hooks.phase_graph
        def skim_phase_graph() -> PhaseGraph:
            return PhaseGraph(Phase("setup"))

        @hooks.setup
        def skim_setup(ctx: Context) -> None:
            if ctx.session.date.day == 7:
                raise ValueError("not on a Tuesday")
    """
    name = install("picky", code)
    dates = ("--from", "2025-01-06", "--to", "2025-01-08")
    result = skim("replay", "-s", name, *dates, "--json")
    assert result.code == 1
    assert result.json["sessions"] == 3
    [failed] = result.json["failed"]
    assert (failed["date"], failed["end"]) == ("2025-01-07", "failed")
    assert "2025-01-07 picky" in skim("replay", "-s", name, *dates).out


def test_a_plain_hook_that_hangs_is_timed_out(skim, install):
    code = """
        import time
        from skim_core import Context, Phase, PhaseGraph, hooks

        @hooks.phase_graph
        def skim_phase_graph() -> PhaseGraph:
            return PhaseGraph(Phase("setup", timeout="50ms"))

        @hooks.setup
        def skim_setup(ctx: Context) -> None:
            time.sleep(60)
    """
    name = install("hangs", code)
    result = skim("replay", "-s", name, "--from", "2025-01-06", "--to", "2025-01-06", "--json")
    assert result.code == 1
    assert "timed out" in result.json["failed"][0]["why"]


def test_the_table_of_trades_is_the_same_in_each_form(replay, days):
    folder = replay(days)
    as_json = json.loads((folder.path / "trades.json").read_text())
    assert [{**row, "held_overnight": "false", "quantity": "100"} for row in as_json] == (
        folder.trades
    )
    as_parquet = pl.read_parquet(folder.path / "trades.parquet")
    assert as_parquet.columns == list(as_json[0])
    assert as_parquet["profit"].to_list() == [Decimal(row["profit"]) for row in as_json]
    summary = json.loads((folder.path / "summary.json").read_text())
    assert Decimal(summary["profit"]) == sum(Decimal(row["profit"]) for row in as_json)
    assert Decimal(summary["commission"]) == sum(
        event.fill.commission for event in folder.events("order_filled")
    )
