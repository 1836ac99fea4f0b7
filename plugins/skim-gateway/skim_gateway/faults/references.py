"""Which order a message is about, by its reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skim_gateway.wire import answers as a
from skim_gateway.wire import requests as r

if TYPE_CHECKING:
    from skim_gateway.orders.book import Book
    from skim_gateway.wire.messages import Message


def order_ref(book: Book, client: int | None, message: Message) -> str:
    """Return the reference of the order that a message is about; '' for none."""
    match message:
        case r.PlaceOrder() | a.OpenOrder() | a.CompletedOrder():
            return message.order.order_ref
        case a.ExecutionDetails():
            return message.order_ref
        case r.CancelOrder() | a.OrderStatus():
            return _of(book, client, message.order_id)
        case a.ErrorMessage():
            return _of(book, client, message.req_id)
        case a.CommissionReport():
            for execution in reversed(book.executions):
                if execution.details.execution_id == message.execution_id:
                    return execution.details.order_ref
    return ""


def _of(book: Book, client: int | None, order_id: int) -> str:
    ticket = book.find(client, order_id) if client is not None else None
    return ticket.order.order_ref if ticket is not None else ""
