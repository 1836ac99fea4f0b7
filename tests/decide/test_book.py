"""The book: what fills mean, and that positions are nothing but their fold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from skim_core.decide.book import Book
from skim_core.model import events as ev
from skim_core.model.market import Candidate
from skim_core.model.orders import Fill, Order, OrderType, Side

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
    kinds = [event.kind for event in happened if not isinstance(event, ev.OrderIntended)]
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
