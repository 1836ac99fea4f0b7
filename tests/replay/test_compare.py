"""``skim compare``: what is different between two replays."""

from __future__ import annotations

import dataclasses
import json
import shutil
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skim_core.replay.comparison import Pair, paired
from skim_core.replay.trades import Trade

MONDAY = datetime(2025, 1, 6, 0, 0, tzinfo=UTC)


def a_trade(minute=1, symbol="BHP", side="buy", days=0, strategy="orb", **changes):
    entered = MONDAY + timedelta(minutes=minute)
    exited = entered + timedelta(days=days, minutes=30)
    trade = Trade(
        strategy=strategy,
        session=exited.date(),
        symbol=symbol,
        side=side,
        quantity=100,
        entered_at=entered,
        entry_price=Decimal(10),
        exited_at=exited,
        exit_price=Decimal(11),
        profit=Decimal(88),
        commission=Decimal(12),
        stop=Decimal(9),
        r_multiple=Decimal("0.88"),
        exit_reason="target",
        held_overnight=days > 0,
    )
    return dataclasses.replace(trade, **changes)


TRADES = st.lists(
    st.builds(
        a_trade,
        minute=st.integers(0, 4),
        symbol=st.sampled_from(["BHP", "CBA"]),
        side=st.sampled_from(["buy", "sell"]),
        days=st.integers(0, 1),
        quantity=st.sampled_from([100, 200]),
    ),
    max_size=12,
)


@given(TRADES)
def test_trades_are_the_same_as_themselves(trades):
    assert all(pair.a is not None and not pair.differences for pair in paired(trades, trades))


@given(TRADES, TRADES)
def test_every_trade_is_in_one_pair(a, b):
    pairs = paired(a, b)
    for which, trades in (("a", a), ("b", b)):
        found = [getattr(pair, which) for pair in pairs if getattr(pair, which)]
        assert sorted(found, key=repr) == sorted(trades, key=repr)


@given(TRADES, TRADES)
def test_the_other_way_round_is_the_opposite(a, b):
    there = {(repr(pair.a), repr(pair.b), pair.profit) for pair in paired(a, b)}
    back = {(repr(pair.b), repr(pair.a), -pair.profit) for pair in paired(b, a)}
    assert there == back


@given(TRADES, TRADES)
def test_only_trades_of_one_strategy_symbol_and_side_are_paired(a, b):
    for pair in paired(a, b):
        if pair.a and pair.b:
            assert (pair.a.symbol, pair.a.side) == (pair.b.symbol, pair.b.side)


def test_the_same_entry_is_the_same_trade_though_one_before_it_is_gone():
    first, second = a_trade(1), a_trade(50)
    assert set(paired([first, second], [second])) == {Pair(second, second), Pair(first, None)}


def test_a_later_entry_is_the_same_trade_changed():
    before, after = a_trade(1), a_trade(20, profit=Decimal(50))
    [pair] = paired([before], [after])
    assert {difference.name for difference in pair.differences} == {
        "entered_at",
        "exited_at",
        "profit",
    }
    assert pair.profit == -38


def test_an_exit_in_another_session_is_the_same_trade_changed():
    [pair] = paired([a_trade()], [a_trade(days=1)])
    assert {difference.name for difference in pair.differences} == {
        "session",
        "exited_at",
        "held_overnight",
    }


@pytest.fixture
def two(replay, days):
    """Two replays of which the second buys more shares, and has a session less."""
    fewer = ("--from", "2025-01-06", "--to", "2025-01-09", "--set", "shares=150")
    return replay(days).path, replay(days, *fewer).path


def test_a_replay_is_no_different_from_itself(skim, replay, days):
    folder = replay(days).path
    result = skim("compare", folder, folder)
    assert result.code == 0
    assert "both were made of the same" in result.out
    told = skim("compare", folder, folder, "--json").json
    assert (told["only_a"], told["only_b"], told["changed"], told["plans"]) == ([], [], [], {})
    assert told["unchanged"] == len(json.loads((folder / "trades.json").read_text())) > 0
    assert {figure["difference"] for figure in told["figures"].values()} <= {
        "0",
        "0.00",
        "0.000",
        "0.0000",
        None,
    }


def test_what_changed_is_told_trade_by_trade(skim, two):
    result = skim("compare", *two, "--json")
    assert result.code == 1
    told = result.json
    assert told["plans"]["strategy.days.shares"] == {"a": 100, "b": 150}
    assert told["plans"]["last"] == {"a": "2025-01-10", "b": "2025-01-09"}
    assert (told["sessions_only_a"], told["sessions_only_b"]) == (["2025-01-10"], [])
    assert {trade["session"] for trade in told["only_a"]} == {"2025-01-10"}
    assert told["changed"]
    for pair in told["changed"]:
        assert pair["a"]["quantity"] < pair["b"]["quantity"]
        assert pair["columns"] == [
            name for name, value in pair["a"].items() if value != pair["b"][name]
        ]
    profits = [json.loads((path / "summary.json").read_text())["profit"] for path in two]
    assert told["figures"]["profit"]["a"] == profits[0]
    difference = Decimal(profits[1]) - Decimal(profits[0])
    assert Decimal(told["figures"]["profit"]["difference"]) == difference
    by_trade = sum(Decimal(pair["profit_difference"]) for pair in told["changed"])
    assert by_trade - sum(Decimal(trade["profit"]) for trade in told["only_a"]) == difference


def test_the_other_way_round_the_difference_has_the_other_sign(skim, two):
    there, back = skim("compare", *two, "--json").json, skim("compare", *two[::-1], "--json").json
    assert there["only_a"] == back["only_b"]
    assert [(pair["a"], pair["b"]) for pair in there["changed"]] == [
        (pair["b"], pair["a"]) for pair in back["changed"]
    ]
    for name, figure in there["figures"].items():
        assert Decimal(figure["difference"]) == -Decimal(back["figures"][name]["difference"])


def test_the_table_names_what_changed_and_is_limited(skim, replay, days):
    dates = ("--from", "2025-01-06", "--to", "2025-01-24")
    two = replay(days, *dates).path, replay(days, *dates, "--set", "shares=150").path
    result = skim("compare", *two)
    assert "strategy.days.shares" in result.out
    assert "quantity 100 → " in result.out
    assert "--all shows them" in result.out
    assert result.out.count("\nchanged ") == 20
    whole = skim("compare", *two, "--all").out
    assert "--all" not in whole
    assert whole.count("\nchanged ") == len(skim("compare", *two, "--json").json["changed"]) > 20


def test_no_replays_folder_is_refused(skim, replay, days, tmp_path):
    result = skim("compare", replay(days).path, tmp_path)
    assert result.code == 2
    assert f"{tmp_path} is no replay's folder" in result.err


@pytest.mark.parametrize("file", ["trades.json", "summary.json"])
@pytest.mark.parametrize("content", [None, b"{", b"[1]"])
def test_a_damaged_replay_is_named(skim, replay, days, file, content, tmp_path):
    whole = replay(days).path
    broken = tmp_path / "broken"
    shutil.copytree(whole, broken)
    (broken / file).unlink()
    if content is not None:
        (broken / file).write_bytes(content)
    result = skim("compare", whole, broken)
    assert result.code == 2
    assert f"{broken / file}" in result.err
    assert "eplay anew" in result.err


def test_a_trade_is_shown_in_the_exchanges_time(skim, two):
    out = skim("compare", *two).out
    assert "only A replayed 1 session: 2025-01-10" in out
    assert "buy 100, in 10:06:" in out
