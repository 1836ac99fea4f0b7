"""What clients ask of orders: to place, change, cancel them, or what they would cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from skim_core.errors import BrokerError
from skim_gateway import codes
from skim_gateway.orders.book import MANUAL
from skim_gateway.orders.preview import preview
from skim_gateway.orders.tickets import (
    CANCELLED,
    FILLED,
    INACTIVE,
    PENDING_CANCEL,
    PRE_SUBMITTED,
    Ticket,
)
from skim_gateway.orders.translate import Refusal, Terms, terms
from skim_gateway.wire.answers import OpenOrder

if TYPE_CHECKING:
    from skim_core import Clock
    from skim_gateway.market.catalogue import Catalogue
    from skim_gateway.orders.accounts import Accounts, TradedAccount
    from skim_gateway.orders.book import Book
    from skim_gateway.orders.hearing import Hearing
    from skim_gateway.wire.requests import PlaceOrder

_FIXED = ("account", "action", "order_type", "tif", "oca_group", "parent_id")
"""What a change of an order may not touch."""


class Desk:
    """Takes orders of all clients for the accounts of a login and sends them to the exchange.

    `refuses` tells of a symbol whether it is halted so that it takes no new orders.
    """

    def __init__(
        self,
        book: Book,
        accounts: Accounts,
        catalogue: Catalogue,
        clock: Clock,
        hearing: Hearing,
        *,
        refuses: Callable[[str], bool],
    ) -> None:
        self._book = book
        self._accounts = accounts
        self._catalogue = catalogue
        self._clock = clock
        self._hearing = hearing
        self._refuses = refuses

    async def place(self, client_id: int, placed: PlaceOrder) -> OpenOrder | None:
        """Take an order or a change of one; return the answer when it only asks what if.

        Raises Refusal.
        """
        placed = self._in_account(client_id, placed)
        symbol, found = self._checked(placed)
        if placed.order.what_if:
            return await self._preview(placed, symbol, found)
        known = self._book.find(client_id, placed.order_id)
        if known is not None and not known.done:
            await self._change(known, placed, found)
        else:
            self._refuse_used_id(known, client_id, placed.order_id)
            ticket = self._new(client_id, placed, symbol, found)
            if self._refuses(symbol):
                self._refuse(ticket, "", codes.HALTED)
            else:
                await self._transmit(ticket)
        return None

    def reject(self, client_id: int, placed: PlaceOrder, why: str, code: int) -> None:
        """Refuse a sound order as IBKR does that has looked at it: it is kept, Inactive.

        A change of an order is only refused. Raises Refusal for what is not sound.
        """
        placed = self._in_account(client_id, placed)
        symbol, found = self._checked(placed)
        known = self._book.find(client_id, placed.order_id)
        if placed.order.what_if or (known is not None and not known.done):
            raise Refusal(codes.error(code, placed.order_id, why=why))
        self._refuse_used_id(known, client_id, placed.order_id)
        self._refuse(self._new(client_id, placed, symbol, found), why, code)

    def _refuse(self, ticket: Ticket, why: str, code: int) -> None:
        error = codes.error(code, ticket.order_id, why=why)
        ticket.status, ticket.done_at = INACTIVE, self._clock.now()
        ticket.reason = why or error.text
        self._hearing.say_refused(ticket, error)

    async def cancel(self, client_id: int, order_id: int) -> None:
        """Cancel an order. Raises Refusal when there is none, or none that lives."""
        ticket = self._book.find(client_id, order_id)
        if ticket is None:
            raise Refusal(codes.error(codes.NOT_FOUND, order_id, number=order_id))
        if ticket.done:
            raise Refusal(
                codes.error(codes.NOT_CANCELLABLE, order_id, number=order_id, why=ticket.status)
            )
        await self._cancel(ticket)

    async def cancel_all(self) -> None:
        """Cancel every order of every account."""
        for ticket in self._book.open_tickets():
            if not ticket.done:
                await self._cancel(ticket)

    # Placing

    def _in_account(self, client_id: int, placed: PlaceOrder) -> PlaceOrder:
        """Return an order with the account that it is for. Raises Refusal."""
        order, number = replace(placed.order, order_id=placed.order_id), placed.order.account
        known = self._book.find(client_id, placed.order_id)
        if not number and known is not None:
            number = known.order.account
        elif not number and len(self._accounts) > 1:
            raise Refusal(codes.error(codes.NO_ACCOUNT, placed.order_id))
        number = number or self._accounts.first.number
        if number not in self._accounts:
            why = f"Invalid account code '{number}'"
            raise Refusal(codes.error(codes.INVALID, placed.order_id, why=why))
        return replace(placed, order=replace(order, account=number))

    def _account(self, ticket: Ticket) -> TradedAccount:
        return self._accounts[ticket.order.account]

    def _checked(self, placed: PlaceOrder) -> tuple[str, Terms]:
        """Return an order's symbol and terms. Raises Refusal."""
        number = placed.order_id
        found = terms(placed)
        symbol = self._catalogue.find(placed.contract)
        if symbol is None:
            raise Refusal(codes.error(codes.NO_CONTRACT, number))
        for price in (found.limit_price, found.stop_price):
            if price is not None and not self._catalogue.rules.on_tick(price):
                raise Refusal(codes.error(codes.OFF_TICK, number))
        return symbol, found

    def _refuse_used_id(self, known: Ticket | None, client_id: int, order_id: int) -> None:
        if known is not None and known.status == FILLED:
            raise Refusal(codes.error(codes.ORDER_FILLED, order_id))
        by_hand = client_id == MANUAL and order_id == 0
        if (order_id < self._book.next_id(client_id) and not by_hand) or known is not None:
            raise Refusal(codes.error(codes.DUPLICATE_ORDER, order_id))

    def _new(self, client_id: int, placed: PlaceOrder, symbol: str, found: Terms) -> Ticket:
        perm_id, order = self._book.new_perm_id(), placed.order
        ticket = Ticket(
            perm_id=perm_id,
            client_id=client_id,
            order=order,
            contract=self._catalogue.contract(symbol, placed.contract.exchange),
            symbol=symbol,
            reference=self._book.exchange_reference(order.order_ref, perm_id),
            terms=found,
            placed_at=self._clock.now(),
            parent=self._parent(client_id, placed),
        )
        self._book.add(ticket)
        return ticket

    def _parent(self, client_id: int, placed: PlaceOrder) -> Ticket | None:
        number = placed.order.parent_id
        if not number:
            return None
        parent = self._book.find(client_id, number)
        if parent is None or (parent.done and not parent.filled):
            why = f"Parent order {number} is not there"
            raise Refusal(codes.error(codes.ORDER_REJECTED, placed.order_id, why=why))
        return parent

    async def _transmit(self, ticket: Ticket) -> None:
        """Send an order to the exchange, with those of its bracket that wait for it."""
        if not ticket.order.transmit:
            return
        head = ticket.parent or ticket
        waiting = [
            one for one in (head, *head.children) if one.at_exchange is None and not one.done
        ]
        for one in waiting:
            one.at_exchange = one.for_exchange()
            if not one.order.transmit:
                one.order = replace(one.order, transmit=True)
                self._book.save(one)
            one.status = PRE_SUBMITTED
            self._hearing.say(one)
        await self._account(ticket).broker.submit(
            [one.at_exchange for one in waiting if one.at_exchange]
        )

    # Changing, cancelling

    async def _change(self, ticket: Ticket, placed: PlaceOrder, found: Terms) -> None:
        number, order = placed.order_id, placed.order
        differs = any(getattr(order, name) != getattr(ticket.order, name) for name in _FIXED)
        if differs or self._catalogue.find(placed.contract) != ticket.symbol:
            raise Refusal(codes.error(codes.ORDER_DIFFERS, number))
        if ticket.at_exchange is None:
            ticket.order, ticket.terms = order, found
            self._book.save(ticket)
            await self._transmit(ticket)
            return
        if found.quantity <= ticket.filled:
            why = "The quantity is not above what has been filled"
            raise Refusal(codes.error(codes.ORDER_REJECTED, number, why=why))
        changed = replace(ticket)
        changed.terms = found
        try:
            await self._account(ticket).broker.modify(changed.for_exchange())
        except BrokerError as error:
            raise Refusal(codes.error(codes.ORDER_REJECTED, number, why=str(error))) from error
        ticket.order, ticket.terms = order, found
        ticket.at_exchange = ticket.for_exchange()
        self._book.save(ticket)

    async def _cancel(self, ticket: Ticket) -> None:
        ticket.cancelling = True
        if ticket.at_exchange is None:
            self._drop(ticket)
            return
        ticket.status = PENDING_CANCEL
        self._hearing.say_status(ticket)
        await self._account(ticket).broker.cancel(ticket.reference)

    def _drop(self, ticket: Ticket) -> None:
        """Cancel an order that never left, and those that are attached to it."""
        for one in (ticket, *ticket.children):
            if one.at_exchange is None and not one.done:
                one.status, one.done_at = CANCELLED, self._clock.now()
                self._hearing.say_end(one)

    # What if

    async def _preview(self, placed: PlaceOrder, symbol: str, found: Terms) -> OpenOrder:
        broker = self._accounts[placed.order.account].broker
        account = await broker.account()
        quotes = await broker.quotes([symbol])
        last = quotes[symbol].last if symbol in quotes else Decimal(0)
        held = account.net_liquidation - account.cash
        return OpenOrder(
            contract=self._catalogue.contract(symbol, placed.contract.exchange),
            order=replace(placed.order, delta_neutral_order_type="None"),
            state=preview(found, account, held, last, self._catalogue.rules),
        )
