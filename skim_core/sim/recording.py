"""From recorded tables to a session's columns. Needs polars, of the extra `data`."""

from __future__ import annotations

import logging
from bisect import bisect_left
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from skim_core.errors import DataError
from skim_core.ports.bars import Bars
from skim_core.sim.checks import check_bars, check_closes, check_hours
from skim_core.sim.data import SessionData
from skim_core.sim.tables import BAR_COLUMNS, CLOSE_COLUMNS, read_table

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from skim_core.model.session import Session
    from skim_core.ports.bars import Column

_LOG = logging.getLogger(__name__)

# An exchange's longest holidays (Lunar New Year) leave nine days between two sessions.
_RECENT = timedelta(days=10)

_NAMED = 5

_SAME_PRICE = 0.15
"""How far a renamed share may open from its last price, as one that lost a part of its
company on that day did."""


class Recording:
    """Reads one exchange's sessions, in any order, each as its files say it was.

    `minutes` and `daily` are the files of minute bars, by date, and of daily bars;
    `remembered_in` is the folder that remembers which of them are sound. What the next session
    in order needs too is kept: the daily bars, and the latest session's.
    """

    def __init__(
        self, minutes: Mapping[dt.date, Path], daily: Path | None, remembered_in: Path | None
    ) -> None:
        self._minutes = minutes
        self._dates = sorted(minutes)
        self._daily_path = daily
        self._remembered_in = remembered_in
        self._daily: pl.DataFrame | None = None
        self._latest: tuple[Path, pl.DataFrame] | None = None

    def read(self, session: Session) -> SessionData:
        """Return a session's data. Raises DataError naming the file and the row."""
        # Before this session's own bars are the latest.
        before = self._last_closes_before(session)
        frame, closes = self._checked(session)
        bars = _dense(session, frame)
        missing = [symbol for symbol in bars.symbols if symbol not in closes]
        if missing:
            named = ", ".join(missing[:_NAMED]) + (", ..." if len(missing) > _NAMED else "")
            _LOG.warning(
                "%s: %d of %d symbols have no previous close, so no gap is known: %s",
                self._minutes[session.date],
                len(missing),
                len(bars.symbols),
                named,
            )
        previous = np.array([closes.get(symbol, np.nan) for symbol in bars.symbols])
        renamed = _renamed(frame, missing, before()) if missing else {}
        return SessionData(session, bars, previous, renamed)

    def fault(self, session: Session) -> str:
        """Return why a session can't be read, naming the file and the row; '' when it can."""
        try:
            self._checked(session)
        except DataError as error:
            return str(error)
        return ""

    def _checked(self, session: Session) -> tuple[pl.DataFrame, Mapping[str, float]]:
        """Return a session's bars, and previous closes of its symbols and others."""
        path = self._minutes[session.date]
        # Before this session's own, which then is the latest for the next one.
        before = self._last_closes_before(session)
        frame = self._bars(path)
        check_hours(path, frame, session)
        symbols = frame["symbol"].unique()
        closes = self._daily_closes(session)
        if any(symbol not in closes for symbol in symbols):
            closes = before() | closes
        if not any(symbol in closes for symbol in symbols):
            renamed = _renamed(frame, symbols.to_list(), before())
            was = "".join(f" ({new} may be {old}, renamed)" for new, old in renamed.items())
            msg = (
                f"{path}, row 1: {frame['symbol'][0]} has no previous close, nor has any other "
                f"symbol{was}: expected one of the {_RECENT.days} days before {session.date} in "
                f"bars_1d/{session.exchange}.parquet (or .csv) or in an earlier session's file. "
                "Add one of them, or choose a later session."
            )
            raise DataError(msg)
        return frame, closes

    def _bars(self, path: Path) -> pl.DataFrame:
        if self._latest is not None and self._latest[0] == path:
            return self._latest[1]
        frame = read_table(path, BAR_COLUMNS, self._remembered_in)
        check_bars(path, frame)
        self._latest = path, frame
        return frame

    def _last_closes_before(self, session: Session) -> Callable[[], dict[str, float]]:
        """Return what gives each symbol's last price of the recorded session before."""
        index = bisect_left(self._dates, session.date)
        if not index or session.date - self._dates[index - 1] > _RECENT:
            return dict
        path = self._minutes[self._dates[index - 1]]
        latest = self._latest
        if latest is not None and latest[0] == path:
            return lambda: _last(latest[1])
        return lambda: _last(self._bars(path))

    def _daily_closes(self, session: Session) -> dict[str, float]:
        """Return each symbol's last close of the days before; no others are checked."""
        path = self._daily_path
        if path is None:
            return {}
        if self._daily is None:
            self._daily = read_table(path, CLOSE_COLUMNS, self._remembered_in)
        recent = self._daily.filter(
            pl.col("date").is_between(session.date - _RECENT, session.date, closed="left")
        )
        check_closes(path, recent)
        return _last(recent.sort("date"))


def _renamed(
    frame: pl.DataFrame, new: Sequence[str], before: Mapping[str, float]
) -> dict[str, str]:
    """Return which of the new symbols may be another one that is gone, each sure of its own."""
    gone = before.keys() - set(frame["symbol"].unique())
    if not gone:
        return {}
    opened = (
        frame.filter(pl.col("symbol").is_in(new)).group_by("symbol").agg(pl.col("open").first())
    )
    near = {
        symbol: [old for old in gone if abs(price / before[old] - 1) <= _SAME_PRICE]
        for symbol, price in sorted(opened.iter_rows())
    }
    claimed = Counter(old for olds in near.values() for old in olds)
    return {
        symbol: olds[0] for symbol, olds in near.items() if len(olds) == 1 and claimed[olds[0]] == 1
    }


def _dense(session: Session, frame: pl.DataFrame) -> Bars:
    """Spread the rows over a grid of symbols and minutes."""
    symbols = frame["symbol"].unique().sort()
    row = frame["symbol"].cast(pl.Enum(symbols)).to_physical().to_numpy()
    since_open = frame["ts"] - session.open
    minute = since_open.dt.total_minutes().to_numpy()

    def spread(name: str, empty: float) -> Column:
        grid = np.full((len(symbols), session.minutes), empty)
        grid[row, minute] = frame[name].to_numpy()
        return grid

    return Bars(
        symbols=tuple(symbols.to_list()),
        start=session.open,
        open=spread("open", np.nan),
        high=spread("high", np.nan),
        low=spread("low", np.nan),
        close=spread("close", np.nan),
        volume=spread("volume", 0.0),
    )


def _last(frame: pl.DataFrame) -> dict[str, float]:
    last = frame.group_by("symbol").agg(pl.col("close").last())
    return dict(last.iter_rows())
