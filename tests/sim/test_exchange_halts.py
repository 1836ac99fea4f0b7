"""Halts that are called while a session runs: what trades, what waits, what is seen."""

from datetime import timedelta
from decimal import Decimal

import pytest

from skim_core.errors import BrokerError
from skim_core.model.orders import TimeInForce

AT_CLOSE = TimeInForce.AT_CLOSE


@pytest.fixture
def hall(by_hand):
    return by_hand.Hall


@pytest.fixture
def at(by_hand):
    return by_hand.at


def test_an_order_that_rests_waits_for_the_end_of_the_halt(hall, at, by_hand):
    floor = hall([10, 10, 9.5, 9.5, 9.4])
    floor.submit(at(0), by_hand.buy("A", limit=9.6))
    floor.halt(at(1, 40))
    assert floor.run(at(3, 10)).trades() == []
    assert floor.status("A") == "working"
    floor.end_halt(at(3, 10))
    assert floor.run().trades() == [(100, 9.4, at(4))]


def test_a_stop_is_kept_and_trades_where_trading_goes_on(hall, at, by_hand):
    floor = hall([10, 10, 8, 7, 6])
    floor.submit(at(0), by_hand.buy("A"), by_hand.sell("A.S", stop=9, parent="A"))
    floor.run(at(1))
    floor.halt(at(1, 40))
    floor.run(at(3))
    assert floor.status("A.S") == "working"
    floor.end_halt(at(3))
    assert floor.run().trades("A.S") == [(100, 7, at(3))]


def test_an_order_that_arrives_in_a_halt_waits(hall, at, by_hand):
    floor = hall([10, 10.1, 10.2, 10.3])
    floor.halt(at(0, 40))
    floor.submit(at(1), by_hand.buy("A"))
    assert floor.run(at(2)).trades() == []
    assert floor.status("A") == "working"
    floor.end_halt(at(2, 5))
    assert floor.run().trades() == [(100, 10.3, at(3))]


def test_an_order_can_be_cancelled_in_a_halt_and_expires_with_the_session(hall, at, by_hand):
    floor = hall([10, 10.1, 10.2, 10.3])
    floor.halt(at(0, 40))
    floor.submit(at(1), by_hand.buy("A"), by_hand.buy("B"))
    floor.cancel(at(2), "A")
    assert floor.status("A") == "cancelled"
    assert floor.run().trades() == []
    assert floor.reason("B") == "the session is over"


@pytest.mark.parametrize(
    ("second", "seen", "trades"),
    [
        (0, (10, 10, 10, 10, 250), 0),
        (29, (10, 10, 10, 10, 250), 0),
        (30, (10, 11, 9, 10.5, 1000), 1),
    ],
)
def test_of_the_minute_a_halt_falls_into_what_has_traded_stays(
    hall, at, by_hand, *, second, seen, trades
):
    floor = hall([10, (10, 11, 9, 10.5, 1000), 10])
    floor.submit(at(0), by_hand.buy("A", limit=9))
    floor.run(at(1, second))
    floor.halt(at(1, second))
    bars = floor.exchange.market.data.bars
    columns = (bars.open, bars.high, bars.low, bars.close, bars.volume)
    assert tuple(float(column[0, 1]) for column in columns) == seen
    assert len(floor.run().trades()) == trades
    assert floor.data.bars.close[0, 2] == 10


def test_a_halt_before_the_open_leaves_the_opening_auction_to_its_end(hall, at, by_hand):
    floor = hall([10, 10.1, 10.2])
    floor.submit(at(-5), by_hand.buy("A", time_in_force=TimeInForce.AT_OPEN))
    floor.halt(at(-4))
    floor.run(at(0, 30))
    floor.end_halt(at(0, 30))
    assert floor.run().trades() == [(100, 10.1, at(1))]


@pytest.mark.parametrize(("ends", "trades"), [(False, []), (True, [(100, 10, "auction")])])
def test_a_halt_that_lasts_leaves_no_closing_auction(hall, at, by_hand, ends, trades):
    floor = hall([10, 10.1, 10.2], rules=by_hand.make_rules(closing_auction="1m"))
    floor.submit(at(0), by_hand.buy("A", time_in_force=AT_CLOSE))
    floor.halt(at(0, 40))
    if ends:
        floor.end_halt(at(3, 10))
    found = [(quantity, price, "auction") for quantity, price, _ in floor.run().trades()]
    assert found == trades


