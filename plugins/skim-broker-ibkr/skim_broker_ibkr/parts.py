"""What the broker is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from skim_broker_ibkr.contracts import Contracts
    from skim_broker_ibkr.hearing import OrderHearing
    from skim_broker_ibkr.line import Line
    from skim_broker_ibkr.quotes import Quotes
    from skim_broker_ibkr.requests import Requests
    from skim_broker_ibkr.rules.notices import Farms
    from skim_broker_ibkr.scan import GapScanner


@dataclass(frozen=True)
class Parts:
    """The parts of a broker that an examination looks through."""

    line: Line
    requests: Requests
    contracts: Contracts
    hearing: OrderHearing
    quotes: Quotes
    scanner: GapScanner
    farms: Farms
