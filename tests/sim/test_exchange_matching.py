"""Each rule of the simulated exchange's matching, on bars written by hand."""

from datetime import timedelta
from decimal import Decimal

import pytest

from skim_core.model.exchange import CommissionSchedule
from skim_core.model.orders import OrderStatus, TimeInForce

AT_OPEN, AT_CLOSE, GTC = TimeInForce.AT_OPEN, TimeInForce.AT_CLOSE, TimeInForce.GTC


@pytest.fixture
def hall(by_hand):
    return by_hand.Hall


@pytest.fixture
def at(by_hand):
    return by_hand.at


@pytest.fixture
def buy(by_hand):
    return by_hand.buy


@pytest.fixture
def sell(by_hand):
    return by_hand.sell


# Market


def test_market_order_at_a_minutes_start_trades_at_its_open(hall, at, buy):
    floor = hall([10, (10.1, 10.4, 10.0, 10.2, 1000), 10.3])
    floor.submit(at(1), buy("A"))
    assert floor.trades() == []
    assert floor.run(at(1)).trades() == [(100, 10.1, at(1))]


def test_market_order_inside_a_minute_trades_at_the_next_open(hall, at, buy):
    floor = hall([10, 10.1, 10.2, 10.3])
    floor.submit(at(1, 1), buy("A"))
    assert floor.run().trades() == [(100, 10.2, at(2))]


def test_market_order_waits_for_a_minute_with_a_trade(hall, at, buy):
    floor = hall([10, 10.1, None, None, 10.4])
    floor.submit(at(2), buy("A"))
    assert floor.run(at(3, 59)).trades() == []
    assert floor.run(at(4)).trades() == [(100, 10.4, at(4))]


# Limit


@pytest.mark.parametrize(
    ("bar", "price", "second"),
    [
        ((10.0, 10.1, 9.8, 10.0, 1000), 9.9, 30),
        ((9.7, 9.8, 9.6, 9.7, 1000), 9.7, 0),
        ((9.9, 9.9, 9.9, 9.9, 1000), 9.9, 0),
        ((10.0, 10.1, 9.9, 10.0, 1000), 9.9, 30),
    ],
    ids=["inside", "gap to a better open", "open at the limit", "low at the limit"],
)
def test_limit_buy_trades_at_the_better_of_open_and_limit(hall, at, buy, *, bar, price, second):
    floor = hall([10, 10, bar, 10])
    floor.submit(at(1), buy("A", limit=9.9))
    assert floor.run().trades() == [(100, price, at(2, second))]


@pytest.mark.parametrize(
    ("bar", "price", "second"),
    [((10.0, 10.3, 9.9, 10.0, 1000), 10.2, 30), ((10.4, 10.5, 10.3, 10.4, 1000), 10.4, 0)],
)
def test_limit_sale_is_the_mirror_image(hall, at, sell, *, bar, price, second):
    floor = hall([10, 10, bar, 10])
    floor.submit(at(1), sell("A", limit=10.2))
    assert floor.run().trades() == [(100, price, at(2, second))]


def test_limit_that_is_never_reached_is_cancelled_at_the_close(hall, at, buy):
    floor = hall([10, 10, 10])
    floor.submit(at(0), buy("A", limit=9.99))
    assert floor.run(at(2, 59)).status("A") == "working"
    assert floor.run(at(3)).status("A") == "cancelled"
    assert floor.reason("A") == "the session is over"


# Stop and stop-limit


@pytest.mark.parametrize(
    ("bar", "price", "second"),
    [
        ((10.0, 10.1, 9.7, 9.9, 1000), 9.8, 30),
        ((9.5, 10.0, 9.4, 9.9, 1000), 9.5, 0),
        ((9.8, 9.9, 9.8, 9.9, 1000), 9.8, 0),
    ],
    ids=["inside", "gap through", "open at the stop"],
)
def test_stop_sale_trades_at_the_stop_or_at_a_worse_open(hall, at, sell, *, bar, price, second):
    floor = hall([10, 10, bar, 10])
    floor.submit(at(1), sell("A", stop=9.8))
    assert floor.run().trades() == [(100, price, at(2, second))]


@pytest.mark.parametrize(
    ("bar", "price", "second"),
    [((10.0, 10.3, 9.9, 10.0, 1000), 10.2, 30), ((10.5, 10.6, 10.4, 10.5, 1000), 10.5, 0)],
)
def test_stop_buy_is_the_mirror_image(hall, at, buy, *, bar, price, second):
    floor = hall([10, 10, bar, 10])
    floor.submit(at(1), buy("A", stop=10.2))
    assert floor.run().trades() == [(100, price, at(2, second))]


