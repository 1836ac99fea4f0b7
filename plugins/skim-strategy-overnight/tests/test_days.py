from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from skim_core import OrderStage, TimeInForce
from skim_core.events import DayFinished, Outcome
from skim_core.sim import GeneratedFeed

STRONG = {"10:00": (1.02, 1.02, 1.00, 1.01), "12:00": 1.10}
"""A share that gaps up and stays at its high: 100 % strong, bought at 1.10, stop 1.045."""

FLAT = {"10:00": 1.10}
"""A share that has no range: it is not ranked."""

ONE, TWO, THREE = "2026-11-24", "2026-11-25", "2026-11-26"


def told(day, *kinds):
    return [event.kind for event in day.events if event.kind in kinds]


def is_flat(day):
    return not day.book.positions and not [one for one in day.book.orders.values() if one.live]


@pytest.fixture(scope="module")
def night(play):
    """Run a day that buys AAA in the evening, and the next one, on which it trades at 1.12."""
    return play({ONE: {"AAA": STRONG}, TWO: {"AAA": {"10:00": 1.12}}})


def test_a_strong_close_is_bought_and_sold_after_the_next_open(night):
    assert night.fills == [
        ("24 15:45:00", "buy", "AAA", 4545, 1.10),  # 5000 / 1.10
        ("25 10:05:00", "sell", "AAA", 4545, 1.12),
    ]
    [trade] = night.days[1].trades
    assert float(trade.profit) == 78.90  # 4545 * 0.02, and 6 for each order
    assert is_flat(night.days[1])


def test_a_day_that_ends_with_a_position_completes_when_the_evening_is_over(night):
    first = night.days[0]
    ending, session = first.events[-1], first.result.day.session
    assert isinstance(ending, DayFinished)
    assert ending.outcome is Outcome.COMPLETED
    assert ending.at == session.close + timedelta(minutes=15)
    assert list(first.book.positions) == ["AAA"]


def test_the_next_day_begins_with_the_position_and_its_stop(night):
    first, second = night.days
    began = ["day_started", "position_carried", "order_carried"]
    assert [event.kind for event in second.events[:3]] == began
    carried, order = second.events[1:3]
    assert (carried.symbol, carried.quantity, float(carried.average_price)) == ("AAA", 4545, 1.1)
    [stop] = [one for one in first.book.orders.values() if one.order.purpose == "stop"]
    assert order.state.order == stop.order
    assert stop.live
    assert stop.order.time_in_force is TimeInForce.GTC
    assert float(stop.order.stop_price) == 1.045


def test_the_sale_takes_the_carried_stop_with_it(night):
    orders = {state.order.purpose: state for state in night.days[1].book.orders.values()}
    assert orders["exit"].order.oca_group == orders["stop"].order.oca_group
    assert orders["exit"].stage is OrderStage.FILLED
    assert orders["stop"].stage is OrderStage.CANCELLED
    assert orders["stop"].filled == 0


def test_the_position_has_its_stop_at_every_instant_of_both_days(night):
    assert night.bare() == []
    assert not [day.of("protection_lapsed") for day in night.days if day.of("protection_lapsed")]


@pytest.mark.parametrize(
    ("evening", "bought", "morning"),
    [
        ("2026-11-27", "27 15:45:00", "2026-11-30"),  # a weekend
        ("2026-12-24", "24 13:55:00", "2026-12-29"),  # a half day, then Christmas and a weekend
        ("2026-04-02", "02 15:45:00", "2026-04-07"),  # Easter, and the end of daylight saving
    ],
)
def test_a_position_is_held_over_days_off(play, evening, bought, morning):
    days = play({evening: {"AAA": STRONG}, morning: {"AAA": {"10:00": 1.12}}})
    assert [fill[0] for fill in days.fills] == [bought, f"{morning[-2:]} 10:05:00"]
    assert [day.result.end for day in days.days] == ["completed", "completed"]
    assert is_flat(days.days[1])
    assert days.bare() == []


