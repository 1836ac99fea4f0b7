"""Contracts of symbols, with the ticks that IBKR has for them, kept for the day."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ib_async import Contract, Stock

from skim_broker_ibkr.numbers import exact
from skim_broker_ibkr.rules.window import Lane
from skim_broker_ibkr.symbols import ibkr_symbol, skim_symbol, venue_of
from skim_core.broker import TickBand
from skim_core.errors import BrokerError

if TYPE_CHECKING:
    from ib_async import ContractDetails

    from skim_broker_ibkr.options import IbkrOptions
    from skim_broker_ibkr.requests import Requests
    from skim_core import Exchange

_log = logging.getLogger("skim.ibkr")
_SMART = "SMART"


class UnknownSymbolError(BrokerError):
    """IBKR has no stock of this symbol at the exchange."""


class Contracts:
    """Finds the contract of a symbol once, and remembers it."""

    def __init__(self, options: IbkrOptions, exchange: Exchange, requests: Requests) -> None:
        self._exchange = exchange
        self._requests = requests
        self._venue = venue_of(exchange)
        self._smart = options.route == "smart"
        self._found: dict[str, Contract] = {}
        self._details: dict[str, ContractDetails] = {}
        self._unknown: set[str] = set()
        self._rules: dict[int, tuple[TickBand, ...]] = {}
        self._asking: dict[tuple[str, Lane], asyncio.Lock] = {}

    @property
    def symbols(self) -> list[str]:
        """The symbols that are known by now."""
        return sorted(self._found)

    def wanted(self, symbol: str) -> Contract:
        """Return what is asked for: the stock at the exchange, or by SMART."""
        name, venue = ibkr_symbol(symbol, self._exchange), self._venue.exchange
        currency = self._exchange.currency
        if self._smart:
            return Stock(name, _SMART, currency, primaryExchange=venue)
        return Stock(name, venue, currency)

    def learn(self, contract: Contract) -> str | None:
        """Remember a contract that a scan showed; return its symbol, None for none of ours."""
        symbol = skim_symbol(contract.symbol)
        if symbol is None or contract.secType != "STK":
            return None
        if contract.currency not in {"", self._exchange.currency} or not contract.conId:
            return None
        if symbol not in self._found:
            found = self.wanted(symbol)
            found.conId = contract.conId
            self._found[symbol] = found
        return symbol

    async def of(self, symbol: str, lane: Lane = Lane.DATA) -> Contract:
        """Return a symbol's contract. Raises UnknownSymbolError, BrokerError."""
        found = self._found.get(symbol)
        if found is None:
            found = (await self._ask(symbol, lane)).contract
            assert found is not None
        return found

    async def known(self, symbols: Iterable[str], lane: Lane = Lane.DATA) -> dict[str, Contract]:
        """Return the contracts of those symbols that IBKR knows. Raises BrokerError."""
        wanted = list(dict.fromkeys(symbols))
        found = await asyncio.gather(*(self._or_none(symbol, lane) for symbol in wanted))
        return {
            symbol: contract
            for symbol, contract in zip(wanted, found, strict=True)
            if contract is not None
        }

    async def foresee(self, symbols: Iterable[str]) -> None:
        """Ask now, after other market data, what orders in these symbols would have to ask."""
        for symbol in symbols:
            try:
                await self.ticks(symbol, Lane.DATA)
            except BrokerError as error:
                # The order itself will ask again, and say what is wrong.
                _log.debug("%s", error)

    async def ticks(self, symbol: str, lane: Lane = Lane.ORDER) -> tuple[TickBand, ...]:
        """Return the ticks that a symbol's orders need, by IBKR's market rule; none without one.

        Raises UnknownSymbolError, BrokerError.
        """
        details = self._details.get(symbol) or await self._ask(symbol, lane)
        number = rule_of(details, self._exchange_of_orders())
        if number is None:
            return ()
        if number not in self._rules:
            increments = await self._requests.market_rule(number, lane)
            if increments is None:
                msg = f"TWS didn't tell the ticks of {symbol} (market rule {number})."
                raise BrokerError(msg)
            self._rules[number] = tick_bands(increments)
            self._compare(number)
        return self._rules[number]

    def has_own_ticks(self, symbol: str) -> bool:
        """Whether IBKR's ticks of a symbol, asked for before, are those that skim has."""
        number = rule_of(self._details[symbol], self._exchange_of_orders())
        return number is None or self._agrees(number)

    def _agrees(self, number: int) -> bool:
        own = {(band.from_price, band.tick) for band in self._exchange.ticks}
        return own == {(band.from_price, band.tick) for band in self._rules[number]}

    def _exchange_of_orders(self) -> str:
        return _SMART if self._smart else self._venue.exchange

    async def _or_none(self, symbol: str, lane: Lane) -> Contract | None:
        try:
            return await self.of(symbol, lane)
        except UnknownSymbolError:
            return None

    async def _ask(self, symbol: str, lane: Lane) -> ContractDetails:
        # In its lane, for who is of a lower one may have to wait for its turn.
        async with self._asking.setdefault((symbol, lane), asyncio.Lock()):
            if symbol in self._details:
                return self._details[symbol]
            if symbol not in self._unknown:
                for details in await self._requests.details(self.wanted(symbol), lane):
                    if details.contract is None:
                        continue
                    known = self._found.setdefault(symbol, self.wanted(symbol))
                    known.conId = details.contract.conId
                    details.contract = known
                    self._details[symbol] = details
                    return details
            self._unknown.add(symbol)
            msg = (
                f"IBKR has no stock {symbol!r} at {self._venue.exchange} in "
                f"{self._exchange.currency}: look for its symbol in TWS."
            )
            raise UnknownSymbolError(msg)

    def _compare(self, number: int) -> None:
        if not self._agrees(number):
            _log.info(
                "IBKR's ticks (market rule %s) are not those that skim has for %s: orders are "
                "put on IBKR's.",
                number,
                self._exchange.mic,
            )


def rule_of(details: ContractDetails, exchange: str) -> int | None:
    """Return the number of a contract's table of ticks at an exchange; None for none.

    Valid exchanges and market rules stand in the same order. Source: IBKR, TWS API,
    "Minimum price increment".
    """
    exchanges, rules = details.validExchanges.split(","), details.marketRuleIds.split(",")
    for name, rule in zip(exchanges, rules, strict=False):
        if name == exchange and rule.strip().isdigit():
            return int(rule)
    return next((int(rule) for rule in rules if rule.strip().isdigit()), None)


def tick_bands(increments: Iterable[Any]) -> tuple[TickBand, ...]:
    """Return TWS's price increments as skim's bands."""
    bands = []
    for each in increments:
        edge, tick = exact(each.lowEdge), exact(each.increment)
        if tick is not None and tick > 0:
            bands.append(TickBand(from_price=max(edge or Decimal(0), Decimal(0)), tick=tick))
    return tuple(bands)
