"""The accounts that one login trades, each with its own place at the exchange."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from skim_core.sim import SimBroker
from skim_gateway.orders.portfolio import Portfolio

if TYPE_CHECKING:
    from skim_core.broker import BrokerSetup
    from skim_core.sim import Feed, SimOptions


class TradedAccount:
    """One account: what it has, and `brought`, what of it the session began with."""

    def __init__(self, setup: BrokerSetup, options: SimOptions, feed: Feed) -> None:
        self.number = setup.account
        self.broker = SimBroker(setup, options, feed)
        self.portfolio = Portfolio()
        self.brought: dict[str, int] = {}

    async def bring(self) -> None:
        """Have what the account has at the exchange."""
        account, positions = await self.broker.account(), await self.broker.positions()
        self.portfolio.bring(account.cash, positions)
        self.brought = {position.symbol: position.quantity for position in positions}


class Accounts:
    """All accounts of a login, the first of them the one that is meant when none is named."""

    def __init__(self, accounts: Sequence[TradedAccount]) -> None:
        self._by_number = {account.number: account for account in accounts}

    @property
    def first(self) -> TradedAccount:
        """The account that the gateway was set up for."""
        return next(iter(self))

    @property
    def numbers(self) -> list[str]:
        """The accounts' numbers."""
        return list(self._by_number)

    def __iter__(self) -> Iterator[TradedAccount]:
        return iter(self._by_number.values())

    def __len__(self) -> int:
        return len(self._by_number)

    def __getitem__(self, number: str) -> TradedAccount:
        return self._by_number[number]

    def __contains__(self, number: str) -> bool:
        return number in self._by_number

    def meant(self, number: str) -> list[TradedAccount]:
        """Return the accounts that a request means: one, or all by ``All``; none for a wrong one."""
        if number == "All":
            return list(self)
        found = self._by_number.get(number or self.first.number)
        return [] if found is None else [found]
