"""What the gateway sends about the connection."""

from __future__ import annotations

from typing import Annotated

from skim_gateway.wire.answers.base import Answer, answer
from skim_gateway.wire.slots import Since, fixed


@answer(9, fixed("1"))
class NextValidId(Answer):
    """The lowest id that the client's next order may have."""

    order_id: int


@answer(15, fixed("1"))
class ManagedAccounts(Answer):
    """The accounts, comma-separated."""

    accounts: str


@answer(49, fixed("1"))
class CurrentTime(Answer):
    """The server's time, in seconds since 1970."""

    time: int


@answer(4, fixed("2"))
class ErrorMessage(Answer):
    """An error or a notice, about an order or a request, or about none (-1)."""

    req_id: int
    code: int
    text: str
    reject_json: Annotated[str, Since(166)] = ""


@answer(107)
class UserInfo(Answer):
    """The white-branding id."""

    req_id: int
    branding_id: str = ""
