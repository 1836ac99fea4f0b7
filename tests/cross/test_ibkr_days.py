"""Whole days over the broker ``ibkr`` and a real socket: the trades are those of the simulator."""

from __future__ import annotations

import pytest

from skim_core.sim.generated import GeneratedFeed
from skim_core.testing.simulate import session_of, simulate_day, simulate_days

from .through_gateway import day_through_gateway, days_through_gateway

FEED = GeneratedFeed(seed=1, symbols=60)
DATE = "2025-01-06"
DATES = ("2025-01-09", "2025-01-10", "2025-01-13", "2025-01-14")
"""Thursday, Friday, Monday, Tuesday."""


def session(tmp_path):
    return session_of("XASX", DATE, tmp_path)


def fills(day):
    return [event.fill for event in day.of("order_filled")]


def traded(day):
    """Return the fills by time and order, but for their ids, which the gateway words as IBKR."""
    told = [fill.model_dump(exclude={"execution_id"}) for fill in fills(day)]
    return sorted(told, key=lambda fill: (fill["at"], fill["reference"]))


def held(day):
    """Return what is held at the day's end: symbol and shares."""
    return {symbol: one.quantity for symbol, one in day.book.positions.items()}


def decided(day):
    """Return each order that was decided, with when."""
    told = [(event.at, event.order) for event in day.of("order_intended")]
    return sorted(told, key=lambda one: (one[0], one[1].reference))


def test_the_trades_are_those_of_the_same_day_on_the_simulator(tmp_path):
    (tmp_path / "sim").mkdir()
    simulated = simulate_day("orh_breakout", session(tmp_path), tmp_path / "sim", feed=FEED)
    day, _ = day_through_gateway("orh_breakout", session(tmp_path), tmp_path, feed=FEED)
    assert day.result.end == "completed"
    assert len(fills(day)) > 3
    assert traded(day) == traded(simulated)
    assert decided(day) == decided(simulated)


@pytest.mark.parametrize("strategy", ["gap_fade", "overnight"])
def test_the_trades_of_days_with_a_weekend_between_are_those_on_the_simulator(tmp_path, strategy):
    """What is held over a night or a weekend, with its stop, is the next day's on both."""
    sessions = [session_of("XASX", date, tmp_path) for date in DATES]
    (tmp_path / "sim").mkdir()
    simulated = simulate_days(strategy, sessions, tmp_path / "sim", feed=FEED)
    days = days_through_gateway(strategy, sessions, tmp_path, feed=FEED)
    assert [str(day.result.end) for day in days] == ["completed"] * len(DATES)
    assert sum(len(fills(day)) for day in days) > 10
    assert [traded(day) for day in days] == [traded(day) for day in simulated]
    assert [decided(day) for day in days] == [decided(day) for day in simulated]
    assert [held(day) for day in days] == [held(day) for day in simulated]
    if strategy == "overnight":
        assert all(held(day) for day in days)


@pytest.mark.parametrize("orders", [1, 2, 3])
def test_a_process_that_dies_with_orders_on_the_wire_is_gone_on_with(tmp_path, orders):
    day, book = day_through_gateway(
        "orh_breakout", session(tmp_path), tmp_path, feed=FEED, killed_at=orders
    )
    assert day.result.end == "completed"
    references = [ticket.order.order_ref for ticket in book.tickets]
    assert len(set(references)) == len(references)
    assert len(references) >= 2
    assert not day.book.positions
    traded = sum(int(one.details.shares) for one in book.executions)
    assert sum(fill.quantity for fill in fills(day)) == traded
