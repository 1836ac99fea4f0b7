"""Every trade of 200 generated sessions, against the README's rules in plain Python."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from fractions import Fraction

import pytest

from skim_core.testing import MILLION, PlainAccount, in_order, replay_days

MINUTE = timedelta(minutes=1)
POSITIONS, VALUE = 4, 6_000 * MILLION
CONFIG = {
    "positions_maximum": POSITIONS,
    "position_value": 6_000,
    "stop_distance": 2,
    "ranked_maximum": 12,
}
CAPITAL = 17_500
PARTICIPATION = "0.01"
BROKER = {"symbols": 50, "seed": 11, "cash": CAPITAL, "participation": PARTICIPATION}
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
    "ranks_cut",
    "ranks_beyond_places",
    "too_cheap",
    "too_few_shares",
    "at_minimum",
    "strongest",
    "no_strength",
    "sized_by_cash",
    "too_dear",
    "entry_in_parts",
    "entry_expired",
    "stop_at_open",
    "stop_gapped",
    "stop_in_parts",
    "stop",
    "exit_in_parts",
    "exit_expired",
    "still_held",
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
        self.day, self.carried = day, set(self.account.holdings)
        self.account.play(day, self.tick)

    def tick(self, minute):
        account = self.account
        self.carried &= set(account.holdings)
        for symbol in sorted(self.carried):
            if self.day.at(minute) >= self.day.opening(symbol) + 5 * MINUTE:
                account.leave(symbol)
        if minute == self.day.minutes - 20:
            self.ranks = self.rank(minute)
        if minute == self.day.minutes - 15:
            self.enter(minute)

    def rank(self, minute):
        gaps, bars = {}, {}
        for symbol in self.day.symbols:
            bars[symbol] = self.day.until(symbol, minute)
            previous = self.day.previous_close(symbol)
            if not bars[symbol] or not previous:
                continue
            gap = Fraction(bars[symbol][0].open - previous, previous)
            if gap < 0:
                continue
            if sum(bar.volume for bar in bars[symbol]) < 100_000:
                self.account.count("too_few_shares")
            elif bars[symbol][-1].close < MILLION // 2:
                self.account.count("too_cheap")
            else:
                gaps[symbol] = gap
        widest = sorted(gaps, key=lambda symbol: (-gaps[symbol], symbol))
        if len(widest) > 12:
            self.account.count("ranks_cut")
        strengths = {symbol: self.strength(bars[symbol]) for symbol in widest[:12]}
        strong = [symbol for symbol, strength in strengths.items() if strength >= 80]
        return sorted(strong, key=lambda symbol: -strengths[symbol])

    def strength(self, bars):
        high, low = max(bar.high for bar in bars), min(bar.low for bar in bars)
        if high == low:
            self.account.count("no_strength")
            return -1
        found = Fraction(bars[-1].close - low, high - low) * 100
        self.account.count(
            "at_minimum" if found == 80 else "strongest" if found == 100 else "ranked"
        )
        return found

    def enter(self, minute):
        account = self.account
        free = [symbol for symbol in self.ranks if symbol not in self.carried]
        places = max(0, POSITIONS - len(self.carried))
        if self.carried:
            account.count("still_held")
        if len(free) > places:
            account.count("ranks_beyond_places")
        cash = account.cash
        for symbol in free[:places]:
            price = self.day.until(symbol, minute)[-1].close
            shares = VALUE // price
            commission = self.day.commission(shares, shares * price)
            if cash - commission < VALUE:
                account.count("sized_by_cash")
            shares = min(VALUE, cash - commission) // price
            if shares < 1:
                account.count("too_dear")
                continue
            cash -= shares * price + commission
            account.enter(symbol, shares, self.day.down(Fraction(price * 98, 100)))


@pytest.fixture(scope="module")
def happened():
    """Count what the sessions so far made the rules do, by name."""
    return Counter()


@pytest.mark.parametrize(("exchange", "first", "last"), RANGES)
def test_the_trades_are_those_of_the_rules(tmp_path, happened, exchange, first, last):
    replayed = replay_days(
        "overnight", first, last, tmp_path, exchange=exchange, config=CONFIG, broker=BROKER
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
