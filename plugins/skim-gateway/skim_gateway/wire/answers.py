"""What the gateway sends. A class's fields, in their order, are the message's."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, TypeAlias, TypeVar, dataclass_transform

from skim_gateway.wire import order_layouts
from skim_gateway.wire.contracts import (
    Contract,
    ContractInAnswer,
    DeltaNeutral,
    HeldContract,
    TagValue,
)
from skim_gateway.wire.kinds import NumberOrLargest, NumberOrZero
from skim_gateway.wire.layout import (
    Before,
    Directory,
    Layout,
    Message,
    Since,
    Slot,
    When,
    fixed,
    record,
)
from skim_gateway.wire.orders import Order, OrderState

ANSWERS = Directory()

NOBODY = -1
"""The request id of what no request asked for."""

_M = TypeVar("_M", bound=type)


@dataclass_transform(kw_only_default=True, frozen_default=True)
def _answer(identifier: int, *before: Slot, layout: Layout | None = None) -> Callable[[_M], _M]:
    return lambda cls: ANSWERS.add(cls, identifier, before, layout)


class Answer(Message):
    """A message from the gateway."""

    __slots__ = ()


# The connection


@_answer(9, fixed("1"))
class NextValidId(Answer):
    """The lowest id that the client's next order may have."""

    order_id: int


@_answer(15, fixed("1"))
class ManagedAccounts(Answer):
    """The accounts, comma-separated."""

    accounts: str


@_answer(49, fixed("1"))
class CurrentTime(Answer):
    """The server's time, in seconds since 1970."""

    time: int


@_answer(4, fixed("2"))
class ErrorMessage(Answer):
    """An error or a notice, about an order or a request, or about none (-1)."""

    req_id: int
    code: int
    text: str
    reject_json: Annotated[str, Since(166)] = ""


@_answer(107)
class UserInfo(Answer):
    """The white-branding id."""

    req_id: int
    branding_id: str = ""


# Orders


@_answer(3)
class OrderStatus(Answer):
    """Where an order is."""

    order_id: int
    status: str
    filled: Decimal
    remaining: Decimal
    average_price: Decimal
    perm_id: int
    parent_id: int
    last_price: Decimal
    client_id: int
    why_held: str = ""
    market_cap_price: Decimal = Decimal(0)


@_answer(5, layout=order_layouts.open_order())
class OpenOrder(Answer):
    """All that an order says."""

    contract: Contract
    order: Order
    state: OrderState
    has_delta_neutral: int = 0
    delta_neutral: DeltaNeutral | None = None


@_answer(53, fixed("1"))
class OpenOrderEnd(Answer):
    """That were the open orders."""


@_answer(101, layout=order_layouts.completed_order())
class CompletedOrder(Answer):
    """An order that is done."""

    contract: Contract
    order: Order
    state: OrderState
    has_delta_neutral: int = 0
    delta_neutral: DeltaNeutral | None = None


@_answer(102)
class CompletedOrdersEnd(Answer):
    """That were the done orders."""


@_answer(100)
class OrderBound(Answer):
    """An order that was placed by hand has an id now."""

    perm_id: int
    client_id: int
    order_id: int


@_answer(11)
class ExecutionDetails(Answer):
    """A trade of an order."""

    req_id: int = NOBODY
    order_id: int
    contract: ContractInAnswer
    execution_id: str
    time: str
    account: str
    exchange: str
    side: str
    shares: Decimal
    price: Decimal
    perm_id: int
    client_id: int
    liquidation: int = 0
    cumulative: Decimal
    average_price: Decimal
    order_ref: str = ""
    ev_rule: str = ""
    ev_multiplier: Decimal | None = None
    model: str = ""
    last_liquidity: int = 2
    pending_revision: Annotated[bool, Since(178)] = False


@_answer(55, fixed("1"))
class ExecutionDetailsEnd(Answer):
    """That were the executions."""

    req_id: int


@_answer(59, fixed("1"))
class CommissionReport(Answer):
    """What a trade cost."""

    execution_id: str
    commission: Decimal
    currency: str
    realized_pnl: NumberOrLargest = None
    bond_yield: NumberOrLargest = None
    redemption_date: str = ""


# The account


@_answer(6, fixed("2"))
class AccountValue(Answer):
    """One of the account's values."""

    key: str
    value: str
    currency: str
    account: str


@_answer(7, fixed("8"))
class PortfolioValue(Answer):
    """A position, and what it is worth."""

    contract: HeldContract
    position: Decimal
    market_price: Decimal
    market_value: Decimal
    average_cost: Decimal
    unrealized_pnl: Decimal
    realized_pnl: Decimal
    account: str


@_answer(8, fixed("1"))
class AccountUpdateTime(Answer):
    """When the account's values were last updated, hh:mm."""

    time: str


