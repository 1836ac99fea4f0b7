"""Every limit at its edge, on both sides."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skim_core.decide.book import Book
from skim_core.decide.risk import CHECKS, held_symbols, read_risk, refusal
from skim_core.model import events as ev
from skim_core.model.limits import Limits, RiskReading
from skim_core.model.market import Quote
from skim_core.model.orders import Fill, Order, OrderType, Side
from skim_core.testing.scripted import plain_session

SESSION = plain_session()
NOON = SESSION.open + timedelta(hours=2)
INSTANT = timedelta(microseconds=1)
SECOND = timedelta(seconds=1)
CENT = Decimal("0.01")
EXECUTIONS = iter(range(10**9))


def entry(reference="n.P", symbol="BHP", quantity=100, price="10", side=Side.BUY, **more):
    limit = None if price is None else Decimal(price)
    kind = OrderType.MARKET if price is None else OrderType.LIMIT
    return Order(
        reference=reference,
        symbol=symbol,
        side=side,
        quantity=quantity,
        type=kind,
        limit_price=limit,
        **more,
    )


def reading(**fields):
    fields = {
        "last": Decimal(10),
        "quoted_at": NOON,
        "value": 1000,
        "position_value": 1000,
    } | fields
    return RiskReading.model_validate(fields)


def refused_by(limits, order=None, read=None, now=NOON):
    found = refusal(limits, order or entry(), read or reading(), SESSION, now)
    return found.limit if found else None


def test_without_limits_nothing_is_refused():
    read = reading(positions=10**6, realised=Decimal(-(10**9)), orders_today=10**6, last=None)
    assert refused_by(Limits(), entry(quantity=10**9, price="0.01"), read) is None


def value(amount):
    return reading(value=amount, position_value=amount)


def losing(realised, unrealised):
    return reading(realised=Decimal(realised), unrealised=Decimal(unrealised))


RESTART = SESSION.open.replace(hour=2, minute=0)
"""13:00 in Sydney, on the day of the session."""

EDGES = {
    "order_value": (
        {"order_value": 1000},
        {"read": reading(value=1000)},
        {"read": reading(value=1000 + CENT)},
    ),
    "position_value": (
        {"position_value": 1000},
        {"read": reading(position_value=1000)},
        {"read": reading(position_value=1000 + CENT)},
    ),
    "order_quantity": (
        {"order_quantity": 100},
        {"order": entry(quantity=100)},
        {"order": entry(quantity=101)},
    ),
    "positions": (
        {"positions": 3},
        {"read": reading(positions=2)},
        {"read": reading(positions=3)},
    ),
    "orders_per_minute": (
        {"orders_per_minute": 5},
        {"read": reading(orders_last_minute=4)},
        {"read": reading(orders_last_minute=5)},
    ),
    "orders_per_day": (
        {"orders_per_day": 5},
        {"read": reading(orders_today=4)},
        {"read": reading(orders_today=5)},
    ),
    "loss_per_day": (
        {"loss_per_day": 500},
        {"read": losing("-300", "-199.99")},
        {"read": losing("-300", "-200")},
    ),
    "drawdown": (
        {"drawdown": 500},
        {"read": reading(peak=Decimal(300), realised=Decimal("-199.99"))},
        {"read": reading(peak=Decimal(300), realised=Decimal(-200))},
    ),
    "symbols": (
        {"symbols": ("BHP", "CSL")},
        {"order": entry(symbol="CSL")},
        {"order": entry(symbol="RIO")},
    ),
    "before_close": (
        {"before_close": "15m"},
        {"now": SESSION.close - timedelta(minutes=15) - INSTANT},
        {"now": SESSION.close - timedelta(minutes=15)},
    ),
    "gateway_restart": (
        {"gateway_restart": time(13, 0), "restart_margin": "2m"},
        {"now": RESTART + timedelta(days=1) - timedelta(minutes=2) - INSTANT},
        {"now": RESTART + timedelta(days=1) - timedelta(minutes=2)},
    ),
    "quote_age": (
        {"quote_age": "5s"},
        {"now": NOON + timedelta(seconds=5)},
        {"now": NOON + timedelta(seconds=5) + INSTANT},
    ),
    "price_distance": (
        {"price_distance": 5},
        {"order": entry(price="10.50")},
        {"order": entry(price="10.51")},
    ),
    "trading_halt": ({}, {"read": reading()}, {"read": reading(halted=True)}),
    "delayed_data": (
        {"delayed_data": False},
        {"read": reading()},
        {"read": reading(delayed=True)},
    ),
}


def test_every_limit_has_its_edge_here():
    assert EDGES.keys() == {name for name, _ in CHECKS}
    assert {*EDGES, "restart_margin"} - {"trading_halt"} == Limits.model_fields.keys()


@pytest.mark.parametrize("name", EDGES)
def test_what_is_at_a_limit_is_let_through_and_what_is_beyond_it_is_not(name):
    limits, within, beyond = EDGES[name]
    assert refused_by(Limits.model_validate(limits), **within) is None
    assert refused_by(Limits.model_validate(limits), **beyond) == name


def test_the_price_may_be_no_further_below_the_last_trade_than_above():
    limits = Limits(price_distance=Decimal(5))
    assert refused_by(limits, entry(price="9.50")) is None
    assert refused_by(limits, entry(price="9.49")) == "price_distance"
    assert refused_by(limits, entry(price=None)) is None, "at market has no distance"


def test_a_restart_in_the_night_is_the_next_one():
    limits = Limits(gateway_restart=time(0, 1))
    midnight = datetime(2026, 1, 6, 13, 0, tzinfo=UTC)
    assert refused_by(limits, now=midnight - timedelta(minutes=2)) is None
    assert refused_by(limits, now=midnight - timedelta(minutes=1)) == "gateway_restart"
    assert refused_by(limits, now=midnight + timedelta(minutes=2)) is None


def test_the_time_of_the_restart_is_the_exchanges_summer_and_winter():
    limits = Limits(gateway_restart=time(13, 0))
    winter = datetime(2026, 7, 6, 3, 0, tzinfo=UTC)
    assert refused_by(limits, now=winter) == "gateway_restart"
    assert refused_by(limits, now=winter - timedelta(hours=1)) is None


def test_without_a_quote_its_age_is_not_known():
    limits = Limits(quote_age=timedelta(minutes=1))
    unquoted = RiskReading(value=Decimal(1), position_value=Decimal(1))
    assert refused_by(limits, read=unquoted) == "quote_age"
    assert refused_by(Limits(), read=unquoted) is None


def test_delayed_data_may_be_allowed():
    assert refused_by(Limits(delayed_data=True), read=reading(delayed=True)) is None


def test_a_refusal_says_what_was_found_and_what_is_allowed():
    found = refusal(Limits(order_quantity=100), entry(quantity=5000), reading(), SESSION, NOON)
    assert found.reason == "the order would be 5,000, above the limit of 100"
    found = refusal(Limits(loss_per_day=500), entry(), losing("-400", "-250"), SESSION, NOON)
    assert found.reason == "the day has lost 650.00, the limit is 500"


# What the limits are checked against


def quote(symbol, last, at=NOON, **more):
    return Quote(symbol=symbol, at=at, last=Decimal(last), **more)


def sent(book, order, at=NOON):
    read = reading(value=1)
    book.apply(ev.OrderIntended(at=at, order=order, reading=read))
    book.apply(ev.OrderSending(at=at, reference=order.reference))


def filled(book, reference, quantity, price, side=Side.BUY, symbol="BHP", commission="0"):
    fill = Fill(
        execution_id=f"x{next(EXECUTIONS)}",
        reference=reference,
        symbol=symbol,
        side=side,
        quantity=quantity,
        price=Decimal(price),
        commission=Decimal(commission),
        at=NOON,
    )
    for event in book.consequences(fill):
        book.apply(event)


def read_for(order, *books, quotes=(), now=NOON):
    return read_risk(order, {found.symbol: found for found in quotes}, books, now)


def test_an_order_is_worth_its_limit_or_else_the_last_trade():
    assert read_for(entry(price="10"), quotes=[quote("BHP", 11)]).value == 1000
    assert read_for(entry(price=None), quotes=[quote("BHP", 11)]).value == 1100


def test_a_position_is_worth_what_is_held_and_what_is_on_its_way():
    book = Book()
    sent(book, entry("a.P", quantity=300))
    filled(book, "a.P", 100, "10")
    read = read_for(entry("b.P"), book, quotes=[quote("BHP", 10)])
    assert read.position_value == 4000
    assert read.positions == 0, "it is the same position"


def test_positions_count_what_is_held_and_what_is_on_its_way_once():
    book = Book()
    sent(book, entry("a.P", "CSL"))
    sent(book, entry("b.P", "RIO"))
    filled(book, "b.P", 100, "10", symbol="RIO")
    sent(book, entry("c.P", "WES"))
    book.apply(ev.OrderCancelled(at=NOON, reference="c.P"))
    assert read_for(entry(), book).positions == 2


def test_stops_and_exits_are_neither_positions_nor_value():
    book = Book()
    sent(book, entry("a.P"))
    filled(book, "a.P", 100, "10")
    stop = {"type": OrderType.STOP, "stop_price": Decimal(9), "purpose": "stop", "closes": True}
    fields = entry("a.S", side=Side.SELL).model_dump() | stop | {"limit_price": None}
    book.apply(ev.OrderIntended(at=NOON, order=Order.model_validate(fields)))
    read = read_for(entry("b.P"), book)
    assert read.position_value == 2000
    assert read.orders_today == 1


def test_entries_are_counted_by_the_minute_and_by_the_day():
    book = Book()
    minute = timedelta(minutes=1)
    for number, at in enumerate((NOON - 5 * minute, NOON - minute, NOON - minute + INSTANT, NOON)):
        sent(book, entry(f"o{number}.P"), at)
    read = read_for(entry(), book)
    assert (read.orders_today, read.orders_last_minute) == (4, 2)


def test_what_is_held_is_worth_its_last_trade_and_without_one_what_it_cost():
    book = Book()
    for reference, symbol in (("a.P", "BHP"), ("b.P", "CSL")):
        sent(book, entry(reference, symbol))
        filled(book, reference, 100, "10", symbol=symbol, commission="5")
    read = read_for(entry("n.P", "RIO"), book, quotes=[quote("BHP", 9)])
    assert read.unrealised == -100 - 5 - 5
    assert held_symbols([book]) == ["BHP", "CSL"]


def test_the_accounts_reading_adds_its_strategies_up():
    books = [Book(), Book()]
    for book, reference in zip(books, ("a.P", "b.P"), strict=True):
        sent(book, entry(reference))
        filled(book, reference, 100, "10")
        sent(book, entry(f"x{reference}", side=Side.SELL))
        filled(book, f"x{reference}", 50, "11", Side.SELL)
    read = read_for(entry("n.P", "CSL"), *books, quotes=[quote("BHP", 12)])
    assert read.positions == 1, "the same symbol is one position of the account"
    assert read.orders_today == 4
    assert read.unrealised == 2 * (50 + 100)
    read = read_for(entry("n.P"), *books, quotes=[quote("BHP", 12)])
    # Both hold fifty; the sales that have fifty left count as on their way too.
    assert read.position_value == 1000 + 2 * (500 + 500)


def test_the_peak_is_the_highest_profit_that_a_check_ever_saw():
    book = Book()
    book.apply(ev.OrderIntended(at=NOON, order=entry(), reading=reading(unrealised=Decimal(700))))
    assert read_for(entry(), book).peak == 700


@given(
    st.lists(
        st.tuples(st.sampled_from(["BHP", "CSL", "RIO"]), st.integers(1, 5), st.booleans()),
        max_size=8,
    )
)
def test_a_reading_never_counts_less_than_is_at_stake(decisions):
    book = Book()
    for number, (symbol, hundreds, trades) in enumerate(decisions):
        sent(book, entry(f"o{number}.P", symbol, hundreds * 100))
        if trades:
            filled(book, f"o{number}.P", hundreds * 100, "10", symbol=symbol)
    read = read_for(entry(), book)
    symbols = {symbol for symbol, _, _ in decisions}
    assert read.positions == len(symbols - {"BHP"})
    at_stake = sum(hundreds * 100 for symbol, hundreds, _ in decisions if symbol == "BHP")
    assert read.position_value == 10 * (100 + at_stake)
