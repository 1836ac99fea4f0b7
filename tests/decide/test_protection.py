"""What a position needs: the cases by example, and what holds of any book."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skim_core.decide.book import Book
from skim_core.decide.intents import replacement
from skim_core.decide.order_states import covered, is_stop
from skim_core.decide.orders import can_follow
from skim_core.decide.protection import (
    AGAIN,
    SETTLE,
    CancelOrder,
    Flatten,
    PlaceStop,
    ResizeStop,
    lapses,
    next_lapse,
    protect,
)
from skim_core.model import events as ev
from skim_core.model.orders import Fill, Order, OrderStage, OrderType, Side

START = datetime(2026, 1, 5, 23, 0, tzinfo=UTC)
LATER = START + timedelta(hours=8)
SECOND = timedelta(seconds=1)
EXECUTIONS = iter(range(10**9))


def order(reference, side=Side.BUY, quantity=100, symbol="BHP", **more):
    return Order(reference=reference, symbol=symbol, side=side, quantity=quantity, **more)


def stop_of(entry, quantity=None):
    return order(
        entry.reference.replace(".P", ".S"),
        entry.side.opposite,
        quantity or entry.quantity,
        entry.symbol,
        type=OrderType.STOP,
        stop_price=Decimal(9),
        purpose="stop",
        parent=entry.reference,
        oca_group=entry.reference,
        closes=True,
    )


def exit_of(reference="x.P", quantity=100, **more):
    fields = {"purpose": "exit", "oca_group": "a.P", "closes": True, **more}
    return order(reference, Side.SELL, quantity, **fields)


def send(book, *orders, stage="acknowledged", at=START):
    for sent in orders:
        book.apply(ev.OrderIntended(at=at, order=sent))
        book.apply(ev.OrderSending(at=at, reference=sent.reference))
        if stage == "acknowledged":
            book.apply(ev.OrderAcknowledged(at=at, reference=sent.reference))


def fill(book, reference, quantity, at=START):
    sent = book.orders[reference].order
    traded = Fill(
        execution_id=f"x{next(EXECUTIONS)}",
        reference=reference,
        symbol=sent.symbol,
        side=sent.side,
        quantity=quantity,
        price=Decimal(10),
        at=at,
    )
    for event in book.consequences(traded):
        book.apply(event)


def tell(book, kind, reference, at=START, **fields):
    book.apply(kind(at=at, reference=reference, **fields))


@pytest.fixture
def entry():
    return order("a.P")


@pytest.fixture
def held(entry):
    """Give the book of a position of 100 with its stop at the broker."""
    book = Book()
    send(book, entry, stop_of(entry))
    fill(book, "a.P", 100)
    return book


def actions(book, now=LATER):
    return protect(book, now).actions


def halt(book, *, flatten=False):
    book.apply(ev.EntriesHalted(at=START, why="news", by="trader", flatten=flatten))


# The cases


def test_a_position_whose_stop_is_at_the_broker_needs_nothing(held):
    assert protect(held, LATER).actions == ()
    assert protect(held, LATER).look_at is None


def test_a_stop_that_vanished_is_placed_again_like_the_last_one(held):
    tell(held, ev.OrderCancelled, "a.S", reason="gone")
    [action] = actions(held)
    assert isinstance(action, PlaceStop)
    assert (action.symbol, action.quantity, action.stop_price) == ("BHP", 100, Decimal(9))
    again = replacement(action.replaces, action.quantity, held.orders)
    assert (again.reference, again.oca_group, again.parent) == ("a.S2", "a.P", None)
    send(held, again)
    assert actions(held) == ()
    tell(held, ev.OrderCancelled, "a.S2", reason="gone")
    [action] = actions(held)
    assert replacement(action.replaces, 100, held.orders).reference == "a.S3"


def test_a_stop_that_never_arrived_is_placed_again(entry):
    book = Book()
    send(book, entry)
    send(book, stop_of(entry), stage="sending")
    fill(book, "a.P", 100)
    assert actions(book) == (), "it may be there"
    tell(book, ev.OrderAbsent, "a.S")
    assert [type(action) for action in actions(book)] == [PlaceStop]


def test_a_position_whose_stop_was_refused_is_sold(entry):
    book = Book()
    send(book, entry)
    send(book, stop_of(entry), stage="sending")
    tell(book, ev.OrderRejected, "a.S", reason="off the tick")
    assert actions(book) == (), "nothing is held yet"
    fill(book, "a.P", 40)
    assert actions(book) == (Flatten("BHP", "its stop was refused: off the tick"),)


def test_a_position_that_never_had_a_stop_is_sold(entry):
    book = Book()
    send(book, entry)
    fill(book, "a.P", 100)
    assert actions(book) == (Flatten("BHP", "it has no stop"),)


def test_nothing_is_placed_or_sold_beside_an_exit_that_is_on_its_way(held):
    send(held, exit_of())
    tell(held, ev.OrderCancelled, "a.S", reason="the exit is there")
    assert actions(held) == ()
    halt(held, flatten=True)
    assert actions(held) == ()


def test_an_exit_that_failed_is_followed_by_another_only_after_a_while(held):
    halt(held, flatten=True)
    failed_at = LATER
    send(held, exit_of(), stage="sending", at=failed_at)
    tell(held, ev.OrderRejected, "x.P", at=failed_at, reason="halted stock")
    early = protect(held, failed_at + AGAIN - SECOND)
    assert early.actions == ()
    assert early.look_at == failed_at + AGAIN
    [action] = actions(held, failed_at + AGAIN)
    assert isinstance(action, Flatten)


def test_a_stop_covers_what_is_held_once_the_entry_is_over(held):
    book = Book()
    entry = order("b.P", quantity=300)
    send(book, entry, stop_of(entry))
    fill(book, "b.P", 120)
    assert actions(book) == (), "the entry may still trade"
    tell(book, ev.OrderCancelling, "b.P")
    assert actions(book) == (), "it may trade before the cancel comes"
    tell(book, ev.OrderCancelled, "b.P")
    assert actions(book) == (ResizeStop("b.S", 120),)
    tell(book, ev.OrderModified, "b.S", quantity=120, stop_price=Decimal(9))
    assert actions(book) == ()


def test_a_target_closes_no_more_than_is_held_once_the_entry_is_over():
    book = Book()
    entry = order("b.P", quantity=300)
    target = order(
        "b.T",
        Side.SELL,
        300,
        type=OrderType.LIMIT,
        limit_price=Decimal(12),
        purpose="target",
        parent="b.P",
        oca_group="b.P",
        closes=True,
    )
    send(book, entry, stop_of(entry), target)
    fill(book, "b.P", 120)
    assert actions(book) == (), "the entry may still trade"
    tell(book, ev.OrderCancelled, "b.P")
    assert actions(book) == (ResizeStop("b.S", 120), ResizeStop("b.T", 120))
    tell(book, ev.OrderModified, "b.S", quantity=120, stop_price=Decimal(9))
    tell(book, ev.OrderModified, "b.T", quantity=120, limit_price=Decimal(12))
    assert actions(book) == ()


def test_a_stop_that_covers_too_little_is_made_larger(held):
    tell(held, ev.OrderModified, "a.S", quantity=60, stop_price=Decimal(9))
    assert actions(held) == (ResizeStop("a.S", 100),)


def test_a_part_that_the_stop_sold_is_not_counted_twice(held):
    fill(held, "a.S", 30)
    assert held.positions["BHP"].quantity == 70
    assert actions(held) == ()
    tell(held, ev.OrderModified, "a.S", quantity=60, stop_price=Decimal(9))
    # Thirty have traded: of a hundred ordered seventy are open.
    assert actions(held) == (ResizeStop("a.S", 100),)


def test_of_two_stops_the_one_too_many_is_cancelled_and_the_position_stays_covered(held):
    send(held, replacement(held.orders["a.S"], 100, held.orders))
    assert actions(held) == (CancelOrder("a.S2", "another stop covers the position"),)


def test_what_has_nothing_left_to_close_is_cancelled(held):
    send(held, exit_of())
    fill(held, "x.P", 100)
    assert [action.reference for action in actions(held)] == ["a.S"]


def test_a_stop_whose_entry_still_works_waits_for_it(entry):
    book = Book()
    send(book, entry, stop_of(entry))
    assert actions(book) == ()
    tell(book, ev.OrderCancelled, "a.P")
    assert [action.reference for action in actions(book)] == ["a.S"]


def test_a_halt_cancels_entries_and_keeps_stops(held):
    send(held, order("b.P", symbol="CSL"), order("c.P", quantity=50))
    halt(held)
    assert {action.reference for action in actions(held)} == {"b.P", "c.P"}


def test_a_halt_that_flattens_sells_what_is_held_and_leaves_its_stop(held):
    halt(held, flatten=True)
    assert actions(held) == (Flatten("BHP", "halted, everything is sold"),)


def test_an_entry_in_doubt_is_not_cancelled_before_the_broker_was_heard():
    book = Book()
    send(book, order("a.P"), stage="sending")
    halt(book)
    assert actions(book) == ()
    tell(book, ev.OrderAcknowledged, "a.P")
    assert [action.reference for action in actions(book)] == ["a.P"]


def test_a_symbol_is_left_alone_while_one_of_its_orders_is_unknown(held):
    tell(held, ev.OrderCancelled, "a.S", reason="gone")
    send(held, order("u.P"))
    tell(held, ev.OrderUnknown, "u.P", finding="no trace")
    assert actions(held) == ()
    halt(held, flatten=True)
    assert actions(held) == ()
    tell(held, ev.OrderResolved, "u.P", outcome="absent", why="seen", by="trader")
    assert [type(action) for action in actions(held)] == [Flatten]


def test_a_symbol_is_left_alone_for_a_moment_after_each_change(held):
    changed = START + timedelta(minutes=1)
    tell(held, ev.OrderCancelled, "a.S", at=changed, reason="gone")
    early = protect(held, changed + SETTLE - timedelta(microseconds=1))
    assert (early.actions, early.look_at) == ((), changed + SETTLE)
    assert actions(held, changed + SETTLE)


def test_a_position_held_overnight_is_protected_by_the_stop_that_was_carried_with_it(held):
    def next_day(*orders):
        book = Book()
        book.apply(
            ev.PositionCarried(
                at=LATER, symbol="BHP", quantity=100, average_price=Decimal(10), opened_at=START
            )
        )
        for state in orders:
            book.apply(ev.OrderCarried(at=LATER, state=state))
        return book

    assert actions(next_day(held.orders["a.S"]), LATER + SETTLE) == ()
    naked = next_day()
    assert actions(naked, LATER + SETTLE) == (Flatten("BHP", "it has no stop"),)
    assert naked.bare == {"BHP": LATER}


def test_the_stop_of_a_short_position_buys_it_back():
    book, entry = Book(), order("s.P", Side.SELL)
    send(book, entry, stop_of(entry))
    fill(book, "s.P", 100)
    assert actions(book) == ()
    tell(book, ev.OrderCancelled, "s.S")
    [action] = actions(book)
    assert replacement(action.replaces, 100, book.orders).side is Side.BUY


def test_protection_that_lapsed_is_told_once_and_so_is_its_return(held):
    limit, gone = timedelta(minutes=1), START + timedelta(minutes=1)
    assert next_lapse(held, limit) is None
    tell(held, ev.OrderCancelled, "a.S", at=gone, reason="gone")
    assert next_lapse(held, limit) == gone + limit
    assert lapses(held, gone + limit - SECOND, limit) == ()
    [lapsed] = lapses(held, gone + limit, limit)
    assert (lapsed.symbol, lapsed.since) == ("BHP", gone)
    assert lapsed.reason == "its stop is cancelled: gone"
    held.apply(lapsed)
    assert lapses(held, LATER, limit) == ()
    assert next_lapse(held, limit) is None
    send(held, replacement(held.orders["a.S"], 100, held.orders), at=LATER)
    [back] = lapses(held, LATER, limit)
    assert isinstance(back, ev.ProtectionRestored)
    held.apply(back)
    assert lapses(held, LATER, limit) == ()


def test_a_lapse_says_what_keeps_the_stop_away(held):
    tell(held, ev.OrderUnknown, "a.S", finding="no trace")
    [lapsed] = lapses(held, LATER, SECOND)
    assert "skim resolve a.S" in lapsed.reason
    tell(held, ev.OrderResolved, "a.S", outcome="absent", why="seen", by="trader")
    held.apply(ev.ConnectionChanged(at=START, up=False))
    [lapsed] = lapses(held, LATER, SECOND)
    assert lapsed.reason == "the line to the broker is down"


# Any book

TOLD = {
    ev.OrderAcknowledged: {},
    ev.OrderCancelled: {"reason": "gone"},
    ev.OrderCancelling: {},
    ev.OrderRejected: {"reason": "no"},
    ev.OrderAbsent: {},
    ev.OrderUnknown: {"finding": "no trace"},
    ev.OrderModified: {"quantity": 200, "stop_price": Decimal(9)},
}
HUNDREDS = st.integers(1, 3).map(lambda hundreds: hundreds * 100)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("enter"), st.sampled_from(["BHP", "CSL"]), HUNDREDS),
        st.tuples(st.just("exit"), st.sampled_from(["BHP", "CSL"]), HUNDREDS),
        st.tuples(st.just("fill"), st.integers(0, 50), HUNDREDS),
        st.tuples(st.just("all answered"), st.none(), st.none()),
        st.tuples(st.sampled_from(list(TOLD)), st.integers(0, 50), st.none()),
        st.tuples(st.just("halt"), st.booleans(), st.none()),
    ),
    max_size=20,
)


def built(steps):
    """Return the book of a day in which these steps happened, as far as they could."""
    book = Book()
    for number, (what, which, amount) in enumerate(steps):
        if what == "enter":
            entry = order(f"o{number}.P", quantity=amount, symbol=which)
            send(book, entry, stop_of(entry), stage="sending")
        elif what == "exit":
            send(book, exit_of(f"o{number}.P", amount, symbol=which), stage="sending")
        elif what == "halt":
            halt(book, flatten=which)
        elif what == "all answered":
            for state in book.live:
                if state.stage is OrderStage.SENDING:
                    tell(book, ev.OrderAcknowledged, state.order.reference)
        elif book.orders:
            happen(book, what, list(book.orders)[which % len(book.orders)], amount)
    return book


def happen(book, what, reference, amount):
    """Let this happen to an order, if it can."""
    state = book.orders[reference]
    if what == "fill":
        fill(book, reference, amount)
        return
    if what is ev.OrderModified:
        possible = state.live and is_stop(state)
    elif what is ev.OrderCancelling:
        possible = state.live
    else:
        possible = can_follow(state.stage, what)
    if possible:
        tell(book, what, reference, **TOLD[what])


def carry_out(book, action, number, now):
    """Apply the events of an action that the broker did as asked."""
    if isinstance(action, PlaceStop):
        send(book, replacement(action.replaces, action.quantity, book.orders), at=now)
    elif isinstance(action, ResizeStop):
        price = book.orders[action.reference].order.stop_price
        tell(
            book,
            ev.OrderModified,
            action.reference,
            now,
            quantity=action.quantity,
            stop_price=price,
        )
    elif isinstance(action, CancelOrder):
        tell(book, ev.OrderCancelling, action.reference, now)
        tell(book, ev.OrderCancelled, action.reference, now)
    else:
        position = book.positions[action.symbol]
        side = Side.SELL if position.quantity > 0 else Side.BUY
        quantity = abs(position.quantity)
        sold = order(f"f{number}.P", side, quantity, action.symbol, purpose="flatten", closes=True)
        send(book, sold, at=now)
        fill(book, sold.reference, quantity, now)


@settings(max_examples=300, deadline=None)
@given(STEPS)
def test_any_book_gives_the_same_answer_twice_and_none_once_all_was_done(steps):
    book, now = built(steps), LATER
    for number in range(12):
        found = protect(book, now)
        assert found == protect(book, now)
        if not found.actions:
            break
        for index, action in enumerate(found.actions):
            carry_out(book, action, f"{number}.{index}", now)
        now += AGAIN + SETTLE
    else:
        raise AssertionError(found)
    for symbol, holding in book.holdings.items():
        orders = book.live_orders(symbol)
        waits = any(state.in_doubt or state.cancelling for state in orders)
        leaving = any(state.order.closes and not is_stop(state) for state in orders)
        safe = covered(book.stops(symbol)) >= abs(holding.quantity)
        assert waits or leaving or safe, symbol


@settings(max_examples=300, deadline=None)
@given(STEPS)
def test_in_any_book_no_action_takes_a_positions_cover_away(steps):
    book = built(steps)
    for action in protect(book, LATER).actions:
        symbol = getattr(action, "symbol", None) or book.orders[action.reference].order.symbol
        orders = book.live_orders(symbol)
        assert not any(state.stage is OrderStage.UNKNOWN for state in orders)
        if isinstance(action, PlaceStop):
            assert not any(
                state.order.closes and state.order.parent is None and not is_stop(state)
                for state in orders
            )
        if isinstance(action, Flatten):
            continue
        holding = book.holdings.get(symbol)
        wanted = abs(holding.quantity) if holding else 0
        before = covered(book.stops(symbol))
        carry_out(book, action, "0", LATER)
        assert covered(book.stops(symbol)) >= min(before, wanted)


def test_a_state_is_not_changed_by_looking_at_it(held):
    before = (held.version, dict(held.orders), held.positions)
    protect(held, LATER)
    assert (held.version, dict(held.orders), held.positions) == before