@_answer(54, fixed("1"))
class AccountDownloadEnd(Answer):
    """That were the account's values."""

    account: str


@_answer(63, fixed("1"))
class AccountSummary(Answer):
    """One of the values that were asked for."""

    req_id: int
    account: str
    tag: str
    value: str
    currency: str


@_answer(64, fixed("1"))
class AccountSummaryEnd(Answer):
    """That were the values."""

    req_id: int


@_answer(61, fixed("3"))
class Position(Answer):
    """A position."""

    account: str
    contract: ContractInAnswer
    position: Decimal
    average_cost: Decimal


@_answer(62, fixed("1"))
class PositionEnd(Answer):
    """That were the positions."""


@_answer(71, fixed("1"))
class PositionMulti(Answer):
    """A position of one account or model."""

    req_id: int
    account: str
    contract: ContractInAnswer
    position: Decimal
    average_cost: Decimal
    model: str = ""


@_answer(72, fixed("1"))
class PositionMultiEnd(Answer):
    """That were the positions."""

    req_id: int


@_answer(73, fixed("1"))
class AccountUpdateMulti(Answer):
    """One of the values of an account or model."""

    req_id: int
    account: str
    model: str
    key: str
    value: str
    currency: str


@_answer(74, fixed("1"))
class AccountUpdateMultiEnd(Answer):
    """That were the values."""

    req_id: int


@_answer(94)
class Pnl(Answer):
    """The account's profit and loss."""

    req_id: int
    daily: NumberOrLargest
    unrealized: NumberOrLargest
    realized: NumberOrLargest


@_answer(95)
class PnlSingle(Answer):
    """A position's profit and loss, and its value."""

    req_id: int
    position: Decimal
    daily: NumberOrLargest
    unrealized: NumberOrLargest
    realized: NumberOrLargest
    value: Decimal


@record
class FamilyCode:
    """An account's family code."""

    account: str
    code: str


@_answer(78)
class FamilyCodes(Answer):
    """The accounts' family codes."""

    codes: tuple[FamilyCode, ...]


# Contracts


@_answer(10, fixed("8", before=164))
class ContractDetails(Answer):
    """What there is to know of a contract."""

    req_id: int
    symbol: str
    sec_type: str
    expiry: str = ""
    strike: NumberOrZero = None
    right: str = ""
    exchange: str
    currency: str
    local_symbol: str
    market_name: str
    trading_class: str
    con_id: int
    min_tick: Decimal
    size_multiplier: Annotated[int, Before(164)] = 1
    multiplier: str = ""
    order_types: str
    valid_exchanges: str
    price_magnifier: int = 1
    under_con_id: int = 0
    long_name: str
    primary_exchange: str
    contract_month: str = ""
    industry: str = ""
    category: str = ""
    subcategory: str = ""
    time_zone: str
    trading_hours: str
    liquid_hours: str
    ev_rule: str = ""
    ev_multiplier: str = ""
    sec_ids: tuple[TagValue, ...] = ()
    agg_group: int = 1
    under_symbol: str = ""
    under_sec_type: str = ""
    market_rule_ids: str
    real_expiry: str = ""
    stock_type: str = "COMMON"
    min_size: Annotated[Decimal, Since(164)] = Decimal(1)
    size_increment: Annotated[Decimal, Since(164)] = Decimal(1)
    suggested_size_increment: Annotated[Decimal, Since(163)] = Decimal(1)


@_answer(52, fixed("1"))
class ContractDetailsEnd(Answer):
    """That were the contracts."""

    req_id: int


@record
class SymbolSample:
    """A contract whose symbol or name begins as asked."""

    con_id: int
    symbol: str
    sec_type: str
    primary_exchange: str
    currency: str
    derivatives: tuple[str, ...] = ()
    description: Annotated[str, Since(176)] = ""
    issuer_id: Annotated[str, Since(176)] = ""


@_answer(79)
class SymbolSamples(Answer):
    """The contracts whose symbol or name begins as asked."""

    req_id: int
    samples: tuple[SymbolSample, ...]


@record
class PriceIncrement:
    """The tick at and above a price."""

    low_edge: Decimal
    increment: Decimal


@_answer(93)
class MarketRule(Answer):
    """A table of ticks."""

    rule_id: int
    increments: tuple[PriceIncrement, ...]


@_answer(76)
class OptionParametersEnd(Answer):
    """That were the option chains."""

    req_id: int


@record
class SoftDollarTier:
    """A soft dollar tier."""

    name: str
    value: str
    display: str


@_answer(77)
class SoftDollarTiers(Answer):
    """The soft dollar tiers."""

    req_id: int
    tiers: tuple[SoftDollarTier, ...] = ()


@record
class SmartComponent:
    """The exchange that a letter of a quote stands for."""

    bit: int
    exchange: str
    letter: str


