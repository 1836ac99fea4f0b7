from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skim_strategy_gap_fade.rules import (
    exact,
    fallen,
    first_window,
    level,
    lowest,
    measure,
    recovered,
    size,
    target,
)

from skim_core import Bars, Candidate, OpeningRange

OPEN = datetime(2026, 11, 23, 23, 0, tzinfo=UTC)
NAN = float("nan")

prices = st.decimals("0.001", "500", places=3)
amounts = st.decimals("1", "100000", places=2)
percents = st.decimals("0", "100", places=1)


def bars_of(highs, lows):
    high, low = np.array([highs]), np.array([lows])
    return Bars(("AAA",), OPEN, low, high, low, high, np.ones_like(high))


def at(minute):
    return OPEN + timedelta(minutes=minute)


def opening_range(low, high):
    return OpeningRange(symbol="AAA", high=high, low=low, start=at(0), end=at(15), bars=15)


def gap(symbol, percent, **prices):
    return Candidate(symbol=symbol, reason="gap", gap_percent=percent, **prices)


def test_only_what_gapped_down_is_faded():
    found = [gap("UP", 4), gap("DOWN", -4), gap("LEVEL", 0), Candidate(symbol="NEWS", reason="x")]
    assert fallen(found) == ["DOWN"]


@pytest.mark.parametrize(("recovery", "expected"), [(0, "1.00"), (50, "1.10"), (100, "1.20")])
def test_the_level_lies_between_the_low_and_the_high(recovery, expected):
    found = opening_range(Decimal("1.00"), Decimal("1.20"))
    assert level(found, Decimal(recovery)) == Decimal(expected)


@given(one=prices, other=prices, recovery=percents)
def test_the_level_is_never_outside_the_range(one, other, recovery):
    low, high = sorted((one, other))
    assert low <= level(opening_range(low, high), recovery) <= high


def test_the_target_is_part_of_the_way_to_the_previous_close():
    candidate = gap("AAA", -10, open=Decimal("0.90"), previous_close=Decimal("1.00"))
    assert target(candidate, Decimal(50)) == Decimal("0.95")
    assert target(candidate, Decimal(100)) == Decimal("1.00")


def test_without_its_gap_a_candidate_has_no_target():
    assert target(Candidate(symbol="NEWS", reason="x"), Decimal(50)) is None


def test_only_a_close_above_the_level_has_come_back():
    closes = np.array([1.125, 1.130, 1.120, NAN])
    assert recovered(closes, np.full(4, 1.125)).tolist() == [1]


def test_the_days_low_is_the_lowest_of_the_minutes_with_a_trade():
    assert lowest(bars_of([NAN, 1.3, 1.2], [NAN, 1.1, 1.05]), 0) == Decimal("1.05")


def test_the_first_minutes_are_measured_from_the_symbols_own_open():
    start, end = first_window(at(2) + timedelta(seconds=15), 2)
    assert (start, end) == (at(2), at(4))
    found = measure(bars_of([9, 9, 1.2, 1.3, 9], [0.1, 0.1, 1.1, 1.05, 0.1]), "AAA", start, end)
    assert found is not None
    assert (found.low, found.high, found.bars) == (Decimal("1.05"), Decimal("1.3"), 2)


def test_what_did_not_trade_in_its_first_minutes_is_not_measured():
    assert measure(bars_of([NAN, 1.2], [NAN, 1.1]), "AAA", at(0), at(1)) is None


@given(price=prices, stop=prices, risk=amounts, value=amounts)
def test_the_size_is_the_most_that_risk_and_value_allow(price, stop, risk, value):
    shares = size(price, stop, risk, value)
    assert shares * (price - stop) <= risk
    assert shares * price <= value
    more = shares + 1
    assert stop >= price or more * (price - stop) > risk or more * price > value


def test_nothing_is_bought_at_its_stop_or_without_cash():
    assert size(Decimal(1), Decimal(1), Decimal(100), Decimal(100)) == 0
    assert size(Decimal(1), Decimal("0.9"), Decimal(100), Decimal(-1)) == 0
    assert size(Decimal(1), Decimal(0), Decimal(100), Decimal(100)) == 0


def test_an_exact_price_has_no_trace_of_floating_point():
    assert str(exact(0.1 + 0.2)) == "0.3"
