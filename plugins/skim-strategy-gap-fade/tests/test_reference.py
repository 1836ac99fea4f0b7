"""The trades of whole generated days, against the README's rules in plain Python."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from math import isnan

import pytest

from skim_core.calendar.exchanges import load_exchange
from skim_core.sim.generated import GeneratedFeed
from skim_core.testing.simulate import session_of

MINUTE = timedelta(minutes=1)
INSIDE = timedelta(seconds=30)
MILLION = 1_000_000
RISK, VALUE = 10_000, 10_000_000
UNLIMITED = {"positions_maximum": 1000, "position_value_maximum": VALUE, "risk_per_trade": RISK}
GENEROUS = {"participation": "none", "cash": 1_000_000_000}
SESSIONS = [
    *(("XASX", f"2026-11-{day:02d}") for day in (2, 3, 4, 5, 6, 9, 10, 11)),
    ("XASX", "2026-12-24"),
    *(("XASX", f"2025-03-{day:02d}") for day in (3, 4, 5, 6, 7)),
    *(("XNYS", f"2025-01-{day:02d}") for day in (13, 14, 15, 16, 17)),
]


class Reference:
    """One day by the README. Prices are whole millionths."""

    def __init__(self, data, exchange):
        self.session, self.exchange = data.session, exchange
        self.symbols, self.data = data.bars.symbols, data.bars
        self.previous = [
            None if isnan(close) else round(close * MILLION)
            for close in data.previous_close.tolist()
        ]
        self.volume = data.bars.volume.tolist()
        self.found = {}

    def minute(self, moment):
        return int((moment - self.session.open) / MINUTE)

    def bars(self, row):
        """Return each minute as (open, high, low, close), or None when it has no trade."""
        if row not in self.found:
            columns = (self.data.open, self.data.high, self.data.low, self.data.close)
            minutes = zip(*(column[row].tolist() for column in columns), strict=True)
            self.found[row] = [
                None if isnan(minute[0]) else tuple(round(price * MILLION) for price in minute)
                for minute in minutes
            ]
        return self.found[row]

    def tick(self, price):
        bands = [(band.from_price * MILLION, band.tick) for band in self.exchange.ticks]
        return int(max(band for band in bands if band[0] <= price)[1] * MILLION)

    def trades(self):
        """Return (bought at, shares, price, sold at, price) of each symbol that is traded."""
        fallen = self.candidates()
        # All first minutes are waited for.
        openings = [self.minute(self.exchange.opening(one, self.session)) for one in fallen]
        waited = max(openings, default=0) + 15
        found = ((symbol, self.trade(symbol, waited)) for symbol in fallen)
        return {symbol: trade for symbol, trade in found if trade is not None}

    def candidates(self):
        delays = [group.delay for group in self.exchange.opening_groups]
        over = self.minute(self.session.open + max(delays, default=0 * MINUTE) + MINUTE)
        gaps = {}
        for row, symbol in enumerate(self.symbols):
            if not self.previous[row] or sum(self.volume[row][:over]) < 10_000:
                continue
            traded = [bar for bar in self.bars(row)[:over] if bar]
            gap = Fraction(traded[0][0] - self.previous[row], self.previous[row]) * 100
            if gap <= -3 and traded[-1][3] >= MILLION // 20:
                gaps[symbol] = gap
        return sorted(gaps, key=lambda symbol: (gaps[symbol], symbol))[:20]

    def trade(self, symbol, waited):
        row = self.symbols.index(symbol)
        bars = self.bars(row)
        decided = self.decided(symbol, bars, waited, self.target(row, bars))
        if decided is None:
            return None
        low = min(bar[2] for bar in bars[: decided + 1] if bar)
        stop = low - low % self.tick(low) - self.tick(low)
        price = bars[decided][3]
        shares = min(RISK * MILLION // (price - stop), VALUE * MILLION // price)
        bought = self.next_trade(bars, decided + 1)
        sold, at_price = self.sale(bars, bought, stop, self.target(row, bars))
        return self.at(bought), shares, bars[bought][0], sold, at_price

    def target(self, row, bars):
        first = next(bar for bar in bars if bar)[0]
        price = first + Fraction(self.previous[row] - first, 2)
        tick = self.tick(price)
        return -(-price // tick) * tick

    def decided(self, symbol, bars, waited, target):
        """Return the first minute that closes above the level, and not yet at the target."""
        start = self.minute(self.exchange.opening(symbol, self.session))
        first = [bar for bar in bars[start : start + 15] if bar]
        if not first:
            return None
        low, high = min(bar[2] for bar in first), max(bar[1] for bar in first)
        # The last tick is the one before close-30m.
        for minute in range(waited - 1, self.session.minutes - 31):
            bar = bars[minute]
            if bar and bar[3] * 2 > low + high and bar[3] < target:
                return minute
        return None

    def sale(self, bars, bought, stop, target):
        leaves = self.session.minutes - 10
        for minute in range(bought, len(bars)):
            if not bars[minute]:
                continue
            opened, high, low, _ = bars[minute]
            if minute >= leaves or opened >= target or (opened <= stop and minute > bought):
                return self.at(minute), opened
            if low <= stop:
                return self.at(minute) + INSIDE, stop
            if high >= target:
                return self.at(minute) + INSIDE, target
        return None

    def next_trade(self, bars, first):
        return next(minute for minute in range(first, len(bars)) if bars[minute])

    def at(self, minute):
        return self.session.open + minute * MINUTE


def traded(day):
    """Return what was bought and sold as ``Reference.trades`` has it."""
    found = {}
    for event in day.of("order_filled"):
        fill = event.fill
        price = round(fill.price * MILLION)
        if fill.side == "buy":
            found[fill.symbol] = (fill.at, fill.quantity, price)
        else:
            found[fill.symbol] += (fill.at, price)
    return found


@pytest.fixture(scope="module")
def compared():
    """How many trades each session has had so far."""
    return {}


@pytest.mark.parametrize(("mic", "date"), SESSIONS)
def test_the_trades_are_those_of_the_rules(play, calendars, compared, mic, date):
    session = session_of(mic, date, calendars)
    exchange = load_exchange(mic, on=session.date)
    feed = GeneratedFeed(seed=7, symbols=200)
    expected = Reference(feed.load(session, exchange), exchange)
    day = play(feed=feed, date=date, exchange=mic, config=UNLIMITED, broker=GENEROUS)
    found = day.day.book.candidates.values()
    assert [gap.symbol for gap in found if gap.gap_percent < 0] == expected.candidates()
    assert traded(day.day) == expected.trades()
    compared[mic, date] = len(expected.trades())


def test_the_sessions_had_trades_to_compare(compared):
    if len(compared) < len(SESSIONS):
        pytest.skip("needs all the sessions above")
    assert sum(compared.values()) >= len(SESSIONS)
