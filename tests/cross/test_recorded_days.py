"""Trades on recorded days, checked against the bars by the README's rules."""

from __future__ import annotations

import os
from datetime import timedelta
from math import floor
from pathlib import Path

import polars as pl
import pytest

from skim_core.sim.recorded import RecordedFeed
from skim_core.testing.simulate import session_of, simulate_day

CHECKOUT = Path(__file__).parent.parent.parent
DATA = Path(os.environ.get("SKIM_TEST_DATA", CHECKOUT.parent / "shared" / "data"))
BARS = DATA / "bars_1m" / "XNYS"
MINUTE = timedelta(minutes=1)
DATES = ["2025-01-06", "2025-01-15", "2025-01-22", "2025-01-30", "2025-02-04"]

pytestmark = pytest.mark.skipif(not BARS.is_dir(), reason=f"there are no recorded bars in {BARS}")


class Recorded:
    """One symbol's bars of a session, straight from the file."""

    def __init__(self, symbol, session):
        frame = pl.read_parquet(BARS / f"{session.date}.parquet").filter(pl.col("symbol") == symbol)
        rows = frame.select("ts", "open", "high", "low", "close").rows()
        self.bars = {ts: tuple(round(price, 6) for price in prices) for ts, *prices in rows}
        self.session = session

    def span(self, start, end):
        """Return the bars that start at or after `start` and before `end`, by their start."""
        return {ts: bar for ts, bar in sorted(self.bars.items()) if start <= ts < end}

    def next_open(self, moment):
        """Return the open of the first bar that starts at or after `moment`."""
        return next(iter(self.span(moment, self.session.close).values()))[0]

    @property
    def opening_range(self):
        first = self.span(self.session.open, self.session.open + 5 * MINUTE).values()
        return max(bar[1] for bar in first), min(bar[2] for bar in first)

    @property
    def breakout(self):
        """Return the end of the first minute that closed a cent above the range."""
        level = self.opening_range[0] + 0.01 + 5e-6
        window = self.span(self.session.open + 14 * MINUTE, self.session.close - 31 * MINUTE)
        return next(ts + MINUTE for ts, bar in window.items() if bar[3] > level)

    def first_at_or_below(self, stop, start, end):
        """Return the first bar from `start` to `end` whose low reaches `stop`, or None."""
        touched = ((ts, bar) for ts, bar in self.span(start, end).items() if bar[2] <= stop + 5e-6)
        return next(touched, None)


@pytest.fixture(scope="module", params=DATES)
def day(request, tmp_path_factory):
    """Run the strategy on a recorded day, all breakouts bought."""
    directory = tmp_path_factory.mktemp("recorded")
    session = session_of("XNYS", request.param, directory)
    config = {"positions_maximum": 50}
    return simulate_day("orh_breakout", session, directory, feed=RecordedFeed(DATA), config=config)


@pytest.fixture
def bars_of(day):
    session = day.result.day.session
    return lambda symbol: Recorded(symbol, session)


def sent(day, purpose):
    """Return the orders of one purpose by symbol, as they were sent."""
    events = day.of("order_intended")
    return {event.order.symbol: event for event in events if event.order.purpose == purpose}


def fills(day, side):
    found = {}
    for event in day.of("order_filled"):
        if event.fill.side == side:
            found.setdefault(event.fill.symbol, []).append(event.fill)
    return found


def test_a_recorded_day_completes_with_trades_and_ends_flat(day):
    assert day.result.end == "completed"
    assert len(day.trades) == len(sent(day, "entry"))
    assert not day.book.positions
    assert not [state for state in day.book.orders.values() if state.live]


def test_each_entry_follows_the_first_close_above_the_range(day, bars_of):
    bought = {symbol: event.at for symbol, event in sent(day, "entry").items()}
    assert bought == {symbol: bars_of(symbol).breakout for symbol in bought}


def test_what_was_not_bought_never_closed_above_its_range(day, bars_of):
    for symbol in day.book.ranges.keys() - sent(day, "entry").keys():
        with pytest.raises(StopIteration):
            _ = bars_of(symbol).breakout


def test_each_entry_is_filled_at_the_open_of_the_next_minute(day, bars_of):
    bought = fills(day, "buy")
    assert bought.keys() == sent(day, "entry").keys()
    for symbol, parts in bought.items():
        entry = sent(day, "entry")[symbol]
        assert float(parts[0].price) == bars_of(symbol).next_open(entry.at)


def test_each_stop_is_the_low_of_the_range(day, bars_of):
    stops = sent(day, "stop")
    assert stops.keys() == sent(day, "entry").keys()
    for symbol, event in stops.items():
        low = bars_of(symbol).opening_range[1]
        assert float(event.order.stop_price) == floor(low * 100 + 1e-6) / 100


def test_each_size_risks_at_most_what_was_allowed(day, bars_of):
    for symbol, event in sent(day, "entry").items():
        close = bars_of(symbol).bars[event.at - MINUTE][3]
        stop = float(sent(day, "stop")[symbol].order.stop_price)
        quantity = event.order.quantity
        low = bars_of(symbol).opening_range[1]
        assert quantity * (close - low) <= 100 + 1e-6
        assert quantity * close <= 5000
        assert (quantity + 1) * (close - stop) > 100 or (quantity + 1) * close > 5000


def test_a_sale_is_by_the_stop_where_the_bars_reach_it_and_else_before_the_close(day, bars_of):
    exit_at = day.result.day.session.close - 10 * MINUTE
    for symbol, parts in fills(day, "sell").items():
        bars, bought = bars_of(symbol), fills(day, "buy")[symbol]
        stop = float(sent(day, "stop")[symbol].order.stop_price)
        first, price = parts[0], float(parts[0].price)
        touched = bars.first_at_or_below(stop, bought[0].at, exit_at)
        if touched is None:
            assert first.reference == sent(day, "exit")[symbol].order.reference
            assert sent(day, "exit")[symbol].at == exit_at
            assert price == bars.next_open(exit_at)
            continue
        start, (opened, *_) = touched
        assert first.reference == sent(day, "stop")[symbol].order.reference
        assert start <= first.at < start + MINUTE
        # The entry is made at its minute's open, so what the stop gets there is the stop.
        gapped = opened <= stop and start > bought[0].at
        assert price == (opened if gapped else stop)


def test_a_recorded_day_has_both_ways_of_selling(day):
    orders = day.book.orders
    traded = {orders[event.fill.reference].order.purpose for event in day.of("order_filled")}
    assert traded == {"entry", "stop", "exit"}


def test_each_profit_is_the_sum_of_its_fills(day):
    for trade in day.trades:
        bought, sold = fills(day, "buy")[trade.symbol], fills(day, "sell")[trade.symbol]
        assert sum(fill.quantity for fill in bought) == sum(fill.quantity for fill in sold)
        spent = sum(fill.quantity * fill.price + fill.commission for fill in bought)
        received = sum(fill.quantity * fill.price - fill.commission for fill in sold)
        assert trade.profit == received - spent
