"""The Sharpe ratio and its deflation, against published numbers and against chance."""

from __future__ import annotations

import math
import random
import statistics
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from skim_core.replay.sharpe import (
    Moments,
    annual_sharpe,
    deflated,
    expected_maximum,
    luck,
    moments,
)

PAPER = Moments(count=1250, sharpe=2.5 / math.sqrt(250), skewness=-3, kurtosis=10)
"""The numerical example of Bailey and López de Prado (2014), of 250 sessions a year."""

PROFITS = st.lists(st.decimals(-10_000, 10_000, places=2, allow_nan=False), min_size=3, max_size=40)


def test_the_papers_example_is_met():
    threshold = expected_maximum(100, 0.5 / 250)
    assert threshold == pytest.approx(0.1132, abs=5e-5)
    assert deflated(PAPER, threshold) == pytest.approx(0.9004, abs=5e-5)


@pytest.mark.parametrize(("tries", "form"), [(46, PAPER), (88, Moments(1250, PAPER.sharpe, 0, 3))])
def test_the_papers_limits_of_tries_are_met(tries, form):
    """After 46 tries, or 88 if the returns were normal, 95 % are just passed."""
    assert deflated(form, expected_maximum(tries, 0.5 / 250)) == pytest.approx(0.9505, abs=5e-5)


def test_a_ratio_is_told_by_hand():
    """Mean 1, deviation 2 with n - 1; sessions without a trade are zeros."""
    assert annual_sharpe([Decimal(3), Decimal(1), Decimal(-1)]) == Decimal("7.9373")
    idle = annual_sharpe([Decimal(3), Decimal(1), Decimal(-1), Decimal(0), Decimal(0)])
    assert idle is not None
    assert idle < Decimal("7.9373")


@pytest.mark.parametrize("profits", [[], [Decimal(5)], [Decimal(0)] * 9, [Decimal("0.1")] * 7])
def test_where_nothing_varies_there_is_no_ratio(profits):
    assert annual_sharpe(profits) is None
    assert moments(profits) is None


@given(PROFITS, st.integers(1, 1000))
def test_the_ratio_is_that_of_the_returns_on_any_capital(profits, factor):
    assert annual_sharpe(profits) == annual_sharpe([profit * factor for profit in profits])


@given(PROFITS)
def test_ratio_and_moments_agree_with_the_standard_library(profits):
    ratio, found = annual_sharpe(profits), moments(profits)
    assume(ratio is not None)
    values = [float(profit) for profit in profits]
    expected = statistics.mean(values) / statistics.stdev(values)
    assert found.sharpe == pytest.approx(expected, abs=1e-9)
    assert float(ratio) == pytest.approx(expected * math.sqrt(252), abs=1e-4)
    assert found.kurtosis >= found.skewness**2 + 1 - 1e-6


@given(st.integers(2, 10_000), st.floats(1e-6, 1))
def test_more_tries_and_more_spread_promise_more_luck(tries, variance):
    assert expected_maximum(tries + 1, variance) > expected_maximum(tries, variance)
    assert expected_maximum(tries, 2 * variance) > expected_maximum(tries, variance)


def test_a_single_try_is_held_against_zero():
    assert luck([0.3]) == 0
    assert luck([]) == 0


def test_two_values_leave_no_spread_to_tell():
    """The Sharpe ratio of a fair coin that pays well can't be wrong, as the formula has it."""
    found = Moments(count=10, sharpe=1, skewness=2, kurtosis=5)
    assert deflated(found, 0) is None


def test_the_best_of_many_strategies_without_an_edge_seldom_passes():
    """Of 200 sweeps of 30 random strategies the undeflated best misleads, the deflated doesn't."""
    chance = random.Random(7)
    undeflated = passed = 0
    for _ in range(200):
        tries = [_random_strategy(chance) for _ in range(30)]
        best = max(tries, key=lambda found: found.sharpe)
        threshold = luck([found.sharpe for found in tries])
        undeflated += deflated(best, 0) > 0.95
        passed += deflated(best, threshold) > 0.95
    assert undeflated > 120
    assert passed <= 10


def test_a_true_edge_passes():
    chance = random.Random(7)
    tries = [_random_strategy(chance) for _ in range(29)]
    good = _random_strategy(chance, edge=100)
    threshold = luck([found.sharpe for found in (*tries, good)])
    assert deflated(good, threshold) > 0.95


def _random_strategy(chance, edge=0):
    """Sixty sessions of a strategy that loses 100 or wins 200, a third of the time."""
    profits = [
        Decimal(chance.choice((-100, -100, 200)) + chance.randint(-9, 9) + edge) for _ in range(60)
    ]
    return moments(profits)
