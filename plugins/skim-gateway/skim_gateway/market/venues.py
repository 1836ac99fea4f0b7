"""What IBKR calls the exchanges that skim knows by their MICs: data, not code."""

from __future__ import annotations

from dataclasses import dataclass

from skim_core import Exchange


@dataclass(frozen=True, slots=True)
class Venue:
    """An exchange in IBKR's words.

    `instrument` and `location` are the scanner's, `regions` wider locations; `timezone` is what contract details
    say; `farms` are the names of the data farms (market data, history, definitions);
    `rule` the number of its table of ticks.
    """

    exchange: str
    instrument: str
    location: str
    regions: tuple[str, ...]
    timezone: str
    farms: tuple[str, str, str]
    rule: int


_US = ("STK.US.MAJOR", "STK.US")
_US_FARMS = ("usfarm", "ushmds", "secdefnj")
_VENUES = {
    "XASX": Venue(
        "ASX",
        "STOCK.HK",
        "STK.HK.ASX",
        ("STK.HK",),
        "Australia/Sydney",
        ("hfarm", "apachmds", "secdefhk"),
        1360,
    ),
    "XNYS": Venue("NYSE", "STK", "STK.NYSE", _US, "US/Eastern", _US_FARMS, 26),
    "XNAS": Venue("NASDAQ", "STK", "STK.NASDAQ", _US, "US/Eastern", _US_FARMS, 26),
    "ARCX": Venue("ARCA", "STK", "STK.ARCA", _US, "US/Eastern", _US_FARMS, 26),
    "XASE": Venue("AMEX", "STK", "STK.AMEX", _US, "US/Eastern", _US_FARMS, 26),
}


def venue_of(exchange: Exchange) -> Venue:
    """Return IBKR's words for `exchange`; its MIC where they are not known."""
    known = _VENUES.get(exchange.mic)
    if known is not None:
        return known
    mic = exchange.mic
    farms = ("simfarm", "simhmds", "secdefsim")
    return Venue(mic, "STK", f"STK.{mic}", (), exchange.timezone, farms, 26)