def test_nothing_trades_at_the_instant_of_the_call_once_it_is_heard(hall, at, by_hand):
    floor = hall([10, 10.1, 10.2])
    floor.submit(at(1), by_hand.buy("A"))
    floor.halt(at(1))
    floor.submit(at(1), by_hand.buy("B"))
    assert floor.run(at(1, 30)).trades() == []
    floor.end_halt(at(1, 30))
    assert floor.run().trades() == [(100, 10.2, at(2))] * 2


def test_another_symbol_goes_on(hall, at, by_hand):
    floor = hall({"BHP": [10, 10, 10], "CBA": [20, 20, 20]})
    floor.halt(at(0, 40))
    floor.submit(at(1), by_hand.buy("A"), by_hand.buy("B", symbol="CBA"))
    assert floor.run().trades("A") == []
    assert floor.trades("B") == [(100, 20, at(1))]


def test_latency_does_not_hold_up_a_halt(hall, at, by_hand):
    floor = hall([10, 10, 10], latency="20s")
    floor.halt(at(0, 50))
    assert floor.exchange.halts.is_halted("BHP", at(0, 50))


# The broker


@pytest.fixture
def day(by_hand):
    return by_hand.make_data({"BHP": [10, 10.1, 10.2, 10.3, 10.4], "CBA": [20] * 5})


def test_the_broker_shows_a_halt_and_its_end(by_hand, day, tmp_path):
    desk = by_hand.Desk(tmp_path, day)
    desk.clock.advance(by_hand.at(1, 40))
    assert not desk.broker.is_halted("BHP")
    desk.broker.halt("BHP")
    desk.clock.advance(by_hand.at(3, 40))
    assert desk.broker.is_halted("BHP")
    quotes = desk.do(desk.broker.quotes(["BHP", "CBA"]))
    assert [(one.symbol, one.halted) for one in quotes.values()] == [("BHP", True), ("CBA", False)]
    assert quotes["BHP"].last == Decimal("10.1")
    desk.broker.end_halt("BHP")
    desk.clock.advance(by_hand.at(5))
    quote = desk.do(desk.broker.quotes(["BHP"]))["BHP"]
    assert (quote.last, quote.halted) == (Decimal("10.4"), False)


def test_a_planned_halt_is_shown_too(by_hand, day, tmp_path):
    halt = {"symbol": "BHP", "from": "open+1m", "to": "open+2m"}
    desk = by_hand.Desk(tmp_path, day, halts=[halt])
    desk.clock.advance(by_hand.at(1))
    assert desk.broker.is_halted("BHP")
    assert desk.do(desk.broker.quotes(["BHP"]))["BHP"].halted
    with pytest.raises(BrokerError, match="BHP was not halted by anybody, but by the option halts"):
        desk.broker.end_halt("BHP")
    desk.clock.advance(by_hand.at(2))
    assert not desk.broker.is_halted("BHP")


def test_a_halt_is_remembered_by_the_accounts_book(by_hand, day, tmp_path):
    first = by_hand.Desk(tmp_path, day)
    first.clock.advance(by_hand.at(1))
    first.submit(by_hand.buy("A", limit=10.3))
    first.broker.halt("BHP")
    first.clock.advance(by_hand.at(2, 30))
    first.broker.end_halt("BHP")
    first.broker.halt("BHP")
    truth = first.truth()
    second = by_hand.Desk(tmp_path, day, start=by_hand.at(2, 30))
    assert second.truth() == truth
    assert second.broker.is_halted("BHP")
    assert second.broker.called_halts == first.broker.called_halts
    second.clock.advance(by_hand.at(5))
    assert second.status("A") == "cancelled"


def test_who_is_unknown_or_trades_cannot_be_halted_or_freed(by_hand, day, tmp_path):
    desk = by_hand.Desk(tmp_path, day)
    with pytest.raises(BrokerError, match=r"no symbol 'BHQ'.*'BHP'"):
        desk.broker.halt("BHQ")
    with pytest.raises(BrokerError, match="BHP was not halted by anybody: halt it first"):
        desk.broker.end_halt("BHP")


def test_a_halt_ends_with_its_session(by_hand, tmp_path):
    days = [
        by_hand.make_data({"BHP": [10, 10, 10]}),
        by_hand.make_data({"BHP": [11, 11]}, by_hand.make_session(2, day=1)),
    ]
    desk = by_hand.Desk(tmp_path, *days)
    desk.clock.advance(by_hand.at(1))
    desk.broker.halt("BHP")
    desk.clock.advance(by_hand.at(0) + timedelta(days=1))
    assert not desk.broker.is_halted("BHP")
