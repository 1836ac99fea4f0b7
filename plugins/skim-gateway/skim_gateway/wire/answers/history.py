"""What the gateway sends about history."""

from __future__ import annotations

from decimal import Decimal

from skim_gateway.wire.answers.base import Answer, answer
from skim_gateway.wire.layout import record


@record
class Bar:
    """A bar; `date` is its start."""

    date: str
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    average: Decimal
    count: int


@answer(17)
class HistoricalData(Answer):
    """The bars asked for, and the span they were sought in."""

    req_id: int
    start: str
    end: str
    bars: tuple[Bar, ...]


@answer(90)
class HistoricalDataUpdate(Answer):
    """The bar that is being formed; its close comes before its high."""

    req_id: int
    count: int
    date: str
    open: Decimal
    close: Decimal
    high: Decimal
    low: Decimal
    average: Decimal
    volume: Decimal


@record
class ScheduledSession:
    """A session's start, end and date."""

    start: str
    end: str
    date: str


@answer(106)
class HistoricalSchedule(Answer):
    """The sessions asked for."""

    req_id: int
    start: str
    end: str
    time_zone: str
    sessions: tuple[ScheduledSession, ...]


@answer(88)
class HeadTimestamp(Answer):
    """Since when there are data."""

    req_id: int
    time: str


@record
class HistogramEntry:
    """How much traded at a price."""

    price: Decimal
    size: int


@answer(89)
class Histogram(Answer):
    """How much traded at each price."""

    req_id: int
    entries: tuple[HistogramEntry, ...]


@record
class PastMidpoint:
    """A past midpoint."""

    time: int
    mask: int = 0
    price: Decimal
    size: Decimal = Decimal(0)


@answer(96)
class HistoricalMidpoints(Answer):
    """Past midpoints."""

    req_id: int
    ticks: tuple[PastMidpoint, ...]
    done: bool = True


@record
class PastQuote:
    """A past quote."""

    time: int
    mask: int = 0
    bid: Decimal
    ask: Decimal
    bid_size: Decimal
    ask_size: Decimal


@answer(97)
class HistoricalQuotes(Answer):
    """Past quotes."""

    req_id: int
    ticks: tuple[PastQuote, ...]
    done: bool = True


@record
class PastTrade:
    """A past trade."""

    time: int
    mask: int = 0
    price: Decimal
    size: Decimal
    exchange: str = ""
    conditions: str = ""


@answer(98)
class HistoricalTrades(Answer):
    """Past trades."""

    req_id: int
    ticks: tuple[PastTrade, ...]
    done: bool = True
