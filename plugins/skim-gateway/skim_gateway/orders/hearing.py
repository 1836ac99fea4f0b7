"""What the exchange says, as clients are told of it.

In the order that recordings of a real gateway show: of a trade first the execution, then
the order and its status, then the order again with its commission, then that. A status
may be told twice.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from skim_core import Fill, OrderStatus
from skim_core.broker import OrderReport
from skim_gateway import codes
from skim_gateway.orders.executions import Execution, executed
from skim_gateway.orders.tickets import (
    CANCELLED,
    FILLED,
    INACTIVE,
    PENDING_CANCEL,
    PRE_SUBMITTED,
    SUBMITTED,
    Ticket,
)

if TYPE_CHECKING:
    from skim_core.broker import BrokerNotice
    from skim_gateway.market.catalogue import Catalogue
    from skim_gateway.orders.accounts import Accounts
    from skim_gateway.orders.book import Book
    from skim_gateway.wire.answers import Answer, ErrorMessage
    from skim_gateway.wording import Wording

Tell: TypeAlias = Callable[[Ticket, "Answer"], None]
"""Says something about a ticket to whoever may hear of it."""

_STATUS = {
    OrderStatus.HELD: PRE_SUBMITTED,
    OrderStatus.WORKING: SUBMITTED,
    OrderStatus.FILLED: FILLED,
    OrderStatus.CANCELLED: CANCELLED,
    OrderStatus.REJECTED: INACTIVE,
}


class Hearing:
    """Takes the exchange's notices into the book and tells clients.

    `repeated` is the share of statuses that are told twice.
    """

    def __init__(
        self,
        book: Book,
        catalogue: Catalogue,
        wording: Wording,
        tell: Tell,
        *,
        accounts: Accounts,
        seed: int = 1,
        repeated: float = 0.1,
    ) -> None:
        self.book = book
        self._catalogue = catalogue
        self._wording = wording
        self._tell = tell
        self._accounts = accounts
        self._random = random.Random(seed)
        self._repeated = repeated
        self._untold: dict[Ticket, list[Execution]] = {}

    def hear(self, notice: BrokerNotice) -> None:
        """Take a notice."""
        if isinstance(notice, Fill):
            self._fill(notice)
        elif isinstance(notice, OrderReport):
            self._report(notice)

    def say(self, ticket: Ticket) -> None:
        """Tell what an order is and where."""
        self._tell(ticket, ticket.open_message(self._catalogue.rules.currency))
        self.say_status(ticket)

    def say_status(self, ticket: Ticket) -> None:
        """Tell where an order is."""
        self._tell(ticket, ticket.status_message())
        if self._random.random() < self._repeated:
            self._tell(ticket, ticket.status_message())

    def say_end(self, ticket: Ticket) -> None:
        """Tell that an order ended without being filled: its status, and the error beside it."""
        if ticket.status == INACTIVE:
            why = ticket.reason
            self.say_refused(ticket, codes.error(codes.ORDER_REJECTED, ticket.order_id, why=why))
        else:
            self.say_status(ticket)
            why = "" if ticket.cancelling else ticket.reason
            self._tell(ticket, codes.error(codes.ORDER_CANCELLED, ticket.order_id, why=why))

    def say_refused(self, ticket: Ticket, error: ErrorMessage) -> None:
        """Tell that an order is not taken, and what has become of it."""
        self._tell(ticket, error)
        self.say(ticket)

    def _fill(self, fill: Fill) -> None:
        ticket = self.book.at_exchange(fill.reference)
        if ticket is None:
            # Its order may be forgotten; what that bought is held all the same.
            account = self.book.forgotten_account(fill.reference)
            if account is not None:
                self._accounts[account].portfolio.book(fill)
            return
        ticket.filled += fill.quantity
        ticket.value += fill.quantity * fill.price
        ticket.last_price = fill.price
        execution = executed(
            ticket,
            fill,
            venue=self._catalogue.venue.exchange,
            currency=self._catalogue.rules.currency,
            time=self._wording.execution(fill.at),
            earned=self._accounts[ticket.order.account].portfolio.book(fill),
        )
        self.book.executions.append(execution)
        self._tell(ticket, execution.details)
        self._untold.setdefault(ticket, []).append(execution)

    def _report(self, report: OrderReport) -> None:
        ticket = self.book.at_exchange(report.reference)
        if ticket is None:
            return
        status = self._status(ticket, report)
        refused_change = bool(report.reason) and not report.status.final
        executions = self._untold.pop(ticket, [])
        if status == ticket.status and not executions and ticket.done:
            return
        ticket.status = status
        ticket.why_held = _why_held(ticket, report)
        if report.status.final:
            ticket.reason, ticket.done_at = report.reason, report.at
        if refused_change:
            why = report.reason.removeprefix("not changed: ")
            self._tell(ticket, codes.error(codes.ORDER_REJECTED, ticket.order_id, why=why))
        if status in {CANCELLED, INACTIVE}:
            self.say_end(ticket)
        else:
            self.say(ticket)
        for execution in executions:
            cost = execution.commission.commission
            ticket.commission = (ticket.commission or 0) + cost
            self._tell(ticket, ticket.open_message(self._catalogue.rules.currency))
            self._tell(ticket, execution.commission)

    def _status(self, ticket: Ticket, report: OrderReport) -> str:
        if report.status.final:
            return _STATUS[report.status]
        if ticket.cancelling:
            return PENDING_CANCEL
        if ticket.terms.stop_price is not None and not ticket.filled:
            return PRE_SUBMITTED
        return _STATUS[report.status]


def _why_held(ticket: Ticket, report: OrderReport) -> str:
    reasons = []
    if report.status is OrderStatus.HELD:
        reasons.append("child")
    if ticket.terms.stop_price is not None and not report.status.final and not ticket.filled:
        reasons.append("trigger")
    return ",".join(reasons)
