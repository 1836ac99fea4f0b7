from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skim_strategy_orh_breakout.rules import (
    broken_out,
    exact,
    measure_range,
    opening_window,
    size,
)

from skim_core import Bars

OPEN = datetime(2026, 11, 23, 23, 0, tzinfo=UTC)
NAN = float("nan")

prices = st.decimals("0.001", "500", places=3)
amounts = st.decimals("1", "100000", places=2)


def bars_of(highs, lows):
    high, low = np.array([highs]), np.array([lows])
    return Bars(("AAA",), OPEN, low, high, low, high, np.ones_like(high))


def at(minute):
    return OPEN + timedelta(minutes=minute)


@pytest.mark.parametrize(
    ("price", "stop", "risk", "value", "shares"),
    [
        ("1.13", "1.08", "100", "5000", 2000),  # 100 / 0.05
        ("1.13", "1.10", "100", "5000", 3333),  # 100 / 0.03 is 3333.3
        ("1.13", "1.12", "100", "5000", 4424),  # 5000 / 1.13 is 4424.8: the value binds
        ("10", "9", "0.99", "5000", 0),  # one share risks more than that
        ("5001", "5000", "100", "5000", 0),  # one share is worth more than that
    ],
)
def test_the_size_is_what_risk_and_value_allow(price, stop, risk, value, shares):
    assert size(Decimal(price), Decimal(stop), Decimal(risk), Decimal(value)) == shares


@pytest.mark.parametrize("stop", ["1.13", "1.14"])
def test_nothing_is_bought_at_or_below_its_stop(stop):
    assert size(Decimal("1.13"), Decimal(stop), Decimal(100), Decimal(5000)) == 0


@pytest.mark.parametrize("cash", ["0", "-250"])
def test_nothing_is_bought_without_cash(cash):
    assert size(Decimal("1.13"), Decimal("1.08"), Decimal(100), Decimal(cash)) == 0


@given(price=prices, stop=prices, risk=amounts, value=amounts)
def test_the_size_never_risks_more_nor_is_worth_more_than_asked(price, stop, risk, value):
    shares = size(price, stop, risk, value)
    assert shares * (price - stop) <= risk
    assert shares * price <= value


@given(price=prices, stop=prices, risk=amounts, value=amounts)
def test_one_share_more_would_be_too_many(price, stop, risk, value):
    more = size(price, stop, risk, value) + 1
    assert stop >= price or more * (price - stop) > risk or more * price > value


def test_the_range_is_the_highest_and_the_lowest_price_of_the_window():
    bars = bars_of([9.0, 1.2, 1.3, 1.25, 9.0], [0.1, 1.1, 1.15, 1.05, 0.1])
    found = measure_range(bars, "AAA", at(1), at(4))
    assert found is not None
    assert (found.high, found.low, found.bars) == (Decimal("1.3"), Decimal("1.05"), 3)
    assert (found.start, found.end) == (at(1), at(4))


def test_minutes_without_a_trade_count_neither_way():
    found = measure_range(bars_of([NAN, 1.2, NAN], [NAN, 1.1, NAN]), "AAA", at(0), at(3))
    assert found is not None
    assert (found.high, found.low, found.bars) == (Decimal("1.2"), Decimal("1.1"), 1)


def test_there_is_no_range_of_what_did_not_trade():
    assert measure_range(bars_of([NAN, NAN, 1.2], [NAN, NAN, 1.1]), "AAA", at(0), at(2)) is None


@pytest.mark.parametrize("second", [0, 1, 15, 59])
def test_the_window_begins_with_the_minute_that_holds_the_opening(second):
    opening = at(2) + timedelta(seconds=second)
    assert opening_window(opening, 5) == (at(2), at(7))


def test_only_a_close_above_the_level_breaks_out():
    closes = np.array([1.125, 1.130, 1.120, NAN])
    assert broken_out(closes, np.full(4, 1.125)).tolist() == [1]


@given(level=st.integers(1, 500_000), tick=st.sampled_from(["0.001", "0.005", "0.01"]))
def test_equal_prices_are_equal_however_they_were_computed(level, tick):
    computed = level * float(tick)
    written = float(level * Decimal(tick))
    above = float((level + 1) * Decimal(tick))
    closes = np.array([computed, written, above])
    assert broken_out(closes, np.array([written, computed, computed])).tolist() == [2]


def test_an_exact_price_has_no_trace_of_floating_point():
    assert str(exact(0.1 + 0.2)) == "0.3"
    assert str(exact(1200.0)) == "1200"
