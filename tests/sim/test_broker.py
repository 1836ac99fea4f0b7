"""The broker `sim`: what it shows by when, what it tells, and its way through sessions."""

from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest

from skim_core.errors import BrokerError, ConfigError
from skim_core.model.orders import TimeInForce
from skim_core.ports.broker import GapScan

GTC = TimeInForce.GTC


@pytest.fixture
def day(by_hand):
    return by_hand.make_data(
        {
            "BHP": [(11, 11.2, 10.9, 11.1, 500), None, (11.1, 11.3, 11.1, 11.2, 300), 11.5],
            "CBA": [None, (10.4, 10.4, 10.4, 10.4, 70), 10.5, 10.6],
            "TLS": [(8.5, 8.5, 8.5, 8.5, 900), 8.6, 8.7, 8.8],
            "ZIP": [0.105, 0.105, 0.105, 0.105],
        }
    )


@pytest.fixture
def desk(by_hand, day, tmp_path):
    return by_hand.Desk(tmp_path, day)


@pytest.fixture
def two_days(by_hand):
    return (
        by_hand.make_data({"BHP": [10, 10.1, 10.2]}),
        by_hand.make_data(
            {"BHP": [(10.5, 10.5, 9.4, 10, 1000), 10.1]}, by_hand.make_session(2, day=1)
        ),
    )


# Market data


def test_quote_is_the_last_finished_minute_with_a_tick_around_it(desk, by_hand):
    desk.clock.advance(by_hand.at(2, 59))
    quotes = desk.do(desk.broker.quotes(["BHP", "CBA", "ZIP", "NIX"]))
    assert list(quotes) == ["BHP", "CBA", "ZIP"]
    bhp = quotes["BHP"]
    assert (bhp.last, bhp.bid, bhp.ask) == (Decimal("11.1"), Decimal("11.09"), Decimal("11.11"))
    assert (bhp.at, bhp.volume) == (by_hand.at(1), 500)
    assert quotes["ZIP"].ask == Decimal("0.11")


def test_no_quote_before_the_first_minute_is_over(desk, by_hand):
    desk.clock.advance(by_hand.at(0, 59))
    assert desk.do(desk.broker.quotes(["BHP"])) == {}
    desk.clock.advance(by_hand.at(1))
    assert list(desk.do(desk.broker.quotes(["BHP", "CBA"]))) == ["BHP"]


def test_bars_end_where_the_clock_is(desk, by_hand):
    desk.clock.advance(by_hand.at(2, 30))
    bars = desk.do(desk.broker.bars(["CBA", "NIX"], by_hand.OPEN, by_hand.at(9)))
    assert bars.symbols == ("CBA", "NIX")
    np.testing.assert_array_equal(bars.close, [[np.nan, 10.4], [np.nan, np.nan]])
    np.testing.assert_array_equal(bars.volume, [[0, 70], [0, 0]])
    assert desk.do(desk.broker.bars(["CBA"], by_hand.at(1), by_hand.at(2))).minutes == 1


def test_scan_knows_a_gap_once_the_symbol_has_traded(desk, by_hand):
    scan = GapScan(minimum_percent=Decimal(4))
    assert desk.do(desk.broker.scan(scan)) == []
    desk.clock.advance(by_hand.at(1))
    rows = desk.do(desk.broker.scan(scan))
    assert [(row.symbol, row.open, row.gap_percent, row.volume) for row in rows] == [
        ("BHP", 11, 10, 500)
    ]
    desk.clock.advance(by_hand.at(3))
    rows = desk.do(desk.broker.scan(scan))
    assert [(row.symbol, row.gap_percent, row.last) for row in rows] == [
        ("BHP", 10, Decimal("11.2")),
        ("CBA", 4, Decimal("10.5")),
    ]


@pytest.mark.parametrize(
    ("request_", "found"),
    [
        ({"minimum_percent": -15}, ["ZIP", "TLS"]),
        ({"minimum_percent": 0, "limit": 1}, ["BHP"]),
        ({"minimum_percent": 0, "minimum_volume": 10_001}, []),
        ({"minimum_percent": -15, "minimum_price": 1}, ["TLS"]),
    ],
)
def test_scan_filters_what_it_is_asked_to(by_hand, day, tmp_path, request_, found):
    desk = by_hand.Desk(tmp_path, day, splits="scan")
    desk.clock.advance(by_hand.at(2))
    rows = desk.do(desk.broker.scan(GapScan.model_validate(request_)))
    assert [row.symbol for row in rows] == found


