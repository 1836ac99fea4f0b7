"""The book of a day: its candidates, opening ranges, orders, and positions.

A fold of the day's events, like the sequencer's state. The strategy's position is the
fold of its own fills, whatever else the account holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, ClassVar

from skim_core.decide.fills import consequences, resolved_execution
from skim_core.decide.holdings import Holding, split
from skim_core.decide.order_states import OrderStates, covered, is_stop
from skim_core.decide.orders import next_stage
from skim_core.decide.possible import check
from skim_core.model import events as ev
from skim_core.model.base import changed, sound
from skim_core.model.market import Candidate, OpeningRange
from skim_core.model.orders import Fill, OrderStage, OrderState, Position

_STATE = sound(OrderState)


class Book:
    """What a day found, sent and holds. `apply` every event of the day, in order.

    `halted` is the halt that keeps entries back, `connected` whether the line to the broker
    is up, `foreign` the shares by symbol that others hold in the account, `lapsed` the
    positions whose missing protection was told of; `touched` is when an order or position
    of a symbol last changed; `closes` is the end of the day's session. `version` grows with each change.
    """

    def __init__(self) -> None:
        self._candidates: dict[str, Candidate] = {}
        self._ranges: dict[str, OpeningRange] = {}
        self._orders = OrderStates()
        self._holdings: dict[str, Holding] = {}
        self._executions: dict[str, str] = {}
        self._bare: dict[str, datetime] = {}
        self.touched: dict[str, datetime] = {}
        self.refusals: dict[tuple[str, str], ev.OrderRefused] = {}
        self.entries_sent: list[datetime] = []
        self.realised = Decimal(0)
        self.peak = Decimal(0)
        self.halted: ev.EntriesHalted | None = None
        self.connected = True
        self.foreign: Mapping[str, int] = {}
        self.foreign_orders: tuple[str, ...] = ()
        self.reconciled = False
        self.lapsed: set[str] = set()
        self.closes: datetime | None = None
        self.version = 0

    @property
    def candidates(self) -> Mapping[str, Candidate]:
        """Today's candidates by symbol, in the order they were found."""
        return MappingProxyType(self._candidates)

    @property
    def ranges(self) -> Mapping[str, OpeningRange]:
        """Today's opening ranges by symbol."""
        return MappingProxyType(self._ranges)

    @property
    def orders(self) -> Mapping[str, OrderState]:
        """Every order by reference, oldest first."""
        return self._orders.all

    @property
    def holdings(self) -> Mapping[str, Holding]:
        """What the strategy holds, by symbol, with what it cost."""
        return MappingProxyType(self._holdings)

    @property
    def positions(self) -> dict[str, Position]:
        """What the strategy holds, by symbol; flat ones are left out."""
        return {symbol: held.position(symbol) for symbol, held in self._holdings.items()}

    @property
    def bare(self) -> Mapping[str, datetime]:
        """The positions that no working stop covers wholly, and since when."""
        return MappingProxyType(self._bare)

    @property
    def live(self) -> list[OrderState]:
        """The orders that may still trade, oldest first."""
        return self._orders.live

    @property
    def has_live(self) -> bool:
        """Whether any order may still trade."""
        return self._orders.has_live

    @property
    def entering(self) -> set[str]:
        """The symbols in which an entry may still trade."""
        return self._orders.entering

    def orders_in(self, symbol: str) -> list[OrderState]:
        """Return every order in `symbol`, oldest first."""
        return self._orders.in_symbol(symbol)

    def live_orders(self, symbol: str) -> list[OrderState]:
        """Return the orders in `symbol` that may still trade, oldest first."""
        return self._orders.live_in(symbol)

    def decided(self, purpose: str) -> Mapping[str, str]:
        """Return the newest order of each decision of that purpose: its reference by symbol."""
        return self._orders.decided(purpose)

    def touched_since(self, mark: int) -> tuple[dict[str, None], int]:
        """Return the symbols whose orders or position changed since `mark`, and the next mark."""
        return self._orders.touched_since(mark)

    def unknown(self, symbol: str) -> OrderState | None:
        """Return an order in `symbol` of which nobody knows what became of it, or None."""
        states = (state for state in self.live_orders(symbol))
        return next((state for state in states if state.stage is OrderStage.UNKNOWN), None)

    def stops(self, symbol: str) -> list[OrderState]:
        """Return the live stops that protect the position in `symbol`, oldest first."""
        held = self._holdings.get(symbol)
        return [
            state
            for state in self.live_orders(symbol)
            if is_stop(state) and (held is None or state.order.side is not held.side)
        ]

    def executions(self, reference: str) -> tuple[str, ...]:
        """Return the execution ids of an order's fills, oldest first."""
        return tuple(name for name, order in self._executions.items() if order == reference)

    def check(self, events: Iterable[ev.Event]) -> None:
        """Raise SequenceError when one of `events` can't happen to its order; change nothing."""
        check(events, self._orders)

    def apply(self, event: ev.Event) -> None:
        """Fold one event; those that are not the book's business change nothing.

        Raises SequenceError for an order's event that can't happen to it.
        """
        fold = self._folds.get(type(event))
        if fold is not None:
            fold(self, event)
            self.version += 1

    def consequences(self, fill: Fill) -> tuple[ev.Event, ...]:
        """Return the events that a broker's fill means; none when it is known already.

        A fill of an order that is not in the book means nothing here: it is another's.
        What a person has said of an order stands, also against a fill that is told later.
        """
        state = self._orders.get(fill.reference)
        told = {fill.execution_id, resolved_execution(fill.reference)} & self._executions.keys()
        if state is None or told:
            return ()
        return consequences(state, self._holdings.get(fill.symbol), fill)

    # Folds

    def _begin(self, event: ev.DayStarted) -> None:
        self.closes = event.session.close

    def _purge(self, event: ev.CandidatesPurged) -> None:
        for symbol in event.symbols or {*self._candidates, *self._ranges}:
            self._candidates.pop(symbol, None)
            self._ranges.pop(symbol, None)

    def _scan(self, event: ev.CandidatesScanned) -> None:
        self._candidates.update({found.symbol: found for found in event.candidates})

    def _track(self, event: ev.OpeningRangesTracked) -> None:
        self._ranges.update({measured.symbol: measured for measured in event.ranges})

    def _refuse(self, event: ev.OrderRefused) -> None:
        self.refusals[event.symbol, event.purpose] = event
        self._see_peak(event.reading)

    def _intend(self, event: ev.OrderIntended) -> None:
        order = event.order
        self._put(_STATE(order=order, changed_at=event.at))
        self.refusals.pop((order.symbol, order.purpose), None)
        self._see_peak(event.reading)
        if event.reading is not None:
            self.entries_sent.append(event.at)

    def _see_peak(self, reading: Any) -> None:
        if reading is not None:
            self.peak = max(self.peak, reading.profit)

    def _advance(self, event: Any) -> None:
        state = self._orders[event.reference]
        changes: dict[str, Any] = {"stage": next_stage(state.stage, event), "changed_at": event.at}
        if type(event) is ev.OrderSending:
            # A cancel that was asked for before was of an order that never arrived.
            changes |= {"sent_at": event.at, "resendable": False, "cancelling": False}
        elif type(event) is ev.OrderAbsent:
            may = event.certain or state.order.limit_price is not None
            changes |= {"reason": event.reason, "resendable": may}
        elif type(event) is ev.OrderAcknowledged:
            changes["broker_id"] = event.broker_id or state.broker_id
        else:
            changes["reason"] = getattr(event, "reason", "") or getattr(event, "finding", "")
        self._put(changed(state, changes), event.at)

    def _modify(self, event: ev.OrderModified) -> None:
        state = self._orders[event.reference]
        prices = {"limit_price": event.limit_price, "stop_price": event.stop_price}
        order = changed(state.order, {"quantity": event.quantity, **prices})
        self._put(changed(state, {"order": order}), event.at)

    def _ask_cancel(self, event: ev.OrderCancelling) -> None:
        state = self._orders[event.reference]
        self._put(changed(state, {"cancelling": True}), event.at)

    def _fill(self, event: ev.OrderFilled) -> None:
        fill = event.fill
        state = self._orders[fill.reference]
        filled = state.filled + fill.quantity
        paid = (state.average_price or Decimal(0)) * state.filled + fill.price * fill.quantity
        changes = {
            "filled": filled,
            "average_price": paid / filled,
            "stage": next_stage(state.stage, event),
            "changed_at": fill.at,
        }
        self._executions[fill.execution_id] = fill.reference
        self._take_from_group(state, fill.quantity)
        self._hold(fill)
        self._put(changed(state, changes), fill.at)

    def _take_from_group(self, state: OrderState, quantity: int) -> None:
        group = state.order.oca_group
        if group is None:
            return
        for other in self.live_orders(state.order.symbol):
            if other.order.oca_group == group and other.order.reference != state.order.reference:
                taken = min(other.taken + quantity, other.order.quantity - other.filled)
                self._orders.put(changed(other, {"taken": taken}))

    def _hold(self, fill: Fill) -> None:
        closing, opening = split(self._holdings.get(fill.symbol), fill)
        if closing is not None:
            holding = self._holdings[fill.symbol]
            holding.add(closing)
            if holding.quantity == 0:
                del self._holdings[fill.symbol]
        if opening is not None:
            self._holdings.setdefault(fill.symbol, Holding(fill.side, fill.at)).add(opening)

    def _carry_order(self, event: ev.OrderCarried) -> None:
        self._executions |= dict.fromkeys(event.executions, event.state.order.reference)
        self._put(event.state, event.at)

    def _carry_position(self, event: ev.PositionCarried) -> None:
        self._holdings[event.symbol] = Holding.carried(event)
        self._orders.touch(event.symbol)
        self._look_at_cover(event.symbol, event.at)

    def _close(self, event: ev.PositionClosed) -> None:
        self.realised += event.profit
        self.peak = max(self.peak, self.realised)

    def _lapse(self, event: ev.ProtectionLapsed) -> None:
        self.lapsed.add(event.symbol)

    def _restore(self, event: ev.ProtectionRestored) -> None:
        self.lapsed.discard(event.symbol)

    def _halt(self, event: ev.EntriesHalted) -> None:
        self.halted = event

    def _resume(self, _event: ev.EntriesResumed) -> None:
        self.halted = None

    def _connect(self, event: ev.ConnectionChanged) -> None:
        self.connected = event.up

    def _reconcile(self, event: ev.Reconciled) -> None:
        self.foreign = event.foreign_positions
        self.foreign_orders = event.foreign_orders
        self.reconciled = True

    def _put(self, state: OrderState, at: datetime | None = None) -> None:
        self._orders.put(state)
        if at is not None:
            self._look_at_cover(state.order.symbol, at)

    def _look_at_cover(self, symbol: str, at: datetime) -> None:
        self.touched[symbol] = at
        held = self._holdings.get(symbol)
        if held is None or covered(self.stops(symbol)) >= abs(held.quantity):
            self._bare.pop(symbol, None)
        else:
            self._bare.setdefault(symbol, at)

    _folds: ClassVar[dict[type[ev.Event], Callable[[Book, Any], None]]] = {
        ev.DayStarted: _begin,
        ev.CandidatesPurged: _purge,
        ev.CandidatesScanned: _scan,
        ev.OpeningRangesTracked: _track,
        ev.OrderRefused: _refuse,
        ev.OrderIntended: _intend,
        ev.OrderSending: _advance,
        ev.OrderAcknowledged: _advance,
        ev.OrderModified: _modify,
        ev.OrderCancelling: _ask_cancel,
        ev.OrderFilled: _fill,
        ev.OrderCancelled: _advance,
        ev.OrderRejected: _advance,
        ev.OrderAbsent: _advance,
        ev.OrderUnknown: _advance,
        ev.OrderResolved: _advance,
        ev.OrderCarried: _carry_order,
        ev.PositionCarried: _carry_position,
        ev.PositionClosed: _close,
        ev.ProtectionLapsed: _lapse,
        ev.ProtectionRestored: _restore,
        ev.EntriesHalted: _halt,
        ev.EntriesResumed: _resume,
        ev.ConnectionChanged: _connect,
        ev.Reconciled: _reconcile,
    }
