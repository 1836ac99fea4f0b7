"""What the explanation of an order is made of; see `skim_core.decide.explained`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeAlias

from skim_core.model.limits import RiskReading
from skim_core.model.orders import Order, OrderStage, Side

Amount: TypeAlias = Decimal | int | timedelta
Records: TypeAlias = list[int]
"""The sequence numbers of the journal records that a part rests on."""


@dataclass(slots=True, kw_only=True)
class Margin:
    """One limit that an entry was checked against: what was found, and what was left of it."""

    limit: str
    found: Amount | None
    allowed: Amount
    left: Amount | None


@dataclass(slots=True, kw_only=True)
class Decided:
    """An order was decided on `reading`.

    `by` is the phase that decided, ``protection`` for skim itself; empty in old journals.
    """

    records: Records
    at: datetime
    what: str = "decided"
    reason: str
    by: str
    reading: RiskReading | None
    quote_age: timedelta | None
    margins: list[Margin]


@dataclass(slots=True, kw_only=True)
class Carried:
    """The order stood from a day before."""

    records: Records
    at: datetime
    what: str = "carried"
    stage: OrderStage
    filled: int


@dataclass(slots=True, kw_only=True)
class Sent:
    """The order was about to leave; `again`: the same decision for another time."""

    records: Records
    at: datetime
    what: str = "sent"
    again: bool


@dataclass(slots=True, kw_only=True)
class Acknowledged:
    """The broker had the order, `after` it was sent."""

    records: Records
    at: datetime
    what: str = "acknowledged"
    after: timedelta | None
    broker_id: str


@dataclass(slots=True, kw_only=True)
class Modified:
    """A resting order was changed from these to those."""

    records: Records
    at: datetime
    what: str = "modified"
    reason: str
    by: str
    from_quantity: int
    to_quantity: int
    from_limit_price: Decimal | None
    to_limit_price: Decimal | None
    from_stop_price: Decimal | None
    to_stop_price: Decimal | None


@dataclass(slots=True, kw_only=True)
class CancelAsked:
    """A cancel was asked for."""

    records: Records
    at: datetime
    what: str = "cancel asked"
    reason: str
    by: str


@dataclass(slots=True, kw_only=True)
class Filled:
    """Shares traded.

    `against` is the decision's last price, for a stop its stop price; `slippage` what the fill
    cost more than that (less, when negative), `slippage_ticks` the same a share.
    """

    records: Records
    at: datetime
    what: str = "filled"
    side: Side
    quantity: int
    price: Decimal
    remaining: int
    commission: Decimal
    execution_id: str
    stop_hit: bool = False
    against: Decimal | None
    slippage: Decimal | None
    slippage_ticks: Decimal | None


@dataclass(slots=True, kw_only=True)
class Over:
    """The order was cancelled or rejected; `asked`: a cancel had been asked for, `after` ago."""

    records: Records
    at: datetime
    what: str
    reason: str
    asked: bool
    after: timedelta | None


@dataclass(slots=True, kw_only=True)
class Doubt:
    """The broker never had the order (``absent``), or nobody knows (``unknown``).

    `settled_by` is the next thing that was heard of it, at `settled_at`.
    """

    records: Records
    at: datetime
    what: str
    finding: str
    certain: bool = False
    settled_at: datetime | None = None
    settled_by: str | None = None


@dataclass(slots=True, kw_only=True)
class Resolved:
    """A person said what became of an unknown order."""

    records: Records
    at: datetime
    what: str = "resolved"
    outcome: str
    by: str
    why: str


Step: TypeAlias = (
    Decided
    | Carried
    | Sent
    | Acknowledged
    | Modified
    | CancelAsked
    | Filled
    | Over
    | Doubt
    | Resolved
)


@dataclass(slots=True, kw_only=True)
class Decision:
    """One order from its decision on. `order` is as it was decided; `steps` are in order.

    `key` is what the orders of one bracket share. `average_price`, `slippage`,
    `slippage_ticks` (a share) and `commission` are of all its fills.
    """

    reference: str
    key: str
    order: Order
    stage: OrderStage
    filled: int = 0
    average_price: Decimal | None = None
    slippage: Decimal | None = None
    slippage_ticks: Decimal | None = None
    commission: Decimal = Decimal(0)
    steps: list[Step] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class RefusedEntry:
    """An entry that a limit, a halt or a doubt held up."""

    records: Records
    at: datetime
    symbol: str
    purpose: str
    limit: str
    reason: str
    by: str
    reading: RiskReading | None
    quote_age: timedelta | None
    margins: list[Margin]
