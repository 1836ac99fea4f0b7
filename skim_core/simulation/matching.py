"""When an order of the model exchange next trades, and at what price."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from skim_core.model.orders import Order, OrderType, Side, TimeInForce
from skim_core.simulation.market import ModelMarket, in_ticks
from skim_core.simulation.model_orders import ModelOrder

_SHORTEST, _LONGEST = 0.02, 15.0
"""Seconds from when the market reaches an order until it trades."""


def next_trade(
    found: ModelOrder, market: ModelMarket, now: datetime, draw: Callable[..., float]
) -> datetime | None:
    """Return when an order trades next, or None: not in this session.

    Some time after the market has reached it: the queue at its price, the way to the
    exchange. `draw` decides how long. In a halt nothing trades; a trade that falls into one
    comes after it.
    """
    order, session = found.order, market.session
    if order.time_in_force is TimeInForce.AT_CLOSE:
        return session.close if now <= session.close else None
    if order.time_in_force is TimeInForce.AT_OPEN:
        return session.open if now <= session.open else None
    reached = _reached(found, market, max(now, session.open))
    if reached is None:
        return None
    chance = draw("trade", order.reference, found.trades)
    wait = _SHORTEST + chance**4 * _LONGEST
    if found.trades:
        wait += chance * found.pause
    when = reached + timedelta(seconds=wait)
    resumed = market.halted_until(order.symbol, when)
    while resumed is not None:
        when = resumed + timedelta(seconds=_SHORTEST + chance)
        resumed = market.halted_until(order.symbol, when)
    return when if when < session.close else None


def trade_price(found: ModelOrder, market: ModelMarket, now: datetime) -> int:
    """Return the price in ticks at which an order trades now, never beyond its limit."""
    order = found.order
    last = market.ticks(order.symbol, now)
    if order.limit_price is None:
        # The other side's price.
        return last + order.side.sign
    limit = in_ticks(order.limit_price)
    return min(limit, last) if order.side is Side.BUY else max(limit, last)


def _reached(found: ModelOrder, market: ModelMarket, start: datetime) -> datetime | None:
    order = found.order
    if start >= market.session.close:
        return None
    level = _level(order, triggered=found.triggered)
    if level is None or (order.type is OrderType.STOP and found.trades):
        return start
    stop = order.stop_price is not None and not found.triggered
    falling = (order.side is Side.BUY) is not stop
    return market.reaches(order.symbol, in_ticks(level), start, falling=falling)


def _level(order: Order, *, triggered: bool) -> Decimal | None:
    """Return the price that an order waits for, or None: it trades at market."""
    if order.stop_price is not None and not triggered:
        return order.stop_price
    return order.limit_price
