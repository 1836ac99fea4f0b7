"""What the gateway sends about market data that streams."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, TypeAlias

from skim_gateway.wire.answers.base import Answer, answer
from skim_gateway.wire.layout import record
from skim_gateway.wire.slots import When, fixed


@answer(81)
class TickRequestParameters(Answer):
    """What a subscription's ticks are like."""

    req_id: int
    min_tick: Decimal
    bbo_exchange: str
    snapshot_permissions: int = 3


@answer(58, fixed("1"))
class MarketDataType(Answer):
    """Whether the ticks are live (1), frozen (2), delayed (3) or both (4)."""

    req_id: int
    kind: int


@answer(1, fixed("6"))
class TickPrice(Answer):
    """A price, and with bid, ask and last its size."""

    req_id: int
    kind: int
    price: Decimal
    size: Decimal | None = None
    attributes: int = 0


@answer(2, fixed("6"))
class TickSize(Answer):
    """A size."""

    req_id: int
    kind: int
    size: Decimal


@answer(45, fixed("6"))
class TickGeneric(Answer):
    """A number."""

    req_id: int
    kind: int
    value: Decimal


@answer(46, fixed("6"))
class TickString(Answer):
    """A text, such as the time of the last trade."""

    req_id: int
    kind: int
    value: str


@answer(57, fixed("1"))
class TickSnapshotEnd(Answer):
    """That was the snapshot."""

    req_id: int


@answer(50, fixed("3"))
class RealTimeBar(Answer):
    """A bar of five seconds; `time` is its start, in seconds since 1970."""

    req_id: int
    time: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    average: Decimal
    count: int


_TRADE, _QUOTE, _MIDPOINT = {1, 2}, {3}, {4}
_IfTrade = When("kind", lambda kind: kind in _TRADE)
_IfQuote = When("kind", lambda kind: kind in _QUOTE)
_IfMidpoint = When("kind", lambda kind: kind in _MIDPOINT)
_N: TypeAlias = Decimal


@answer(99)
class TickByTick(Answer):
    """A trade (1, 2), a quote (3) or a midpoint (4)."""

    req_id: int
    kind: int
    time: int
    price: Annotated[_N, _IfTrade] = Decimal(0)
    size: Annotated[_N, _IfTrade] = Decimal(0)
    trade_mask: Annotated[int, _IfTrade] = 0
    exchange: Annotated[str, _IfTrade] = ""
    conditions: Annotated[str, _IfTrade] = ""
    bid: Annotated[_N, _IfQuote] = Decimal(0)
    ask: Annotated[_N, _IfQuote] = Decimal(0)
    bid_size: Annotated[_N, _IfQuote] = Decimal(0)
    ask_size: Annotated[_N, _IfQuote] = Decimal(0)
    quote_mask: Annotated[int, _IfQuote] = 0
    midpoint: Annotated[_N, _IfMidpoint] = Decimal(0)


@record
class DepthExchange:
    """An exchange that shows its order book."""

    exchange: str
    sec_type: str
    listing_exchange: str
    service: str
    agg_group: int


@answer(80)
class DepthExchanges(Answer):
    """The exchanges that show their order book."""

    exchanges: tuple[DepthExchange, ...]


@answer(12, fixed("1"))
class MarketDepth(Answer):
    """A row of the order book: operation 0 insert, 1 update, 2 delete; side 0 ask, 1 bid."""

    req_id: int
    position: int
    operation: int
    side: int
    price: Decimal
    size: Decimal
