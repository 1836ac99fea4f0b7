"""TWS's books as skim asks for them: orders, trades, positions, money."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from skim_broker_ibkr.accounts import account_of, summary_tags
from skim_broker_ibkr.minutes import session_at
from skim_broker_ibkr.symbols import traded_here
from skim_core import Position
from skim_core.errors import BrokerError

if TYPE_CHECKING:
    from skim_broker_ibkr.book import Entry
    from skim_broker_ibkr.hearing import OrderHearing
    from skim_broker_ibkr.requests import Requests
    from skim_core import Account, Fill
    from skim_core.broker import BrokerSetup

_COMMISSIONS = 1.0
"""Seconds that the commissions of trades that were asked for are waited for."""


class Books:
    """Asks for the books, and takes what they say into our own on the way."""

    def __init__(self, setup: BrokerSetup, requests: Requests, hearing: OrderHearing) -> None:
        self._setup = setup
        self._requests = requests
        self._hearing = hearing

    async def catch_up(self) -> None:
        """Take in all that the books say. Raises BrokerError."""
        await self._requests.executions(self._hearing.account)
        await self.orders()

    async def orders(self) -> list[Entry]:
        """Return the orders that TWS shows: the open ones of all clients, and today's done.

        One that it doesn't show is left out, whatever was known of it, unless its end was
        told. Raises BrokerError.
        """
        # One that ends meanwhile moves from the first to the second.
        shown = list(await self._requests.open_orders())
        done = await self._requests.completed_orders()
        for told in done:
            self._hearing.hear_order(told)
        perm_ids = {told.perm_id for told in (*shown, *done)}
        return [
            entry
            for entry in self._hearing.book
            if entry.perm_id in perm_ids or (entry.done and self._is_todays(entry.at))
        ]

    async def executions(self) -> list[Fill]:
        """Return today's fills. Raises BrokerError."""
        told = await self._requests.executions(self._hearing.account)
        trades = self._hearing.trades
        asked = {execution.execution_id for execution in told}
        try:
            async with asyncio.timeout(_COMMISSIONS):
                while trades.unpriced(asked):
                    await self._hearing.next_commission()
        except TimeoutError:
            pass  # a fill without its commission is told rather than none
        return trades.fills(asked)

    async def positions(self) -> list[Position]:
        """Return what the account holds of stocks in the exchange's currency.

        Raises BrokerError.
        """
        held: dict[str, tuple[int, Decimal]] = {}
        for told in await self._requests.positions():
            symbol = traded_here(told.instrument, self._setup.exchange)
            if symbol is None or told.account != self._hearing.account or not told.quantity:
                continue
            quantity, cost = held.get(symbol, (0, Decimal(0)))
            held[symbol] = quantity + told.quantity, cost + told.quantity * told.average_cost
        return [
            Position(symbol=symbol, quantity=quantity, average_price=cost / quantity)
            for symbol, (quantity, cost) in sorted(held.items())
            if quantity
        ]

    async def account(self) -> Account:
        """Return the account's money, in the exchange's currency. Raises BrokerError."""
        currency, number = self._setup.exchange.currency, self._hearing.account
        values: Sequence[tuple[str, str, str, str]] = await self._requests.account_values(
            summary_tags(currency)
        )
        found = account_of(number, currency, values)
        if found is None:
            msg = f"TWS told no money of the account {number}."
            raise BrokerError(msg)
        return found

    def _is_todays(self, at: datetime) -> bool:
        now = self._setup.clock.now()
        session = session_at(self._setup.sessions, now)
        return session.local(at).date() == session.local(now).date()
