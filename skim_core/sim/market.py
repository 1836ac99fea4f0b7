"""Market data of one session, up to a moment: only what is over by then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from skim_core.model.base import sound
from skim_core.model.market import Quote
from skim_core.ports.bars import MINUTE, Bars
from skim_core.ports.broker import GapRow, GapScan
from skim_core.sim.matching import exact
from skim_core.sim.splits import LEAST, probable_split

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skim_core.model.exchange import Exchange
    from skim_core.sim.data import SessionData
    from skim_core.sim.halts import Halts

_HUNDREDTH_OF_A_PERCENT = Decimal("0.0001")
_TOLERANCE = 1e-9
_QUOTE = sound(Quote)


class Market:
    """What can be seen of a session's data at a moment: minutes that are over.

    The gap of a probable split is not scanned, unless `split_gaps` says so. `halts` tells
    whose trading is halted.
    """

    def __init__(
        self,
        data: SessionData,
        rules: Exchange,
        *,
        split_gaps: bool = False,
        halts: Halts | None = None,
    ) -> None:
        self.data = data
        self._halts = halts
        self._rules = rules
        self._split_gaps = split_gaps

    def show(self, data: SessionData) -> None:
        """Show these data of the same session instead: a halt has changed what trades."""
        self.data = data
        for name in ("_last", "_volume"):
            self.__dict__.pop(name, None)

    def last_price(self, symbol: str, now: datetime) -> Decimal | None:
        """Return the last traded price, the previous close before the first; None without one."""
        row = self.data.bars.row.get(symbol)
        if row is None:
            return None
        last = self._last_traded(row, self._over(now))
        price = self.data.bars.close[row, last] if last >= 0 else self.data.previous_close[row]
        return None if np.isnan(price) else exact(price)

    def quotes(self, symbols: Sequence[str], now: datetime) -> dict[str, Quote]:
        """Return the latest quote of each symbol that has traded, bid and ask a tick around."""
        rows, over = self.data.bars.row, self._over(now)
        found = {}
        for symbol in symbols:
            row = rows.get(symbol)
            last = self._last_traded(row, over) if row is not None else -1
            if row is not None and last >= 0:
                volume = int(self._volume[row, over - 1])
                halted = self._halts is not None and self._halts.is_halted(symbol, now)
                found[symbol] = self._quote(symbol, row, last, volume, halted=halted)
        return found

    def bars(self, symbols: Sequence[str], start: datetime, end: datetime, now: datetime) -> Bars:
        """Return the bars from `start` that are over by `end` and by now; NaN for the unknown.

        Copies: a view would lead to the array that it is of, and so to the rest of the day.
        """
        seen = self.data.bars.between(start, min(end, now))
        if tuple(symbols) == seen.symbols:
            return seen.copied()
        if all(symbol in seen.row for symbol in symbols):
            return seen.only(list(symbols))
        rows = np.array([seen.row.get(symbol, -1) for symbol in symbols], dtype=np.intp)
        absent = rows < 0
        columns = [
            np.where(absent[:, np.newaxis], nothing, column[rows])
            for column, nothing in (
                (seen.open, np.nan),
                (seen.high, np.nan),
                (seen.low, np.nan),
                (seen.close, np.nan),
                (seen.volume, 0.0),
            )
        ]
        return Bars(tuple(symbols), seen.start, *columns)

    def scan(self, request: GapScan, now: datetime) -> list[GapRow]:
        """Return the gaps of the symbols that have traded by now, widest first."""
        bars, over = self.data.bars, self._over(now)
        if not over or not bars.symbols:
            return []
        traded = ~np.isnan(bars.close[:, :over])
        every = np.arange(len(bars.symbols))
        opened = bars.open[every, traded.argmax(axis=1)]
        last = bars.close[every, np.maximum(self._last[:, over - 1], 0)]
        volume = self._volume[:, over - 1]
        gap = (opened / self.data.previous_close - 1) * 100
        least = float(request.minimum_percent)
        wide = gap >= least - _TOLERANCE if least >= 0 else gap <= least + _TOLERANCE
        found = np.flatnonzero(
            wide
            & traded.any(axis=1)
            & (last >= float(request.minimum_price) - _TOLERANCE)
            & (volume >= request.minimum_volume)
        )
        ordered = sorted(found.tolist(), key=lambda row: (-abs(gap[row]), bars.symbols[row]))
        gaps = (row for row in ordered if self._is_gap(row, float(opened[row])))
        return [
            self._gap(row, float(opened[row]), float(last[row]), int(volume[row]))
            for row in islice(gaps, request.limit)
        ]

    def _is_gap(self, row: int, opened: float) -> bool:
        """Whether an open is the market's, not that of a share exchanged for more or fewer."""
        previous = float(self.data.previous_close[row])
        if self._split_gaps or previous / LEAST < opened < previous * LEAST:
            return True
        return not probable_split(exact(previous), exact(opened), self._rules)

    def _over(self, now: datetime) -> int:
        """Return how many minutes are over."""
        bars = self.data.bars
        return min(max(0, bars.column(now)), bars.minutes)

    def _gap(self, row: int, opened: float, last: float, volume: int) -> GapRow:
        first, previous = exact(opened), exact(self.data.previous_close[row])
        return GapRow(
            symbol=self.data.bars.symbols[row],
            open=first,
            last=exact(last),
            previous_close=previous,
            gap_percent=((first / previous - 1) * 100).quantize(_HUNDREDTH_OF_A_PERCENT),
            volume=volume,
        )

    @cached_property
    def _last(self) -> NDArray[np.int64]:
        """Each symbol's last column with a trade up to each column, -1 for none."""
        close = self.data.bars.close
        columns = np.where(np.isnan(close), -1, np.arange(close.shape[1]))
        return np.maximum.accumulate(columns, axis=1)

    @cached_property
    def _volume(self) -> NDArray[np.float64]:
        """Each symbol's volume of the session up to each column."""
        return np.nancumsum(self.data.bars.volume, axis=1)

    def _previous_close(self, row: int) -> Decimal | None:
        price = self.data.previous_close[row]
        return None if np.isnan(price) else exact(price)

    def _last_traded(self, row: int, over: int) -> int:
        return int(self._last[row, over - 1]) if over else -1

    def _quote(self, symbol: str, row: int, column: int, volume: int, *, halted: bool) -> Quote:
        last, rules = exact(self.data.bars.close[row, column]), self._rules
        tick = rules.tick(last)
        on_tick = rules.on_tick(last)
        bid = last - tick if on_tick else rules.round_down(last)
        return _QUOTE(
            symbol=symbol,
            at=self.data.bars.start + (column + 1) * MINUTE,
            last=last,
            bid=bid if bid > 0 else None,
            ask=last + tick if on_tick else rules.round_up(last),
            volume=volume,
            previous_close=self._previous_close(row),
            halted=halted,
        )
