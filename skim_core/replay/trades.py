"""Trades as a replay lists them: a fold of each day's events, across sessions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any

from skim_core.model import events as ev
from skim_core.model.orders import Fill, Order, Side
from skim_core.model.session import Session

_R = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Trade:
    """One position from flat to flat; a row of ``trades.csv``.

    `session` is the one in which it was closed. Prices are averages in quote currency,
    `quantity` in shares, `profit` (after commissions) and `commission` in the exchange's
    currency. `stop` is the stop as it was first placed, and `r_multiple` the profit in units
    of what would have been lost there: profit / (|entry - stop| * quantity). `exit_reason`
    is the purpose of the order that closed it: ``stop``, ``target``, or as the exit was called.
    """

    strategy: str
    session: dt.date
    symbol: str
    side: str
    quantity: int
    entered_at: dt.datetime
    entry_price: Decimal
    exited_at: dt.datetime
    exit_price: Decimal
    profit: Decimal
    commission: Decimal
    stop: Decimal | None
    r_multiple: Decimal | None
    exit_reason: str
    held_overnight: bool

    def row(self) -> dict[str, Any]:
        """Return the trade by column."""
        return {column.name: getattr(self, column.name) for column in fields(self)}


COLUMNS = tuple(column.name for column in fields(Trade))
"""The columns of the table of trades."""


@dataclass(slots=True)
class Position:
    """A position that is open: what its trade will be told of besides its end."""

    side: Side
    opened_at: dt.datetime
    stop: Decimal | None = None
    commission: Decimal = Decimal(0)
    overnight: bool = False


_TOLD = frozenset(
    {
        ev.PositionCarried,
        ev.OrderCarried,
        ev.OrderIntended,
        ev.OrderFilled,
        ev.PositionOpened,
        ev.PositionClosed,
    }
)
"""The events that tell of trades: a fifth of a day's."""


@dataclass(slots=True)
class TradeFold:
    """The trades of one strategy in one session; `positions` are those brought into it."""

    strategy: str
    session: Session
    positions: dict[str, Position] = field(default_factory=dict)
    _orders: dict[str, Order] = field(default_factory=dict)
    _stops: dict[str, Decimal] = field(default_factory=dict)
    _fills: dict[str, Fill] = field(default_factory=dict)

    def trades(self, events: Iterable[ev.Event]) -> Iterator[Trade]:
        """Yield the trades that `events` close, in order; `positions` are then what is left."""
        before, self.positions = self.positions, {}
        for event in events:
            if type(event) not in _TOLD:
                continue
            if isinstance(event, ev.PositionCarried):
                self.positions[event.symbol] = _carried(event, before)
            elif isinstance(event, ev.OrderCarried):
                self._orders[event.state.order.reference] = event.state.order
            elif isinstance(event, ev.OrderIntended):
                self._intend(event.order)
            elif isinstance(event, ev.OrderFilled):
                self._fill(event.fill)
            elif isinstance(event, ev.PositionOpened):
                self._open(event)
            elif isinstance(event, ev.PositionClosed):
                yield self._close(event)

    def _intend(self, order: Order) -> None:
        self._orders[order.reference] = order
        if order.purpose != "stop" or order.stop_price is None:
            return
        if order.parent is not None:
            self._stops.setdefault(order.parent, order.stop_price)
        held = self.positions.get(order.symbol)
        if held is not None and held.stop is None:
            held.stop = order.stop_price

    def _fill(self, fill: Fill) -> None:
        self._fills[fill.symbol] = fill
        held = self.positions.get(fill.symbol)
        if held is not None:
            held.commission += fill.commission

    def _open(self, event: ev.PositionOpened) -> None:
        fill = self._fills[event.symbol]
        # Of a fill that goes beyond flat the whole commission is the closed position's.
        turned = event.quantity < fill.quantity
        self.positions[event.symbol] = Position(
            side=event.side,
            opened_at=event.at,
            stop=self._stops.get(fill.reference),
            commission=Decimal(0) if turned else fill.commission,
        )

    def _close(self, event: ev.PositionClosed) -> Trade:
        held = self.positions.pop(event.symbol)
        order = self._orders[self._fills[event.symbol].reference]
        return Trade(
            strategy=self.strategy,
            session=self.session.date,
            symbol=event.symbol,
            side=held.side.value,
            quantity=event.quantity,
            entered_at=held.opened_at,
            entry_price=event.entry_price,
            exited_at=event.at,
            exit_price=event.exit_price,
            profit=event.profit,
            commission=held.commission,
            stop=held.stop,
            r_multiple=_r_multiple(event, held.stop),
            exit_reason=order.purpose,
            held_overnight=held.overnight,
        )


def _carried(event: ev.PositionCarried, before: Mapping[str, Position]) -> Position:
    known = before.get(event.symbol)
    return Position(
        side=Side.BUY if event.quantity > 0 else Side.SELL,
        opened_at=event.opened_at,
        stop=known.stop if known is not None else None,
        commission=event.commission,
        overnight=True,
    )


def _r_multiple(event: ev.PositionClosed, stop: Decimal | None) -> Decimal | None:
    if stop is None or stop == event.entry_price:
        return None
    risk = abs(event.entry_price - stop) * event.quantity
    return (event.profit / risk).quantize(_R)