@pytest.mark.parametrize(
    ("limit", "bars", "price", "when"),
    [
        (9.7, [(10, 10.1, 9.6, 9.9, 1000)], 9.8, (1, 30)),
        (9.7, [(9.5, 9.6, 9.4, 9.5, 1000), (9.6, 9.75, 9.5, 9.6, 1000)], 9.7, (2, 30)),
        (9.7, [(9.5, 9.9, 9.4, 9.6, 1000)], 9.7, (1, 30)),
        (9.7, [(9.75, 9.9, 9.4, 9.6, 1000)], 9.75, (1, 0)),
        (9.9, [(10, 10.1, 9.7, 9.8, 1000), (9.8, 9.95, 9.7, 9.8, 1000)], 9.9, (2, 30)),
        (9.9, [(10, 10.1, 9.7, 9.95, 1000)], 9.9, (1, 30)),
    ],
    ids=[
        "at the trigger",
        "gap below the limit, reached later",
        "gap below the limit, reached in that minute",
        "gap within the limit",
        "high before the trigger does not count",
        "close is certainly after the trigger",
    ],
)
def test_stop_limit_trades_only_at_a_price_possible_after_its_trigger(
    hall, at, sell, *, limit, bars, price, when
):
    floor = hall([10, *bars, 9.0])
    floor.submit(at(0, 1), sell("A", stop=9.8, limit=limit))
    assert floor.run().trades() == [(100, price, at(*when))]


def test_stop_without_volume_is_triggered_and_trades_at_the_next_open(hall, at, sell):
    floor = hall([10, (10, 10, 9.7, 10, 5), 10.4, 10.3], participation=0.1)
    floor.submit(at(0, 1), sell("A", stop=9.8))
    assert floor.run().trades() == [(100, 10.4, at(2))]


# Parents and children


def bracket(buy, sell, *, entry=None, stop=9.8, target=None, quantity=100, **more):
    orders = [
        buy("P", quantity, limit=entry, **more),
        sell("S", quantity, stop=stop, parent="P", oca_group="G", time_in_force=GTC),
    ]
    if target is not None:
        orders.append(
            sell("T", quantity, limit=target, parent="P", oca_group="G", time_in_force=GTC)
        )
    return orders


def test_child_is_held_until_its_parent_trades(hall, at, buy, sell):
    floor = hall([10, (10, 10, 9.5, 10, 1000), 10, (10, 10, 9.7, 9.8, 1000)])
    floor.submit(at(0, 1), *bracket(buy, sell, entry=9.4))
    assert floor.run(at(2)).status("S") == "held"
    assert floor.trades() == []


def test_stop_after_an_entry_at_the_open_trades_in_the_same_minute(hall, at, buy, sell):
    floor = hall([10, (10, 10.1, 9.7, 9.9, 1000), 10])
    floor.submit(at(1), *bracket(buy, sell))
    assert floor.run().trades() == [(100, 10.0, at(1)), (100, 9.8, at(1, 30))]


def test_stop_above_the_entry_trades_at_the_entrys_price(hall, at, buy, sell):
    floor = hall([10, (9.75, 10.1, 9.7, 9.9, 1000), 10])
    floor.submit(at(1), *bracket(buy, sell))
    assert floor.run().trades() == [(100, 9.75, at(1)), (100, 9.75, at(1))]


def test_stop_after_an_entry_inside_a_minute_trades_in_it_when_the_low_reaches_it(
    hall, at, buy, sell
):
    floor = hall([10, (10, 10.1, 9.7, 9.9, 1000), 10])
    floor.submit(at(1), *bracket(buy, sell, entry=9.9))
    assert floor.run().trades() == [(100, 9.9, at(1, 30)), (100, 9.8, at(1, 30))]


def test_target_after_an_entry_inside_a_minute_needs_the_close(hall, at, buy, sell):
    bars = [10, (10, 10.5, 9.85, 10.0, 1000), (10, 10.3, 10, 10, 1000)]
    floor = hall(bars)
    floor.submit(at(1), *bracket(buy, sell, entry=9.9, target=10.2))
    assert floor.run().trades("T") == [(100, 10.2, at(2, 30))]
    bars[1] = (10, 10.5, 9.85, 10.25, 1000)
    floor = hall(bars)
    floor.submit(at(1), *bracket(buy, sell, entry=9.9, target=10.2))
    assert floor.run().trades("T") == [(100, 10.2, at(1, 30))]


