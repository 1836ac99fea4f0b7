"""The contracts of one simulated exchange: found by what a client knows of them."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from skim_core import Exchange, Session
from skim_gateway.market.venues import Venue, venue_of
from skim_gateway.wire.answers import (
    ContractDetails,
    MarketRule,
    PriceIncrement,
    ScannerRow,
    SymbolSample,
)
from skim_gateway.wire.contracts import STOCK, Contract

SMART = "SMART"

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SPELT = 37**5
_ORDER_TYPES = "ACTIVETIM,ADJUST,DAY,GTC,LMT,LOC,MKT,MOC,OCA,OPG,STP,STPLMT,WHATIF"
_DAYS_OF_HOURS = 6


def con_id(symbol: str) -> int:
    """Return a symbol's contract id: the same wherever and whenever it is asked for.

    Up to five letters and digits are spelt in it, so no two are the same; a longer symbol
    has a checksum above those.
    """
    if len(symbol) <= 5 and all(letter in _ALPHABET for letter in symbol):  # noqa: PLR2004
        number = 0
        for letter in symbol:
            number = number * 37 + _ALPHABET.index(letter) + 1
        return number
    return _SPELT + zlib.crc32(symbol.encode()) % (2**30 - _SPELT)


class Catalogue:
    """The contracts: one stock for each symbol, tradable at its exchange or by SMART."""

    def __init__(self, rules: Exchange, symbols: Iterable[str]) -> None:
        self.venue: Venue = venue_of(rules)
        self.rules = rules
        self.symbols: Sequence[str] = sorted(symbols)
        self._by_id = {con_id(symbol): symbol for symbol in self.symbols}

    def symbol_of(self, number: int) -> str | None:
        """Return the symbol of a contract id, or None."""
        return self._by_id.get(number)

    def find(self, contract: Contract) -> str | None:
        """Return the symbol of the one contract that fits, or None."""
        found = self.matching(contract)
        return found[0] if len(found) == 1 else None

    def matching(self, contract: Contract) -> list[str]:
        """Return the symbols of the contracts that fit what is given of `contract`."""
        if contract.con_id:
            symbol = self._by_id.get(contract.con_id)
            return [symbol] if symbol and self._fits(contract) else []
        symbol = contract.symbol or contract.local_symbol
        known = symbol in self._by_id.values() and self._fits(contract)
        return [symbol] if known and contract.local_symbol in {"", symbol} else []

    def _fits(self, contract: Contract) -> bool:
        own = self.venue.exchange
        return (
            contract.sec_type in ({"", STOCK} if contract.con_id else {STOCK})
            and contract.exchange in {"", SMART, own}
            and contract.primary_exchange in {"", own}
            and contract.currency in {"", self.rules.currency}
        )

    def contract(self, symbol: str, exchange: str = "") -> Contract:
        """Return the whole contract, at its own exchange or as it was asked for."""
        return Contract(
            con_id=con_id(symbol),
            symbol=symbol,
            sec_type=STOCK,
            exchange=exchange or self.venue.exchange,
            primary_exchange=self.venue.exchange,
            currency=self.rules.currency,
            local_symbol=symbol,
            trading_class=symbol,
        )

    def details(self, req_id: int, symbol: str, exchange: str, hours: str) -> ContractDetails:
        """Return the details of a contract."""
        venue = self.venue
        return ContractDetails(
            req_id=req_id,
            symbol=symbol,
            sec_type=STOCK,
            exchange=exchange or venue.exchange,
            currency=self.rules.currency,
            local_symbol=symbol,
            market_name=symbol,
            trading_class=symbol,
            con_id=con_id(symbol),
            min_tick=min(band.tick for band in self.rules.ticks),
            order_types=_ORDER_TYPES,
            valid_exchanges=f"{SMART},{venue.exchange}",
            long_name=f"{symbol} (SIMULATED)",
            primary_exchange=venue.exchange,
            industry="Simulated",
            category="Simulated",
            subcategory="Simulated",
            time_zone=venue.timezone,
            trading_hours=hours,
            liquid_hours=hours,
            market_rule_ids=f"{venue.rule},{venue.rule}",
        )

    def rule(self, number: int) -> MarketRule | None:
        """Return a table of ticks, or None."""
        if number != self.venue.rule:
            return None
        bands = sorted(self.rules.ticks, key=lambda band: band.from_price)
        return MarketRule(
            rule_id=number,
            increments=tuple(
                PriceIncrement(low_edge=band.from_price, increment=band.tick) for band in bands
            ),
        )

    def samples(self, pattern: str, most: int = 16) -> tuple[SymbolSample, ...]:
        """Return the contracts whose symbol begins with `pattern`, in any case."""
        start = pattern.upper()
        found = [symbol for symbol in self.symbols if start and symbol.startswith(start)]
        return tuple(
            SymbolSample(
                con_id=con_id(symbol),
                symbol=symbol,
                sec_type=STOCK,
                primary_exchange=self.venue.exchange,
                currency=self.rules.currency,
                description=f"{symbol} (SIMULATED)",
            )
            for symbol in found[:most]
        )

    def scanner_row(self, rank: int, symbol: str) -> ScannerRow:
        """Return a contract as a scan shows it."""
        return ScannerRow(
            rank=rank,
            con_id=con_id(symbol),
            symbol=symbol,
            sec_type=STOCK,
            exchange=self.venue.exchange,
            currency=self.rules.currency,
            local_symbol=symbol,
            market_name=symbol,
            trading_class=symbol,
        )

    def tick(self, price: Decimal) -> Decimal:
        """Return the tick at `price`."""
        return self.rules.tick(price)


def trading_hours(sessions: Iterable[Session], today: date) -> str:
    """Return the hours of today and the days after it, days off included, as details have them."""
    by_date = {session.date: session for session in sessions}
    days = (today + timedelta(days=number) for number in range(_DAYS_OF_HOURS))
    return ";".join(_hours(day, by_date.get(day)) for day in days)


def _hours(day: date, session: Session | None) -> str:
    if session is None:
        return f"{day:%Y%m%d}:CLOSED"

    def local(moment: datetime) -> str:
        return f"{session.local(moment):%Y%m%d:%H%M}"

    return f"{local(session.open)}-{local(session.close)}"
