"""What looks at the broker's books prove, and what they don't."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skim_core.decide.book import Book
from skim_core.decide.reconciliation import (
    Snapshot,
    account_found,
    conclusive_at,
    doubts,
    judge,
)
from skim_core.model import events as ev
from skim_core.model.orders import Fill, Order, OrderStage, OrderStatus, OrderType, Side
from skim_core.model.reports import OrderReport

START = datetime(2026, 1, 5, 23, 0, tzinfo=UTC)
LATER = START + timedelta(minutes=1)
STATUSES = [OrderStatus.HELD, OrderStatus.WORKING]


def book_of(*stages, quantity=100, filled=0):
    """Return a book with one limit order of BHP in each of these stages."""
    book = Book()
    for name, stage in zip("abcdef", stages, strict=False):
        reference = f"{name}.P"
        order = Order(
            reference=reference,
            symbol="BHP",
            side=Side.BUY,
            quantity=quantity,
            type=OrderType.LIMIT,
            limit_price=Decimal(10),
        )
        book.apply(ev.OrderIntended(at=START, order=order))
        book.apply(ev.OrderSending(at=START, reference=reference))
        if filled:
            traded(book, reference, filled)
        elif stage in {OrderStage.ACKNOWLEDGED, OrderStage.UNKNOWN}:
            book.apply(ev.OrderAcknowledged(at=START, reference=reference))
        if stage is OrderStage.UNKNOWN:
            book.apply(ev.OrderUnknown(at=START, reference=reference, finding="no trace"))
    return book


def traded(book, reference, quantity):
    fill = Fill(
        execution_id=f"x.{reference}.{quantity}",
        reference=reference,
        symbol="BHP",
        side=Side.BUY,
        quantity=quantity,
        price=Decimal(10),
        at=START,
    )
    for event in book.consequences(fill):
        book.apply(event)


def report(reference="a.P", status=OrderStatus.WORKING, filled=0, **more):
    return OrderReport(
        reference=reference, status=status, filled=filled, remaining=100 - filled, at=LATER, **more
    )


def look(*reports, held=0):
    return Snapshot(LATER, tuple(reports), (), {"BHP": held} if held else {})


def held_by_us(book):
    return {symbol: held.quantity for symbol, held in book.holdings.items()}


def judged(book, snapshot, held=None, *, certain=False):
    return judge(book, snapshot, held_by_us(book) if held is None else held, LATER, certain=certain)


def test_an_order_without_a_trace_is_absent_when_the_positions_agree():
    [absent] = judged(book_of(OrderStage.SENDING), look())
    assert isinstance(absent, ev.OrderAbsent)
    assert not absent.certain


def test_with_a_broker_that_shows_everything_the_absence_is_certain():
    [absent] = judged(book_of(OrderStage.SENDING), look(), certain=True)
    assert absent.certain


def test_an_order_without_a_trace_is_unknown_when_the_positions_do_not_agree():
    book = book_of(OrderStage.SENDING)
    [unknown] = judged(book, look(held=100))
    assert isinstance(unknown, ev.OrderUnknown)
    assert unknown.finding == (
        "the broker shows no such order, but holds 100 BHP where the known fills make 0"
    )
    book.apply(unknown)
    assert judged(book, look(held=100)) == (), "it is told once"


def test_what_other_strategies_hold_and_what_is_foreign_explains_a_position():
    book = book_of(OrderStage.SENDING)
    book.apply(ev.Reconciled(at=START, reason="", passes=2, foreign_positions={"BHP": 30}))
    [absent] = judged(book, look(held=100), {"BHP": 70})
    assert isinstance(absent, ev.OrderAbsent)
    [unknown] = judged(book, look(held=100), {"BHP": 100})
    assert isinstance(unknown, ev.OrderUnknown)


def test_an_order_that_the_broker_had_and_has_no_more_is_over_when_the_positions_agree():
    for stage in (OrderStage.ACKNOWLEDGED, OrderStage.UNKNOWN):
        [gone] = judged(book_of(stage), look())
        assert isinstance(gone, ev.OrderCancelled)
    [unknown] = judged(book_of(OrderStage.ACKNOWLEDGED), look(held=100))
    assert isinstance(unknown, ev.OrderUnknown)


def test_an_order_that_the_broker_shows_working_is_in_no_doubt():
    book = book_of(OrderStage.ACKNOWLEDGED)
    for status in STATUSES:
        assert doubts(book, look(report(status=status))) == []
        assert judged(book, look(report(status=status), held=100)) == ()


@pytest.mark.parametrize("status", [OrderStatus.FILLED, OrderStatus.WORKING, OrderStatus.CANCELLED])
def test_an_order_that_traded_more_than_its_executions_show_is_unknown(status):
    book = book_of(OrderStage.ACKNOWLEDGED, filled=40)
    [unknown] = judged(book, look(report(status=status, filled=60), held=40))
    assert isinstance(unknown, ev.OrderUnknown)
    assert unknown.finding == ("the broker says that 60 of it are filled, its executions show 40")
    assert judged(book, look(report(filled=40), held=40)) == ()


def test_only_what_is_live_is_doubted():
    book = book_of(OrderStage.SENDING)
    book.apply(ev.OrderAbsent(at=START, reference="a.P"))
    assert doubts(book, look()) == []


def test_of_two_reports_of_one_reference_the_first_that_may_still_trade_counts():
    done, older, newer = (
        report(status=OrderStatus.CANCELLED, broker_id="1"),
        report(broker_id="2"),
        report(broker_id="3"),
    )
    assert look(done, older, newer).by_reference["a.P"] is older
    assert look(older, done).by_reference["a.P"] is older


def test_an_absence_proves_something_once_the_broker_must_show_the_youngest_order():
    book = book_of(OrderStage.SENDING, OrderStage.SENDING)
    book.apply(ev.OrderAbsent(at=START, reference="b.P", certain=True))
    book.apply(ev.OrderSending(at=LATER, reference="b.P"))
    patience = timedelta(seconds=30)
    assert conclusive_at(book.live, START, patience) == LATER + patience
    assert conclusive_at([], START, patience) == START + patience
    began_to_look = LATER + timedelta(hours=1)
    assert conclusive_at(book.live, began_to_look, patience) == began_to_look + patience


# What is not ours


def found(book, snapshot, held=None, known=("a.P",), *, doubtful=(), first=False):
    return account_found(
        book,
        snapshot,
        held_by_us(book) if held is None else held,
        known,
        doubtful=doubtful,
        first=first,
    )


def test_foreign_orders_are_named_and_never_among_ours():
    theirs = report("manual-1", symbol="CSL", side=Side.SELL, quantity=10)
    done = report("manual-2", OrderStatus.FILLED, filled=100)
    book = book_of(OrderStage.ACKNOWLEDGED)
    orders, shares, differences = found(book, look(report(), theirs, done, report("bare-3")))
    assert orders == ("an order (bare-3)", "sell 10 CSL (manual-1)")
    assert shares == {}
    assert differences == ("an order (bare-3) is not ours", "sell 10 CSL (manual-1) is not ours")
    assert judged(book, look(report(), theirs)) == ()


def test_what_is_held_beyond_our_own_is_foreign_and_told_when_it_changes():
    book = book_of(OrderStage.ACKNOWLEDGED, filled=100)
    orders, shares, differences = found(book, look(report(filled=100), held=250))
    assert shares == {"BHP": 150}
    assert differences == (
        "BHP: the account holds 250, our strategies 100; 150 are not ours, before it was 0",
    )
    book.apply(
        ev.Reconciled(
            at=LATER, reason="", passes=2, foreign_orders=orders, foreign_positions=shares
        )
    )
    assert found(book, look(report(filled=100), held=250))[2] == ()
    _, shares, differences = found(book, look(report(filled=100), held=100))
    assert shares == {}
    assert "0 are not ours, before it was 150" in differences[0]


def test_nothing_is_news_on_the_first_look_of_a_day():
    book = book_of(OrderStage.ACKNOWLEDGED, filled=100)
    orders, shares, differences = found(book, look(report("theirs"), held=-50), first=True)
    assert (orders, shares, differences) == (("an order (theirs)",), {"BHP": -150}, ())


@pytest.mark.parametrize("stage", [OrderStage.SENDING, OrderStage.ACKNOWLEDGED])
def test_a_symbol_with_an_order_in_doubt_keeps_the_foreign_shares_that_it_had(stage):
    book = book_of(stage)
    book.apply(ev.Reconciled(at=START, reason="", passes=2, foreign_positions={"BHP": 30}))
    assert found(book, look(held=130))[1:] == ({"BHP": 30}, ())
    assert found(book, look())[1:] == ({"BHP": 30}, ())


# Any look

REPORTS = st.lists(
    st.builds(
        report,
        st.sampled_from(["a.P", "b.P", "c.P", "theirs"]),
        st.sampled_from(OrderStatus),
        st.sampled_from([0, 40, 100]),
    ),
    max_size=5,
)
STAGES = st.lists(
    st.sampled_from([OrderStage.SENDING, OrderStage.ACKNOWLEDGED, OrderStage.UNKNOWN]),
    min_size=1,
    max_size=3,
)


@given(
    STAGES,
    REPORTS,
    st.sampled_from([0, 100, 200]),
    st.sampled_from([0, 100]),
    st.booleans(),
)
def test_absent_is_only_what_no_report_shows_and_the_positions_explain(
    stages, reports, at_broker, held, certain
):
    book, snapshot = book_of(*stages), look(*reports, held=at_broker)
    events = judged(book, snapshot, {"BHP": held}, certain=certain)
    shown = {found.reference for found in reports}
    for event in events:
        assert event.reference in book.orders
        if isinstance(event, ev.OrderAbsent | ev.OrderCancelled):
            assert event.reference not in shown
            assert at_broker == held
        if isinstance(event, ev.OrderAbsent):
            assert book.orders[event.reference].stage is OrderStage.SENDING
            assert event.certain is certain
    told = {event.reference for event in events}
    for state in doubts(book, snapshot):
        assert state.order.reference in told or state.stage is OrderStage.UNKNOWN
    book.check(events)
    for event in events:
        book.apply(event)
    assert judged(book, snapshot, {"BHP": held}, certain=certain) == ()


@given(REPORTS, st.integers(-300, 300), st.integers(-300, 300), st.integers(-300, 300))
def test_ours_and_what_is_foreign_add_up_to_what_the_account_holds(
    reports, at_broker, held, before
):
    book = Book()
    book.apply(ev.Reconciled(at=START, reason="", passes=2, foreign_positions={"BHP": before}))
    orders, shares, differences = found(book, look(*reports, held=at_broker), {"BHP": held})
    assert shares.get("BHP", 0) + held == at_broker
    assert any(text.startswith("BHP:") for text in differences) is (at_broker - held != before)
    open_foreign = [one for one in reports if one.reference != "a.P" and not one.status.final]
    assert len(orders) == len(open_foreign)


def test_a_symbol_in_which_another_strategy_is_in_doubt_keeps_its_foreign_shares():
    held = Snapshot(at=START, positions={"BHP": 150})
    _, shares, told = found(Book(), held, {"BHP": 100}, doubtful={"BHP"})
    assert (shares, told) == ({}, ())
    _, shares, told = found(Book(), held, {"BHP": 100})
    assert shares == {"BHP": 50}
    assert told
