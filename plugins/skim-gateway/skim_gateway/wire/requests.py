"""What clients send. A class's fields, in their order, are the message's."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, TypeAlias, TypeVar, dataclass_transform

from skim_gateway.wire import order_layouts
from skim_gateway.wire.contracts import (
    COMBO,
    Contract,
    ContractInAnswer,
    DeltaNeutral,
    Legs,
    ShortContract,
)
from skim_gateway.wire.layout import Directory, Layout, Message, Since, Slot, When, fixed
from skim_gateway.wire.orders import Order

REQUESTS = Directory()

_M = TypeVar("_M", bound=type)
_IfCombo: TypeAlias = Annotated[Legs, When("contract", lambda contract: contract.sec_type == COMBO)]
_IfHedged: TypeAlias = Annotated[DeltaNeutral | None, When("has_delta_neutral", bool)]


@dataclass_transform(kw_only_default=True, frozen_default=True)
def _request(identifier: int, *before: Slot, layout: Layout | None = None) -> Callable[[_M], _M]:
    return lambda cls: REQUESTS.add(cls, identifier, before, layout)


class Request(Message):
    """A message from a client."""

    __slots__ = ()


class Numbered(Request):
    """A request with an id that its answers carry."""

    __slots__ = ()

    req_id: int


# The connection


@_request(71, fixed("2"))
class StartApi(Request):
    """The first message: who the client is."""

    client_id: int
    capabilities: str = ""


@_request(8, fixed("1"))
class RequestIds(Request):
    """Asks for the next order id; the number is ignored."""

    number: int = 1


@_request(17, fixed("1"))
class RequestManagedAccounts(Request):
    """Asks for the accounts."""


@_request(49, fixed("1"))
class RequestCurrentTime(Request):
    """Asks for the server's time."""


@_request(14, fixed("1"))
class SetServerLogLevel(Request):
    """Says how much the gateway logs; it has no answer."""

    level: int


@_request(104)
class RequestUserInfo(Numbered):
    """Asks for the white-branding id."""

    req_id: int


# Orders


@_request(3, layout=order_layouts.place_order())
class PlaceOrder(Request):
    """Places an order, or changes the one with this id."""

    order_id: int
    contract: Contract
    sec_id_type: str = ""
    sec_id: str = ""
    order: Order
    has_delta_neutral: int = 0
    delta_neutral: DeltaNeutral | None = None


@_request(4, fixed("1"))
class CancelOrder(Request):
    """Cancels an order of the client's."""

    order_id: int
    manual_time: Annotated[str, Since(169)] = ""


@_request(58, fixed("1"))
class GlobalCancel(Request):
    """Cancels every order of the account."""


@_request(5, fixed("1"))
class RequestOpenOrders(Request):
    """Asks for the client's own open orders."""


@_request(16, fixed("1"))
class RequestAllOpenOrders(Request):
    """Asks for the open orders of all clients."""


@_request(15, fixed("1"))
class RequestAutoOpenOrders(Request):
    """Asks, as client 0, to be told of orders that are placed by hand, and to own them."""

    bind: bool


@_request(99)
class RequestCompletedOrders(Request):
    """Asks for the day's done orders."""

    api_only: bool


@_request(7, fixed("3"))
class RequestExecutions(Numbered):
    """Asks for the day's executions; an empty filter lets all through."""

    req_id: int
    client_id: int = 0
    account: str = ""
    time: str = ""
    symbol: str = ""
    sec_type: str = ""
    exchange: str = ""
    side: str = ""


@_request(21, fixed("2"))
class ExerciseOptions(Numbered):
    """Exercises options or lets them lapse."""

    req_id: int
    contract: ContractInAnswer
    action: int
    quantity: int
    account: str
    override: int


# The account


@_request(6, fixed("2"))
class RequestAccountUpdates(Request):
    """Subscribes to the account's values and portfolio, or ends that."""

    subscribe: bool
    account: str = ""


@_request(62, fixed("1"))
class RequestAccountSummary(Numbered):
    """Subscribes to the values named in `tags`, comma-separated."""

    req_id: int
    group: str
    tags: str


@_request(63, fixed("1"))
class CancelAccountSummary(Numbered):
    """Ends a summary."""

    req_id: int


@_request(61, fixed("1"))
class RequestPositions(Request):
    """Subscribes to positions."""


@_request(64, fixed("1"))
class CancelPositions(Request):
    """Ends the subscription to positions."""


@_request(74, fixed("1"))
class RequestPositionsMulti(Numbered):
    """Subscribes to positions of one account or model."""

    req_id: int
    account: str = ""
    model: str = ""


@_request(75, fixed("1"))
class CancelPositionsMulti(Numbered):
    """Ends that subscription."""

    req_id: int


@_request(76, fixed("1"))
class RequestAccountUpdatesMulti(Numbered):
    """Subscribes to the values of one account or model."""

    req_id: int
    account: str = ""
    model: str = ""
    ledger_and_nlv: bool = False


