"""What clients send about history."""

from __future__ import annotations

from skim_gateway.wire.contracts import (
    Contract,
    ShortContract,
)
from skim_gateway.wire.requests.base import IfCombo, Numbered, request
from skim_gateway.wire.slots import fixed


@request(20)
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
    legs: IfCombo = ()
    keep_up_to_date: bool = False
    options: str = ""


@request(25, fixed("1"))
class CancelHistoricalData(Numbered):
    """Takes the question back, or ends keeping up to date."""

    req_id: int


@request(87)
class RequestHeadTimestamp(Numbered):
    """Asks since when there are data."""

    req_id: int
    contract: Contract
    include_expired: bool = False
    regular_hours: bool = True
    what: str
    date_format: int = 1


@request(90)
class CancelHeadTimestamp(Numbered):
    """Takes that question back."""

    req_id: int


@request(88)
class RequestHistogram(Numbered):
    """Asks how much traded at each price."""

    req_id: int
    contract: Contract
    include_expired: bool = False
    regular_hours: bool = True
    period: str


@request(89)
class CancelHistogram(Numbered):
    """Takes that question back."""

    req_id: int


@request(96)
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


@request(52, fixed("2"))
class RequestFundamentalData(Numbered):
    """Asks for a company's report."""

    req_id: int
    contract: ShortContract
    report: str


@request(53, fixed("1"))
class CancelFundamentalData(Numbered):
    """Takes that question back."""

    req_id: int
