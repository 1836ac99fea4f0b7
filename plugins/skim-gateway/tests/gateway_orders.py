"""Orders as a raw client sends them, and what it is told of them in a line each."""

from __future__ import annotations

from decimal import Decimal

from skim_gateway.wire import answers as a
from skim_gateway.wire import requests as r
from skim_gateway.wire.contracts import Contract
from skim_gateway.wire.orders import Order

STOCK = Contract(symbol="BHP", sec_type="STK", exchange="ASX", currency="AUD")


def placed(number, **order):
    given = {"action": "BUY", "total_quantity": Decimal(100), "order_type": "MKT", "tif": "DAY"}
    return r.PlaceOrder(order_id=number, contract=STOCK, order=Order(**given | order))


def told(received):
    """Name each message about orders, with its status where it has one."""
    names = []
    for one in received:
        if isinstance(one, a.OpenOrder):
            cost = "" if one.state.commission is None else f" {one.state.commission}"
            names.append(f"openOrder {one.state.status}{cost}")
        elif isinstance(one, a.OrderStatus):
            names.append(f"orderStatus {one.status} {one.filled}/{one.remaining}")
        elif isinstance(one, a.ExecutionDetails):
            names.append(f"execDetails {one.shares}@{one.price}")
        elif isinstance(one, a.CommissionReport):
            names.append(f"commission {one.commission}")
        elif isinstance(one, a.ErrorMessage) and one.code // 100 != 21:
            names.append(f"error {one.code}")
    return names
