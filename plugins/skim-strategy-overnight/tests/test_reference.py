"""The trades of generated sessions in a row, against the README's rules in plain Python."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from math import isnan

from skim_core.calendar.exchanges import load_exchange
from skim_core.sim.generated import GeneratedFeed
from skim_core.testing.simulate import session_of

MINUTE = timedelta(minutes=1)
INSIDE = timedelta(seconds=30)
MILLION = 1_000_000
MOST, VALUE = 8, 20_000
SETTINGS = {"positions_maximum": MOST, "position_value": VALUE, "stop_distance": 2}
GENEROUS = {"participation": "none", "cash": 1_000_000_000}
RUNS = [
    ("XASX", [f"2026-11-{day:02d}" for day in (2, 3, 4, 5, 6, 9, 10)]),
    ("XASX", ["2026-12-23", "2026-12-24", "2026-12-29", "2026-12-30"]),
    ("XASX", ["2025-03-03", "2025-03-04", "2025-03-06"]),  # groups; a session that is left out
    ("XNYS", [f"2025-01-{day:02d}" for day in (15, 16, 17, 21)]),
]


class Session:
    """One session's data. Prices are whole millionths, None without a trade."""

    def __init__(self, data, exchange):
        self.session, self.exchange = data.session, exchange
        self.symbols = data.bars.symbols
        self.data, self.length = data, data.session.minutes
        self.found = {}

    def bars(self, symbol):
        """Return each minute as (open, high, low, close), or None without a trade."""
        if symbol not in self.found:
            row, bars = self.symbols.index(symbol), self.data.bars
            columns = (bars.open, bars.high, bars.low, bars.close)
            minutes = zip(*(column[row].tolist() for column in columns), strict=True)
            self.found[symbol] = [
                None if isnan(minute[0]) else tuple(round(price * MILLION) for price in minute)
                for minute in minutes
            ]
        return self.found[symbol]

    def ranks(self):
        """Return the symbols in the order in which they are bought, at close-20m."""
        over, gaps, strengths = self.length - 20, {}, {}
        for row, symbol in enumerate(self.symbols):
            previous = float(self.data.previous_close[row])
            if isnan(previous) or sum(self.data.bars.volume[row].tolist()[:over]) < 100_000:
                continue
            traded = [bar for bar in self.bars(symbol)[:over] if bar]
            if traded[-1][3] < MILLION // 2:
                continue
            gap = Fraction(traded[0][0], round(previous * MILLION)) - 1
            if gap < 0:
                continue
            gaps[symbol] = gap
            high, low = max(bar[1] for bar in traded), min(bar[2] for bar in traded)
            if high > low:
                strengths[symbol] = Fraction(traded[-1][3] - low, high - low)
        widest = sorted(gaps, key=lambda symbol: (-gaps[symbol], symbol))[:50]
        strong = [one for one in widest if strengths.get(one, 0) >= Fraction(80, 100)]
        return sorted(strong, key=lambda symbol: -strengths[symbol])

    def tick(self, price):
        bands = [(band.from_price * MILLION, band.tick) for band in self.exchange.ticks]
        return int(max(band for band in bands if band[0] <= price)[1] * MILLION)

    def fall(self, symbol, stop, first, *, entered=False):
        """Return the first (minute, time, price) from minute `first` at which the stop trades."""
        for minute, bar in enumerate(self.bars(symbol)):
            if minute < first or not bar or bar[2] > stop:
                continue
            at_open = bar[0] <= stop and not (entered and minute == first)
            if at_open:
                return minute, self.at(symbol, minute), bar[0]
            return minute, self.at(symbol, minute, INSIDE), stop
        return None

    def at(self, symbol, minute, inside=0 * MINUTE):
        opening = self.exchange.opening(symbol, self.session)
        return max(self.session.open + minute * MINUTE + inside, opening)


class Reference:
    """Sessions one after the other. `fills` are (symbol, bought or sold, shares, price, at)."""

    def __init__(self):
        self.held = {}
        self.fills = []

    def play(self, day):
        evening = day.length - 15
        for symbol, (shares, stop) in sorted(self.held.items()):
            sale = self.morning(day, symbol, stop)
            if sale is not None:
                minute, at, price = sale
                self.fills.append((symbol, "sell", shares, price, at))
                if minute < evening:
                    del self.held[symbol]
        kept = set(self.held)
        free = [symbol for symbol in day.ranks() if symbol not in kept]
        for symbol in free[: max(0, MOST - len(kept))]:
            self.evening(day, symbol, evening)
        for symbol in kept:
            if any(fill[0] == symbol and fill[4] >= day.session.open for fill in self.fills):
                del self.held[symbol]

    def morning(self, day, symbol, stop):
        """Return where what was carried is sold: at its stop, or five minutes after its open."""
        opening = day.exchange.opening(symbol, day.session)
        leaves = -((day.session.open - opening) // MINUTE) + 5
        fallen = day.fall(symbol, stop, 0)
        for minute, bar in enumerate(day.bars(symbol)):
            if fallen is not None and fallen[0] == minute and minute < leaves:
                return fallen
            if minute >= leaves and bar:
                return minute, day.at(symbol, minute), bar[0]
        return None

    def evening(self, day, symbol, evening):
        bars = day.bars(symbol)
        last = [bar for bar in bars[:evening] if bar][-1][3]
        shares = VALUE * MILLION // last
        stop = last * 98 // 100
        stop -= stop % day.tick(stop)
        bought = next((one for one in range(evening, day.length) if bars[one]), None)
        if bought is None:
            return
        at = day.at(symbol, bought)
        self.fills.append((symbol, "buy", shares, bars[bought][0], at))
        fallen = day.fall(symbol, stop, bought, entered=True)
        if fallen is None:
            self.held[symbol] = (shares, stop)
        else:
            self.fills.append((symbol, "sell", shares, fallen[2], fallen[1]))


def traded(days):
    """Return what was bought and sold as ``Reference.fills`` has it, sorted."""
    fills = [event.fill for day in days for event in day.of("order_filled")]
    return sorted(
        (one.symbol, one.side, one.quantity, round(one.price * MILLION), one.at) for one in fills
    )


def test_the_trades_are_those_of_the_rules(play, calendars):
    sold_at_stop = sold = 0
    for mic, dates in RUNS:
        reference, feed = Reference(), GeneratedFeed(seed=11, symbols=80)
        for date in dates:
            session = session_of(mic, date, calendars)
            exchange = load_exchange(mic, on=session.date)
            reference.play(Session(feed.load(session, exchange), exchange))
        days = play(dates=dates, exchange=mic, feed=feed, config=SETTINGS, broker=GENEROUS)
        fills = traded(days.days)
        assert fills == sorted(reference.fills), (mic, dates)
        assert set(days.days[-1].book.positions) == set(reference.held)
        sold += sum(side == "sell" for _, side, *_ in fills)
        sold_at_stop += sum(len(day.of("stop_hit")) for day in days.days)
    assert sold >= 40
    assert sold_at_stop >= 5
