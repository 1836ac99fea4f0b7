"""Days over the broker ``ibkr`` and a real socket on which the exchange halts a symbol."""

from __future__ import annotations

import pytest
from skim_gateway.faults.model import Fault

from skim_core.sim.generated import GeneratedFeed
from skim_core.testing.simulate import session_of

from .through_gateway import day_through_gateway

FEED = GeneratedFeed(seed=1, symbols=60)


def run(tmp_path, name, *faults):
    directory = tmp_path / name
    directory.mkdir()
    session = session_of("XASX", "2025-01-06", tmp_path)
    return day_through_gateway("orh_breakout", session, directory, feed=FEED, faults=faults)


def minute_of(fill, tmp_path):
    session = session_of("XASX", "2025-01-06", tmp_path)
    return int((fill.at - session.open).total_seconds() // 60)


@pytest.fixture
def entered(tmp_path):
    """Return the first fill of an entry of a day without halts."""
    day, _ = run(tmp_path, "calm")
    return next(event.fill for event in day.of("order_filled") if event.fill.side == "buy")


def test_nothing_is_entered_in_a_symbol_that_is_halted(tmp_path, entered):
    # In the very minute that the strategy enters by, once all of it has traded.
    minutes = minute_of(entered, tmp_path) - 1
    halt = Fault(do="halt", symbol=entered.symbol, at=f"open+{minutes}m40s")
    day, book = run(tmp_path, "halted", halt)
    assert day.result.end == "completed"
    assert not [one for one in book.tickets if one.symbol == entered.symbol]
    refused = [one for one in day.of("order_refused") if one.symbol == entered.symbol]
    assert {(one.limit, one.reading.halted) for one in refused} == {("trading_halt", True)}
    assert [one for one in book.tickets if one.symbol != entered.symbol]


def test_a_stop_is_kept_through_a_halt_and_the_position_is_closed_after_it(tmp_path, entered):
    session = session_of("XASX", "2025-01-06", tmp_path)
    minutes = minute_of(entered, tmp_path)
    halt = Fault(do="halt", symbol=entered.symbol, at=f"open+{minutes + 1}m", seconds=1800)
    day, book = run(tmp_path, "halted", halt)
    assert day.result.end == "completed"
    start, end = (session.open.timestamp() + 60 * (minutes + add) for add in (1, 31))
    mine = [event.fill for event in day.of("order_filled") if event.fill.symbol == entered.symbol]
    assert [fill for fill in mine if fill.side == "sell"]
    assert not [fill for fill in mine if start < fill.at.timestamp() < end]
    assert not day.of("protection_lapsed")
    stops = [one for one in book.tickets if one.symbol == entered.symbol and one.terms.stop_price]
    assert len(stops) == 1
    assert not day.book.positions