def test_scan_leaves_a_probable_split_out_and_its_place_to_the_next(desk, by_hand):
    desk.clock.advance(by_hand.at(2))
    rows = desk.do(desk.broker.scan(GapScan(minimum_percent=Decimal(-15), limit=1)))
    assert [row.symbol for row in rows] == ["TLS"]


def test_halted_minutes_are_not_shown(by_hand, day, tmp_path):
    halt = {"symbol": "TLS", "from": "open+1m", "to": "open+2m"}
    desk = by_hand.Desk(tmp_path, day, halts=[halt])
    desk.clock.advance(by_hand.at(3))
    bars = desk.do(desk.broker.bars(["TLS"], by_hand.OPEN, by_hand.at(3)))
    np.testing.assert_array_equal(bars.close, [[8.5, np.nan, 8.7]])
    assert day.bars.close[2, 1] == 8.6


def test_account_is_worth_its_cash_and_its_positions_at_last_prices(desk, by_hand):
    desk.submit(by_hand.buy("A", 100, symbol="TLS"))
    desk.clock.advance(by_hand.at(3))
    account = desk.do(desk.broker.account())
    assert (account.number, account.currency) == ("paper", "AUD")
    assert account.cash == 100_000 - 850
    assert account.net_liquidation == 100_000 + 20
    (position,) = desk.do(desk.broker.positions())
    assert (position.symbol, position.quantity, position.average_price) == ("TLS", 100, 8.5)


# Notices and instructions


def test_nobody_hears_of_an_order_inside_the_call_that_sends_it(desk, by_hand):
    desk.clock.advance(by_hand.at(2))
    desk.submit(by_hand.buy("A"))
    assert desk.heard == []
    assert desk.do(desk.broker.executions()) == ()
    desk.clock.advance(by_hand.at(2))
    assert desk.told() == [("working", "A"), ("fill", "A"), ("filled", "A")]


def test_orders_of_one_instant_are_matched_together_by_reference(by_hand, tmp_path):
    day = by_hand.make_data({"BHP": [(10, 10, 10, 10, 1500)] * 3})
    desk = by_hand.Desk(tmp_path, day, start=by_hand.at(1), participation=0.1)
    desk.submit(by_hand.buy("B"))
    desk.submit(by_hand.buy("A"))
    desk.clock.advance(by_hand.at(1))
    fills = desk.do(desk.broker.executions())
    assert [(fill.reference, fill.quantity) for fill in fills] == [("A", 100), ("B", 50)]


def test_order_sent_twice_is_one_order(desk, by_hand):
    desk.submit(by_hand.buy("A"))
    desk.clock.advance(by_hand.at(1))
    desk.submit(by_hand.buy("A"))
    desk.clock.advance(by_hand.at(3))
    assert len(desk.do(desk.broker.executions())) == 1


def test_known_reference_with_another_content_is_an_error(desk, by_hand):
    desk.submit(by_hand.buy("A", limit=9))
    with pytest.raises(BrokerError, match=r"'A' is known already .*quantity is 100, found 200"):
        desk.submit(by_hand.buy("A", 200, limit=9))
    assert [report.remaining for report in desk.do(desk.broker.orders())] == [100]


def test_unknown_order_can_be_neither_changed_nor_cancelled(desk, by_hand):
    with pytest.raises(BrokerError, match="no order 'A' in this session"):
        desk.do(desk.broker.cancel("A"))
    with pytest.raises(BrokerError, match="no order 'A' in this session"):
        desk.do(desk.broker.modify(by_hand.buy("A")))


