"""What the scanner knows: codes, filters, and its parameters as XML. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias
from xml.etree.ElementTree import Element, SubElement, tostring

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skim_gateway.market.prints import SessionTape
    from skim_gateway.market.venues import Venue
    from skim_gateway.wire.requests import RequestScanner

    Column: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Board:
    """Every symbol of a session so far, one element each; NaN where nothing has traded."""

    symbols: tuple[str, ...]
    open: Column
    last: Column
    volume: Column
    previous_close: Column

    @property
    def change(self) -> Column:
        """The last price against the previous close, in per cent."""
        return (self.last / self.previous_close - 1) * 100

    @property
    def gap(self) -> Column:
        """The open against the previous close, in per cent."""
        return (self.open / self.previous_close - 1) * 100

    @property
    def since_open(self) -> Column:
        """The last price against the open, in per cent."""
        return (self.last / self.open - 1) * 100


def board(tape: SessionTape, now: datetime) -> Board:
    """Return what minutes that are over by `now` show."""
    bars = tape.data.bars
    over = min(bars.minutes, max(0, bars.column(now)))
    every = np.arange(len(bars.symbols))
    traded = ~np.isnan(bars.close[:, :over])
    nothing = np.full(len(bars.symbols), np.nan)
    if not over:
        return Board(
            bars.symbols, nothing, nothing, np.zeros_like(nothing), tape.data.previous_close
        )
    first, last = traded.argmax(axis=1), over - 1 - traded[:, ::-1].argmax(axis=1)
    any_trade = traded.any(axis=1)
    return Board(
        symbols=bars.symbols,
        open=np.where(any_trade, bars.open[every, first], np.nan),
        last=np.where(any_trade, bars.close[every, last], np.nan),
        volume=np.nansum(bars.volume[:, :over], axis=1),
        previous_close=tape.data.previous_close,
    )


SCANS: Mapping[str, tuple[str, Callable[[Board], Column]]] = {
    "TOP_PERC_GAIN": ("Top % Gainers", lambda found: found.change),
    "TOP_PERC_LOSE": ("Top % Losers", lambda found: -found.change),
    "HIGH_OPEN_GAP": ("Top Close-to-Open % Gainers", lambda found: found.gap),
    "LOW_OPEN_GAP": ("Top Close-to-Open % Losers", lambda found: -found.gap),
    "TOP_OPEN_PERC_GAIN": ("Top % Gainers Since Open", lambda found: found.since_open),
    "TOP_OPEN_PERC_LOSE": ("Top % Losers Since Open", lambda found: -found.since_open),
    "MOST_ACTIVE": ("Most Active", lambda found: found.volume),
    "MOST_ACTIVE_USD": ("Most Active ($)", lambda found: found.volume * found.last),
    "HOT_BY_VOLUME": ("Hot by Volume", lambda found: found.volume),
}
"""By code: the name, and what the best are the first of."""

_FILTERS: Mapping[str, Callable[[Board, float], NDArray[np.bool_]]] = {
    "priceAbove": lambda found, value: found.last >= value,
    "priceBelow": lambda found, value: found.last <= value,
    "volumeAbove": lambda found, value: found.volume >= value,
    "changePercAbove": lambda found, value: found.change >= value,
    "changePercBelow": lambda found, value: found.change <= value,
    "openGapPercAbove": lambda found, value: found.gap >= value,
    "openGapPercBelow": lambda found, value: found.gap <= value,
    "changeOpenPercAbove": lambda found, value: found.since_open >= value,
    "changeOpenPercBelow": lambda found, value: found.since_open <= value,
    "usdVolumeAbove": lambda found, value: found.volume * found.last >= value,
}


class UnknownFilterError(ValueError):
    """A filter that the scanner doesn't have, or whose value is no number."""


def filters(request: RequestScanner) -> dict[str, float]:
    """Return what a scan is narrowed by. Raises UnknownFilterError."""
    named = {
        "priceAbove": request.above_price,
        "priceBelow": request.below_price,
        "volumeAbove": request.above_volume,
    }
    found = {
        name: float(value)
        for name, value in named.items()
        if value is not None and Decimal(value).is_finite()
    }
    for option in request.filter_options.split(";"):
        name, equals, value = option.partition("=")
        if not option:
            continue
        try:
            if name not in _FILTERS or not equals:
                raise UnknownFilterError(name)
            found[name] = float(value)
        except ValueError:
            raise UnknownFilterError(option[:60]) from None
    return found


def scan(found: Board, code: str, narrowed: Mapping[str, float], rows: int) -> list[str]:
    """Return the symbols that a scan finds, the best first; equal ones by their names."""
    rank = SCANS[code][1](found)
    fits = np.isfinite(rank) & np.isfinite(found.last)
    for name, value in narrowed.items():
        fits &= _FILTERS[name](found, value)
    places = sorted(np.flatnonzero(fits).tolist(), key=lambda row: (-rank[row], found.symbols[row]))
    return [found.symbols[row] for row in places[:rows]]


def parameters(venue: Venue) -> str:
    """Return what can be scanned for, as XML in the shape of a real gateway's."""
    root = Element("ScanParameterResponse")
    instruments = SubElement(root, "InstrumentList", varName="instrumentList")
    instrument = SubElement(instruments, "Instrument")
    _texts(instrument, name="Simulated Stocks", type=venue.instrument, secType="STK")
    _texts(instrument, filters=",".join(_FILTERS))
    locations = SubElement(root, "LocationTree", varName="locationTree")
    location = SubElement(locations, "Location")
    _texts(location, displayName=venue.exchange, locationCode=venue.location)
    _texts(location, instruments=venue.instrument, access="unrestricted")
    kinds = SubElement(root, "ScanTypeList", varName="scanTypeList")
    for code, (name, _) in SCANS.items():
        kind = SubElement(kinds, "ScanType")
        _texts(kind, displayName=name, scanCode=code, instruments=venue.instrument)
    filter_list = SubElement(root, "FilterList", varName="filterList")
    for name in _FILTERS:
        entry = SubElement(filter_list, "RangeFilter")
        _texts(entry, id=name)
        field = SubElement(entry, "AbstractField", type="scanner.filter.DoubleField")
        _texts(field, code=name, displayName=name)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode")


def _texts(parent: Element, **texts: str) -> None:
    for name, text in texts.items():
        SubElement(parent, name).text = text
