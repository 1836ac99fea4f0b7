from __future__ import annotations

import pytest

from skim_core import OrderStage
from skim_core.sim import GeneratedFeed

RANGE = (1.10, 1.12, 1.08, 1.10)
"""A first minute of a share that closed at 1.00: ORH 1.12, ORL 1.08, bought above 1.125."""

BREAKOUT = {"10:00": RANGE, "10:17": (1.10, 1.14, 1.10, 1.13), "10:18": 1.14}
FALLING = BREAKOUT | {"11:00": (1.14, 1.14, 1.07, 1.09)}
EVERYTHING = {"volume_minimum": 0, "positions_maximum": 50, "position_value_maximum": 3000}
SHARES = {
    "STOPPED": FALLING | {"12:00": 1.30},
    "GAPPED": BREAKOUT | {"11:00": (1.02, 1.06, 1.01, 1.05)},
    "LEVEL": {"10:00": RANGE, "11:00": 1.125},
    "SPIKE": {"10:00": RANGE, "11:00": (1.10, 1.30, 1.10, 1.12)},
    "EARLY": {"10:00": RANGE, "10:08": 1.20, "10:14": 1.10, "10:15": 1.16},
    "LAST": {"10:00": RANGE, "15:28": 1.16},
    "LATE": {"10:00": RANGE, "15:29": 1.16},
    "THIN": BREAKOUT,
    "THINSTOP": BREAKOUT | {"10:20": (1.14, 1.14, 1.07, 1.10)},
    "HOLES": {"10:00": RANGE, "10:01": None, "10:04": (1.10, 1.13, 1.10, 1.10), "10:05": None},
    "WAITS": BREAKOUT | {"10:18": None, "10:25": 1.15, "10:26": None, "15:40": 1.16},
    "SILENT": {"10:00": RANGE, "10:05": (1.10, 1.20, 1.10, 1.20), "10:06": None},
    "NEVER": BREAKOUT | {"10:18": None},
}
"""Every share that is told of below as one of many."""

PHASES = ["setup", "scan", "track_ranges", "alert", "trade", "manage"]


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
def sold(play):
    """Run a day on which a share breaks out at 10:17 and never falls back."""
    return play({"AAA": BREAKOUT | {"15:50": 1.20}})


@pytest.fixture(scope="module")
def many(play):
    """Run a day on which every one of ``SHARES`` trades."""
    return play(SHARES, volumes={"THIN": 8_000, "THINSTOP": 8_000}, config=EVERYTHING)


def traded(day, symbol):
    """Return a share's fills as (local time, side, shares, price)."""
    return [(fill[0], fill[1], *fill[3:]) for fill in day.fills if fill[2] == symbol]


def entered(day, symbol):
    """Return when a share's entries were decided, in local time."""
    return [at for found, at in day.entries if found == symbol]


def test_a_breakout_is_bought_and_sold_before_the_close(sold):
    assert sold.fills == [
        ("10:18:00", "buy", "AAA", 2000, 1.14),  # 100 / (1.13 - 1.08)
        ("15:50:00", "sell", "AAA", 2000, 1.20),
    ]
    assert is_over(sold)


def test_the_profit_is_after_commissions(sold):
    [trade] = sold.trades
    assert trade.profit == 108  # 2000 * 0.06, and 6 for each order


def test_every_phase_runs_and_in_order(sold):
    assert {event.phase for event in sold.of("phase_completed")} == set(PHASES)
    started = [event.phase for event in sold.of("phase_started")]
    assert [phase for phase in dict.fromkeys(started) if phase != "manage"] == PHASES[:-1]


def test_what_is_watched_is_told(sold):
    [told] = sold.of("candidates_alerted")
    assert [alert.text for alert in told.alerts] == ["AAA +10.0 % ORH 1.12 ORL 1.08"]


def test_a_day_of_many_trades_completes_and_ends_flat(many):
    assert is_over(many)


def test_a_fall_to_the_stop_is_sold_at_the_range_low(many):
    assert traded(many, "STOPPED")[1] == ("11:00:30", "sell", 2000, 1.08)
    hits = {hit.symbol: (hit.stop_price, hit.fill_price) for hit in many.of("stop_hit")}
    assert [float(price) for price in hits["STOPPED"]] == [1.08, 1.08]


def test_a_gap_through_the_stop_is_sold_at_the_open(many):
    assert traded(many, "GAPPED")[1] == ("11:00:00", "sell", 2000, 1.02)


def test_a_share_that_was_stopped_out_is_not_bought_again(many):
    assert entered(many, "STOPPED") == ["10:18:00"]


def test_what_closes_at_the_level_and_not_above_is_not_bought(many):
    assert "LEVEL" in many.book.ranges
    assert entered(many, "LEVEL") == []