@_answer(82)
class SmartComponents(Answer):
    """The exchanges that the letters of a quote stand for."""

    req_id: int
    components: tuple[SmartComponent, ...]


# Market data


@_answer(81)
class TickRequestParameters(Answer):
    """What a subscription's ticks are like."""

    req_id: int
    min_tick: Decimal
    bbo_exchange: str
    snapshot_permissions: int = 3


@_answer(58, fixed("1"))
class MarketDataType(Answer):
    """Whether the ticks are live (1), frozen (2), delayed (3) or both (4)."""

    req_id: int
    kind: int


@_answer(1, fixed("6"))
class TickPrice(Answer):
    """A price, and with bid, ask and last its size."""

    req_id: int
    kind: int
    price: Decimal
    size: Decimal | None = None
    attributes: int = 0


@_answer(2, fixed("6"))
class TickSize(Answer):
    """A size."""

    req_id: int
    kind: int
    size: Decimal


@_answer(45, fixed("6"))
class TickGeneric(Answer):
    """A number."""

    req_id: int
    kind: int
    value: Decimal


@_answer(46, fixed("6"))
class TickString(Answer):
    """A text, such as the time of the last trade."""

    req_id: int
    kind: int
    value: str


@_answer(57, fixed("1"))
class TickSnapshotEnd(Answer):
    """That was the snapshot."""

    req_id: int


@_answer(50, fixed("3"))
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


@_answer(99)
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


@_answer(80)
class DepthExchanges(Answer):
    """The exchanges that show their order book."""

    exchanges: tuple[DepthExchange, ...]


@_answer(12, fixed("1"))
class MarketDepth(Answer):
    """A row of the order book: operation 0 insert, 1 update, 2 delete; side 0 ask, 1 bid."""

    req_id: int
    position: int
    operation: int
    side: int
    price: Decimal
    size: Decimal


# History


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


@_answer(17)
class HistoricalData(Answer):
    """The bars asked for, and the span they were sought in."""

    req_id: int
    start: str
    end: str
    bars: tuple[Bar, ...]


@_answer(90)
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


@_answer(106)
class HistoricalSchedule(Answer):
    """The sessions asked for."""

    req_id: int
    start: str
    end: str
    time_zone: str
    sessions: tuple[ScheduledSession, ...]


@_answer(88)
class HeadTimestamp(Answer):
    """Since when there are data."""

    req_id: int
    time: str


@record
class HistogramEntry:
    """How much traded at a price."""

    price: Decimal
    size: int


@_answer(89)
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


@_answer(96)
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


@_answer(97)
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


@_answer(98)
class HistoricalTrades(Answer):
    """Past trades."""

    req_id: int
    ticks: tuple[PastTrade, ...]
    done: bool = True


# The scanner


@record
class ScannerRow:
    """A contract that a scan found."""

    rank: int
    con_id: int
    symbol: str
    sec_type: str
    expiry: str = ""
    strike: NumberOrZero = None
    right: str = ""
    exchange: str
    currency: str
    local_symbol: str
    market_name: str
    trading_class: str
    distance: str = ""
    benchmark: str = ""
    projection: str = ""
    legs: str = ""


@_answer(20, fixed("3"))
class ScannerData(Answer):
    """What a scan found."""

    req_id: int
    rows: tuple[ScannerRow, ...]


@_answer(19, fixed("1"))
class ScannerParameters(Answer):
    """What can be scanned for."""

    xml: str


# News and the rest


@_answer(14, fixed("1"))
class NewsBulletin(Answer):
    """A bulletin."""

    bulletin_id: int
    kind: int
    text: str
    exchange: str


@record
class NewsProvider:
    """A news provider."""

    code: str
    name: str


@_answer(85)
class NewsProviders(Answer):
    """The news providers."""

    providers: tuple[NewsProvider, ...]


@_answer(83)
class NewsArticle(Answer):
    """An article: 0 text, 1 PDF in base 64."""

    req_id: int
    kind: int
    text: str


@_answer(84)
class TickNews(Answer):
    """A headline of a contract's subscription; `time` in milliseconds since 1970."""

    req_id: int
    time: int
    provider: str
    article_id: str
    headline: str
    extra: str = ""


@_answer(86)
class HistoricalNews(Answer):
    """A past headline."""

    req_id: int
    time: str
    provider: str
    article_id: str
    headline: str


@_answer(87)
class HistoricalNewsEnd(Answer):
    """That were the headlines."""

    req_id: int
    has_more: bool = False


@_answer(67, fixed("1"))
class DisplayGroups(Answer):
    """The groups of windows, by their numbers."""

    req_id: int
    groups: str


@_answer(16, fixed("1"))
class Fa(Answer):
    """An adviser's groups."""

    kind: int
    xml: str
