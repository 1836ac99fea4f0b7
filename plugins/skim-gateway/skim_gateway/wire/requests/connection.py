"""What clients send about the connection."""

from __future__ import annotations

from skim_gateway.wire.requests.base import Numbered, Request, request
from skim_gateway.wire.slots import fixed


@request(71, fixed("2"))
class StartApi(Request):
    """The first message: who the client is."""

    client_id: int
    capabilities: str = ""


@request(8, fixed("1"))
class RequestIds(Request):
    """Asks for the next order id; the number is ignored."""

    number: int = 1


@request(17, fixed("1"))
class RequestManagedAccounts(Request):
    """Asks for the accounts."""


@request(49, fixed("1"))
class RequestCurrentTime(Request):
    """Asks for the server's time."""


@request(14, fixed("1"))
class SetServerLogLevel(Request):
    """Says how much the gateway logs; it has no answer."""

    level: int


@request(104)
class RequestUserInfo(Numbered):
    """Asks for the white-branding id."""

    req_id: int