def test_a_high_above_the_level_is_no_breakout_without_the_close(many):
    assert entered(many, "SPIKE") == []


def test_before_the_fifteenth_minute_nothing_is_bought(many):
    assert entered(many, "EARLY") == ["10:16:00"]


def test_in_the_last_half_hour_nothing_is_bought(many):
    assert entered(many, "LAST") == ["15:29:00"]
    assert entered(many, "LATE") == []


def test_the_range_of_a_thin_share_is_what_it_traded(many):
    found = many.book.ranges["HOLES"]
    assert (float(found.high), float(found.low), found.bars) == (1.13, 1.08, 2)


def test_a_thin_share_is_bought_in_its_next_minute_with_a_trade(many):
    assert entered(many, "WAITS") == ["10:18:00"]
    assert traded(many, "WAITS")[0] == ("10:25:00", "buy", 2000, 1.15)


def test_a_breakout_is_not_seen_again_in_minutes_without_a_trade(many):
    assert entered(many, "SILENT") == []


def test_an_entry_that_never_trades_is_cancelled_before_the_close(many):
    [entry] = [event.order for event in many.intended("entry") if event.order.symbol == "NEVER"]
    assert many.book.orders[entry.reference].stage is OrderStage.CANCELLED
    cancelled = {event.reference: event.at for event in many.of("order_cancelled")}
    assert many.local(cancelled[entry.reference]) == "15:50:00"
    assert traded(many, "NEVER") == []


def test_a_thin_share_is_bought_and_sold_minute_by_minute(many):
    assert [fill[:3] for fill in traded(many, "THIN")] == [
        ("10:18:00", "buy", 800),
        ("10:19:00", "buy", 800),
        ("10:20:00", "buy", 400),
        ("15:50:00", "sell", 800),
        ("15:51:00", "sell", 800),
        ("15:52:00", "sell", 400),
    ]


def test_a_stop_sells_what_an_entry_in_parts_has_bought(many):
    assert [fill[:3] for fill in traded(many, "THINSTOP")] == [
        ("10:18:00", "buy", 800),
        ("10:19:00", "buy", 800),
        ("10:20:00", "buy", 400),
        ("10:20:30", "sell", 800),
        ("10:21:00", "sell", 800),
        ("10:22:00", "sell", 400),
    ]


def test_every_position_has_its_stop_from_the_first_share_on(many):
    assert len(many.of("position_opened")) == 7
    assert unprotected(many) == []


def test_a_stop_is_sent_as_its_entrys_child_in_the_same_instant(many):
    entries = {event.order.reference: event.at for event in many.intended("entry")}
    stops = {event.order.parent: event.at for event in many.intended("stop")}
    assert len(entries) == 8
    assert stops == entries
    assert {float(event.order.stop_price) for event in many.intended("stop")} == {1.08}


def test_the_buffer_is_in_ticks(play):
    day = play({"AAA": BREAKOUT}, config={"buffer_ticks": 2})  # above 1.13
    assert day.entries == [("AAA", "10:19:00")]


def test_a_day_without_candidates_completes_without_trades(play):
    day = play({"AAA": {"10:00": 1.02, "10:17": 1.30}})
    assert not day.book.candidates
    assert not day.book.orders
    assert is_over(day)


def test_candidates_are_the_widest_gaps_that_are_dear_and_busy_enough(play):
    day = play(
        {
            "AAA": {"10:00": 1.10},
            "BBB": {"10:00": 1.30},
            "CCC": {"10:00": 1.20},
            "DEA": {"10:00": 1.03},
            "FEW": {"10:00": 1.40},
            "LOW": {"10:00": 1.029},
        },
        volumes={"FEW": 9_999, "DEA": 10_000},
        config={"candidates_maximum": 3},
    )
    assert list(day.book.candidates) == ["BBB", "CCC", "AAA"]


def test_what_gaps_down_is_found_too_and_left_alone(play):
    falling = {"10:00": (0.90, 0.92, 0.88, 0.90), "10:17": 0.95}
    day = play({"DOWN": falling, "AAA": BREAKOUT})
    assert list(day.book.candidates) == ["AAA", "DOWN"]
    assert list(day.book.ranges) == ["AAA"]
    assert day.entries == [("AAA", "10:18:00")]


def test_a_gap_at_the_minimum_counts(play):
    day = play({"AAA": {"10:00": 1.03}, "BBB": {"10:00": 1.025}})
    assert list(day.book.candidates) == ["AAA"]


def test_too_cheap_a_share_is_not_watched(play):
    day = play({"AAA": {"10:00": 1.10}}, config={"price_minimum": "1.11"})
    assert not day.book.candidates


