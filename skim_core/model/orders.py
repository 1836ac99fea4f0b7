"""Orders, fills and positions."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import Annotated, Any, Self

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


_LIMITED = frozenset({OrderType.LIMIT, OrderType.STOP_LIMIT})
_STOPPED = frozenset({OrderType.STOP, OrderType.STOP_LIMIT})


class Order(Model):
    """One order as it is sent to a broker.

    `limit_price` and `stop_price` in quote currency and on the exchange's tick. A child
    names its `parent` and is held until that fills; a parent's cancel or reject takes
    its children with it. Of the orders of one `oca_group` (one cancels all), a fill
    takes away as much from the others. `closes`: it only closes what is held, and no limit
    holds it up.
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
    closes: bool = False

    @model_validator(mode="after")
    def _prices_fit_the_type(self) -> Self:
        for price, name, types in (
            (self.limit_price, "limit_price", _LIMITED),
            (self.stop_price, "stop_price", _STOPPED),
        ):
            if (price is None) is (self.type in types):
                needs = "needs a" if self.type in types else "takes no"
                msg = f"a {self.type} order {needs} {name}, found {price}"
                raise ValueError(msg)
        return self


class OrderStage(StrEnum):
    """Where an order of ours is in its life, as the journal knows it.

    The broker's own word about an order is an `OrderStatus`; this is what we may rely on.
    Which event leads from which stage to which is a table: `skim_core.decide.orders`.
    """

    INTENT = "intent"
    """Decided and within the limits; nothing was sent."""
    SENDING = "sending"
    """About to be sent, or sent and not answered: the broker may or may not have it."""
    ACKNOWLEDGED = "acknowledged"
    """The broker has it."""
    PARTLY_FILLED = "partly_filled"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    """The broker refused it."""
    ABSENT = "absent"
    """The broker never had it: looked for twice, apart in time."""
    UNKNOWN = "unknown"
    """What became of it can't be found out: a person has to say (``skim resolve``)."""
    REFUSED = "refused"
    """A limit or a halt kept it from being sent; nothing of it is in the book."""

    @property
    def final(self) -> bool:
        """Whether nothing more is expected to happen to the order."""
        return self not in _LIVE_STAGES


_LIVE_STAGES = frozenset(
    {
        OrderStage.INTENT,
        OrderStage.SENDING,
        OrderStage.ACKNOWLEDGED,
        OrderStage.PARTLY_FILLED,
        OrderStage.UNKNOWN,
    }
)
_NOT_REACHED = frozenset(
    {OrderStage.INTENT, OrderStage.SENDING, OrderStage.ABSENT, OrderStage.REFUSED}
)


class OrderState(Model):
    """One of a strategy's own orders, as its journal knows it.

    `filled` and `taken` (by other orders of its OCA group) in shares, `average_price` in
    quote currency; `sent_at` is when it was last about to be sent, `changed_at` when its
    stage last changed; `broker_id` is the broker's own name for it. `resendable`: it never
    arrived, and the same decision may send it again as it is.
    """

    order: Order
    stage: OrderStage = OrderStage.INTENT
    filled: Annotated[int, Field(ge=0)] = 0
    taken: Annotated[int, Field(ge=0)] = 0
    average_price: Decimal | None = None
    reason: str = ""
    sent_at: UtcDatetime | None = None
    changed_at: UtcDatetime | None = None
    cancelling: bool = False
    resendable: bool = False
    broker_id: str = ""

    @property
    def live(self) -> bool:
        """Whether it may still trade."""
        return self.stage in _LIVE_STAGES

    @property
    def accepted(self) -> bool:
        """Whether it reached the broker, whatever became of it there."""
        return self.stage not in _NOT_REACHED

    @property
    def in_doubt(self) -> bool:
        """Whether the broker may or may not have it."""
        return self.stage is OrderStage.SENDING or self.stage is OrderStage.UNKNOWN

    @property
    def open_quantity(self) -> int:
        """The shares that may still trade."""
        return max(0, self.order.quantity - self.filled - self.taken) if self.live else 0


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

    @model_validator(mode="before")
    @classmethod
    def _names_its_stop(cls, given: Any) -> Any:
        if isinstance(given, dict) and "stop_price" not in given:
            unknown = [name for name in given if name not in cls.model_fields]
            meant = f"; it has no field {unknown[0]!r}" if unknown else ""
            msg = (
                "an entry without its stop is refused: name stop_price, the price at which the "
                f"position is given up{meant}"
            )
            raise ValueError(msg)
        return given

    @model_validator(mode="after")
    def _prices_lie_in_order(self) -> Self:
        rising = self.side is Side.BUY
        prices = (
            ("stop_price", self.stop_price),
            ("limit_price", self.limit_price),
            ("target_price", self.target_price),
        )
        named = [(name, price) for name, price in prices if price is not None]
        for (lower, below), (upper, above) in pairwise(named if rising else named[::-1]):
            if below >= above:
                order = " < ".join(name for name, _ in (prices if rising else prices[::-1]))
                msg = (
                    f"a {self.side} needs {order}, found {lower} {below} and {upper} {above}: "
                    "correct one of them"
                )
                raise ValueError(msg)
        return self


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


def order_reference(
    day: TradingDay, symbol: str, purpose: str, leg: str = "P", attempt: int = 1
) -> str:
    """Return the reference of the order that this decision makes: the same one each time.

    Twenty-two characters (one or two more for a replaced stop), since brokers limit the
    length; legs of a bracket share all but the suffix: P the entry (parent), S its stop, T
    its target. `attempt` counts the orders of one decision of which the one before is over.
    """
    decision = f"{day.run_id}|{symbol}|{purpose}"
    if attempt > 1:
        decision += f"|{attempt}"
    return f"sk1-{_key(decision)}.{leg}"


_DIGITS = "abcdefghijklmnopqrstuvwxyz234567"


@lru_cache(maxsize=64)
def _key(decision: str) -> str:
    # Eighty bits in base 32 (RFC 4648), five at a time.
    number = int.from_bytes(hashlib.sha256(decision.encode()).digest()[:10])
    return "".join([_DIGITS[number >> shift & 31] for shift in range(75, -1, -5)])