@_request(77, fixed("1"))
class CancelAccountUpdatesMulti(Numbered):
    """Ends that subscription."""

    req_id: int


@_request(92)
class RequestPnl(Numbered):
    """Subscribes to the account's profit and loss."""

    req_id: int
    account: str
    model: str = ""


@_request(93)
class CancelPnl(Numbered):
    """Ends that subscription."""

    req_id: int


@_request(94)
class RequestPnlSingle(Numbered):
    """Subscribes to one position's profit and loss."""

    req_id: int
    account: str
    model: str = ""
    con_id: int


@_request(95)
class CancelPnlSingle(Numbered):
    """Ends that subscription."""

    req_id: int


@_request(80)
class RequestFamilyCodes(Request):
    """Asks for the accounts' family codes."""


@_request(18, fixed("1"))
class RequestFa(Request):
    """Asks for an adviser's groups."""

    kind: int


@_request(19, fixed("1"))
class ReplaceFa(Request):
    """Replaces an adviser's groups."""

    kind: int
    xml: str
    req_id: int


# Contracts


@_request(9, fixed("8"))
class RequestContractDetails(Numbered):
    """Asks for every contract that fits."""

    req_id: int
    contract: Contract
    include_expired: bool = False
    sec_id_type: str = ""
    sec_id: str = ""
    issuer_id: Annotated[str, Since(176)] = ""


@_request(81)
class RequestMatchingSymbols(Numbered):
    """Asks for contracts whose symbol or name begins so."""

    req_id: int
    pattern: str


@_request(91)
class RequestMarketRule(Request):
    """Asks for a table of ticks."""

    rule_id: int


@_request(78)
class RequestOptionParameters(Numbered):
    """Asks for an underlying's option chains."""

    req_id: int
    symbol: str
    exchange: str
    sec_type: str
    con_id: int


@_request(79)
class RequestSoftDollarTiers(Numbered):
    """Asks for soft dollar tiers."""

    req_id: int


@_request(83)
class RequestSmartComponents(Numbered):
    """Asks which exchanges the letters of a quote stand for."""

    req_id: int
    bbo_exchange: str


# Market data


@_request(1, fixed("11"))
class RequestMarketData(Numbered):
    """Subscribes to a contract's ticks, or asks for a snapshot of them."""

    req_id: int
    contract: Contract
    legs: _IfCombo = ()
    has_delta_neutral: bool = False
    delta_neutral: _IfHedged = None
    generic_ticks: str = ""
    snapshot: bool = False
    regulatory_snapshot: bool = False
    options: str = ""


@_request(2, fixed("2"))
class CancelMarketData(Numbered):
    """Ends a subscription to ticks."""

    req_id: int


@_request(59, fixed("1"))
class SetMarketDataType(Request):
    """1 live, 2 frozen, 3 delayed, 4 delayed and frozen."""

    kind: int


@_request(10, fixed("5"))
class RequestMarketDepth(Numbered):
    """Subscribes to a contract's order book."""

    req_id: int
    contract: Contract
    rows: int
    smart: bool = False
    options: str = ""


@_request(11, fixed("1"))
class CancelMarketDepth(Numbered):
    """Ends that subscription."""

    req_id: int
    smart: bool = False


@_request(82)
class RequestDepthExchanges(Request):
    """Asks which exchanges show their order book."""


@_request(50, fixed("3"))
class RequestRealTimeBars(Numbered):
    """Subscribes to bars of five seconds."""

    req_id: int
    contract: Contract
    bar_size: int
    what: str
    regular_hours: bool
    options: str = ""


@_request(51, fixed("1"))
class CancelRealTimeBars(Numbered):
    """Ends that subscription."""

    req_id: int


@_request(97)
class RequestTickByTick(Numbered):
    """Subscribes to each trade, quote or midpoint."""

    req_id: int
    contract: Contract
    kind: str
    number: int = 0
    ignore_size: bool = False


@_request(98)
class CancelTickByTick(Numbered):
    """Ends that subscription."""

    req_id: int


@_request(54, fixed("3"))
class CalculateImpliedVolatility(Numbered):
    """Asks for an option's implied volatility."""

    req_id: int
    contract: Contract
    option_price: Decimal | None = None
    under_price: Decimal | None = None


@_request(55, fixed("3"))
class CalculateOptionPrice(Numbered):
    """Asks for an option's price."""

    req_id: int
    contract: Contract
    volatility: Decimal | None = None
    under_price: Decimal | None = None


@_request(56, fixed("1"))
class CancelImpliedVolatility(Numbered):
    """Takes that question back."""

    req_id: int


@_request(57, fixed("1"))
class CancelOptionPrice(Numbered):
    """Takes that question back."""

    req_id: int


# History


