"""What became of orders."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from skim_core.model.base import Name, Price, Quantity, Symbol
from skim_core.model.events.base import _Event
from skim_core.model.limits import RiskReading
from skim_core.model.orders import Fill, Order, OrderState, Reference


class _OrderEvent(_Event):
    """A fact of one order, named by its reference."""

    reference: Reference


class OrderIntended(_Event):
    """An order was decided, within every limit; nothing is sent yet.

    `reading` is what the limits were checked against, `None` for an order that no limit
    may hold up: an exit, a stop. `by` names the phase that decided, or ``protection``.
    """

    kind: Literal["order_intended"] = "order_intended"
    order: Order
    reason: str = ""
    by: str = ""
    reading: RiskReading | None = None


class OrderRefused(_Event):
    """A limit or a halt kept an entry from being sent; `limit` names which one."""

    kind: Literal["order_refused"] = "order_refused"
    symbol: Symbol
    purpose: Name
    limit: Name
    reason: str
    by: str = ""
    reading: RiskReading | None = None


class OrderSending(_OrderEvent):
    """The order is about to be sent: journaled durably before a byte leaves."""

    kind: Literal["order_sending"] = "order_sending"


class OrderAcknowledged(_OrderEvent):
    """The broker has the order; `broker_id` is its own name for it, when it gives one."""

    kind: Literal["order_acknowledged"] = "order_acknowledged"
    broker_id: str = ""


class OrderModified(_OrderEvent):
    """A resting order is about to be changed to these."""

    kind: Literal["order_modified"] = "order_modified"
    quantity: Quantity
    limit_price: Price | None = None
    stop_price: Price | None = None
    reason: str = ""
    by: str = ""


class OrderCancelling(_OrderEvent):
    """A cancel is about to be asked for; a fill may come before it."""

    kind: Literal["order_cancelling"] = "order_cancelling"
    reason: str = ""
    by: str = ""


class OrderFilled(_Event):
    """A (part of an) order traded; `remaining` shares of it are still open."""

    kind: Literal["order_filled"] = "order_filled"
    fill: Fill
    remaining: Annotated[int, Field(ge=0)]


class OrderCancelled(_OrderEvent):
    """The rest of the order will not trade."""

    kind: Literal["order_cancelled"] = "order_cancelled"
    reason: str = ""


class OrderRejected(_OrderEvent):
    """The broker refused the order."""

    kind: Literal["order_rejected"] = "order_rejected"
    reason: str


class OrderAbsent(_OrderEvent):
    """The broker never had the order.

    `certain`: not a byte of it left. The same decision may then be sent again at once; else
    only a limit order may, whose price still holds.
    """

    kind: Literal["order_absent"] = "order_absent"
    reason: str = ""
    certain: bool = False


class OrderUnknown(_OrderEvent):
    """What became of the order can't be found out; its symbol is blocked until it is.

    `finding` says what was looked at and what was found.
    """

    kind: Literal["order_unknown"] = "order_unknown"
    finding: str


class OrderResolved(_OrderEvent):
    """A person said what became of an unknown order; its fills, if any, follow."""

    kind: Literal["order_resolved"] = "order_resolved"
    outcome: Literal["filled", "cancelled", "absent", "working"]
    why: str
    by: str


class OrderCarried(_Event):
    """An order that stood from a day before still stands.

    `executions` names its fills so far: a broker's today may have begun before the session.
    """

    kind: Literal["order_carried"] = "order_carried"
    state: OrderState
    executions: tuple[str, ...] = ()


class StopHit(_OrderEvent):
    """A protective stop traded."""

    kind: Literal["stop_hit"] = "stop_hit"
    symbol: Symbol
    stop_price: Price
    fill_price: Price
