from __future__ import annotations

import pytest

from skim_core import OrderStage
from skim_core.sim import GeneratedFeed

FALL = {"10:00": (0.90, 0.92, 0.88, 0.89), "10:01": 0.89}
"""A share that closed at 1.00: low 0.88, high 0.92, bought above 0.90; its target is 0.95."""

BACK = FALL | {"10:20": 0.91}
SHARES = {
    "FILLED": BACK | {"12:00": (0.92, 0.96, 0.92, 0.94)},
    "STOPPED": BACK | {"12:00": (0.90, 0.90, 0.86, 0.89), "12:01": 0.93},
    "HELD": BACK,
    "LEVEL": FALL | {"10:20": 0.90},
    "SPIKE": FALL | {"10:20": (0.89, 0.94, 0.89, 0.89)},
    "SOON": FALL | {"10:05": 0.91, "10:13": 0.89},
    "LOWER": FALL | {"10:20": 0.86, "10:30": 0.91},
    "TOOFAR": FALL | {"10:20": 0.95},
    "LATE": FALL | {"15:30": 0.91},
    "LAST": FALL | {"15:28": 0.91},
    "RISEN": {"10:00": 1.10, "10:20": 1.20},
    "NEVER": FALL | {"10:20": 0.91, "10:21": None},
}
EVERYTHING = {"positions_maximum": 50, "position_value_maximum": 2000}


def unprotected(day):
    """Return the positions that were held, at some event of the day, without a live stop."""
    return [
        symbol
        for book in day.books()
        for symbol in book.positions
        if not any(state.order.purpose == "stop" for state in book.live_orders(symbol))
    ]


def is_over(day):
    """Whether the day completed, holds nothing and has no order at the exchange."""
    live = [state for state in day.book.orders.values() if state.live]
    return day.completed and not day.book.positions and not live


@pytest.fixture(scope="module")
def many(play):
    """Run a day on which every one of ``SHARES`` trades."""
    return play(SHARES, config=EVERYTHING)


def traded(day, symbol):
    """Return a share's fills as (local time, side, shares, price)."""
    return [(fill[0], fill[1], *fill[3:]) for fill in day.fills if fill[2] == symbol]


def entered(day, symbol):
    """Return when a share's entries were decided, in local time."""
    return [at for found, at in day.entries if found == symbol]


def prices(day, symbol, purpose, field):
    return [
        float(getattr(event.order, field))
        for event in day.intended(purpose)
        if event.order.symbol == symbol
    ]


def test_what_comes_back_is_bought_and_sold_at_its_target(play):
    day = play({"AAA": SHARES["FILLED"]})
    assert day.fills == [
        ("10:21:00", "buy", "AAA", 2857, 0.91),  # 100 / (0.91 - 0.875)
        ("12:00:30", "sell", "AAA", 2857, 0.95),
    ]
    [trade] = day.trades
    assert float(trade.profit) == pytest.approx(2857 * 0.04 - 12)
    assert is_over(day)


def test_a_day_of_many_trades_completes_protected_and_ends_flat(many):
    assert is_over(many)
    assert unprotected(many) == []


def test_a_new_low_of_the_day_is_sold_at_the_stop(many):
    assert traded(many, "STOPPED")[1] == ("12:00:30", "sell", 2000 * 100 // 91, 0.875)
    assert entered(many, "STOPPED") == ["10:21:00"]


def test_the_stop_is_a_tick_below_the_days_low_and_not_below_that_of_the_first_minutes(many):
    assert prices(many, "HELD", "stop", "stop_price") == [0.875]
    assert prices(many, "LOWER", "stop", "stop_price") == [0.855]


def test_what_neither_fills_nor_falls_is_sold_before_the_close(many):
    assert traded(many, "HELD")[-1][:2] == ("15:50:00", "sell")


def test_what_closes_at_the_level_and_not_above_is_not_bought(many):
    assert "LEVEL" in many.book.ranges
    assert entered(many, "LEVEL") == []


def test_a_high_above_the_level_is_nothing_without_the_close(many):
    assert entered(many, "SPIKE") == []


def test_the_first_minutes_are_left_alone(many):
    assert entered(many, "SOON") == []


def test_what_has_filled_its_gap_that_far_is_not_bought(many):
    assert entered(many, "TOOFAR") == []


def test_in_the_last_half_hour_nothing_is_bought(many):
    assert entered(many, "LAST") == ["15:29:00"]
    assert entered(many, "LATE") == []


def test_what_gapped_up_is_somebody_elses(many):
    assert "RISEN" in many.book.candidates
    assert "RISEN" not in many.book.ranges
    assert entered(many, "RISEN") == []


def test_an_entry_that_never_trades_is_cancelled_before_the_close(many):
    [entry] = [event.order for event in many.intended("entry") if event.order.symbol == "NEVER"]
    assert many.book.orders[entry.reference].stage is OrderStage.CANCELLED
    assert traded(many, "NEVER") == []


def test_what_is_watched_is_told(play):
    day = play({"AAA": BACK, "UP": {"10:00": 1.10}})
    [told] = day.of("candidates_alerted")
    assert [alert.text for alert in told.alerts] == ["AAA -10.0 % above 0.90"]


def test_a_gap_that_is_too_small_is_no_candidate(play):
    day = play({"AAA": {"10:00": 0.97}, "BBB": {"10:00": 0.975}})
    assert list(day.book.candidates) == ["AAA"]


def test_the_distances_can_be_set(play):
    settings = {"recovery": 100, "target_fill": 100, "wait_minutes": 5, "exit_before_close": 45}
    share = FALL | {"10:20": 0.91, "10:30": 0.925}
    day = play({"AAA": share, "BBB": FALL | {"10:06": 0.93}}, config=settings)
    assert day.entries == [("BBB", "10:07:00"), ("AAA", "10:31:00")]
    assert prices(day, "AAA", "target", "limit_price") == [1.0]
    assert {fill[0] for fill in day.fills if fill[1] == "sell"} == {"15:15:00"}


def test_no_more_positions_are_held_than_allowed(play):
    wider = {"10:00": (0.88, 0.90, 0.86, 0.87), "10:01": 0.87, "10:20": 0.91}
    day = play({"AAA": BACK, "BBB": wider}, config={"positions_maximum": 1})
    assert day.entries == [("BBB", "10:21:00")]


def test_the_cash_limits_what_is_bought(play):
    day = play({"AAA": BACK}, broker={"cash": 1000})
    [entry] = day.intended("entry")
    assert entry.order.quantity == 1092  # (1000 - 6) / 0.91
    assert is_over(day)


def test_on_a_half_day_everything_is_sold_before_its_close(play):
    day = play({"AAA": BACK}, date="2026-12-24")
    assert day.fills[-1][:2] == ("14:00:00", "sell")
    assert is_over(day)


def test_with_opening_groups_the_first_minutes_begin_with_the_group(play):
    share = {"10:09": FALL["10:00"], "10:10": 0.89, "10:30": 0.91}
    day = play({"SSS": share}, date="2025-03-04")
    found = day.book.ranges["SSS"]
    assert (day.local(found.start), day.local(found.end)) == ("10:09:00", "10:24:00")
    assert day.entries == [("SSS", "10:31:00")]


def test_a_day_without_candidates_completes_without_trades(play):
    day = play({"AAA": {"10:00": 1.0}})
    assert not day.book.orders
    assert is_over(day)


def test_a_generated_day_is_protected_throughout_and_ends_flat(play):
    day = play(feed=GeneratedFeed(seed=1, symbols=200))
    assert day.trades
    assert not unprotected(day)
    assert is_over(day)