def test_stop_is_assumed_before_the_target(hall, at, buy, sell):
    floor = hall([10, 10, (10, 10.5, 9.7, 10, 1000), 10])
    floor.submit(at(1), *bracket(buy, sell, target=10.2))
    floor.run()
    assert floor.trades("S") == [(100, 9.8, at(2, 30))]
    assert floor.trades("T") == []
    assert floor.status("T") == "cancelled"


def test_target_at_the_open_comes_before_the_stop(hall, at, buy, sell):
    floor = hall([10, 10, (10.3, 10.5, 9.7, 10, 1000), 10])
    floor.submit(at(1), *bracket(buy, sell, target=10.2))
    assert floor.run().trades("T") == [(100, 10.3, at(2))]
    assert floor.status("S") == "cancelled"


def test_stop_covers_what_a_partial_entry_has_filled(hall, at, buy, sell):
    bars = [10, (10, 10, 10, 10, 400), (10, 10, 9.7, 9.9, 500), 10]
    floor = hall(bars, participation=0.1)
    floor.submit(at(1), *bracket(buy, sell, entry=10.0))
    floor.run(at(1, 59))
    assert floor.trades("P") == [(40, 10.0, at(1))]
    floor.cancel(at(1, 59), "P")
    floor.run()
    assert floor.trades("S") == [(40, 9.8, at(2, 30))]
    assert floor.status("S") == "cancelled"
    assert floor.exchange.ledger.positions() == ()


def test_stop_waits_while_there_is_nothing_to_close(hall, at, buy, sell):
    """A target that closed the first part leaves no trigger for the part that is bought later."""
    bars = [
        (10, 10, 10, 10, 400),
        (10.3, 10.3, 10.3, 10.3, 1000),
        (10.1, 10.1, 9.6, 10.1, 10),
        (9.9, 9.9, 9.9, 9.9, 5000),
        (10, 10, 10, 10, 9000),
    ]
    floor = hall(bars, participation=0.1)
    floor.submit(at(0), *bracket(buy, sell, entry=10.0, target=10.2))
    floor.run(at(4, 59))
    assert floor.trades("P") == [(40, 10.0, at(0)), (1, 10.0, at(2, 30)), (59, 9.9, at(3))]
    assert floor.trades("T") == [(40, 10.3, at(1))]
    assert floor.trades("S")[0][:2] == (1, 9.8)


def test_parents_cancel_takes_its_held_children(hall, at, buy, sell):
    floor = hall([10, 10, 10])
    floor.submit(at(0), *bracket(buy, sell, entry=9.0, target=11.0))
    floor.cancel(at(1), "P")
    assert [floor.status(name) for name in "PST"] == ["cancelled"] * 3
    assert "its parent 'P' was cancelled" in floor.reason("S")


def test_target_and_stop_share_what_is_left(hall, at, buy, sell):
    bars = [10, (10, 10, 10, 10, 9000), (10.3, 10.3, 10.2, 10.2, 300), (10, 10, 9.7, 9.8, 9000), 10]
    floor = hall(bars, participation=0.1)
    floor.submit(at(1), *bracket(buy, sell, target=10.2))
    floor.run()
    assert floor.trades("T") == [(30, 10.3, at(2))]
    assert floor.trades("S") == [(70, 9.8, at(3, 30))]
    assert (floor.status("S"), floor.status("T")) == ("cancelled", "cancelled")


def test_exit_in_the_stops_group_takes_the_stop_away(hall, at, buy, sell):
    floor = hall([10, 10, 10.1, (10, 10, 9, 9, 1000)], allow_short=False)
    floor.submit(at(0), *bracket(buy, sell))
    floor.run(at(1))
    floor.submit(at(2), sell("X", 100, oca_group="G"))
    assert floor.run(at(2)).status("S") == "cancelled"
    assert floor.run().trades("S") == []


def test_children_without_a_group_never_sell_more_than_is_held(hall, at, buy, sell):
    floor = hall([10, 10, 10.3, (10, 10, 9.7, 9.7, 1000), 9], allow_short=False)
    children = [sell("S", stop=9.8, parent="P"), sell("T", 60, limit=10.2, parent="P")]
    floor.submit(at(1), buy("P"), *children)
    floor.run()
    assert floor.trades("T") == [(60, 10.3, at(2))]
    assert floor.trades("S") == [(40, 9.8, at(3, 30))]
    assert floor.reason("S") == "no BHP is held any more"


