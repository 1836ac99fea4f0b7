"""Orders, fills and positions."""

from __future__ import annotations

import base64
import hashlib
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from skim_core.model.base import Model, Money, Name, Price, Quantity, Symbol, UtcDatetime
from skim_core.model.trading_day import TradingDay


class Side(StrEnum):
    """Which way an order trades."""

    BUY = "buy"
    SELL = "sell"

    @property
    def opposite(self) -> Side:
        """The side that closes what this one opened."""
        return Side.SELL if self is Side.BUY else Side.BUY

    @property
    def sign(self) -> int:
        """+1 for a buy, -1 for a sell."""
        return 1 if self is Side.BUY else -1


class OrderType(StrEnum):
    """How an order is priced."""

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    STOP_LIMIT = "stop_limit"


class TimeInForce(StrEnum):
    """How long an order stands (FIX tag 59)."""

    DAY = "day"
    GTC = "gtc"
    AT_OPEN = "at_open"
    """Only in the opening auction."""
    AT_CLOSE = "at_close"
    """Only in the closing auction."""


class OrderStatus(StrEnum):
    """Where an order is in its life, as its broker tells it."""

    HELD = "held"
    """A bracket's child, waiting for its entry to fill."""
    WORKING = "working"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"

    @property
    def final(self) -> bool:
        """Whether nothing more can happen to the order."""
        return self in {OrderStatus.FILLED, OrderStatus.CANCELLED, OrderStatus.REJECTED}


Reference = Annotated[str, Field(pattern=r"^[A-Za-z0-9._\-]{1,40}$")]
"""An order's identity: given by skim, carried by the broker."""


class Order(Model):
    """One order as it is sent to a broker.

    `limit_price` and `stop_price` in quote currency and on the exchange's tick. A child
    names its `parent` and is held until that fills; a parent's cancel or reject takes
    its children with it. Of the orders of one `oca_group` (one cancels all), a fill
    takes away as much from the others.
    """

    reference: Reference
    symbol: Symbol
    side: Side
    quantity: Quantity
    type: OrderType = OrderType.MARKET
    limit_price: Price | None = None
    stop_price: Price | None = None
    time_in_force: TimeInForce = TimeInForce.DAY
    purpose: Name = "entry"
    parent: Reference | None = None
    oca_group: Reference | None = None

    @model_validator(mode="after")
    def _prices_fit_the_type(self) -> Self:
        for price, name, types in (
            (self.limit_price, "limit_price", {OrderType.LIMIT, OrderType.STOP_LIMIT}),
            (self.stop_price, "stop_price", {OrderType.STOP, OrderType.STOP_LIMIT}),
        ):
            if (price is None) is (self.type in types):
                needs = "needs a" if self.type in types else "takes no"
                msg = f"a {self.type} order {needs} {name}, found {price}"
                raise ValueError(msg)
        return self


class OrderState(Model):
    """One of a strategy's own orders, as its journal knows it.

    `accepted` tells whether the broker is known to have it.
    """

    order: Order
    status: OrderStatus = OrderStatus.WORKING
    accepted: bool = False
    filled: Annotated[int, Field(ge=0)] = 0
    average_price: Decimal | None = None
    reason: str = ""

    @property
    def live(self) -> bool:
        """Whether it may still trade."""
        return not self.status.final


class Bracket(Model):
    """An intent to open a position, with the stop that protects it.

    `limit_price`: at most (a sale: at least) this; at market when None. `stop_price` rests
    at the exchange from the entry's first fill on, and so does `target_price` when given:
    whichever trades cancels the other. Prices in quote currency, put on the tick: a limit
    to the side that is not worse, stop and target away from the entry.
    """

    symbol: Symbol
    quantity: Quantity
    stop_price: Price
    side: Side = Side.BUY
    limit_price: Price | None = None
    target_price: Price | None = None
    purpose: Name = "entry"
    reason: str = ""


class Fill(Model):
    """A trade of (part of) an order: an execution as the broker reports it.

    `price` in quote currency, `quantity` in shares, `commission` in the exchange's
    currency. `execution_id` is the broker's and names this fill once.
    """

    execution_id: str
    reference: Reference
    symbol: Symbol
    side: Side
    quantity: Quantity
    price: Price
    commission: Money = Decimal(0)
    at: UtcDatetime


class Position(Model):
    """Shares of one symbol held: positive long, negative short.

    `average_price` is what they were opened at, in quote currency, before commission.
    """

    symbol: Symbol
    quantity: int
    average_price: Decimal


def order_reference(day: TradingDay, symbol: str, purpose: str, leg: str = "P") -> str:
    """Return the reference of the order that this decision makes: the same one each time.

    Twenty-two characters, since brokers limit the length; legs of a bracket share all
    but the suffix: P the entry (parent), S its stop, T its target.
    """
    digest = hashlib.sha256(f"{day.run_id}|{symbol}|{purpose}".encode()).digest()
    key = base64.b32encode(digest)[:16].decode().lower()
    return f"sk1-{key}.{leg}"
