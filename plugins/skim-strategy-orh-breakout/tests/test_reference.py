"""Every trade of 200 generated sessions, against the README's rules in plain Python."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from fractions import Fraction

import pytest

from skim_core.testing import MILLION, PlainAccount, in_order, replay_days

MINUTE = timedelta(minutes=1)
RISK, VALUE, POSITIONS, CANDIDATES = 150 * MILLION, 9_000 * MILLION, 2, 3
CONFIG = {
    "gap_minimum": 2,
    "price_minimum": "0.80",
    "risk_per_trade": 150,
    "position_value_maximum": 9_000,
    "positions_maximum": POSITIONS,
    "candidates_maximum": CANDIDATES,
    "exit_before_close": 28,
}
CAPITAL = 15_000
PARTICIPATION = "0.02"
BROKER = {"symbols": 60, "seed": 7, "cash": CAPITAL, "participation": PARTICIPATION}
RANGES = [
    # Opening groups and then one opening for all, the end of daylight saving, Easter, Anzac day.
    ("XASX", "2025-03-20", "2025-06-27"),
    # Half days before Christmas and New Year.
    ("XASX", "2025-11-28", "2026-01-23"),
    # The beginning and the end of daylight saving, half days, holidays.
    ("XNYS", "2025-02-25", "2025-03-31"),
    ("XNYS", "2025-06-26", "2025-07-11"),
    ("XNYS", "2025-10-20", "2026-01-12"),
]

MET = [
    "candidates_cut",
    "too_cheap",
    "too_few_shares",
    "closed_at_level",
    "places_taken",
    "held_already",
    "money_set_aside",
    "sized_by_risk",
    "sized_by_value",
    "sized_by_cash",
    "entry_in_parts",
    "entry_cancelled",
    "stop_at_open",
    "stop_gapped",
    "stop_in_parts",
    "stop",
    "resized",
    "exit_in_parts",
    "exit_expired",
    "exit",
    "carried",
    "half_days",
]
"""What has to happen in the data, for a rule that is wrong to be seen."""


class Reference:
    """The README's rules; everything else that a day needs is the account's."""

    def __init__(self):
        self.account = PlainAccount(CAPITAL * MILLION, Fraction(PARTICIPATION))

    def play(self, day):
        self.day, self.decided = day, set()
        scanned = (day.last_opening + MINUTE) // MINUTE
        self.levels = {}
        risen = self.candidates(scanned)
        for symbol in risen:
            self.measure(symbol)
        self.first = max([15, *(day.opening_minute(symbol) + 5 for symbol in risen)])
        self.account.play(day, self.tick)

    def candidates(self, scanned):
        gaps = {}
        for symbol in self.day.symbols:
            bars, previous = self.day.until(symbol, scanned), self.day.previous_close(symbol)
            if not bars or not previous:
                continue
            gap = Fraction(bars[0].open - previous, previous)
            if gap < Fraction(2, 100):
                continue
            if sum(bar.volume for bar in bars) < 10_000:
                self.account.count("too_few_shares")
            elif bars[-1].close < 800_000:
                self.account.count("too_cheap")
            else:
                gaps[symbol] = gap
        widest = sorted(gaps, key=lambda symbol: (-gaps[symbol], symbol))
        if len(widest) > CANDIDATES:
            self.account.count("candidates_cut")
        return widest[:CANDIDATES]

    def measure(self, symbol):
        start = self.day.opening_minute(symbol)
        bars = [bar for bar in self.day.bars(symbol)[start : start + 5] if bar]
        if not bars:
            self.account.count("no_range")
            return
        high, low = max(bar.high for bar in bars), min(bar.low for bar in bars)
        self.levels[symbol] = high + self.day.tick(high), low

    def tick(self, minute):
        if self.first <= minute < self.day.minutes - 30:
            for symbol, (level, low) in self.levels.items():
                bar = self.day.bars(symbol)[minute - 1]
                if symbol in self.decided or bar is None:
                    continue
                if bar.close == level:
                    self.account.count("closed_at_level")
                if bar.close > level:
                    self.enter(symbol, bar.close, self.day.down(low))
        if minute >= self.day.minutes - 28:
            for symbol in sorted(self.account.places):
                self.account.leave(symbol)

    def enter(self, symbol, price, stop):
        account = self.account
        if symbol in account.holdings:
            account.count("held_already")
            return
        if len(account.places - {symbol}) >= POSITIONS:
            account.count("places_taken")
            return
        shares = self.size(price, stop)
        if shares < 1:
            account.count("too_dear")
            return
        account.enter(symbol, shares, stop)
        self.decided.add(symbol)

    def size(self, price, stop):
        account = self.account
        working = sum(Fraction(one.quantity - one.filled, one.quantity) for one in account.entries)
        if working:
            account.count("money_set_aside")
        shares = VALUE // price
        cash = account.cash - VALUE * working - self.day.commission(shares, shares * price)
        sizes = {
            "sized_by_risk": RISK // (price - stop),
            "sized_by_value": shares,
            "sized_by_cash": int(cash // price),
        }
        least = min(sizes, key=sizes.__getitem__)
        account.count(least)
        return sizes[least]


@pytest.fixture(scope="module")
def happened():
    """Count what the sessions so far made the rules do, by name."""
    return Counter()


@pytest.mark.parametrize(("exchange", "first", "last"), RANGES)
def test_the_trades_are_those_of_the_rules(tmp_path, happened, exchange, first, last):
    replayed = replay_days(
        "orh_breakout", first, last, tmp_path, exchange=exchange, config=CONFIG, broker=BROKER
    )
    reference = Reference()
    for day in replayed.sessions():
        reference.play(day)
        happened["sessions"] += 1
        happened["half_days"] += day.minutes < 300
    assert not replayed.summary["failed"]
    assert replayed.trades == in_order(reference.account.trades)
    happened.update(reference.account.happened)


def test_every_rule_was_met(happened):
    if "sessions" not in happened or happened["sessions"] < 200:
        pytest.skip("needs all the sessions above")
    assert not [rule for rule in MET if not happened[rule]]
