"""Trading halts of one session: those of the options, and those that somebody calls meanwhile.

A halt that is called takes hold at once. Of the minute that it falls into, what has traded
by then stays: all of it from the 30th second on, when trades inside a minute are timed (see
`matching`), else its open, with a quarter of its volume. Trading goes on with the first minute
that begins at or after the call that ends the halt; a session that ends first ends it too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from skim_core.ports.bars import MINUTE, Bars
from skim_core.sim.matching import INSIDE

if TYPE_CHECKING:
    from skim_core.model.exchange import Exchange
    from skim_core.sim.data import SessionData
    from skim_core.sim.options import Halt

_PART_AT_OPEN = 4


@dataclass(frozen=True, slots=True)
class CalledHalt:
    """A halt that was called: `end` is None while it lasts."""

    symbol: str
    start: datetime
    end: datetime | None = None


class Halts:
    """Who is halted when, in one session; `data` are the session's without those minutes."""

    def __init__(self, data: SessionData, rules: Exchange, planned: Iterable[Halt]) -> None:
        self.called: list[CalledHalt] = []
        self._session = data.session
        self._rules = rules
        self._planned = tuple(planned)
        self._before = without_halts(data, self._planned)
        self.data = self._before

    def call(self, symbol: str, at: datetime) -> bool:
        """Halt a symbol; return whether that is new."""
        if self._lasting(symbol) is not None:
            return False
        self.called.append(CalledHalt(symbol, at))
        self._renew()
        return True

    def end(self, symbol: str, at: datetime) -> bool:
        """End the halt that was called; return whether there was one."""
        lasting = self._lasting(symbol)
        if lasting is None:
            return False
        self.called[self.called.index(lasting)] = replace(lasting, end=at)
        self._renew()
        return True

    def is_halted(self, symbol: str, at: datetime) -> bool:
        """Whether `symbol` is halted at `at`, by what has been called so far."""
        return any(
            halt.symbol == symbol
            and halt.start.resolve(self._session) <= at < halt.end.resolve(self._session)
            for halt in self._planned
        ) or any(
            halt.symbol == symbol and halt.start <= at and (halt.end is None or at < halt.end)
            for halt in self.called
        )

    def spans_close(self, symbol: str) -> bool:
        """Whether a symbol that is halted now, or by plan, has no closing auction."""
        return self._lasting(symbol) is not None or any(
            halt.symbol == symbol and halt.spans_close(self._session) for halt in self._planned
        )

    def _lasting(self, symbol: str) -> CalledHalt | None:
        return next(
            (halt for halt in self.called if halt.symbol == symbol and halt.end is None), None
        )

    def _renew(self) -> None:
        self.data = without_called_halts(self._before, self._rules, self.called)


def without_halts(data: SessionData, halts: Iterable[Halt]) -> SessionData:
    """Return the data without the minutes in which a symbol is halted; `data` stays as it is."""
    session, bars = data.session, data.bars
    halts = [halt for halt in halts if halt.symbol in bars.row]
    if not halts:
        return data
    copied = bars.copied()
    for halt in halts:
        start, end = halt.start.resolve(session), halt.end.resolve(session)
        _blank(copied, halt.symbol, _column_from(bars, start), _column_from(bars, end))
    return replace(data, bars=copied)


def without_called_halts(
    data: SessionData, rules: Exchange, halts: Iterable[CalledHalt]
) -> SessionData:
    """Return the data as it was seen with halts that were called; `data` stays as it is."""
    bars = data.bars
    halts = [halt for halt in halts if halt.symbol in bars.row]
    if not halts:
        return data
    copied = bars.copied()
    for halt in halts:
        first = _cut_short(copied, halt, rules.opening(halt.symbol, data.session))
        last = bars.minutes if halt.end is None else _column_from(bars, halt.end)
        _blank(copied, halt.symbol, first, last)
    return replace(data, bars=copied)


def _cut_short(bars: Bars, halt: CalledHalt, opening: datetime) -> int:
    """Leave of the minute that `halt` falls into what has traded; return the first without."""
    column = bars.column(halt.start)
    if column < 0 or column >= bars.minutes:
        return min(max(0, column), bars.minutes)
    if halt.start < opening:
        return column
    if halt.start - (bars.start + column * MINUTE) < INSIDE:
        row = bars.row[halt.symbol]
        for values in (bars.high, bars.low, bars.close):
            values[row, column] = bars.open[row, column]
        bars.volume[row, column] //= _PART_AT_OPEN
    return column + 1


def _blank(bars: Bars, symbol: str, first: int, last: int) -> None:
    row = bars.row[symbol]
    for column in (bars.open, bars.high, bars.low, bars.close):
        column[row, first:last] = np.nan
    bars.volume[row, first:last] = 0.0


def _column_from(bars: Bars, moment: datetime) -> int:
    """Return the column of the first minute that starts at or after `moment`."""
    return min(max(0, -((bars.start - moment) // MINUTE)), bars.minutes)
