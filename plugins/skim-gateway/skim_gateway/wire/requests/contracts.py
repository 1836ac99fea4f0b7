"""What clients send about contracts."""

from __future__ import annotations

from typing import Annotated

from skim_gateway.wire.contracts import (
    Contract,
)
from skim_gateway.wire.requests.base import Numbered, Request, request
from skim_gateway.wire.slots import Since, fixed


@request(9, fixed("8"))
class RequestContractDetails(Numbered):
    """Asks for every contract that fits."""

    req_id: int
    contract: Contract
    include_expired: bool = False
    sec_id_type: str = ""
    sec_id: str = ""
    issuer_id: Annotated[str, Since(176)] = ""


@request(81)
class RequestMatchingSymbols(Numbered):
    """Asks for contracts whose symbol or name begins so."""

    req_id: int
    pattern: str


@request(91)
class RequestMarketRule(Request):
    """Asks for a table of ticks."""

    rule_id: int


@request(78)
class RequestOptionParameters(Numbered):
    """Asks for an underlying's option chains."""

    req_id: int
    symbol: str
    exchange: str
    sec_type: str
    con_id: int


@request(79)
class RequestSoftDollarTiers(Numbered):
    """Asks for soft dollar tiers."""

    req_id: int


@request(83)
class RequestSmartComponents(Numbered):
    """Asks which exchanges the letters of a quote stand for."""

    req_id: int
    bbo_exchange: str
