"""What the gateway sends about orders and executions."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from skim_gateway.wire import order_layouts
from skim_gateway.wire.answers.base import NOBODY, Answer, answer
from skim_gateway.wire.contracts import (
    Contract,
    ContractInAnswer,
    DeltaNeutral,
)
from skim_gateway.wire.kinds import NumberOrLargest
from skim_gateway.wire.orders import Order, OrderState
from skim_gateway.wire.slots import Since, fixed


@answer(3)
class OrderStatus(Answer):
    """Where an order is."""

    order_id: int
    status: str
    filled: Decimal
    remaining: Decimal
    average_price: Decimal
    perm_id: int
    parent_id: int
    last_price: Decimal
    client_id: int
    why_held: str = ""
    market_cap_price: Decimal = Decimal(0)


@answer(5, layout=order_layouts.open_order())
class OpenOrder(Answer):
    """All that an order says."""

    contract: Contract
    order: Order
    state: OrderState
    has_delta_neutral: int = 0
    delta_neutral: DeltaNeutral | None = None


@answer(53, fixed("1"))
class OpenOrderEnd(Answer):
    """That were the open orders."""


@answer(101, layout=order_layouts.completed_order())
class CompletedOrder(Answer):
    """An order that is done."""

    contract: Contract
    order: Order
    state: OrderState
    has_delta_neutral: int = 0
    delta_neutral: DeltaNeutral | None = None


@answer(102)
class CompletedOrdersEnd(Answer):
    """That were the done orders."""


@answer(100)
class OrderBound(Answer):
    """An order that was placed by hand has an id now."""

    perm_id: int
    client_id: int
    order_id: int


@answer(11)
class ExecutionDetails(Answer):
    """A trade of an order."""

    req_id: int = NOBODY
    order_id: int
    contract: ContractInAnswer
    execution_id: str
    time: str
    account: str
    exchange: str
    side: str
    shares: Decimal
    price: Decimal
    perm_id: int
    client_id: int
    liquidation: int = 0
    cumulative: Decimal
    average_price: Decimal
    order_ref: str = ""
    ev_rule: str = ""
    ev_multiplier: Decimal | None = None
    model: str = ""
    last_liquidity: int = 2
    pending_revision: Annotated[bool, Since(178)] = False


@answer(55, fixed("1"))
class ExecutionDetailsEnd(Answer):
    """That were the executions."""

    req_id: int


@answer(59, fixed("1"))
class CommissionReport(Answer):
    """What a trade cost."""

    execution_id: str
    commission: Decimal
    currency: str
    realized_pnl: NumberOrLargest = None
    bond_yield: NumberOrLargest = None
    redemption_date: str = ""
