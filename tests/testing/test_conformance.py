"""Sound strategies pass the conformance class, and each planted fault fails the test it is for."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skim_core.testing import (
    Share,
    StrategyConformance,
    Tape,
    assert_ordered_once,
    assert_protected,
)
from skim_core.testing.markets import bars, tapes
from skim_core.testing.scripted import plain_exchange

TRADED = Tape.of(
    Share("BHP", 40).opens(5).breaks_out("10:17").falls_through("11:00").moves("12:00", 12),
    Share("CSL", 40).opens(5).breaks_out("10:40").moves("12:00", 2),
)


@pytest.fixture(autouse=True, scope="module")
def installed(breaks):
    """Install the strategy that the class below is about."""


class TestBreaks(StrategyConformance):
    strategy = "breaks"
    market = TRADED


@given(data=st.data())
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_it_is_protected_and_flat_on_any_market(skim_play, skim_full_day, breaks, data):
    day = skim_play(breaks, data.draw(tapes(skim_full_day, "BHP", "CSL")))
    assert day.completed
    assert_protected(day)
    assert_ordered_once(day)


@given(data=st.data())
def test_bars_are_bars_of_the_session(skim_full_day, data):
    drawn = data.draw(bars(skim_full_day, plain_exchange()))
    assert drawn.symbols == ("AAA", "BBB", "CCC")
    assert drawn.minutes == skim_full_day.minutes
    traded = drawn.high > 0
    assert traded.any()
    assert (drawn.low[traded] <= drawn.close[traded]).all()
    assert (drawn.close[traded] <= drawn.high[traded]).all()


FAULTS = {
    "test_every_kind_of_day_completes[skim_half_day]": (
        "if ctx.now >= ctx.session.close - timedelta(minutes=10):",
        "if ctx.now >= ctx.session.open + timedelta(minutes=345):",
        "the day ended with 100 CSL",
    ),
    "test_the_same_day_twice_is_the_same": (
        "bracket = Bracket(symbol=symbol, quantity=100",
        "bracket = Bracket(symbol=symbol, quantity=100 + id(object()) % 997 + COUNT.pop()",
        "two runs of one day differ",
    ),
    "test_a_kill_at_any_boundary_doubles_no_order": (
        "bracket = Bracket(symbol=symbol, quantity=100",
        "DONE.add(symbol) if symbol not in DONE else 0\n"
        "                bracket = Bracket(symbol=symbol, purpose=f'entry{BOOT}', quantity=100",
        "shares of BHP instead of",
    ),
    "test_a_fault_at_the_broker_leaves_it_sound[stops are refused]": (
        "bracket = Bracket(symbol=symbol, quantity=100",
        "bracket = Bracket(symbol=symbol, purpose=f'entry{ctx.now:%M}', quantity=100",
        "entered more than once: ",
    ),
}
"""The test that each is for, what is replaced by what, and what is said."""

MODULE = """
from skim_core.testing import Share, StrategyConformance, Tape

class TestPlanted(StrategyConformance):
    strategy = "planted_{number}"
    market = Tape.of(
        Share("BHP", 40).opens(5).breaks_out("10:17").falls_through("11:00").moves("12:00", 12),
        Share("CSL", 40).opens(5).breaks_out("10:40").moves("12:00", 2),
    )
"""
PRELUDE = """
    import itertools
    import time

    COUNT = list(range(5000))
    DONE = set()
    BOOT = time.perf_counter_ns()
"""


@pytest.mark.parametrize("number", range(len(FAULTS)))
def test_a_planted_fault_fails_the_test_that_it_is_for(pytester, put, source, number):
    test, (found, planted, words) = list(FAULTS.items())[number]
    assert found in source
    put(f"planted_{number}", PRELUDE + source.replace(found, planted))
    pytester.makepyfile(MODULE.replace("{number}", str(number)))
    result = pytester.runpytest_inprocess(
        "-p", "no:cacheprovider", "-k", re.split(r"[\[\]]", test)[0]
    )
    failed = [line for line in result.outlines if line.startswith("FAILED")]
    assert any(f"::{test}" in line for line in failed), result.stdout.str()
    assert words in result.stdout.str()
