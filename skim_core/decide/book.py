"""The book of a day: its candidates, opening ranges, orders, and positions.

A fold of the day's events, like the sequencer's state. The strategy's position is the
fold of its own fills, whatever else the account holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, ClassVar

from skim_core.model import events as ev
from skim_core.model.market import Candidate, OpeningRange
from skim_core.model.orders import Fill, OrderState, OrderStatus, Position, Side


@dataclass(slots=True)
class _Holding:
    """A position as it is built and taken down, from flat to flat."""

    side: Side
    opened_at: datetime
    bought: int = 0
    cost: Decimal = Decimal(0)
    sold: int = 0
    proceeds: Decimal = Decimal(0)
    commission: Decimal = Decimal(0)

    @property
    def quantity(self) -> int:
        return (self.bought - self.sold) * self.side.sign

    def add(self, fill: Fill) -> None:
        self.commission += fill.commission
        if fill.side is self.side:
            self.bought += fill.quantity
            self.cost += fill.quantity * fill.price
        else:
            self.sold += fill.quantity
            self.proceeds += fill.quantity * fill.price

    def position(self, symbol: str) -> Position:
        return Position(
            symbol=symbol, quantity=self.quantity, average_price=self.cost / self.bought
        )

    def closed(self, fill: Fill) -> ev.PositionClosed:
        commission = self.commission + fill.commission
        proceeds = self.proceeds + fill.quantity * fill.price
        return ev.PositionClosed(
            at=fill.at,
            symbol=fill.symbol,
            quantity=self.bought,
            entry_price=_exact(self.cost / self.bought),
            exit_price=_exact(proceeds / self.bought),
            profit=_exact((proceeds - self.cost) * self.side.sign - commission),
            opened_at=self.opened_at,
        )


def _exact(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.000001")).normalize() + Decimal(0)


class Book:
    """What a day found, sent and holds. `apply` every event of the day, in order."""

    def __init__(self) -> None:
        self._candidates: dict[str, Candidate] = {}
        self._ranges: dict[str, OpeningRange] = {}
        self._orders: dict[str, OrderState] = {}
        self._children: dict[str, list[str]] = {}
        self._holdings: dict[str, _Holding] = {}
        self._executions: set[str] = set()

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
        return MappingProxyType(self._orders)

    @property
    def positions(self) -> dict[str, Position]:
        """What the strategy holds, by symbol; flat ones are left out."""
        return {symbol: held.position(symbol) for symbol, held in self._holdings.items()}

    def live_orders(self, symbol: str) -> list[OrderState]:
        """Return the orders in `symbol` that may still trade, oldest first."""
        return [
            state for state in self._orders.values() if state.live and state.order.symbol == symbol
        ]

    def apply(self, event: ev.Event) -> None:
        """Fold one event; those that are not the book's business change nothing."""
        fold = self._folds.get(type(event))
        if fold is not None:
            fold(self, event)

    def consequences(self, fill: Fill) -> tuple[ev.Event, ...]:
        """Return the events that a broker's fill means; none when it is known already.

        A fill of an order that is not in the book means nothing here: it is another's.
        """
        state = self._orders.get(fill.reference)
        if state is None or fill.execution_id in self._executions:
            return ()
        remaining = max(0, state.order.quantity - state.filled - fill.quantity)
        events: list[ev.Event] = [ev.OrderFilled(at=fill.at, fill=fill, remaining=remaining)]
        if state.order.purpose == "stop" and state.order.stop_price is not None:
            events.append(
                ev.StopHit(
                    at=fill.at,
                    reference=fill.reference,
                    symbol=fill.symbol,
                    stop_price=state.order.stop_price,
                    fill_price=fill.price,
                )
            )
        holding = self._holdings.get(fill.symbol)
        if holding is None:
            events.append(
                ev.PositionOpened(
                    at=fill.at,
                    symbol=fill.symbol,
                    side=fill.side,
                    quantity=fill.quantity,
                    price=fill.price,
                )
            )
        elif holding.quantity + fill.side.sign * fill.quantity == 0:
            events.append(holding.closed(fill))
        return tuple(events)

    def _purge(self, event: ev.CandidatesPurged) -> None:
        for symbol in event.symbols or {*self._candidates, *self._ranges}:
            self._candidates.pop(symbol, None)
            self._ranges.pop(symbol, None)

    def _fill(self, event: ev.OrderFilled) -> None:
        fill = event.fill
        state = self._orders[fill.reference]
        filled = state.filled + fill.quantity
        paid = (state.average_price or Decimal(0)) * state.filled + fill.price * fill.quantity
        status = state.status if event.remaining else OrderStatus.FILLED
        self._change(
            fill.reference, filled=filled, average_price=paid / filled, status=status, accepted=True
        )
        self._executions.add(fill.execution_id)
        for child in self._children.get(fill.reference, ()):
            if self._orders[child].status is OrderStatus.HELD:
                self._change(child, status=OrderStatus.WORKING)
        holding = self._holdings.setdefault(fill.symbol, _Holding(fill.side, fill.at))
        holding.add(fill)
        if holding.quantity == 0:
            del self._holdings[fill.symbol]

    def _change(self, reference: str, **changes: Any) -> None:
        self._orders[reference] = self._orders[reference].model_copy(update=changes)

    def _submit(self, event: ev.OrderSubmitted) -> None:
        held = event.order.parent is not None
        status = OrderStatus.HELD if held else OrderStatus.WORKING
        self._orders[event.order.reference] = OrderState(order=event.order, status=status)
        if event.order.parent is not None:
            self._children.setdefault(event.order.parent, []).append(event.order.reference)

    def _modify(self, event: ev.OrderModified) -> None:
        order = self._orders[event.reference].order.model_copy(
            update={
                "quantity": event.quantity,
                "limit_price": event.limit_price,
                "stop_price": event.stop_price,
            }
        )
        self._change(event.reference, order=order)

    def _scan(self, event: ev.CandidatesScanned) -> None:
        self._candidates.update({found.symbol: found for found in event.candidates})

    def _track(self, event: ev.OpeningRangesTracked) -> None:
        self._ranges.update({measured.symbol: measured for measured in event.ranges})

    def _accept(self, event: ev.OrderAccepted) -> None:
        self._change(event.reference, accepted=True)

    def _end(self, event: ev.OrderCancelled | ev.OrderRejected) -> None:
        cancelled = isinstance(event, ev.OrderCancelled)
        status = OrderStatus.CANCELLED if cancelled else OrderStatus.REJECTED
        self._change(event.reference, status=status, reason=event.reason, accepted=True)

    def _forget(self, event: ev.OrderAbsent) -> None:
        reason = "the broker never had it"
        self._change(event.reference, status=OrderStatus.CANCELLED, reason=reason)

    _folds: ClassVar[dict[type[ev.Event], Callable[[Book, Any], None]]] = {
        ev.CandidatesPurged: _purge,
        ev.CandidatesScanned: _scan,
        ev.OpeningRangesTracked: _track,
        ev.OrderSubmitted: _submit,
        ev.OrderAccepted: _accept,
        ev.OrderModified: _modify,
        ev.OrderFilled: _fill,
        ev.OrderCancelled: _end,
        ev.OrderRejected: _end,
        ev.OrderAbsent: _forget,
    }
