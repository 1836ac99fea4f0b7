"""A made-up market: prices are a pure function of the seed, the symbol and the time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING

from skim_core.model.market import Quote
from skim_core.model.session import Session
from skim_core.ports.bars import MINUTE, Bars
from skim_core.ports.broker import GapRow, GapScan
from skim_core.simulation.fault_shapes import FaultKind
from skim_core.simulation.faults import Fault, draw

if TYPE_CHECKING:
    from skim_core.ports.bars import Column

TICK = Decimal("0.01")

_LOWEST = 200
"""Ticks: below that another tick size would hold on most exchanges."""

_DELAY = timedelta(minutes=15)
_VOLUME = 1_000
"""Shares traded a minute."""

_WINDOWS = frozenset(
    {
        FaultKind.SYMBOL_HALTED,
        FaultKind.QUOTES_STALE,
        FaultKind.QUOTES_DELAYED,
        FaultKind.DATA_GAP,
    }
)


class ModelMarket:
    """What symbols trade at in one session.

    Each symbol's price is a random walk from minute to minute, on a tick of a cent, and a
    straight line in between; it is made when it is first asked for. `faults` may halt
    symbols, move prices, and spoil what is told of them.
    """

    def __init__(
        self, seed: int, symbols: Sequence[str], session: Session, faults: Sequence[Fault] = ()
    ) -> None:
        self.symbols = tuple(symbols)
        self.session = session
        self._seed = seed
        self._walks: dict[str, list[int]] = {}
        self._jumps: dict[str, dict[int, int]] = {}
        self._windows: dict[FaultKind, list[Fault]] = {}
        for fault in faults:
            if fault.kind in _WINDOWS:
                self._windows.setdefault(fault.kind, []).append(fault)
            elif fault.kind is FaultKind.PRICE_JUMPS and fault.at is not None:
                minute = max(1, int(fault.at // 60) + 1)
                self._jumps.setdefault(fault.target, {})[minute] = fault.amount

    # Prices

    def price(self, symbol: str, at: datetime) -> Decimal:
        """Return the price in quote currency; the first one before the open, the last after."""
        return in_currency(self.ticks(symbol, at))

    def ticks(self, symbol: str, at: datetime) -> int:
        """Return the price in ticks."""
        walk = self._walk(symbol)
        seconds = (at - self.session.open).total_seconds()
        minute = int(seconds // 60)
        if minute < 0:
            return walk[0]
        if minute + 1 >= len(walk):
            return walk[-1]
        return round(walk[minute] + (walk[minute + 1] - walk[minute]) * (seconds / 60 - minute))

    def reaches(
        self, symbol: str, level: int, after: datetime, *, falling: bool
    ) -> datetime | None:
        """Return when the price is first at `level` (in ticks) or beyond, from `after` on.

        Beyond is below when `falling`, else above. None: not in this session.
        """
        sign = -1 if falling else 1
        if sign * (self.ticks(symbol, after) - level) >= 0:
            return after
        walk, opened = self._walk(symbol), self.session.open
        first = max(0, (after - opened) // MINUTE)
        for minute in range(first + 1, len(walk)):
            if sign * (walk[minute] - level) >= 0:
                before, step = walk[minute - 1], walk[minute] - walk[minute - 1]
                part = (level - before) / step if step else 0.0
                return max(after, opened + (minute - 1 + part) * MINUTE)
        return None

    def halted_until(self, symbol: str, at: datetime) -> datetime | None:
        """Return when a halt that holds at `at` ends, or None when nothing is halted."""
        fault = self._window(FaultKind.SYMBOL_HALTED, symbol, at)
        if fault is None or fault.at is None:
            return None
        return self.session.open + timedelta(seconds=fault.at + fault.lasting)

    # Market data

    def quote(self, symbol: str, at: datetime) -> Quote | None:
        """Return what is told of a symbol at `at`, or None: not opened, unknown, or a gap."""
        if symbol not in self.symbols or self._window(FaultKind.DATA_GAP, symbol, at):
            return None
        seen, delayed = at, False
        for kind in (FaultKind.QUOTES_STALE, FaultKind.SYMBOL_HALTED):
            fault = self._window(kind, symbol, seen)
            if fault is not None and fault.at is not None:
                seen = min(seen, self.session.open + timedelta(seconds=fault.at))
        if self._window(FaultKind.QUOTES_DELAYED, symbol, at):
            seen, delayed = seen - _DELAY, True
        if seen < self.session.open:
            return None
        seen = min(seen, self.session.close)
        last = self.ticks(symbol, seen)
        return Quote(
            symbol=symbol,
            at=seen,
            last=in_currency(last),
            bid=in_currency(last - 1),
            ask=in_currency(last + 1),
            volume=_VOLUME * (1 + (seen - self.session.open) // MINUTE),
            previous_close=in_currency(self._previous_close(symbol)),
            delayed=delayed,
        )

    def quotes(self, symbols: Sequence[str], at: datetime) -> Mapping[str, Quote]:
        """Return the quotes of those symbols that have one."""
        found = {symbol: self.quote(symbol, at) for symbol in symbols}
        return {symbol: quote for symbol, quote in found.items() if quote is not None}

    def bars(self, symbols: Sequence[str], start: datetime, end: datetime, now: datetime) -> Bars:
        """Return the minute bars between `start` and `end` that are over by `now`.

        Minutes in a halt or a gap of the data have no trade.
        """
        import numpy as np  # noqa: PLC0415  heavy, and most simulated days need no bars

        opened = self.session.open
        first = min(max(0, -((opened - start) // MINUTE)), self.session.minutes)
        last = max(first, min(self.session.minutes, (min(end, now) - opened) // MINUTE))
        shape = (len(symbols), last - first)
        columns = [np.full(shape, np.nan) for _ in range(4)]
        volume = np.zeros(shape)
        for row, symbol in enumerate(symbols):
            if symbol in self.symbols:
                walk = np.array(self._walk(symbol)[first : last + 1]) / 100
                traded = self._traded(symbol, first, last)
                _fill_row(columns, row, walk, traded)
                volume[row] = np.where(traded, _VOLUME, 0)
        opens, highs, lows, closes = columns
        start = opened + first * MINUTE
        return Bars(tuple(symbols), start, opens, highs, lows, closes, volume)

    def scan(self, request: GapScan, at: datetime) -> list[GapRow]:
        """Return the gaps of the symbols that have traded by `at`, widest first."""
        rows: list[GapRow] = []
        for symbol, quote in self.quotes(self.symbols, at).items():
            opened, before = self._walk(symbol)[0], self._previous_close(symbol)
            percent = Decimal(100 * (opened - before)) / before
            least = request.minimum_percent
            wide = percent <= least if least < 0 else percent >= least
            if (
                wide
                and quote.last >= request.minimum_price
                and quote.volume >= request.minimum_volume
            ):
                rows.append(
                    GapRow(
                        symbol=symbol,
                        open=in_currency(opened),
                        last=quote.last,
                        previous_close=in_currency(before),
                        gap_percent=percent.quantize(TICK),
                        volume=quote.volume,
                    )
                )
        rows.sort(key=lambda row: (-abs(row.gap_percent), row.symbol))
        return rows[: request.limit]

    def _previous_close(self, symbol: str) -> int:
        gap = draw(self._seed, "gap", symbol) * 0.2 - 0.08
        return round(self._walk(symbol)[0] / (1 + gap))

    def _traded(self, symbol: str, first: int, last: int) -> list[bool]:
        return [
            not any(
                self._window(kind, symbol, self.session.open + minute * MINUTE)
                for kind in (FaultKind.SYMBOL_HALTED, FaultKind.DATA_GAP)
            )
            for minute in range(first, last)
        ]

    def _window(self, kind: FaultKind, symbol: str, at: datetime) -> Fault | None:
        windows = self._windows.get(kind)
        if windows is None:
            return None
        seconds = (at - self.session.open).total_seconds()
        # Halts may follow one another without a gap: the one that ends last counts.
        covering = [
            fault for fault in windows if fault.target in {symbol, ""} and fault.covers(seconds)
        ]
        return max(covering, key=lambda fault: (fault.at or 0) + fault.lasting, default=None)

    def _walk(self, symbol: str) -> list[int]:
        walk = self._walks.get(symbol)
        if walk is None:
            walk = self._walks[symbol] = self._make_walk(symbol)
        return walk

    def _make_walk(self, symbol: str) -> list[int]:
        rng = Random(f"{self._seed}/market/{symbol}")
        level = rng.randint(5 * _LOWEST, 25 * _LOWEST)
        # Ticks a minute: so that stops a per cent away are reached within an hour or so.
        pace = level * rng.uniform(0.001, 0.005)
        jumps = self._jumps.get(symbol, {})
        walk = [level]
        for minute in range(1, self.session.minutes + 1):
            step = (rng.random() + rng.random() - 1) * pace
            if minute in jumps:
                step += level * jumps[minute] / 1000
            level = max(_LOWEST, round(level + step))
            walk.append(level)
        return walk


def in_currency(ticks: int) -> Decimal:
    """Return a price in ticks as quote currency."""
    return Decimal(ticks).scaleb(-2)


def in_ticks(price: Decimal) -> int:
    """Return a price in quote currency as ticks; one off the tick is rounded."""
    return round(price / TICK)


def _fill_row(columns: list[Column], row: int, walk: Column, traded: list[bool]) -> None:
    import numpy as np  # noqa: PLC0415

    opened, closed = walk[:-1], walk[1:]
    high, low = np.maximum(opened, closed), np.minimum(opened, closed)
    for column, values in zip(columns, (opened, high, low, closed), strict=True):
        column[row] = np.where(traded, values, np.nan)
