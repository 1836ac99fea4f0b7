"""What a broker says of an order."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from skim_core.model.base import Model, Price, Quantity, Symbol, UtcDatetime
from skim_core.model.orders import OrderStatus, Reference, Side


class OrderReport(Model):
    """A broker's word about one order, as of `at`.

    `filled` and `remaining` in shares. What the broker holds of the order itself, prices in
    quote currency, is None where it doesn't say; `broker_id` is its own name for it, and
    tells two orders apart that carry one reference.
    """

    reference: Reference
    status: OrderStatus
    filled: Annotated[int, Field(ge=0)]
    remaining: Annotated[int, Field(ge=0)]
    reason: str = ""
    at: UtcDatetime
    broker_id: str = ""
    symbol: Symbol | None = None
    side: Side | None = None
    quantity: Quantity | None = None
    limit_price: Price | None = None
    stop_price: Price | None = None
