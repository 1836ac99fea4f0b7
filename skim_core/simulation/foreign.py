"""Somebody else who trades in the same account: by hand, or with another program."""

from __future__ import annotations

from skim_core.model.orders import Order, OrderType, Side
from skim_core.simulation.faults import Fault
from skim_core.simulation.market import in_currency


def foreign_order(fault: Fault, last: int) -> Order:
    """Return the order that a fault has somebody else send while the price is `last` ticks.

    Its reference begins with ``manual-``; its price is a per cent away, so that some trade.
    """
    side, _, kind = fault.variant.partition(" ")
    away = last // 100 if fault.variant == "sell limit" else -(last // 100)
    price = in_currency(last + away)
    return Order(
        reference=f"manual-{fault.number}",
        symbol=fault.target,
        side=Side(side),
        quantity=fault.amount,
        type=OrderType(kind),
        limit_price=price if kind == "limit" else None,
        stop_price=price if kind == "stop" else None,
        purpose="manual",
    )
