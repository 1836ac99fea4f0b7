"""What clients send about orders and executions."""

from __future__ import annotations

from typing import Annotated

from skim_gateway.wire import order_layouts
from skim_gateway.wire.contracts import (
    Contract,
    ContractInAnswer,
    DeltaNeutral,
)
from skim_gateway.wire.orders import Order
from skim_gateway.wire.requests.base import Numbered, Request, request
from skim_gateway.wire.slots import Since, fixed


@request(3, layout=order_layouts.place_order())
class PlaceOrder(Request):
    """Places an order, or changes the one with this id."""

    order_id: int
    contract: Contract
    sec_id_type: str = ""
    sec_id: str = ""
    order: Order
    has_delta_neutral: int = 0
    delta_neutral: DeltaNeutral | None = None


@request(4, fixed("1"))
class CancelOrder(Request):
    """Cancels an order of the client's."""

    order_id: int
    manual_time: Annotated[str, Since(169)] = ""


@request(58, fixed("1"))
class GlobalCancel(Request):
    """Cancels every order of the account."""


@request(5, fixed("1"))
class RequestOpenOrders(Request):
    """Asks for the client's own open orders."""


@request(16, fixed("1"))
class RequestAllOpenOrders(Request):
    """Asks for the open orders of all clients."""


@request(15, fixed("1"))
class RequestAutoOpenOrders(Request):
    """Asks, as client 0, to be told of orders that are placed by hand, and to own them."""

    bind: bool


@request(99)
class RequestCompletedOrders(Request):
    """Asks for the day's done orders."""

    api_only: bool


@request(7, fixed("3"))
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


@request(21, fixed("2"))
class ExerciseOptions(Numbered):
    """Exercises options or lets them lapse."""

    req_id: int
    contract: ContractInAnswer
    action: int
    quantity: int
    account: str
    override: int
