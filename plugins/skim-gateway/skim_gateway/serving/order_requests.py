"""Orders, executions and ids."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from skim_gateway import codes
from skim_gateway.market.spans import SpanError, end_time
from skim_gateway.orders.book import MANUAL
from skim_gateway.wire import answers as a
from skim_gateway.wire import requests as r

if TYPE_CHECKING:
    from skim_gateway.orders.executions import Execution
    from skim_gateway.orders.tickets import Ticket
    from skim_gateway.serving.conversation import Conversation

_SIDES = {"": ("BOT", "SLD"), "BUY": ("BOT",), "BOT": ("BOT",), "SELL": ("SLD",), "SLD": ("SLD",)}


def _client(conversation: Conversation) -> int:
    assert conversation.client_id is not None
    return conversation.client_id


async def place_order(conversation: Conversation, request: r.PlaceOrder) -> None:
    """Place or change an order."""
    gateway = conversation.gateway
    answer = await gateway.desk.place(_client(conversation), request)
    if answer is not None:
        conversation.send(answer)


async def cancel_order(conversation: Conversation, request: r.CancelOrder) -> None:
    """Cancel one of the client's orders."""
    await conversation.gateway.desk.cancel(_client(conversation), request.order_id)


async def global_cancel(conversation: Conversation, _: r.GlobalCancel) -> None:
    """Cancel every order of the account."""
    await conversation.gateway.desk.cancel_all()


async def next_ids(conversation: Conversation, _: r.RequestIds) -> None:
    """Tell the lowest id that the next order may have."""
    number = conversation.gateway.book.next_id(_client(conversation))
    conversation.send(a.NextValidId(order_id=number))


async def own_open_orders(conversation: Conversation, _: r.RequestOpenOrders) -> None:
    """Tell the client's own open orders; client 0 takes over those placed by hand."""
    client = _client(conversation)
    tickets = conversation.gateway.book.open_tickets()
    if client == MANUAL:
        _bind(conversation, tickets)
    _tell_open(conversation, [ticket for ticket in tickets if ticket.client_id == client])


async def all_open_orders(conversation: Conversation, _: r.RequestAllOpenOrders) -> None:
    """Tell the open orders of all clients, as they are now."""
    _tell_open(conversation, conversation.gateway.book.open_tickets())


async def auto_open_orders(conversation: Conversation, request: r.RequestAutoOpenOrders) -> None:
    """Let client 0 hear of orders that are placed by hand, and own them."""
    if _client(conversation) != MANUAL:
        conversation.error(
            codes.INVALID, why="Only the default client (i.e 0) can auto bind orders"
        )
        return
    conversation.binds = request.bind
    if request.bind:
        _bind(conversation, conversation.gateway.book.open_tickets())


def _bind(conversation: Conversation, tickets: list[Ticket]) -> None:
    for ticket in tickets:
        if ticket.by_hand:
            conversation.gateway.bind(ticket, conversation)


def _tell_open(conversation: Conversation, tickets: list[Ticket]) -> None:
    currency = conversation.gateway.setup.exchange.currency
    for ticket in tickets:
        conversation.send(ticket.open_message(currency))
        conversation.send(ticket.status_message())
    conversation.send(a.OpenOrderEnd())


async def completed_orders(conversation: Conversation, request: r.RequestCompletedOrders) -> None:
    """Tell today's done orders."""
    gateway = conversation.gateway
    today = gateway.wording.day(conversation.now)
    for ticket in gateway.book.tickets:
        if ticket.done_at is None or (request.api_only and ticket.order_id <= 0):
            continue
        if gateway.wording.day(ticket.done_at) == today:
            conversation.send(ticket.completed_message(gateway.wording.stamp(ticket.done_at)))
    conversation.send(a.CompletedOrdersEnd())


async def executions(conversation: Conversation, request: r.RequestExecutions) -> None:
    """Tell today's executions that pass the filter, each with its commission."""
    gateway = conversation.gateway
    wording = gateway.wording
    try:
        since = end_time(request.time, wording.timezone, conversation.now) if request.time else None
    except SpanError as wrong:
        conversation.error(codes.INVALID, request.req_id, why=str(wrong))
        return
    today = wording.day(conversation.now)
    for execution in gateway.book.executions:
        if wording.day(execution.at) == today and _passes(execution, request, since):
            conversation.send(execution.numbered(request.req_id))
            conversation.send(execution.commission)
    conversation.send(a.ExecutionDetailsEnd(req_id=request.req_id))


def _passes(execution: Execution, wanted: r.RequestExecutions, since: datetime | None) -> bool:
    found = execution.details
    return (
        (not wanted.client_id or found.client_id == wanted.client_id)
        and wanted.account in {"", found.account}
        and (since is None or execution.at >= since)
        and wanted.symbol in {"", found.contract.symbol}
        and wanted.sec_type in {"", found.contract.sec_type}
        and wanted.exchange in {"", found.exchange}
        and found.side in _SIDES.get(wanted.side, ())
    )


HANDLERS = {
    r.PlaceOrder: place_order,
    r.CancelOrder: cancel_order,
    r.GlobalCancel: global_cancel,
    r.RequestIds: next_ids,
    r.RequestOpenOrders: own_open_orders,
    r.RequestAllOpenOrders: all_open_orders,
    r.RequestAutoOpenOrders: auto_open_orders,
    r.RequestCompletedOrders: completed_orders,
    r.RequestExecutions: executions,
}
