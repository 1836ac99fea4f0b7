"""The book: what fills mean, and that positions are nothing but their fold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skim_core.decide.book import Book
from skim_core.decide.fills import resolved_execution
from skim_core.errors import SequenceError
from skim_core.model import events as ev
from skim_core.model.market import Candidate
from skim_core.model.orders import Fill, Order, OrderStage, OrderType, Side

START = datetime(2026, 1, 5, 23, 0, tzinfo=UTC)


def submitted(reference="a.P", side=Side.BUY, quantity=100, **more):
    order = Order(reference=reference, symbol="BHP", side=side, quantity=quantity, **more)
    return ev.OrderIntended(at=START, order=order)


def fill(number, reference="a.P", side=Side.BUY, quantity=100, price="10", commission="0"):
    return Fill(
        execution_id=f"x{number}",
        reference=reference,
        symbol="BHP",
        side=side,
        quantity=quantity,
        price=Decimal(price),
        commission=Decimal(commission),
        at=START + timedelta(minutes=number),
    )


def stop(reference="a.S"):
    return submitted(
        reference,
        Side.SELL,
        type=OrderType.STOP,
        stop_price=Decimal(9),
        purpose="stop",
        parent="a.P",
        oca_group="a.P",
    )


def take(book, *facts):
    """Apply events, and fills by what they mean; return all that happened.

    What was decided is sent at once, unless the facts say when.
    """
    happened = []
    facts = [
        later
        for fact in facts
        for later in (
            (fact, ev.OrderSending(at=START, reference=fact.order.reference))
            if isinstance(fact, ev.OrderIntended)
            and not any(isinstance(other, ev.OrderSending) for other in facts)
            else (fact,)
        )
    ]
    for fact in facts:
        events = book.consequences(fact) if isinstance(fact, Fill) else (fact,)
        for event in events:
            book.apply(event)
        happened.extend(events)
    return happened


def test_the_first_fill_opens_a_position_and_the_last_closes_it_with_its_profit():
    book = Book()
    happened = take(
        book,
        submitted(),
        stop(),
        fill(1, quantity=60, commission="3"),
        fill(2, quantity=40, price="10.5", commission="3"),
        fill(3, "a.S", Side.SELL, 100, "9", "6"),
    )
    decided = ev.OrderIntended | ev.OrderSending
    kinds = [event.kind for event in happened if not isinstance(event, decided)]
    assert kinds == [
        "order_filled",
        "position_opened",
        "order_filled",
        "order_filled",
        "stop_hit",
        "position_closed",
    ]
    closed = happened[-1]
    assert closed.entry_price == Decimal("10.2")
    assert closed.exit_price == Decimal(9)
    assert closed.profit == Decimal(-120) - Decimal(12)
    assert book.positions == {}


def test_a_short_position_profits_when_the_price_falls():
    book = Book()
    sold = submitted("a.P", Side.SELL)
    bought = submitted("b.P", Side.BUY)
    happened = take(
        book, sold, bought, fill(1, side=Side.SELL, price="10"), fill(2, "b.P", price="8")
    )
    assert happened[-1].profit == Decimal(200)


def test_a_fill_that_comes_twice_counts_once():
    book = Book()
    take(book, submitted(), fill(1, quantity=40))
    assert book.consequences(fill(1, quantity=40)) == ()
    assert book.positions["BHP"].quantity == 40


def test_a_fill_of_somebody_elses_order_means_nothing():
    assert Book().consequences(fill(1, "theirs")) == ()


def sending(*references):
    return [ev.OrderSending(at=START, reference=reference) for reference in references]


def acknowledged(*references):
    return [ev.OrderAcknowledged(at=START, reference=reference) for reference in references]


def test_a_position_is_bare_until_the_broker_has_its_stop():
    book = Book()
    take(book, submitted(), stop(), *sending("a.P", "a.S"), fill(1, quantity=1))
    assert book.bare == {"BHP": START + timedelta(minutes=1)}
    take(book, *acknowledged("a.S"))
    assert not book.bare
    assert [state.order.reference for state in book.live_orders("BHP")] == ["a.P", "a.S"]


def test_what_is_decided_but_not_sent_protects_nothing():
    book = Book()
    take(book, submitted(), fill(1))
    book.apply(stop())
    book.apply(ev.OrderModified(at=START, reference="a.S", quantity=100, stop_price=Decimal(9)))
    assert "BHP" in book.bare


def test_a_position_is_bare_for_as_long_as_its_stop_covers_too_little():
    book, later = Book(), START + timedelta(minutes=9)
    take(book, submitted(), stop(), *sending("a.P", "a.S"), *acknowledged("a.P", "a.S"))
    take(book, ev.OrderModified(at=START, reference="a.S", quantity=60, stop_price=Decimal(9)))
    take(book, fill(1, quantity=60))
    assert not book.bare
    take(book, fill(2, quantity=40))
    assert book.bare == {"BHP": START + timedelta(minutes=2)}
    take(book, ev.OrderModified(at=later, reference="a.S", quantity=100, stop_price=Decimal(9)))
    assert not book.bare
    take(book, ev.OrderUnknown(at=later, reference="a.S", finding="no trace"))
    assert book.bare == {"BHP": later}


def test_of_a_group_a_fill_takes_away_as_much_from_the_others():
    book = Book()
    target = submitted(
        "a.T",
        Side.SELL,
        type=OrderType.LIMIT,
        limit_price=Decimal(12),
        purpose="target",
        oca_group="a.P",
    )
    take(book, submitted(), stop(), target, fill(1))
    take(book, *acknowledged("a.S", "a.T"), fill(2, "a.T", Side.SELL, 30, "12"))
    assert book.orders["a.S"].taken == 30
    assert book.orders["a.S"].open_quantity == book.positions["BHP"].quantity == 70
    assert book.orders["a.T"].open_quantity == 70
    assert not book.bare
    take(book, fill(3, "a.T", Side.SELL, 70, "12"))
    assert book.orders["a.S"].open_quantity == 0
    assert book.orders["a.S"].live, "its end is the broker's to tell"


def test_a_fill_beyond_flat_closes_one_position_and_opens_the_other():
    book = Book()
    happened = take(
        book,
        submitted(),
        submitted("b.P", Side.SELL, 250),
        fill(1, commission="2"),
        fill(2, "b.P", Side.SELL, 250, "11", "5"),
    )
    closed, opened = happened[-2:]
    assert (closed.kind, closed.quantity, closed.profit) == ("position_closed", 100, Decimal(93))
    assert (opened.kind, opened.side, opened.quantity) == ("position_opened", Side.SELL, 150)
    assert book.positions["BHP"].quantity == -150
    assert book.realised == Decimal(93)


def test_more_fills_than_were_ordered_are_counted_all_the_same():
    book = Book()
    take(book, submitted(), fill(1), fill(2, quantity=50))
    state = book.orders["a.P"]
    assert (state.stage, state.filled, state.open_quantity) == (OrderStage.FILLED, 150, 0)
    assert book.positions["BHP"].quantity == 150


def test_what_a_person_said_of_an_order_stands_against_a_fill_that_is_told_later():
    book = Book()
    unknown = ev.OrderUnknown(at=START, reference="a.P", finding="no trace")
    said = ev.OrderResolved(at=START, reference="a.P", outcome="filled", why="seen", by="trader")
    seen = fill(1).model_copy(update={"execution_id": resolved_execution("a.P")})
    take(book, submitted(), *sending("a.P"), unknown, said, seen)
    assert book.orders["a.P"].stage is OrderStage.FILLED
    assert book.consequences(fill(2)) == ()
    assert book.positions["BHP"].quantity == 100


def test_the_days_peak_is_its_highest_profit_and_never_falls():
    book = Book()
    take(
        book,
        submitted(),
        submitted("a.X", Side.SELL),
        fill(1),
        fill(2, "a.X", Side.SELL, price="12"),
    )
    assert (book.realised, book.peak) == (Decimal(200), Decimal(200))
    take(book, submitted("b.P"), submitted("b.X", Side.SELL))
    take(book, fill(3, "b.P", price="12"), fill(4, "b.X", Side.SELL, price="9"))
    assert (book.realised, book.peak) == (Decimal(-100), Decimal(200))


def test_an_event_that_can_not_happen_is_refused_before_anything_changes():
    book = Book()
    take(book, submitted())
    version = book.version
    impossible = (
        [submitted()],
        [ev.OrderSending(at=START, reference="a.P")],
        [ev.OrderAcknowledged(at=START, reference="theirs")],
        [
            ev.OrderCancelled(at=START, reference="a.P"),
            ev.OrderUnknown(at=START, reference="a.P", finding=""),
        ],
    )
    for events in impossible:
        with pytest.raises(SequenceError, match="the journal is damaged"):
            book.check(events)
    assert book.version == version


def test_a_refusal_is_kept_until_the_same_decision_is_let_through():
    book = Book()
    refused = ev.OrderRefused(
        at=START, symbol="BHP", purpose="entry", limit="positions", reason="too many"
    )
    take(book, refused)
    assert book.refusals == {("BHP", "entry"): refused}
    assert not book.orders
    take(book, submitted())
    assert not book.refusals


def test_an_order_that_the_broker_never_had_is_not_live_and_not_accepted():
    book = Book()
    take(book, submitted(), *sending("a.P"), ev.OrderAbsent(at=START, reference="a.P"))
    state = book.orders["a.P"]
    assert not state.live
    assert not state.accepted


def test_a_purge_forgets_candidates_but_not_orders():
    book = Book()
    found = Candidate(symbol="BHP", reason="gap")
    take(book, ev.CandidatesScanned(at=START, phase="scan", candidates=(found,)), submitted())
    take(book, ev.CandidatesPurged(at=START))
    assert not book.candidates
    assert book.orders


@given(
    st.lists(
        st.tuples(
            st.sampled_from(list(Side)), st.integers(1, 500), st.decimals("0.01", 50, places=3)
        ),
        min_size=1,
        max_size=20,
    )
)
def test_a_position_is_the_sum_of_its_fills_and_profits_add_up_to_the_cash(trades):
    book, cash, held = Book(), Decimal(0), 0
    profit = Decimal(0)
    for number, (side, wanted, price) in enumerate(trades):
        # Trades that would turn a position over are cut to what closes it.
        turns = held and side.sign != (1 if held > 0 else -1)
        quantity = min(wanted, abs(held)) if turns else wanted
        reference = f"o{number}"
        traded = fill(number, reference, side, quantity, str(price), "1")
        happened = take(book, submitted(reference, side, quantity), traded)
        held += side.sign * quantity
        cash -= side.sign * quantity * price + 1
        profit += sum(e.profit for e in happened if isinstance(e, ev.PositionClosed))
        position = book.positions.get("BHP")
        assert (position.quantity if position else 0) == held
    if held == 0:
        assert abs(profit - cash) < Decimal("0.001")


def test_a_cancel_of_an_order_that_never_arrived_says_nothing_of_the_one_that_is_sent_again():
    book = Book()
    take(book, submitted(type=OrderType.LIMIT, limit_price=Decimal(10)))
    sent = START + timedelta(minutes=1)
    for event in (
        ev.OrderCancelling(at=START, reference="a.P"),
        ev.OrderAbsent(at=START, reference="a.P"),
        ev.OrderSending(at=sent, reference="a.P"),
    ):
        book.apply(event)
    assert not book.orders["a.P"].cancelling


def test_what_was_sold_before_the_night_counts_when_the_rest_is_sold():
    sold = fill(2, "b.P", Side.SELL, 40, "12")
    today = Book()
    take(today, submitted(), submitted("b.P", Side.SELL), fill(1), sold)
    held = today.holdings["BHP"]
    assert held.made == 80
    tomorrow = Book()
    carried = ev.PositionCarried(
        at=START,
        symbol="BHP",
        quantity=held.quantity,
        average_price=held.cost / held.bought,
        realised=held.made,
        opened_at=held.opened_at,
    )
    rest = (submitted("c.P", Side.SELL), fill(3, "c.P", Side.SELL, 60, "11"))
    *_, closed = take(tomorrow, carried, *rest)
    assert closed.profit == 80 + 60
