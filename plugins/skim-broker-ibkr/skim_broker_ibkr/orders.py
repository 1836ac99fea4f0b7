"""Orders: from skim's to what TWS takes, and from what TWS says back to reports."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from skim_broker_ibkr.told import ToldOrder
from skim_core import Order, OrderStatus, OrderType, Side, TimeInForce
from skim_core.broker import TickBand
from skim_core.errors import NotSentError

REDUCE_WITHOUT_BLOCK = 3
"""Of a one-cancels-all group the others are reduced by what one trades (ocaType)."""

_REFERENCE = re.compile(r"[A-Za-z0-9._\-]{1,40}")
_ACTIONS = {Side.BUY: "BUY", Side.SELL: "SELL"}
_SIDES = {
    "BUY": Side.BUY,
    "SELL": Side.SELL,
    "BOT": Side.BUY,
    "SLD": Side.SELL,
    "SSHORT": Side.SELL,
}
_KINDS = {
    OrderType.MARKET: "MKT",
    OrderType.LIMIT: "LMT",
    OrderType.STOP: "STP",
    OrderType.STOP_LIMIT: "STP LMT",
}
_AT_CLOSE = {OrderType.MARKET: "MOC", OrderType.LIMIT: "LOC"}
_TIMES = {TimeInForce.DAY: "DAY", TimeInForce.GTC: "GTC", TimeInForce.AT_OPEN: "OPG"}
_STATUSES = {
    "PendingSubmit": OrderStatus.WORKING,
    "ApiPending": OrderStatus.WORKING,
    "PreSubmitted": OrderStatus.WORKING,
    "Submitted": OrderStatus.WORKING,
    "PendingCancel": OrderStatus.WORKING,
    "Filled": OrderStatus.FILLED,
    "Cancelled": OrderStatus.CANCELLED,
    "ApiCancelled": OrderStatus.CANCELLED,
    "Inactive": OrderStatus.REJECTED,
}


@dataclass(frozen=True, slots=True)
class Placement:
    """An order in TWS's words, without the ids that it gets when it leaves."""

    reference: str
    action: str
    quantity: int
    kind: str
    limit_price: Decimal | None
    stop_price: Decimal | None
    time_in_force: str
    oca_group: str
    oca_type: int
    transmit: bool = True
    parent: str | None = None


def placements(orders: Sequence[Order], ticks: Sequence[TickBand]) -> list[Placement]:
    """Return what is sent for orders that belong together: only the last one transmits.

    Prices are put on `ticks`, those that IBKR has for the contract; none for no rounding.
    Raises NotSentError for what TWS has no words for.
    """
    last = len(orders) - 1
    references = {order.reference for order in orders}
    return [
        _placement(order, ticks, transmit=number == last, together=references)
        for number, order in enumerate(orders)
    ]


def placement(order: Order, ticks: Sequence[TickBand]) -> Placement:
    """Return what is sent for one order, or for a change of it."""
    return _placement(order, ticks, transmit=True, together={order.reference})


def _placement(
    order: Order, ticks: Sequence[TickBand], *, transmit: bool, together: set[str]
) -> Placement:
    kind, time_in_force = _KINDS[order.type], _TIMES.get(order.time_in_force, "DAY")
    if order.time_in_force is TimeInForce.AT_CLOSE:
        if order.type not in _AT_CLOSE:
            msg = (
                f"{order.reference}: IBKR takes market and limit orders for the closing auction, "
                f"found a {order.type} order."
            )
            raise NotSentError(msg)
        kind = _AT_CLOSE[order.type]
    limit, stop = order.limit_price, order.stop_price
    buys = order.side is Side.BUY
    return Placement(
        reference=order.reference,
        action=_ACTIONS[order.side],
        quantity=order.quantity,
        kind=kind,
        # A limit to the side that is not worse, a stop away from the market.
        limit_price=None if limit is None else on_tick(limit, ticks, up=not buys),
        stop_price=None if stop is None else on_tick(stop, ticks, up=buys),
        time_in_force=time_in_force,
        oca_group=order.oca_group or "",
        oca_type=REDUCE_WITHOUT_BLOCK if order.oca_group else 0,
        transmit=transmit,
        parent=order.parent if order.parent in together else None,
    )


def on_tick(price: Decimal, ticks: Sequence[TickBand], *, up: bool) -> Decimal:
    """Return the nearest price on the tick, not below (`up`) or not above `price`."""
    bands = [band for band in ticks if band.from_price <= price]
    if not bands:
        return price
    tick = max(bands, key=lambda band: band.from_price).tick
    steps = (price / tick).quantize(Decimal(1), ROUND_CEILING if up else ROUND_FLOOR)
    rounded = steps * tick
    return rounded if rounded > 0 else price


def side_of(action: str) -> Side | None:
    """Return which way an order or an execution trades."""
    return _SIDES.get(action)


def status_of(status: str, *, held: bool) -> OrderStatus | None:
    """Return where an order is; None for a word that is not TWS's.

    `held`: it is a child whose parent has not traded.
    """
    found = _STATUSES.get(status)
    if found is OrderStatus.WORKING and held and status != "Submitted":
        return OrderStatus.HELD
    return found


def reference_of(reference: str, perm_id: int, client_id: int = 0, order_id: int = 0) -> str:
    """Return an order's reference; one made of its ids when it carries none that skim can have."""
    if _REFERENCE.fullmatch(reference):
        return reference
    return f"ibkr-{perm_id}" if perm_id else f"ibkr-{client_id}-{order_id}"


def differs(told: ToldOrder, asked: Placement) -> bool:
    """Whether TWS holds another quantity or other prices than were asked for."""
    return (told.quantity, told.limit_price, told.stop_price) != (
        asked.quantity,
        asked.limit_price,
        asked.stop_price,
    )
