"""Symbols of skim and of IBKR, and what IBKR calls the exchanges."""

from __future__ import annotations

import re
from dataclasses import dataclass

from skim_broker_ibkr.told import Instrument
from skim_core import Exchange
from skim_core.errors import ConfigError, nearest

STOCK = "STK"
_SYMBOL = re.compile(r"[A-Z0-9][A-Z0-9.\-]{0,11}")


@dataclass(frozen=True, slots=True)
class Venue:
    """An exchange in IBKR's words: its name, and the scanner's instrument and location."""

    exchange: str
    instrument: str
    location: str


_VENUES = {
    "XASX": Venue("ASX", "STOCK.HK", "STK.HK.ASX"),
    "XNYS": Venue("NYSE", "STK", "STK.NYSE"),
    "XNAS": Venue("NASDAQ", "STK", "STK.NASDAQ"),
    "ARCX": Venue("ARCA", "STK", "STK.ARCA"),
    "XASE": Venue("AMEX", "STK", "STK.AMEX"),
    "XHKG": Venue("SEHK", "STOCK.HK", "STK.HK.SEHK"),
    "XLON": Venue("LSE", "STOCK.EU", "STK.EU.LSE"),
    "XTSE": Venue("TSE", "STOCK.NA", "STK.NA.CANADA"),
}


def venue_of(exchange: Exchange) -> Venue:
    """Return IBKR's words for an exchange. Raises ConfigError for one that isn't known here."""
    venue = _VENUES.get(exchange.mic)
    if venue is None:
        msg = (
            f"the broker ibkr doesn't know the exchange {exchange.mic!r}"
            f"{nearest(exchange.mic, _VENUES)}: it knows {', '.join(sorted(_VENUES))}."
        )
        raise ConfigError(msg)
    return venue


def skim_symbol(symbol: str) -> str | None:
    """Return IBKR's symbol as skim writes it; None for one that skim can't write.

    >>> skim_symbol("BRK B"), skim_symbol("BHP"), skim_symbol("?")
    ('BRK.B', 'BHP', None)
    """
    written = symbol.strip().replace(" ", ".").upper()
    return written if _SYMBOL.fullmatch(written) else None


def ibkr_symbol(symbol: str, exchange: Exchange) -> str:
    """Return a symbol as IBKR writes it: share classes of US stocks after a blank.

    >>> from skim_core.broker import load_exchange
    >>> ibkr_symbol("BRK.B", load_exchange("XNYS"))
    'BRK B'
    """
    return symbol.replace(".", " ") if exchange.currency == "USD" else symbol


def traded_here(instrument: Instrument, exchange: Exchange) -> str | None:
    """Return the symbol of what trades on this exchange; None for anything else.

    The same letters may be another company's elsewhere: the currency tells them apart.
    """
    if instrument.sec_type != STOCK or instrument.currency != exchange.currency:
        return None
    return skim_symbol(instrument.symbol)
