"""What clients send about market data that streams."""

from __future__ import annotations

from decimal import Decimal

from skim_gateway.wire.contracts import (
    Contract,
)
from skim_gateway.wire.requests.base import (
    IfCombo,
    IfHedged,
    Numbered,
    Request,
    request,
)
from skim_gateway.wire.slots import fixed


@request(1, fixed("11"))
class RequestMarketData(Numbered):
    """Subscribes to a contract's ticks, or asks for a snapshot of them."""

    req_id: int
    contract: Contract
    legs: IfCombo = ()
    has_delta_neutral: bool = False
    delta_neutral: IfHedged = None
    generic_ticks: str = ""
    snapshot: bool = False
    regulatory_snapshot: bool = False
    options: str = ""


@request(2, fixed("2"))
class CancelMarketData(Numbered):
    """Ends a subscription to ticks."""

    req_id: int


@request(59, fixed("1"))
class SetMarketDataType(Request):
    """1 live, 2 frozen, 3 delayed, 4 delayed and frozen."""

    kind: int


@request(10, fixed("5"))
class RequestMarketDepth(Numbered):
    """Subscribes to a contract's order book."""

    req_id: int
    contract: Contract
    rows: int
    smart: bool = False
    options: str = ""


@request(11, fixed("1"))
class CancelMarketDepth(Numbered):
    """Ends that subscription."""

    req_id: int
    smart: bool = False


@request(82)
class RequestDepthExchanges(Request):
    """Asks which exchanges show their order book."""


@request(50, fixed("3"))
class RequestRealTimeBars(Numbered):
    """Subscribes to bars of five seconds."""

    req_id: int
    contract: Contract
    bar_size: int
    what: str
    regular_hours: bool
    options: str = ""


@request(51, fixed("1"))
class CancelRealTimeBars(Numbered):
    """Ends that subscription."""

    req_id: int


@request(97)
class RequestTickByTick(Numbered):
    """Subscribes to each trade, quote or midpoint."""

    req_id: int
    contract: Contract
    kind: str
    number: int = 0
    ignore_size: bool = False


@request(98)
class CancelTickByTick(Numbered):
    """Ends that subscription."""

    req_id: int


@request(54, fixed("3"))
class CalculateImpliedVolatility(Numbered):
    """Asks for an option's implied volatility."""

    req_id: int
    contract: Contract
    option_price: Decimal | None = None
    under_price: Decimal | None = None


@request(55, fixed("3"))
class CalculateOptionPrice(Numbered):
    """Asks for an option's price."""

    req_id: int
    contract: Contract
    volatility: Decimal | None = None
    under_price: Decimal | None = None


@request(56, fixed("1"))
class CancelImpliedVolatility(Numbered):
    """Takes that question back."""

    req_id: int


@request(57, fixed("1"))
class CancelOptionPrice(Numbered):
    """Takes that question back."""

    req_id: int