# Volume


def test_participation_spreads_an_order_over_minutes(hall, at, buy):
    bars = [10, (10, 10, 10, 10, 405), (10.1, 10.1, 10.1, 10.1, 9), (10.2, 10.3, 10.1, 10.2, 3000)]
    floor = hall(bars, participation=0.1)
    floor.submit(at(1), buy("A"))
    assert floor.run().trades() == [(40, 10.0, at(1)), (60, 10.2, at(3))]


def test_orders_of_one_side_share_a_minutes_volume_by_arrival_then_reference(hall, at, buy, sell):
    bars = [10, 10, (10, 10, 10, 10, 2500), (10, 10, 10, 10, 5000)]
    floor = hall(bars, participation=0.1)
    floor.submit(at(1, 4), buy("Z"))
    floor.submit(at(1, 5), buy("C"), sell("D"))
    floor.submit(at(1, 5), buy("B"))
    floor.run(at(2))
    shares = {reference: floor.trades(reference) for reference in "ZBCD"}
    assert shares == {
        "Z": [(100, 10.0, at(2))],
        "B": [(100, 10.0, at(2))],
        "C": [(50, 10.0, at(2))],
        "D": [(100, 10.0, at(2))],
    }


def test_fraction_of_the_volume_is_not_lost_to_floating_point(hall, at, buy):
    assert int(100 * 0.29) == 28
    floor = hall([10, (10, 10, 10, 10, 100), 10], participation=0.29)
    floor.submit(at(1), buy("A", 50))
    assert floor.run(at(1)).trades() == [(29, 10.0, at(1))]


# Auctions and the end of the session


def test_market_order_before_the_opening_trades_in_the_auction_without_volume_limit(hall, at, buy):
    floor = hall([None, (10.2, 10.3, 10.1, 10.2, 50), 10], participation=0.1)
    floor.submit(at(-60), buy("A", 5000))
    assert floor.run().trades() == [(5000, 10.2, at(1))]


def test_opening_auction_is_the_symbols_own(hall, at, buy, by_hand):
    rules = by_hand.make_rules(opening_groups=[("B", timedelta(minutes=2, seconds=15))])
    floor = hall([None, None, (10.2, 10.3, 10.1, 10.2, 50), 10], rules=rules, participation=0.1)
    floor.submit(at(2, 10), buy("A", 500))
    floor.submit(at(2, 15), buy("B", 500, time_in_force=AT_OPEN))
    floor.submit(at(2, 16), buy("C", 500, time_in_force=AT_OPEN))
    floor.run(at(2, 30))
    assert floor.trades("A") == [(500, 10.2, at(2, 15))]
    assert floor.trades("B") == [(500, 10.2, at(2, 15))]
    assert floor.status("C") == "rejected"
    assert "opening auction of BHP was over at 10:02:15 UTC" in floor.reason("C")


def test_at_open_limit_beyond_the_auctions_price_is_cancelled(hall, at, buy):
    floor = hall([10.2, 9.0])
    floor.submit(at(-1), buy("A", limit=10, time_in_force=AT_OPEN))
    floor.run(at(0))
    assert (floor.status("A"), floor.trades()) == ("cancelled", [])
    assert floor.reason("A") == "the auction traded at 10.2, beyond its limit 10"


def test_at_close_trades_at_the_last_price_when_the_closing_auction_does(hall, at, buy, by_hand):
    rules = by_hand.make_rules(closing_auction="10m")
    floor = hall([10, 10.3, None], rules=rules, participation=0.1)
    floor.submit(at(0), buy("A", 5000, time_in_force=AT_CLOSE), buy("D", limit=9))
    assert floor.run(at(12, 59)).trades() == []
    assert (floor.status("A"), floor.status("D")) == ("working", "cancelled")
    assert floor.run(at(13)).trades() == [(5000, 10.3, at(13))]


def test_without_a_closing_auction_of_its_own_at_close_is_the_close(hall, at, buy):
    floor = hall([10, 10.3, 10.4])
    floor.submit(at(0), buy("A", time_in_force=AT_CLOSE), buy("L", time_in_force=AT_CLOSE, limit=9))
    assert floor.run().trades() == [(100, 10.4, at(3))]
    assert floor.status("L") == "cancelled"


def test_gtc_stands_at_the_end_of_the_session(hall, at, buy):
    floor = hall([10, 10, 10])
    floor.submit(at(0), buy("A", limit=9, time_in_force=GTC))
    floor.run()
    assert floor.status("A") == "working"
    assert [carried.order.reference for carried in floor.exchange.closing().orders] == ["A"]