def test_a_position_is_held_over_a_session_that_nobody_started(play):
    days = play({ONE: {"AAA": STRONG}, THREE: {"AAA": {"10:00": 1.12}}})
    assert [fill[:2] for fill in days.fills] == [("24 15:45:00", "buy"), ("26 10:05:00", "sell")]
    assert is_flat(days.days[1])


def test_what_is_bought_today_is_never_sold_today(play):
    again = {"10:00": (1.12, 1.12, 1.06, 1.08), "12:00": 1.15}
    days = play({ONE: {"AAA": STRONG}, TWO: {"AAA": again}, THREE: {"AAA": {"10:00": 1.20}}})
    assert [(at, side) for at, side, *_ in days.traded("AAA")] == [
        ("24 15:45:00", "buy"),
        ("25 10:05:00", "sell"),
        ("25 15:45:00", "buy"),
        ("26 10:05:00", "sell"),
    ]
    assert days.bare() == []


def test_a_fall_in_the_evening_is_sold_at_the_stop(play):
    falling = STRONG | {"15:50": (1.10, 1.10, 1.00, 1.02)}
    days = play({ONE: {"AAA": falling}, TWO: {"AAA": {"10:00": 1.12}}})
    assert days.traded("AAA")[1] == ("24 15:50:30", "sell", 4545, 1.045)
    assert is_flat(days.days[0])
    assert told(days.days[1], "position_carried", "order_carried", "order_intended") == []


def test_an_open_below_the_stop_is_sold_at_the_open(play):
    days = play({ONE: {"AAA": STRONG}, TWO: {"AAA": {"10:00": 0.90, "10:03": 1.12}}})
    assert days.traded("AAA")[1] == ("25 10:00:00", "sell", 4545, 0.90)
    [hit] = days.days[1].of("stop_hit")
    assert (float(hit.stop_price), float(hit.fill_price)) == (1.045, 0.90)
    assert is_flat(days.days[1])
    assert not [one for one in days.days[1].book.orders.values() if one.order.purpose == "exit"]


def test_a_share_that_does_not_trade_is_sold_in_the_next_session_that_it_does(play):
    silent = {"AAA": {"15:59": None}, "BBB": STRONG}
    days = play({ONE: {"AAA": STRONG}, TWO: silent, THREE: {"AAA": {"10:00": 1.12}, "BBB": FLAT}})
    assert [fill[:2] for fill in days.traded("AAA")] == [
        ("24 15:45:00", "buy"),
        ("26 10:05:00", "sell"),
    ]
    assert days.entered(1) == ["BBB"]
    assert [day.result.end for day in days.days] == ["completed"] * 3
    assert is_flat(days.days[2])


def test_the_sale_of_a_share_that_does_not_trade_waits_all_day(play):
    silent = {"AAA": {"15:59": None}, "BBB": FLAT}
    days = play({ONE: {"AAA": STRONG}, TWO: silent})
    sales = [event.order for event in days.days[1].of("order_intended")]
    assert [sale.purpose for sale in sales] == ["exit"]
    [over] = days.days[1].of("order_cancelled")
    assert (over.reference, over.reason) == (sales[0].reference, "the session is over")


def test_what_is_still_held_takes_a_place(play):
    unlisted = {"BBB": STRONG}
    days = play({ONE: {"AAA": STRONG}, TWO: unlisted}, config={"positions_maximum": 1})
    assert days.entered(1) == []
    tried = [event.at for event in days.days[1].of("order_rejected")]
    assert len(tried) == 36  # every ten minutes, from 10:05 to 15:55
    assert all(then - at == timedelta(minutes=10) for at, then in pairwise(tried))


