"""All tickets of one login's accounts, by the names that they have: ids, references, permanent ids."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Container
from dataclasses import replace

from skim_gateway.orders.executions import Execution
from skim_gateway.orders.store import TicketStore
from skim_gateway.orders.tickets import INACTIVE, Ticket
from skim_gateway.orders.translate import reference

MANUAL = 0
"""The client id of orders that are placed by hand, and of the client that may own them."""

_FIRST_PERM_ID = 1_000_000_000


class Book:
    """Tickets and executions. Whoever restarts the gateway keeps it or not.

    `store` gets each ticket that is placed or changed; None keeps them in memory only.
    """

    def __init__(self, seed: int = 1, store: TicketStore | None = None) -> None:
        self._store = store
        self.tickets: list[Ticket] = []
        self.executions: list[Execution] = []
        self._perm_ids = _FIRST_PERM_ID + random.Random(seed).randrange(10**8)
        self._by_id: dict[tuple[int, int], Ticket] = {}
        self._by_reference: dict[str, Ticket] = {}
        self._next_ids: defaultdict[int, int] = defaultdict(lambda: 1)
        self._forgotten: dict[str, str] = {}

    def forget(self) -> list[Ticket]:
        """Have no ticket, execution or id any more, in the store neither.

        Returns the orders that may work at the exchange yet.
        """
        left = [ticket for ticket in self.open_tickets() if ticket.at_exchange]
        self._forgotten |= {ticket.reference: ticket.order.account for ticket in self.tickets}
        for kept in (self.tickets, self.executions, self._by_id, self._by_reference):
            kept.clear()
        self._next_ids.clear()
        if self._store is not None:
            self._store.clear()
        return left

    def next_id(self, client_id: int) -> int:
        """Return the lowest id that the client's next order may have."""
        return self._next_ids[client_id]

    def roll_back_ids(self, client_id: int, by: int) -> None:
        """Forget the highest ids of a client, as some restarts of real gateways do."""
        self._next_ids[client_id] = max(1, self._next_ids[client_id] - by)

    def roll_back_all(self, by: int) -> None:
        """Forget the highest ids of every client."""
        for client_id in list(self._next_ids):
            self.roll_back_ids(client_id, by)

    def find(self, client_id: int, order_id: int) -> Ticket | None:
        """Return the ticket that a client knows by this id, or None."""
        return self._by_id.get((client_id, order_id))

    def at_exchange(self, name: str) -> Ticket | None:
        """Return the ticket that the exchange knows by this reference, or None."""
        return self._by_reference.get(name)

    def forgotten_account(self, name: str) -> str | None:
        """Return the account of an order that is forgotten, by its name at the exchange, or None."""
        return self._forgotten.get(name)

    def open_tickets(self) -> list[Ticket]:
        """Return what is not done, in the order it was placed."""
        return [ticket for ticket in self.tickets if not ticket.done]

    def new_perm_id(self) -> int:
        """Return an id that no order has had."""
        self._perm_ids += 1
        return self._perm_ids

    def next_manual_id(self) -> int:
        """Return the id for an order that was placed by hand: -1, -2, and so on."""
        used = [number for client, number in self._by_id if client == MANUAL]
        return min([0, *used]) - 1

    def exchange_reference(self, order_ref: str, perm_id: int) -> str:
        """Return the name that an order has at the exchange.

        A client's reference need not be unique; the name must be, so only the first order
        of a reference is called by it.
        """
        wanted = reference(order_ref)
        taken = self._by_reference.keys() | self._forgotten.keys()
        return str(perm_id) if wanted is None or wanted in taken else wanted

    def restore(self, at_exchange: Container[str]) -> None:
        """Have the stored tickets again; `at_exchange` are the references known there today.

        Of the others those that were not transmitted wait on; the rest were done on an
        earlier day.
        """
        for ticket in self._store.load() if self._store else ():
            ticket.parent = self.find(ticket.client_id, ticket.order.parent_id)
            if ticket.reference in at_exchange:
                ticket.at_exchange = ticket.for_exchange()
            elif ticket.order.transmit:
                ticket.status = INACTIVE
            self._perm_ids = max(self._perm_ids, ticket.perm_id)
            self._have(ticket)

    def close(self) -> None:
        """Let go of the store's file."""
        if self._store is not None:
            self._store.close()

    def add(self, ticket: Ticket) -> None:
        """Have a new ticket. Raises BrokerError when it can't be stored."""
        self.save(ticket)
        self._have(ticket)

    def save(self, ticket: Ticket) -> None:
        """Store a ticket as it is now. Raises BrokerError."""
        if self._store is not None:
            self._store.save(ticket)

    def _have(self, ticket: Ticket) -> None:
        self.tickets.append(ticket)
        if ticket.order_id:
            self._by_id[ticket.client_id, ticket.order_id] = ticket
        self._by_reference[ticket.reference] = ticket
        if ticket.parent is not None:
            ticket.parent.children.append(ticket)
        following = max(self._next_ids[ticket.client_id], ticket.order_id + 1)
        self._next_ids[ticket.client_id] = following

    def rename(self, ticket: Ticket, order_id: int) -> None:
        """Give a ticket another id."""
        self._by_id.pop((ticket.client_id, ticket.order_id), None)
        ticket.order = replace(ticket.order, order_id=order_id)
        self.save(ticket)
        self._by_id[ticket.client_id, order_id] = ticket
