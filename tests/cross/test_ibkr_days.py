"""Whole days over the broker ``ibkr`` and a real socket: the trades are those of the simulator."""

from __future__ import annotations

import pytest

from skim_core.sim.generated import GeneratedFeed
from skim_core.testing.simulate import session_of, simulate_day

from .through_gateway import day_through_gateway

FEED = GeneratedFeed(seed=1, symbols=60)
DATE = "2025-01-06"


def session(tmp_path):
    return session_of("XASX", DATE, tmp_path)


def fills(day):
    return [event.fill for event in day.of("order_filled")]


def traded(day):
    """Return the fills by time and order, but for their ids, which the gateway words as IBKR."""
    told = [fill.model_dump(exclude={"execution_id"}) for fill in fills(day)]
    return sorted(told, key=lambda fill: (fill["at"], fill["reference"]))


def decided(day):
    """Return each order that was decided, with when."""
    told = [(event.at, event.order) for event in day.of("order_intended")]
    return sorted(told, key=lambda one: (one[0], one[1].reference))


@pytest.mark.parametrize("strategy", ["orh_breakout", "gap_fade"])
def test_the_trades_are_those_of_the_same_day_on_the_simulator(tmp_path, strategy):
    (tmp_path / "sim").mkdir()
    simulated = simulate_day(strategy, session(tmp_path), tmp_path / "sim", feed=FEED)
    day, _ = day_through_gateway(strategy, session(tmp_path), tmp_path, feed=FEED)
    assert day.result.end == "completed"
    assert len(fills(day)) > 3
    assert traded(day) == traded(simulated)
    assert decided(day) == decided(simulated)


def test_a_strategy_that_decides_on_quotes_buys_the_same(tmp_path):
    """At a full minute the gateway has told the next one's first trade, the simulator not.

    So sizes that hang on the last price may differ by a tick's worth; nothing else does.
    """
    (tmp_path / "sim").mkdir()
    simulated = simulate_day("overnight", session(tmp_path), tmp_path / "sim", feed=FEED)
    day, _ = day_through_gateway("overnight", session(tmp_path), tmp_path, feed=FEED)
    ours, theirs = decided(day), decided(simulated)
    assert len(ours) == len(theirs) > 3
    for (at, order), (other_at, other) in zip(ours, theirs, strict=True):
        assert (at, order.reference, order.side) == (other_at, other.reference, other.side)
        assert abs(order.quantity - other.quantity) <= 0.01 * other.quantity


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