def test_the_sale_waits_for_the_opening_group(play):
    days = play({"2025-03-04": {"CCC": STRONG}, "2025-03-05": {"CCC": {"10:02": 1.12}}})
    assert [fill[0] for fill in days.fills] == ["04 15:45:00", "05 10:08:00"]  # opens 10:02:15


def test_the_minutes_after_the_open_can_be_set(play):
    tapes = {ONE: {"AAA": STRONG}, TWO: {"AAA": {"10:00": 1.12}}}
    days = play(tapes, config={"exit_after_open": 30, "stop_distance": 10})
    assert days.fills[1][0] == "25 10:30:00"
    [stop] = [one for one in days.days[0].book.orders.values() if one.order.purpose == "stop"]
    assert float(stop.order.stop_price) == 0.99


def test_the_strongest_are_ranked_first_and_of_equals_the_wider_gap(play):
    def closing(price, opening=1.05):
        return {"10:00": (opening, 1.20, 1.00, 1.10), "12:00": price}

    shares = {
        "TOP": closing(1.20),
        "WIDER": closing(1.20, 1.06),
        "GOOD": closing(1.18),
        "LIMIT": closing(1.16),  # 80 %
        "WEAK": closing(1.155),
        "FELL": closing(1.20, 0.995),
        "FEW": closing(1.20),
        "FLAT": FLAT,
        "LEVEL": closing(1.17, 1.00),
    }
    days = play({ONE: shares}, volumes={"FEW": 100})
    ranks = days.days[0].book.candidates
    assert list(ranks) == ["WIDER", "TOP", "GOOD", "LEVEL", "LIMIT"]
    assert ranks["GOOD"].reason == "at 90 % of its day's range"
    assert days.entered(0) == ["WIDER", "TOP", "GOOD"]


def test_too_cheap_a_share_is_not_ranked(play):
    days = play({ONE: {"AAA": STRONG}}, config={"price_minimum": "1.11"})
    assert not days.days[0].book.candidates


def test_a_day_without_a_strong_close_completes_without_orders(play):
    days = play({ONE: {"AAA": FLAT}})
    assert days.days[0].result.end == "completed"
    assert not days.days[0].book.orders


def test_the_cash_limits_what_is_bought(play):
    days = play({ONE: {"AAA": STRONG, "BBB": STRONG}}, broker={"cash": 6000})
    assert {fill[2]: fill[3] for fill in days.fills} == {"AAA": 4545, "BBB": 898}


def test_an_entry_that_is_filled_in_parts_is_protected_as_far_and_sold(play):
    thin = {"AAA": 20_000}  # the exchange lets one side have a tenth of a minute's volume
    days = play({ONE: {"AAA": STRONG}, TWO: {"AAA": {"10:00": 1.12}}}, volumes=thin)
    assert [fill[1:4:2] for fill in days.fills] == [
        *(("buy", shares) for shares in (2000, 2000, 545)),
        *(("sell", shares) for shares in (2000, 2000, 545)),
    ]
    assert days.bare() == []
    assert is_flat(days.days[1])


def test_an_entry_that_the_close_cuts_off_carries_what_it_bought(play):
    stops = STRONG | {"15:46": None}
    days = play({ONE: {"AAA": stops}, TWO: {"AAA": {"10:00": 1.12}}}, volumes={"AAA": 20_000})
    assert [fill[1:4:2] for fill in days.fills] == [("buy", 2000), ("sell", 2000)]
    [carried] = days.days[1].of("position_carried")
    assert carried.quantity == 2000
    assert days.bare() == []
    assert is_flat(days.days[1])


def test_generated_weeks_complete_each_day_and_are_protected_throughout(play):
    dates = [f"2026-11-{day:02d}" for day in (19, 20, 23, 24, 25)]
    days = play(dates=dates, feed=GeneratedFeed(seed=3, symbols=100))
    assert [day.result.end for day in days.days] == ["completed"] * 5
    assert sum(len(day.trades) for day in days.days) >= 8
    assert days.bare() == []
