"""A minute bar as trades: what is seen of a minute while it lasts.

A bar doesn't say when its prices came. Four trades stand for it, so that they add up to
the bar exactly: its open at its start, the extremes 30 and 40 seconds into it (the lower
one first when the bar rises), its close five seconds before its end. The simulated
exchange times a trade inside a minute 30 seconds into it, so no client sees a price by
which an order of its could have traded before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from skim_core import MINUTE
from skim_core.sim import exact

if TYPE_CHECKING:
    from skim_core import Exchange
    from skim_core.sim import CalledHalt, SessionData

INSTANT = timedelta(microseconds=1)
"""A client that acts at a full minute has not seen what trades in that very instant: its order
may trade with it."""

OFFSETS = tuple(timedelta(seconds=seconds) for seconds in (0, 30, 40, 55))


@dataclass(frozen=True, slots=True)
class Print:
    """A trade: `size` in shares."""

    at: datetime
    price: Decimal
    size: int


@dataclass(frozen=True, slots=True)
class Summary:
    """A session of one symbol so far. Prices are None before the first trade."""

    last: Print | None
    open: Decimal | None
    high: Decimal | None
    low: Decimal | None
    previous_close: Decimal | None
    volume: int


@dataclass(frozen=True, slots=True)
class BidAsk:
    """The best prices on both sides and how many shares stand there."""

    bid: Decimal | None
    ask: Decimal | None
    bid_size: int
    ask_size: int


class SessionTape:
    """What can be seen of one session's data at any moment, and never before it.

    `called` are the halts that were called in it: nothing trades in them.
    """

    def __init__(
        self, data: SessionData, rules: Exchange, called: Sequence[CalledHalt] = ()
    ) -> None:
        self.data = data
        self._called = called
        self.session = data.session
        self._rules = rules

    def prints(self, symbol: str, start: datetime, end: datetime) -> Iterator[Print]:
        """Yield the trades from `start` until before `end`, in their order."""
        bars = self.data.bars
        row = bars.row.get(symbol)
        if row is None:
            return
        first = max(0, bars.column(start))
        last = min(bars.minutes, bars.column(end) + 1)
        for column in first + np.flatnonzero(~np.isnan(bars.close[row, first:last])):
            for printed in self._minute(symbol, row, int(column)):
                if start <= printed.at < end:
                    yield printed

    def last(self, symbol: str, now: datetime) -> Print | None:
        """Return the last trade by `now`."""
        bars = self.data.bars
        row = bars.row.get(symbol)
        if row is None:
            return None
        end = min(bars.minutes, max(0, bars.column(now) + 1))
        for column in np.flatnonzero(~np.isnan(bars.close[row, :end]))[::-1][:2]:
            for printed in reversed(self._minute(symbol, row, int(column))):
                if printed.at <= now:
                    return printed
        return None

    def summary(self, symbol: str, now: datetime) -> Summary:
        """Return the symbol's session by `now`."""
        bars = self.data.bars
        row = bars.row.get(symbol)
        if row is None:
            return Summary(None, None, None, None, None, 0)
        over = min(bars.minutes, max(0, bars.column(now)))
        since = bars.start + over * MINUTE
        recent = [*self.prints(symbol, since, now), *self._at(symbol, now)]
        prices = [printed.price for printed in recent]
        high, low, opened = (column[row, :over] for column in (bars.high, bars.low, bars.open))
        traded = np.flatnonzero(~np.isnan(opened))
        if traded.size:
            prices += [exact(np.nanmax(high)), exact(np.nanmin(low))]
        previous = float(self.data.previous_close[row])
        first = exact(opened[traded[0]]) if traded.size else prices[0] if prices else None
        return Summary(
            last=self.last(symbol, now),
            open=first,
            high=max(prices, default=None),
            low=min(prices, default=None),
            previous_close=None if np.isnan(previous) else exact(previous),
            volume=int(np.nansum(bars.volume[row, :over])) + sum(found.size for found in recent),
        )

    def quote(self, symbol: str, now: datetime) -> BidAsk | None:
        """Return bid and ask, a tick around the last trade; None before the first."""
        last = self.last(symbol, now)
        if last is None:
            return None
        rules, price = self._rules, last.price
        tick, on_tick = rules.tick(price), rules.on_tick(price)
        bid = price - tick if on_tick else rules.round_down(price)
        ask = price + tick if on_tick else rules.round_up(price)
        # Some size that is the same whenever it is asked for.
        size = 100 * (1 + last.size % 20)
        return BidAsk(bid if bid > 0 else None, ask, size, size + 100)

    def _at(self, symbol: str, moment: datetime) -> Iterator[Print]:
        return self.prints(symbol, moment, moment + INSTANT)

    def _minute(self, symbol: str, row: int, column: int) -> list[Print]:
        """Return the trades of one minute that has any."""
        bars = self.data.bars
        start = bars.start + column * MINUTE
        opened, high, low, close = (
            exact(values[row, column]) for values in (bars.open, bars.high, bars.low, bars.close)
        )
        between = (low, high) if close >= opened else (high, low)
        volume = int(bars.volume[row, column])
        part = volume // len(OFFSETS)
        sizes = [part] * (len(OFFSETS) - 1) + [volume - part * (len(OFFSETS) - 1)]
        opening = self._rules.opening(symbol, self.session)
        times = [start + offset for offset in OFFSETS]
        if start <= opening < start + MINUTE:
            times = [max(time, opening) for time in times]
        prices = (opened, *between, close)
        found = [Print(*one) for one in zip(times, prices, sizes, strict=True)]
        if not self._called:
            return found
        told = [one for one in found if not self._is_halted(symbol, one.at)]
        # A bar that was cut down to its open has the open's volume only.
        return [replace(told[0], size=volume)] if len(told) == 1 else told

    def _is_halted(self, symbol: str, at: datetime) -> bool:
        return any(
            halt.symbol == symbol and halt.start < at and (halt.end is None or at < halt.end)
            for halt in self._called
        )
