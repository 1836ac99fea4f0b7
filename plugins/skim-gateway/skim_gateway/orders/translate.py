"""From a TWS order to one that the simulated exchange takes: rules as tables."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from skim_core import Order as ExchangeOrder
from skim_core import OrderType, Side, TimeInForce
from skim_gateway import codes
from skim_gateway.wire.answers import ErrorMessage
from skim_gateway.wire.orders import Order
from skim_gateway.wire.requests import PlaceOrder

_REFERENCE = re.compile(r"[A-Za-z0-9._\-]{1,40}")

_TYPES = {
    "MKT": OrderType.MARKET,
    "LMT": OrderType.LIMIT,
    "STP": OrderType.STOP,
    "STP LMT": OrderType.STOP_LIMIT,
    "MOC": OrderType.MARKET,
    "LOC": OrderType.LIMIT,
}
_AT_CLOSE = {"MOC", "LOC"}
_TIMES = {
    "": TimeInForce.DAY,
    "DAY": TimeInForce.DAY,
    "GTC": TimeInForce.GTC,
    "OPG": TimeInForce.AT_OPEN,
}
_SIDES = {"BUY": Side.BUY, "SELL": Side.SELL, "SSHORT": Side.SELL}
_LIMITED = {OrderType.LIMIT, OrderType.STOP_LIMIT}
_STOPPED = {OrderType.STOP, OrderType.STOP_LIMIT}

_UNABLE: tuple[tuple[str, Callable[[PlaceOrder], object]], ...] = (
    ("combinations", lambda placed: placed.contract.sec_type == "BAG"),
    ("conditions", lambda placed: placed.order.conditions),
    ("algorithms", lambda placed: placed.order.algo_strategy),
    ("hedges", lambda placed: placed.order.hedge_type),
    ("all-or-none", lambda placed: placed.order.all_or_none),
    ("a start time", lambda placed: placed.order.good_after_time),
    ("a quantity in cash", lambda placed: placed.order.cash_qty),
    ("scale orders", lambda placed: placed.order.scale_price_increment),
)
"""What the simulated exchange can't do, and how an order asks for it."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the exchange needs to know of an order, beside its reference and its relations."""

    side: Side
    quantity: int
    type: OrderType
    limit_price: Decimal | None
    stop_price: Decimal | None
    time_in_force: TimeInForce


class Refusal(Exception):
    """An order that is not taken; `answer` says why."""

    def __init__(self, answer: ErrorMessage) -> None:
        super().__init__(answer.text)
        self.answer = answer


def terms(placed: PlaceOrder) -> Terms:
    """Return an order's terms. Raises Refusal."""
    order, number = placed.order, placed.order_id
    for name, asked in _UNABLE:
        if asked(placed):
            raise _rejected(number, f"the simulated exchange does not take {name}")
    kind = _TYPES.get(order.order_type)
    if kind is None:
        raise Refusal(codes.error(codes.UNSUPPORTED_ORDER_TYPE, number))
    side = _SIDES.get(order.action)
    if side is None:
        raise _invalid(number, f"Invalid side: {order.action}")
    time_in_force = _TIMES.get(order.tif)
    if time_in_force is None:
        raise Refusal(codes.error(codes.INVALID_TIME_IN_FORCE, number, why=order.tif))
    limit, stop = order.lmt_price, order.aux_price
    return Terms(
        side=side,
        quantity=_quantity(order, number),
        type=kind,
        limit_price=_price(limit, number, "limit") if kind in _LIMITED else None,
        stop_price=_price(stop, number, "stop") if kind in _STOPPED else None,
        time_in_force=(TimeInForce.AT_CLOSE if order.order_type in _AT_CLOSE else time_in_force),
    )


def order_of(
    reference: str, symbol: str, found: Terms, parent: str | None, group: str | None
) -> ExchangeOrder:
    """Return the exchange's order."""
    return ExchangeOrder(
        reference=reference,
        symbol=symbol,
        side=found.side,
        quantity=found.quantity,
        type=found.type,
        limit_price=found.limit_price,
        stop_price=found.stop_price,
        time_in_force=found.time_in_force,
        parent=parent,
        oca_group=group,
    )


def reference(text: str) -> str | None:
    """Return `text` if it can be an order's reference at the exchange, or None."""
    return text if _REFERENCE.fullmatch(text) else None


def group_of(name: str) -> str | None:
    """Return the exchange's name for the OCA group `name`; None for no group."""
    if not name:
        return None
    return reference(name) or f"oca-{hashlib.sha256(name.encode()).hexdigest()[:24]}"


def _quantity(order: Order, number: int) -> int:
    quantity = order.total_quantity
    if quantity != quantity.to_integral_value() if quantity.is_finite() else True:
        raise Refusal(codes.error(codes.FRACTIONAL, number))
    if not 0 < quantity <= 10**9:
        raise _invalid(number, "The size value cannot be zero")
    return int(quantity)


def _price(price: Decimal | None, number: int, name: str) -> Decimal:
    if price is None or not price.is_finite() or price <= 0 or price >= 10**9:
        raise _invalid(number, f"Invalid {name} price: {price}")
    cut = price.quantize(Decimal("0.000001"))
    if cut != price:
        raise Refusal(codes.error(codes.OFF_TICK, number))
    return cut.normalize() + Decimal(0)


def _rejected(number: int, why: str) -> Refusal:
    return Refusal(codes.error(codes.ORDER_REJECTED, number, why=why))


def _invalid(number: int, why: str) -> Refusal:
    return Refusal(codes.error(codes.INVALID, number, why=why))
