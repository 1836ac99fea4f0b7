"""Executions: trades of orders, with what they cost, as clients are told of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from skim_core import Fill, Side
from skim_gateway.orders.tickets import Ticket
from skim_gateway.wire.answers import CommissionReport, ExecutionDetails
from skim_gateway.wire.contracts import Contract

_SIDES = {Side.BUY: "BOT", Side.SELL: "SLD"}


@dataclass(frozen=True, slots=True)
class Execution:
    """One trade of an order, and when it was, in UTC."""

    ticket: Ticket
    at: datetime
    details: ExecutionDetails
    commission: CommissionReport

    def numbered(self, req_id: int) -> ExecutionDetails:
        """Return the details as the answer to a request."""
        return replace(self.details, req_id=req_id)


def execution_id(fill: Fill, account: str) -> str:
    """Return a fill's id in the shape of IBKR's, such as ``00025b46.63f8f39c.01.01``.

    A correction of a trade would differ only after the last dot.
    """
    digest = hashlib.sha256(f"{account}|{fill.execution_id}".encode()).hexdigest()
    return f"{digest[:8]}.{digest[8:16]}.01.01"


def executed(
    ticket: Ticket, fill: Fill, *, venue: str, currency: str, time: str, earned: Decimal | None
) -> Execution:
    """Return the execution that `fill` is, the ticket's last one."""
    number = execution_id(fill, ticket.order.account)
    contract: Contract = replace(ticket.contract, exchange=venue)
    details = ExecutionDetails(
        order_id=ticket.order_id,
        contract=contract,
        execution_id=number,
        time=time,
        account=ticket.order.account,
        exchange=venue,
        side=_SIDES[fill.side],
        shares=Decimal(fill.quantity),
        price=fill.price,
        perm_id=ticket.perm_id,
        client_id=ticket.client_id,
        cumulative=Decimal(ticket.filled),
        average_price=ticket.average_price,
        order_ref=ticket.order.order_ref,
    )
    commission = CommissionReport(
        execution_id=number, commission=fill.commission, currency=currency, realized_pnl=earned
    )
    return Execution(ticket, fill.at, details, commission)