# Changes


def test_changed_stop_works_from_the_next_minute_on(hall, at, buy, sell):
    floor = hall([10, (10, 10, 9.8, 10, 1000), (10, 10, 9.8, 10, 1000)])
    floor.submit(at(0), sell("A", stop=9.5))
    floor.modify(at(1, 10), sell("A", stop=9.9))
    assert floor.run().trades() == [(100, 9.9, at(2, 30))]


def test_change_below_what_has_traded_ends_the_order(hall, at, buy):
    floor = hall([10, (10, 10, 10, 10, 400), 10], participation=0.1)
    floor.submit(at(1), buy("A"))
    floor.run(at(1))
    floor.modify(at(1, 1), buy("A", 30))
    assert floor.status("A") == "cancelled"
    assert floor.run().trades() == [(40, 10.0, at(1))]


def test_cancel_that_comes_too_late_is_answered_with_what_became_of_the_order(hall, at, buy):
    floor = hall([10, 10])
    floor.submit(at(0), buy("A"))
    floor.run(at(0))
    floor.cancel(at(0), "A")
    assert floor.told()[-1] == ("filled", "A")


def test_cancel_at_the_instant_of_a_trade_that_was_due_before_is_too_late(hall, at, buy):
    floor = hall([10, 10, 10])
    floor.submit(at(0, 1), buy("A"))
    floor.cancel(at(1), "A")
    assert floor.status("A") == "filled"


def test_cancel_at_the_instant_of_the_order_itself_is_in_time(hall, at, buy):
    floor = hall([10, 10, 10])
    floor.submit(at(1), buy("A"))
    floor.cancel(at(1), "A")
    assert floor.run().trades() == []


# Halts, latency, commission


def test_no_trade_in_a_halted_minute(hall, at, buy):
    halt = {"symbol": "BHP", "from": "open+1m", "to": "open+3m"}
    floor = hall([10, 10.1, 10.2, 10.3], halts=[halt])
    floor.submit(at(1), buy("A"))
    assert floor.run().trades() == [(100, 10.3, at(3))]


def test_halt_to_the_close_leaves_no_closing_auction(hall, at, buy):
    halt = {"symbol": "BHP", "from": "open+1m", "to": "close"}
    floor = hall([10, 10.1, 10.2], halts=[halt])
    floor.submit(at(0), buy("A", time_in_force=AT_CLOSE))
    floor.run()
    assert (floor.status("A"), floor.trades()) == ("cancelled", [])


def test_latency_delays_the_arrival(hall, at, buy):
    floor = hall([10, 10.1, 10.2], latency="500ms")
    floor.submit(at(1), buy("A"))
    assert floor.status("A") == "working"
    assert floor.run().trades() == [(100, 10.2, at(2))]


def test_commission_is_charged_once_over_partial_fills(hall, at, buy, by_hand):
    schedule = CommissionSchedule(
        name="test", source="by hand", rate=Decimal("0.001"), minimum=Decimal(6)
    )
    rules = by_hand.make_rules(commission=schedule)
    bars = [(10, 10, 10, 10, 4000), (10, 10, 10, 10, 4000), (10, 10, 10, 10, 9000)]
    floor = hall(bars, rules=rules, participation=0.1)
    floor.submit(at(0), buy("A", 1000))
    floor.run()
    assert [fill.commission for fill in floor.exchange.fills] == [6, 2, 2]
    assert floor.exchange.ledger.cash == 1_000_000 - 10_000 - 10


# What is told


def test_notices_tell_a_brackets_life_in_order(hall, at, buy, sell):
    floor = hall([10, 10, (10.3, 10.3, 10.3, 10.3, 1000), 10])
    floor.submit(at(1), *bracket(buy, sell, target=10.2))
    floor.run()
    assert floor.told() == [
        ("working", "P"),
        ("held", "S"),
        ("held", "T"),
        ("fill", "P"),
        ("filled", "P"),
        ("working", "S"),
        ("working", "T"),
        ("fill", "T"),
        ("filled", "T"),
        ("cancelled", "S"),
    ]


def test_nothing_is_due_without_live_orders(hall, at, buy):
    floor = hall([10, 10, 10])
    assert floor.exchange.next_due() is None
    floor.submit(at(0), buy("A"))
    assert floor.exchange.next_due() == at(0)
    floor.run(at(0))
    assert floor.exchange.next_due() is None
    assert OrderStatus(floor.status("A")).final
