from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skim_strategy_overnight.rules import (
    bought_today,
    carried,
    chosen,
    ranked,
    refused_since,
    set_aside,
    size,
    stop_price,
    strengths,
)

from skim_core import Bars, Order, OrderStage, OrderState

OPEN = datetime(2026, 11, 23, 23, 0, tzinfo=UTC)
NAN = float("nan")

prices = st.decimals("0.001", "500", places=3)
amounts = st.decimals("-100", "100000", places=2)


def order(symbol, purpose="entry", stage=OrderStage.ACKNOWLEDGED, *, filled=0, at=OPEN):
    sent = Order(
        reference=f"{symbol}-{purpose}", symbol=symbol, side="buy", quantity=100, purpose=purpose
    )
    return OrderState(order=sent, stage=stage, filled=filled, changed_at=at)


def test_the_strength_is_where_the_last_price_lies_between_low_and_high():
    high = np.array([[1.2, 1.0, NAN], [2.0, NAN, 1.0], [1.0, 1.0, 1.0], [NAN, NAN, NAN]])
    low = np.array([[1.1, 0.8, NAN], [1.5, NAN, 1.0], [1.0, 1.0, 1.0], [NAN, NAN, NAN]])
    close = np.array([[1.2, 0.9, NAN], [1.6, NAN, 1.0], [1.0, 1.0, 1.0], [NAN, NAN, NAN]])
    bars = Bars(("MID", "LOW", "FLAT", "NONE"), OPEN, close, high, low, close, np.ones_like(high))
    assert strengths(bars) == {"MID": 25.0, "LOW": 0.0}


def test_of_no_minutes_there_is_no_strength():
    empty = np.empty((1, 0))
    assert strengths(Bars(("AAA",), OPEN, empty, empty, empty, empty, empty)) == {}


def test_the_strongest_are_first_and_equals_keep_their_order():
    found = {"B": 90.0, "TOP": 100.0, "A": 90.0, "LIMIT": 80.0, "WEAK": 79.999999}
    assert ranked(found, Decimal(80)) == ["TOP", "B", "A", "LIMIT"]


def test_only_what_was_not_bought_today_was_carried():
    orders = [order("NEW"), order("OLD", "stop")]
    assert carried(["OLD", "NEW"], orders) == ["OLD"]


@pytest.mark.parametrize("stage", [OrderStage.REFUSED, OrderStage.ABSENT, OrderStage.SENDING])
def test_an_entry_that_never_arrived_bought_nothing(stage):
    assert bought_today([order("AAA", stage=stage)]) == set()


@pytest.mark.parametrize(
    ("kept", "most", "expected"),
    [
        ([], 2, ["A", "B"]),
        (["A"], 2, ["B"]),
        (["X"], 2, ["A"]),
        (["X", "Y"], 1, []),
        ([], 9, "ABC"),
    ],
)
def test_what_is_kept_takes_places_and_is_not_bought_again(kept, most, expected):
    assert chosen("ABC", kept, most) == list(expected)


@given(price=prices, value=amounts)
def test_the_size_is_the_most_that_the_value_buys(price, value):
    shares = size(price, value)
    assert shares * price <= max(value, 0)
    assert (shares + 1) * price > value


@given(price=prices, distance=st.decimals("0.1", "99.9", places=1))
def test_the_stop_is_below_the_price_and_above_nothing(price, distance):
    assert 0 < stop_price(price, distance) < price


def test_a_refusal_counts_until_it_is_too_long_ago():
    orders = [order("AAA", "exit", OrderStage.REJECTED), order("BBB", "exit", OrderStage.FILLED)]
    assert refused_since("AAA", orders, OPEN - timedelta(minutes=1))
    assert not refused_since("AAA", orders, OPEN)
    assert not refused_since("BBB", orders, OPEN - timedelta(minutes=1))


def test_what_working_entries_may_still_take_is_set_aside():
    orders = [
        order("A", filled=50),
        order("B", stage=OrderStage.FILLED, filled=100),
        order("C", "stop"),
    ]
    assert set_aside(orders, Decimal(5000)) == 2500
