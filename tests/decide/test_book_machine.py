"""The book under every order of truths: told late, twice, and out of order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from skim_core.decide.book import Book
from skim_core.decide.order_states import covered, is_entry
from skim_core.decide.orders import can_follow, next_stage
from skim_core.decide.protection import protect
from skim_core.errors import SequenceError
from skim_core.model import events as ev
from skim_core.model.orders import Fill, Order, OrderStage, OrderType, Side

START = datetime(2026, 1, 5, 23, 0, tzinfo=UTC)
SYMBOLS = ("BHP", "CSL")
MINUTES = st.integers(0, 300)
PICKS = st.integers(0, 10**6)
SIDES = st.sampled_from(Side)
QUANTITIES = st.integers(1, 5).map(lambda hundreds: hundreds * 100)

TOLD = {
    ev.OrderSending: {},
    ev.OrderAcknowledged: {"broker_id": "7"},
    ev.OrderCancelled: {"reason": "asked"},
    ev.OrderCancelling: {},
    ev.OrderRejected: {"reason": "no"},
    ev.OrderAbsent: {"certain": True},
    ev.OrderUnknown: {"finding": "no trace"},
    ev.OrderModified: {"quantity": 300, "stop_price": Decimal(9)},
}
RESOLUTIONS = ("filled", "cancelled", "absent", "working")


class TruthsInAnyOrder(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.book = Book()
        self.stages: dict[str, OrderStage] = {}
        self.orders: list[Order] = []
        self.fills: dict[str, Fill] = {}
        self.realised = Decimal(0)
        self.wanting: tuple[str, ...] = ()
        self.mark = 0

    def apply(self, *events: ev.Event) -> None:
        self.book.check(events)
        for event in events:
            self.book.apply(event)
            if isinstance(event, ev.PositionClosed):
                self.realised += event.profit

    @rule(symbol=st.sampled_from(SYMBOLS), side=SIDES, quantity=QUANTITIES)
    def decide(self, symbol: str, side: Side, quantity: int) -> None:
        entry = Order(
            reference=f"o{len(self.orders)}.P", symbol=symbol, side=side, quantity=quantity
        )
        stop = Order(
            reference=f"o{len(self.orders)}.S",
            symbol=symbol,
            side=side.opposite,
            quantity=quantity,
            type=OrderType.STOP,
            stop_price=Decimal(9),
            purpose="stop",
            parent=entry.reference,
            oca_group=entry.reference,
            closes=True,
        )
        for order in (entry, stop):
            self.apply(
                ev.OrderIntended(at=START, order=order),
                ev.OrderSending(at=START, reference=order.reference),
            )
            self.orders.append(order)
            self.stages[order.reference] = OrderStage.SENDING

    @precondition(lambda self: self.orders)
    @rule(pick=PICKS, kind=st.sampled_from(list(TOLD)), minute=MINUTES)
    def tell(self, pick: int, kind: type[ev.Event], minute: int) -> None:
        reference = self.orders[pick % len(self.orders)].reference
        at = START + timedelta(minutes=minute)
        self.happen(reference, kind.model_validate({"at": at, "reference": reference} | TOLD[kind]))

    @precondition(lambda self: self.orders)
    @rule(pick=PICKS, outcome=st.sampled_from(RESOLUTIONS))
    def resolve(self, pick: int, outcome: str) -> None:
        reference = self.orders[pick % len(self.orders)].reference
        said = {"at": START, "reference": reference, "outcome": outcome, "why": "", "by": "me"}
        self.happen(reference, ev.OrderResolved.model_validate(said))

    def happen(self, reference: str, event: ev.Event) -> None:
        before, version = self.stages[reference], self.book.version
        try:
            self.stages[reference] = next_stage(before, event)
        except SequenceError:
            try:
                self.book.check([event])
            except SequenceError:
                assert self.book.version == version
                return
            raise AssertionError(event) from None
        self.apply(event)

    @precondition(lambda self: self.orders)
    @rule(pick=PICKS, quantity=QUANTITIES, minute=MINUTES, cents=st.integers(900, 1100))
    def trade(self, pick: int, quantity: int, minute: int, cents: int) -> None:
        order = self.orders[pick % len(self.orders)]
        fill = Fill(
            execution_id=f"x{len(self.fills)}",
            reference=order.reference,
            symbol=order.symbol,
            side=order.side,
            quantity=quantity,
            price=Decimal(cents) / 100,
            commission=Decimal(1),
            at=START + timedelta(minutes=minute),
        )
        assert can_follow(self.stages[order.reference], ev.OrderFilled)
        events = self.book.consequences(fill)
        assert isinstance(events[0], ev.OrderFilled)
        self.stages[order.reference] = next_stage(self.stages[order.reference], events[0])
        self.fills[fill.execution_id] = fill
        self.apply(*events)

    @precondition(lambda self: self.fills)
    @rule(pick=PICKS)
    def tell_of_a_fill_again(self, pick: int) -> None:
        fill = list(self.fills.values())[pick % len(self.fills)]
        assert self.book.consequences(fill) == ()

    @invariant()
    def positions_are_the_fold_of_the_fills(self) -> None:
        for symbol in SYMBOLS:
            of_symbol = [fill for fill in self.fills.values() if fill.symbol == symbol]
            held = self.book.positions.get(symbol)
            expected = sum(fill.side.sign * fill.quantity for fill in of_symbol)
            assert (held.quantity if held else 0) == expected

    @invariant()
    def profits_add_up_to_the_cash_of_what_is_flat(self) -> None:
        assert self.book.realised == self.realised
        assert self.book.peak >= max(self.realised, Decimal(0))
        if not self.book.holdings:
            cash = sum(
                -fill.side.sign * fill.quantity * fill.price - fill.commission
                for fill in self.fills.values()
            )
            assert abs(self.realised - cash) < Decimal("0.001")

    @invariant()
    def each_order_is_where_the_table_says_and_filled_as_was_told(self) -> None:
        for order in self.orders:
            state = self.book.orders[order.reference]
            assert state.stage is self.stages[order.reference]
            own = [fill for fill in self.fills.values() if fill.reference == order.reference]
            assert state.filled == sum(fill.quantity for fill in own)
            if own:
                paid = sum(fill.quantity * fill.price for fill in own)
                assert abs(state.average_price - paid / state.filled) < Decimal("1e-20")
            if state.stage is OrderStage.FILLED:
                assert state.open_quantity == 0
            assert 0 <= state.open_quantity <= state.order.quantity

    @invariant()
    def what_is_live_and_what_is_bare_are_as_the_orders_are(self) -> None:
        live = [state for state in self.book.orders.values() if state.live]
        assert {state.order.reference for state in self.book.live} == {
            state.order.reference for state in live
        }
        for symbol in SYMBOLS:
            held = self.book.holdings.get(symbol)
            short = held is not None and covered(self.book.stops(symbol)) < abs(held.quantity)
            assert (symbol in self.book.bare) is short

    @invariant()
    def what_is_asked_by_symbol_is_found_by_looking_at_all_orders(self) -> None:
        states = list(self.book.orders.values())
        for symbol in SYMBOLS:
            of_symbol = [state for state in states if state.order.symbol == symbol]
            assert self.book.orders_in(symbol) == of_symbol
            live = {state.order.reference for state in of_symbol if state.live}
            assert {state.order.reference for state in self.book.live_orders(symbol)} == live
            entries = [state for state in of_symbol if is_entry(state)]
            assert (symbol in self.book.entering) is any(state.live for state in entries)
            newest = entries[-1].order.reference if entries else None
            assert self.book.decided("entry").get(symbol) == newest

    @invariant()
    def protection_of_what_was_touched_is_protection_of_all(self) -> None:
        now = START + timedelta(days=1)
        everything = protect(self.book, now)
        touched, self.mark = self.book.touched_since(self.mark)
        found = protect(self.book, now, dict.fromkeys(self.wanting) | touched)
        self.wanting = found.wanting
        assert set(found.actions) == set(everything.actions)
        assert set(found.wanting) == set(everything.wanting)
        assert found.look_at == everything.look_at


TestTruthsInAnyOrder = TruthsInAnyOrder.TestCase
TestTruthsInAnyOrder.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
