"""What clients send about accounts."""

from __future__ import annotations

from skim_gateway.wire.requests.base import Numbered, Request, request
from skim_gateway.wire.slots import fixed


@request(6, fixed("2"))
class RequestAccountUpdates(Request):
    """Subscribes to the account's values and portfolio, or ends that."""

    subscribe: bool
    account: str = ""


@request(62, fixed("1"))
class RequestAccountSummary(Numbered):
    """Subscribes to the values named in `tags`, comma-separated."""

    req_id: int
    group: str
    tags: str


@request(63, fixed("1"))
class CancelAccountSummary(Numbered):
    """Ends a summary."""

    req_id: int


@request(61, fixed("1"))
class RequestPositions(Request):
    """Subscribes to positions."""


@request(64, fixed("1"))
class CancelPositions(Request):
    """Ends the subscription to positions."""


@request(74, fixed("1"))
class RequestPositionsMulti(Numbered):
    """Subscribes to positions of one account or model."""

    req_id: int
    account: str = ""
    model: str = ""


@request(75, fixed("1"))
class CancelPositionsMulti(Numbered):
    """Ends that subscription."""

    req_id: int


@request(76, fixed("1"))
class RequestAccountUpdatesMulti(Numbered):
    """Subscribes to the values of one account or model."""

    req_id: int
    account: str = ""
    model: str = ""
    ledger_and_nlv: bool = False


@request(77, fixed("1"))
class CancelAccountUpdatesMulti(Numbered):
    """Ends that subscription."""

    req_id: int


@request(92)
class RequestPnl(Numbered):
    """Subscribes to the account's profit and loss."""

    req_id: int
    account: str
    model: str = ""


@request(93)
class CancelPnl(Numbered):
    """Ends that subscription."""

    req_id: int


@request(94)
class RequestPnlSingle(Numbered):
    """Subscribes to one position's profit and loss."""

    req_id: int
    account: str
    model: str = ""
    con_id: int


@request(95)
class CancelPnlSingle(Numbered):
    """Ends that subscription."""

    req_id: int


@request(80)
class RequestFamilyCodes(Request):
    """Asks for the accounts' family codes."""


@request(18, fixed("1"))
class RequestFa(Request):
    """Asks for an adviser's groups."""

    kind: int


@request(19, fixed("1"))
class ReplaceFa(Request):
    """Replaces an adviser's groups."""

    kind: int
    xml: str
    req_id: int
