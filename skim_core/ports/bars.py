"""Minute bars of many symbols as columns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, NoReturn, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Column: TypeAlias = NDArray[np.float64]

MINUTE = timedelta(minutes=1)

_COLUMNS = (
    "its columns open, high, low, close and volume are arrays shaped (symbols, minutes), "
    "bars.close[bars.row['BHP'], -1] is BHP's last close."
)


@dataclass(frozen=True, slots=False, eq=False)
class Bars:
    """One-minute bars: row *i* is ``symbols[i]``, column *j* the minute that starts at ``start + j`` minutes.

    `open`, `high`, `low` and `close` are in quote currency, `volume` in shares; all are
    arrays of floats shaped (symbols, minutes), to be read, never written. A minute without
    a trade is NaN in the prices and 0 in the volume.
    """

    symbols: tuple[str, ...]
    start: datetime
    open: Column
    high: Column
    low: Column
    close: Column
    volume: Column

    def __getattr__(self, name: str) -> NoReturn:
        # Asked for only where there is none: what frames have, and Python's own protocols.
        msg = f"Bars has no {name!r}: {_COLUMNS}"
        raise AttributeError(msg)

    def __getitem__(self, key: object) -> NoReturn:
        msg = f"Bars can't be indexed with {key!r}: {_COLUMNS}"
        raise TypeError(msg)

    def __iter__(self) -> NoReturn:
        msg = f"Bars can't be looped over: {_COLUMNS}"
        raise TypeError(msg)

    @cached_property
    def row(self) -> dict[str, int]:
        """Each symbol's row."""
        return {symbol: index for index, symbol in enumerate(self.symbols)}

    @property
    def minutes(self) -> int:
        """How many minutes there are."""
        return int(self.close.shape[1])

    @property
    def end(self) -> datetime:
        """When the last minute ends."""
        return self.start + self.minutes * MINUTE

    def column(self, moment: datetime) -> int:
        """Return the column of the minute that holds `moment`; may lie outside."""
        return (moment - self.start) // MINUTE

    def between(self, start: datetime, end: datetime) -> Bars:
        """Return the minutes that start at or after `start` and end at or before `end`.

        A view: nothing is copied.
        """
        first = min(max(0, -((self.start - start) // MINUTE)), self.minutes)
        last = max(first, min(self.minutes, self.column(end)))
        return Bars(
            self.symbols,
            self.start + first * MINUTE,
            *(
                column[:, first:last]
                for column in (self.open, self.high, self.low, self.close, self.volume)
            ),
        )

    def copied(self) -> Bars:
        """Return the same bars in arrays of their own."""
        return Bars(
            self.symbols,
            self.start,
            *(
                column.copy()
                for column in (self.open, self.high, self.low, self.close, self.volume)
            ),
        )

    def only(self, symbols: tuple[str, ...] | list[str]) -> Bars:
        """Return the rows of `symbols`, in their order; KeyError for one that is not here."""
        rows = [self.row[symbol] for symbol in symbols]
        return Bars(
            tuple(symbols),
            self.start,
            *(column[rows] for column in (self.open, self.high, self.low, self.close, self.volume)),
        )
