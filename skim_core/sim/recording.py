"""From recorded tables to a session's columns. Needs polars, of the extra `data`."""

from __future__ import annotations

import logging
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
    from pathlib import Path

    from skim_core.model.session import Session
    from skim_core.ports.bars import Column

_LOG = logging.getLogger(__name__)

# An exchange's longest holidays (Lunar New Year) leave nine days between two sessions.
_RECENT = timedelta(days=10)

_NAMED = 5


def read_session(
    session: Session, path: Path, *, daily: Path | None, earlier: tuple[dt.date, Path] | None
) -> SessionData:
    """Read one session's minute bars and its symbols' previous closes.

    `daily` is the exchange's file of daily bars, `earlier` the date and the file of the
    latest session recorded before. Raises DataError naming the file and the row.
    """
    frame = read_table(path, BAR_COLUMNS)
    check_bars(path, frame)
    check_hours(path, frame, session)
    bars = _dense(session, frame)
    closes = _daily_closes(daily, session) if daily is not None else {}
    if earlier is not None and session.date - earlier[0] <= _RECENT and bars.row.keys() - closes:
        closes = _last_closes(earlier[1]) | closes
    missing = [symbol for symbol in bars.symbols if symbol not in closes]
    if len(missing) == len(bars.symbols):
        msg = (
            f"{path}, row 1: {frame['symbol'][0]} has no previous close, nor has any other "
            f"symbol: expected one of the {_RECENT.days} days before {session.date} in "
            f"bars_1d/{session.exchange}.parquet (or .csv) or in an earlier session's file. "
            "Add one of them, or choose a later session."
        )
        raise DataError(msg)
    if missing:
        named = ", ".join(missing[:_NAMED]) + (", ..." if len(missing) > _NAMED else "")
        _LOG.warning(
            "%s: %d of %d symbols have no previous close, so no gap is known: %s",
            path,
            len(missing),
            len(bars.symbols),
            named,
        )
    previous = np.array([closes.get(symbol, np.nan) for symbol in bars.symbols])
    return SessionData(session=session, bars=bars, previous_close=previous)


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


def _daily_closes(path: Path, session: Session) -> dict[str, float]:
    """Return each symbol's last close of the days before the session; no others are checked."""
    recent = read_table(path, CLOSE_COLUMNS).filter(
        pl.col("date").is_between(session.date - _RECENT, session.date, closed="left")
    )
    check_closes(path, recent)
    return _last(recent.sort("date"))


def _last_closes(path: Path) -> dict[str, float]:
    """Return each symbol's last price of a recorded session."""
    frame = read_table(path, BAR_COLUMNS)
    check_bars(path, frame)
    return _last(frame)


def _last(frame: pl.DataFrame) -> dict[str, float]:
    last = frame.group_by("symbol").agg(pl.col("close").last())
    return dict(last.iter_rows())
