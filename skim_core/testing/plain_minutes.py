"""A session in whole numbers and loops, for references that are written to be read.

A reference is a strategy's rules again, written from its README, to be compared trade for
trade with the strategy itself. So that both can't be wrong in the same way, nothing here
shares code with the simulated exchange: no arrays, no floats, no search for a next touch.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import isnan
from typing import NamedTuple

from skim_core.model.exchange import Exchange
from skim_core.sim.data import SessionData

MILLION = 1_000_000
"""Prices are whole millionths of the quote currency, money of the exchange's."""

_MINUTE = timedelta(minutes=1)


class PlainBar(NamedTuple):
    """One minute in which a symbol traded: prices in millionths, volume in shares."""

    open: int
    high: int
    low: int
    close: int
    volume: int


class PlainSession:
    """What happened in one session, and the exchange's rules, in whole numbers.

    `minutes` is how many the session has; a minute is meant by its number, from 0.
    """

    def __init__(self, data: SessionData, exchange: Exchange) -> None:
        self.session = data.session
        self.exchange = exchange
        self.symbols = data.bars.symbols
        self.minutes = data.session.minutes
        self._data = data
        self._row = {symbol: row for row, symbol in enumerate(self.symbols)}
        self._bars: dict[str, list[PlainBar | None]] = {}
        self._bands = sorted(
            (_exact(band.from_price), _exact(band.tick)) for band in exchange.ticks
        )

    def bars(self, symbol: str) -> list[PlainBar | None]:
        """Return each minute of a symbol, None for one without a trade or an unknown symbol."""
        found = self._bars.get(symbol)
        if found is None:
            found = self._bars[symbol] = self._read(symbol, self.minutes)
        return found

    def until(self, symbol: str, minute: int) -> list[PlainBar]:
        """Return the minutes before `minute` in which a symbol traded."""
        # Of most symbols nothing but the first minutes is ever asked for.
        found = self._bars.get(symbol) or self._read(symbol, minute)
        return [bar for bar in found[:minute] if bar is not None]

    def previous_close(self, symbol: str) -> int | None:
        """Return a symbol's previous close; None where none is known."""
        close = float(self._data.previous_close[self._row[symbol]])
        return None if isnan(close) else _whole(close)

    def opening(self, symbol: str) -> datetime:
        """Return when a symbol opens, UTC."""
        return self.exchange.opening(symbol, self.session)

    def opening_minute(self, symbol: str) -> int:
        """Return the minute in which a symbol opens."""
        return (self.opening(symbol) - self.session.open) // _MINUTE

    @property
    def last_opening(self) -> timedelta:
        """How long after the session's open the last group of symbols opens."""
        delays = (group.delay for group in self.exchange.opening_groups)
        return max(delays, default=timedelta(0))

    def at(self, minute: int) -> datetime:
        """Return when a minute begins, UTC."""
        return self.session.open + minute * _MINUTE

    def tick(self, price: int) -> int:
        """Return the tick at a price."""
        return max(band for band in self._bands if band[0] <= price)[1]

    def down(self, price: Fraction | int) -> int:
        """Return the highest price on the tick that is not above `price`."""
        tick = self.tick(int(price))
        return int(price // tick) * tick

    def up(self, price: Fraction | int) -> int:
        """Return the lowest price on the tick that is not below `price`."""
        tick = self.tick(int(price))
        return -int(-price // tick) * tick

    def commission(self, quantity: int, value: Fraction | int) -> int:
        """Return what an order of `quantity` shares worth `value` costs, to the cent."""
        schedule = self.exchange.commission
        charge = max(
            Fraction(schedule.rate) * value + quantity * _exact(schedule.per_share),
            Fraction(_exact(schedule.minimum)),
        )
        if schedule.maximum_rate is not None:
            charge = min(charge, Fraction(schedule.maximum_rate) * value)
        return round(charge / 10_000) * 10_000

    def _read(self, symbol: str, minutes: int) -> list[PlainBar | None]:
        row, bars = self._row.get(symbol), self._data.bars
        if row is None:
            return [None] * minutes
        prices = (bars.open, bars.high, bars.low, bars.close)
        columns = (column[row, :minutes].tolist() for column in (*prices, bars.volume))
        return [
            None
            if isnan(close)
            else PlainBar(_whole(opened), _whole(high), _whole(low), _whole(close), round(volume))
            for opened, high, low, close, volume in zip(*columns, strict=True)
        ]


def _whole(price: float) -> int:
    return round(price * MILLION)


def _exact(amount: Decimal) -> int:
    return int(amount * MILLION)
