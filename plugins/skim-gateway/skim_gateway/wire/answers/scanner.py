"""What the gateway sends about the scanner."""

from __future__ import annotations

from skim_gateway.wire.answers.base import Answer, answer
from skim_gateway.wire.kinds import NumberOrZero
from skim_gateway.wire.layout import record
from skim_gateway.wire.slots import fixed


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


@answer(20, fixed("3"))
class ScannerData(Answer):
    """What a scan found."""

    req_id: int
    rows: tuple[ScannerRow, ...]


@answer(19, fixed("1"))
class ScannerParameters(Answer):
    """What can be scanned for."""

    xml: str
