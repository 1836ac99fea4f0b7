"""Tickets in a file, so that a gateway that is started again knows its clients' orders.

One line of JSON for each time a ticket was placed or changed; the last one of a permanent
id counts. What became of an order is the exchange's to say: its book is beside this file.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from skim_core.errors import BrokerError
from skim_gateway.orders.tickets import Ticket
from skim_gateway.orders.translate import Refusal, terms
from skim_gateway.wire.errors import MalformedError
from skim_gateway.wire.handshake import NEWEST
from skim_gateway.wire.requests import REQUESTS, PlaceOrder


class TicketStore:
    """The tickets of one account."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def clear(self) -> None:
        """Have no ticket any more. Raises BrokerError when the file can't be removed."""
        self.close()
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            msg = f"{self._path} can't be removed ({error.strerror or error}): remove it yourself."
            raise BrokerError(msg) from error

    def save(self, ticket: Ticket) -> None:
        """Add a line. Raises BrokerError when it can't be written."""
        placed = PlaceOrder(order_id=ticket.order_id, contract=ticket.contract, order=ticket.order)
        line = json.dumps(
            {
                "perm_id": ticket.perm_id,
                "client_id": ticket.client_id,
                "reference": ticket.reference,
                "symbol": ticket.symbol,
                "placed_at": ticket.placed_at.isoformat(),
                "fields": REQUESTS.encode(placed, NEWEST),
            }
        )
        try:
            if self._file is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._file = self._path.open("a", encoding="utf-8")
            self._file.write(line + "\n")
            self._file.flush()
        except OSError as error:
            msg = f"{self._path} can't be written ({error.strerror or error}): make room for it."
            raise BrokerError(msg) from error

    def load(self) -> list[Ticket]:
        """Return the tickets, in the order they were placed.

        A last line that was cut off is left out. Raises BrokerError naming file and line
        for any other damage.
        """
        if not self._path.exists():
            return []
        lines = self._path.read_text(encoding="utf-8").split("\n")
        tickets: dict[int, Ticket] = {}
        for number, line in enumerate(lines[:-1], start=1):
            try:
                ticket = _ticket(json.loads(line))
            except (ValueError, KeyError, TypeError, MalformedError, Refusal) as error:
                msg = f"{self._path}, line {number} is damaged ({error}): move the file away."
                raise BrokerError(msg) from error
            tickets[ticket.perm_id] = ticket
        return list(tickets.values())


def _ticket(saved: dict[str, Any]) -> Ticket:
    placed = REQUESTS.decode(saved["fields"], NEWEST)
    if not isinstance(placed, PlaceOrder):
        msg = "it is no order"
        raise TypeError(msg)
    return Ticket(
        perm_id=int(saved["perm_id"]),
        client_id=int(saved["client_id"]),
        order=replace(placed.order, order_id=placed.order_id),
        contract=placed.contract,
        symbol=saved["symbol"],
        reference=saved["reference"],
        terms=terms(placed),
        placed_at=datetime.fromisoformat(saved["placed_at"]),
    )