@_request(20)
class RequestHistoricalData(Numbered):
    """Asks for bars, and with `keep_up_to_date` for those to come."""

    req_id: int
    contract: Contract
    include_expired: bool = False
    end: str = ""
    bar_size: str
    duration: str
    regular_hours: bool = True
    what: str
    date_format: int = 1
    legs: _IfCombo = ()
    keep_up_to_date: bool = False
    options: str = ""


@_request(25, fixed("1"))
class CancelHistoricalData(Numbered):
    """Takes the question back, or ends keeping up to date."""

    req_id: int


@_request(87)
class RequestHeadTimestamp(Numbered):
    """Asks since when there are data."""

    req_id: int
    contract: Contract
    include_expired: bool = False
    regular_hours: bool = True
    what: str
    date_format: int = 1


@_request(90)
class CancelHeadTimestamp(Numbered):
    """Takes that question back."""

    req_id: int


@_request(88)
class RequestHistogram(Numbered):
    """Asks how much traded at each price."""

    req_id: int
    contract: Contract
    include_expired: bool = False
    regular_hours: bool = True
    period: str


@_request(89)
class CancelHistogram(Numbered):
    """Takes that question back."""

    req_id: int


@_request(96)
class RequestHistoricalTicks(Numbered):
    """Asks for past trades, quotes or midpoints."""

    req_id: int
    contract: Contract
    include_expired: bool = False
    start: str = ""
    end: str = ""
    number: int
    what: str
    regular_hours: bool = True
    ignore_size: bool = False
    options: str = ""


@_request(52, fixed("2"))
class RequestFundamentalData(Numbered):
    """Asks for a company's report."""

    req_id: int
    contract: ShortContract
    report: str


@_request(53, fixed("1"))
class CancelFundamentalData(Numbered):
    """Takes that question back."""

    req_id: int


# The scanner


@_request(22)
class RequestScanner(Numbered):
    """Subscribes to a scan."""

    req_id: int
    rows: int = -1
    instrument: str = ""
    location: str = ""
    code: str = ""
    above_price: Decimal | None = None
    below_price: Decimal | None = None
    above_volume: int | None = None
    market_cap_above: Decimal | None = None
    market_cap_below: Decimal | None = None
    moody_rating_above: str = ""
    moody_rating_below: str = ""
    sp_rating_above: str = ""
    sp_rating_below: str = ""
    maturity_date_above: str = ""
    maturity_date_below: str = ""
    coupon_rate_above: Decimal | None = None
    coupon_rate_below: Decimal | None = None
    exclude_convertible: bool = False
    average_option_volume_above: int | None = None
    setting_pairs: str = ""
    stock_type: str = ""
    filter_options: str = ""
    options: str = ""


@_request(23, fixed("1"))
class CancelScanner(Numbered):
    """Ends a scan."""

    req_id: int


@_request(24, fixed("1"))
class RequestScannerParameters(Request):
    """Asks what can be scanned for, as XML."""


# News and the rest


@_request(12, fixed("1"))
class RequestNewsBulletins(Request):
    """Subscribes to bulletins; with `all_messages` also to those of the day so far."""

    all_messages: bool = False


@_request(13, fixed("1"))
class CancelNewsBulletins(Request):
    """Ends that subscription."""


@_request(84)
class RequestNewsArticle(Numbered):
    """Asks for an article's text."""

    req_id: int
    provider: str
    article_id: str
    options: str = ""


@_request(85)
class RequestNewsProviders(Request):
    """Asks for the news providers."""


@_request(86)
class RequestHistoricalNews(Numbered):
    """Asks for headlines."""

    req_id: int
    con_id: int
    providers: str
    start: str
    end: str
    total: int
    options: str = ""


@_request(67, fixed("1"))
class RequestDisplayGroups(Numbered):
    """Asks for the groups of windows."""

    req_id: int


@_request(68, fixed("1"))
class SubscribeToGroup(Numbered):
    """Subscribes to what a group of windows shows."""

    req_id: int
    group: int


@_request(69, fixed("1"))
class UpdateDisplayGroup(Numbered):
    """Changes what a group of windows shows."""

    req_id: int
    contract: str


@_request(70, fixed("1"))
class UnsubscribeFromGroup(Numbered):
    """Ends that subscription."""

    req_id: int


@_request(100)
class RequestWshMetadata(Numbered):
    """Asks for the kinds of calendar events."""

    req_id: int


@_request(101)
class CancelWshMetadata(Numbered):
    """Takes that question back."""

    req_id: int


@_request(102)
class RequestWshEvents(Numbered):
    """Asks for calendar events."""

    req_id: int
    con_id: int
    filter: Annotated[str, Since(171)] = ""
    watchlist: Annotated[bool, Since(171)] = False
    portfolio: Annotated[bool, Since(171)] = False
    competitors: Annotated[bool, Since(171)] = False
    start: Annotated[str, Since(173)] = ""
    end: Annotated[str, Since(173)] = ""
    total: Annotated[int, Since(173)] = 0


@_request(103)
class CancelWshEvents(Numbered):
    """Takes that question back."""

    req_id: int