def test_no_more_positions_are_held_than_allowed(play):
    shares = {"AAA": BREAKOUT, "BBB": BREAKOUT | {"10:00": (1.11, 1.12, 1.08, 1.10)}}
    day = play(shares, config={"positions_maximum": 1})
    assert day.entries == [("BBB", "10:18:00")]  # the wider gap


def test_working_entries_count_as_positions(play):
    waiting = {"10:00": (1.11, 1.12, 1.08, 1.10), "10:16": 1.13, "10:17": None, "15:00": 1.13}
    day = play({"AAA": BREAKOUT, "BBB": waiting}, config={"positions_maximum": 1})
    assert day.entries == [("BBB", "10:17:00")]
    assert is_over(day)


def test_a_place_that_a_stop_has_freed_is_taken(play):
    later = {"10:00": RANGE, "12:00": 1.16}
    day = play({"AAA": FALLING, "BBB": later}, config={"positions_maximum": 1})
    assert day.entries == [("AAA", "10:18:00"), ("BBB", "12:01:00")]
    assert is_over(day)


def test_the_cash_limits_what_is_bought(play):
    day = play({"AAA": BREAKOUT}, broker={"cash": 1000})
    [entry] = day.intended("entry")
    assert entry.order.quantity == 879  # (1000 - 6) / 1.13
    assert day.fills
    assert is_over(day)


def test_a_share_too_dear_to_risk_is_left_alone(play):
    day = play({"AAA": BREAKOUT}, config={"risk_per_trade": "0.04"})
    assert not day.entries
    assert is_over(day)


def test_on_a_half_day_everything_is_sold_ten_minutes_before_its_close(play):
    day = play({"AAA": BREAKOUT, "BBB": BREAKOUT}, date="2026-12-24")
    sold = {(fill[0], fill[2]) for fill in day.fills if fill[1] == "sell"}
    assert sold == {("14:00:00", "AAA"), ("14:00:00", "BBB")}
    assert is_over(day)


def test_on_a_half_day_nothing_is_bought_half_an_hour_before_its_close(play):
    day = play({"AAA": {"10:00": RANGE, "13:39": 1.16}}, date="2026-12-24")
    assert not day.entries


def test_with_opening_groups_a_range_begins_with_its_own_group(play):
    share = {"10:09": RANGE, "10:13": (1.10, 1.15, 1.09, 1.10), "10:14": 1.20}
    day = play({"SSS": share, "AAA": {"10:00": RANGE}}, date="2025-03-04")
    found = day.book.ranges["SSS"]
    assert (day.local(found.start), day.local(found.end)) == ("10:09:00", "10:14:00")
    assert (float(found.high), float(found.low), found.bars) == (1.15, 1.08, 5)
    first = day.book.ranges["AAA"]
    assert (day.local(first.start), day.local(first.end)) == ("10:00:00", "10:05:00")
    assert day.entries == [("SSS", "10:15:00")]


def test_with_opening_groups_the_scan_waits_for_the_last_one(play):
    day = play({"SSS": {"10:09": RANGE}}, date="2025-03-04")
    [scanned] = day.of("candidates_scanned")
    assert day.local(scanned.at) == "10:10:00"


def test_a_group_that_opens_inside_a_minute_has_that_minute_in_its_range(play):
    day = play({"CCC": {"10:02": RANGE}}, date="2025-03-04")  # opens 10:02:15
    found = day.book.ranges["CCC"]
    assert (day.local(found.start), day.local(found.end)) == ("10:02:00", "10:07:00")
    assert float(found.high) == 1.12


def test_since_the_single_opening_all_ranges_begin_with_the_session(play):
    day = play({"SSS": {"10:00": RANGE}}, date="2025-06-23")
    assert day.local(day.book.ranges["SSS"].start) == "10:00:00"
    [scanned] = day.of("candidates_scanned")
    assert day.local(scanned.at) == "10:01:00"


def test_a_day_in_new_york(play):
    share = {"09:30": RANGE, "09:47": (1.10, 1.14, 1.10, 1.131), "09:48": 1.14, "15:50": 1.20}
    day = play({"AAA": share}, date="2025-01-15", exchange="XNYS")
    assert [fill[:3] for fill in day.fills] == [
        ("09:48:00", "buy", "AAA"),
        ("15:50:00", "sell", "AAA"),
    ]
    assert is_over(day)


def test_the_exit_can_be_set(play):
    day = play({"AAA": BREAKOUT}, config={"exit_before_close": 45})
    assert day.fills[-1][0] == "15:15:00"
    assert is_over(day)


def test_a_generated_day_is_protected_throughout_and_ends_flat(play):
    day = play(feed=GeneratedFeed(seed=1, symbols=200))
    assert day.trades
    assert not unprotected(day)
    assert is_over(day)


def test_the_same_day_twice_is_the_same_events(play, sold):
    assert play({"AAA": BREAKOUT | {"15:50": 1.20}}).events == sold.events