def test_only_quantity_and_prices_can_be_changed(desk, by_hand):
    desk.submit(by_hand.buy("A", limit=9))
    with pytest.raises(BrokerError, match="side is buy, found sell"):
        desk.do(desk.broker.modify(by_hand.sell("A", limit=9)))
    with pytest.raises(BrokerError, match=r"9\.001 is off the tick"):
        desk.do(desk.broker.modify(by_hand.buy("A", limit=9.001)))
    desk.do(desk.broker.modify(by_hand.buy("A", 50, limit=11.05)))
    desk.clock.advance(by_hand.at(1))
    (fill,) = desk.do(desk.broker.executions())
    assert (fill.quantity, fill.price) == (50, 11)


def test_refusal_comes_as_a_notice(desk, by_hand):
    desk.submit(by_hand.buy("A", symbol="NIX"))
    desk.clock.advance(desk.clock.now())
    assert desk.told() == [("rejected", "A")]
    assert "no symbol 'NIX'" in desk.heard[0].reason


def test_receivers_hear_the_same_in_the_same_order(desk, by_hand):
    second = []
    desk.broker.subscribe(second.append)
    desk.submit(by_hand.buy("A"))
    desk.clock.advance(by_hand.at(3))
    assert second == desk.heard != []


def test_no_timer_is_set_without_live_orders(desk, by_hand):
    assert desk.clock.pending() == []
    desk.submit(by_hand.buy("A", limit=11.05))
    desk.clock.advance(by_hand.at(1))
    assert desk.clock.pending() == []


def test_unconnected_broker_says_so(by_hand, day, tmp_path):
    desk = by_hand.Desk(tmp_path, day)
    desk.do(desk.broker.close())
    with pytest.raises(BrokerError, match="not connected"):
        desk.do(desk.broker.orders())


def test_broker_without_a_session_is_refused(by_hand, tmp_path):
    with pytest.raises(ConfigError, match="no session"):
        by_hand.Desk(tmp_path)


# Sessions


def test_next_session_becomes_current_twelve_hours_before_its_open(by_hand, two_days, tmp_path):
    desk = by_hand.Desk(tmp_path, *two_days)
    following = two_days[1].session.open
    desk.clock.advance(following - timedelta(hours=12, seconds=1))
    assert list(desk.do(desk.broker.quotes(["BHP"]))) == ["BHP"]
    desk.clock.advance(following - timedelta(hours=12))
    assert desk.do(desk.broker.quotes(["BHP"])) == {}


def test_bars_of_an_earlier_session_can_still_be_asked_for(by_hand, two_days, tmp_path):
    desk = by_hand.Desk(tmp_path, *two_days)
    desk.clock.advance(two_days[1].session.open)
    bars = desk.do(desk.broker.bars(["BHP"], by_hand.OPEN, by_hand.at(9)))
    np.testing.assert_array_equal(bars.close, [[10, 10.1, 10.2]])


def test_position_and_gtc_stop_go_on_in_the_next_session(by_hand, two_days, tmp_path):
    desk = by_hand.Desk(tmp_path, *two_days)
    entry = by_hand.buy("P")
    stop = by_hand.sell("S", stop=9.5, parent="P", time_in_force=GTC)
    desk.submit(entry, stop)
    desk.clock.advance(two_days[1].session.open)
    assert [report.reference for report in desk.do(desk.broker.orders())] == ["S"]
    assert desk.do(desk.broker.executions()) == ()
    desk.clock.advance(two_days[1].session.close)
    (fill,) = desk.do(desk.broker.executions())
    assert (fill.reference, fill.price, fill.quantity) == ("S", 9.5, 100)
    assert fill.at == two_days[1].session.open + timedelta(seconds=30)
    assert desk.told()[-2:] == [("fill", "S"), ("filled", "S")]
    assert desk.do(desk.broker.positions()) == ()


def test_day_order_does_not_go_on(by_hand, two_days, tmp_path):
    desk = by_hand.Desk(tmp_path, *two_days)
    desk.submit(by_hand.buy("A", limit=9.5))
    desk.clock.advance(two_days[1].session.close)
    assert desk.do(desk.broker.orders()) == []
    assert desk.told()[-1] == ("cancelled", "A")


def test_data_is_loaded_once_and_only_when_needed(by_hand, two_days, tmp_path):
    desk = by_hand.Desk(tmp_path, *two_days)
    desk.submit(by_hand.buy("A", limit=9.5))
    desk.clock.advance(by_hand.at(3))
    assert desk.feed.loads == 1
