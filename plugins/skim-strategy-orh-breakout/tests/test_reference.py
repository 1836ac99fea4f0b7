"""The entries of whole generated days, against the README's rules in plain Python."""

from __future__ import annotations

from datetime import timedelta
from math import isnan

import pytest

from skim_core.calendar.exchanges import load_exchange
from skim_core.sim.generated import GeneratedFeed
from skim_core.testing.simulate import session_of

MINUTE = timedelta(minutes=1)
CANDIDATES = 20
UNLIMITED = {
    "positions_maximum": 1000,
    "position_value_maximum": 10_000_000,
    "risk_per_trade": 10_000,
    "candidates_maximum": CANDIDATES,
}
GENEROUS = {"participation": "none", "cash": 1_000_000_000}
SESSIONS = [
    *(("XASX", f"2026-11-{day:02d}") for day in (2, 3, 4, 5, 6, 9, 10, 11)),
    ("XASX", "2026-12-24"),
    ("XASX", "2026-12-31"),
    *(("XASX", f"2025-03-{day:02d}") for day in (3, 4, 5, 6, 7)),
    *(("XNYS", f"2025-01-{day:02d}") for day in (13, 14, 15, 16, 17)),
]


class Reference:
    """One day by the README: what is a candidate, its range, and when it is bought."""

    def __init__(self, data, exchange):
        self.data, self.exchange, self.session = data, exchange, data.session

    def minute(self, moment):
        return int((moment - self.session.open) / MINUTE)

    def entries(self):
        found = {}
        for symbol in self.candidates():
            column = self.breakout(symbol)
            if column is not None:
                found[symbol] = self.session.open + (column + 1) * MINUTE
        return found

    def candidates(self):
        """Widest gaps first, a minute after the last opening group opens."""
        delays = [group.delay for group in self.exchange.opening_groups]
        over = self.minute(self.session.open + max(delays, default=0 * MINUTE) + MINUTE)
        gaps = {}
        for row, symbol in enumerate(self.data.bars.symbols):
            closes = [float(close) for close in self.data.bars.close[row][:over]]
            traded = [minute for minute, close in enumerate(closes) if not isnan(close)]
            if not traded:
                continue
            opened = float(self.data.bars.open[row][traded[0]])
            gap = (opened / float(self.data.previous_close[row]) - 1) * 100
            volume = sum(float(shares) for shares in self.data.bars.volume[row][:over])
            if gap > 3 - 1e-9 and closes[traded[-1]] > 0.05 - 1e-9 and volume >= 10_000:
                gaps[symbol] = gap
        return sorted(gaps, key=lambda symbol: (-gaps[symbol], symbol))[:CANDIDATES]

    def breakout(self, symbol):
        """Return the first minute that closes above the range's high plus a tick, in the window."""
        row = self.data.bars.symbols.index(symbol)
        start = self.minute(self.exchange.opening(symbol, self.session))
        highs = [float(high) for high in self.data.bars.high[row][start : start + 5]]
        traded = [round(high * 1_000_000) for high in highs if not isnan(high)]
        if not traded:
            return None
        level = max(traded) + self.tick(max(traded))
        for minute in range(14, self.session.minutes - 31):
            close = float(self.data.bars.close[row][minute])
            if not isnan(close) and round(close * 1_000_000) > level:
                return minute
        return None

    def tick(self, price):
        """Return the tick at a price, both in millionths."""
        bands = [(band.from_price * 1_000_000, band.tick) for band in self.exchange.ticks]
        return int(max(band for band in bands if band[0] <= price)[1] * 1_000_000)


@pytest.fixture(scope="module")
def compared():
    """How many entries each session has had so far."""
    return {}


@pytest.mark.parametrize(("mic", "date"), SESSIONS)
def test_the_entries_are_those_of_the_rules(play, tmp_path, compared, mic, date):
    session = session_of(mic, date, tmp_path)
    exchange = load_exchange(mic, on=session.date)
    feed = GeneratedFeed(seed=7, symbols=200)
    expected = Reference(feed.load(session, exchange), exchange)
    day = play(feed=feed, date=date, exchange=mic, config=UNLIMITED, broker=GENEROUS)
    found = day.day.book.candidates.values()
    assert [gap.symbol for gap in found if gap.gap_percent >= 0] == expected.candidates()
    bought = {event.order.symbol: event.at for event in day.submitted("entry")}
    assert bought == expected.entries()
    compared[mic, date] = len(bought)


def test_the_sessions_had_entries_to_compare(compared):
    if len(compared) < len(SESSIONS):
        pytest.skip("needs all the sessions above")
    assert sum(compared.values()) >= 2 * len(SESSIONS)
