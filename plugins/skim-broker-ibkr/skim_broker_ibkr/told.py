"""What TWS told, as plain facts: exact prices, no objects that change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Instrument:
    """What something is about. `currency` and `exchange` as IBKR names them."""

    con_id: int
    symbol: str
    sec_type: str
    currency: str
    exchange: str = ""


@dataclass(frozen=True, slots=True)
class ToldOrder:
    """An order as TWS has it, open or completed.

    `order_id` and `client_id` are 0 where it doesn't say; `quantity` is 0 for a completed
    order. `filled` is None where it isn't said. `completed`: it comes from the list of done
    orders, with IBKR's words in `reason`.
    """

    perm_id: int
    client_id: int
    order_id: int
    reference: str
    account: str
    instrument: Instrument
    side: str
    kind: str
    quantity: int
    limit_price: Decimal | None
    stop_price: Decimal | None
    status: str
    parent_id: int = 0
    filled: int | None = None
    completed: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ToldStatus:
    """An order's status. It names no reference."""

    perm_id: int
    client_id: int
    order_id: int
    status: str
    filled: int
    remaining: int
    why_held: str = ""


@dataclass(frozen=True, slots=True)
class ToldExecution:
    """A trade of an order."""

    execution_id: str
    perm_id: int
    client_id: int
    order_id: int
    reference: str
    account: str
    instrument: Instrument
    side: str
    quantity: int
    price: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class ToldCommission:
    """What an execution cost."""

    execution_id: str
    commission: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class ToldError:
    """An error or a notice. `number`: the order or the request that it is about; -1 for none."""

    number: int
    code: int
    text: str


@dataclass(frozen=True, slots=True)
class ToldPosition:
    """What an account holds of something."""

    account: str
    instrument: Instrument
    quantity: int
    average_cost: Decimal


Told: TypeAlias = ToldOrder | ToldStatus | ToldExecution | ToldCommission | ToldError
"""What TWS says unasked, or in answer to a question about its books."""
