"""Minute bars of many symbols as columns, from the bars that TWS tells one by one. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from skim_core import MINUTE, Bars, Session

_BEFORE_OPEN = timedelta(hours=12)
"""So long before its open a session is the current one."""


@dataclass(frozen=True, slots=True)
class MinuteBar:
    """One minute's trades: prices in quote currency, `volume` in shares."""

    open: float
    high: float
    low: float
    close: float
    volume: float


def session_at(sessions: Sequence[Session], moment: datetime) -> Session:
    """Return the session that is current at a moment: the last that opens within 12 hours."""
    ordered = sorted(sessions, key=lambda session: session.open)
    begun = [session for session in ordered if session.open - _BEFORE_OPEN <= moment]
    return begun[-1] if begun else ordered[0]


def span(session: Session, start: datetime, end: datetime, now: datetime) -> tuple[datetime, int]:
    """Return the first minute at or after `start`, and how many are over by `end` and by now.

    Only those of the session count.
    """
    start = max(start, session.open)
    first = session.open - ((session.open - start) // MINUTE) * MINUTE
    until = min(end, now, session.close)
    return first, max(0, (until - first) // MINUTE)


def columns(
    symbols: Sequence[str],
    found: Mapping[str, Mapping[datetime, MinuteBar]],
    first: datetime,
    minutes: int,
) -> Bars:
    """Return bars as columns; a minute without a trade, or an unknown symbol, is NaN."""
    shape = (len(symbols), minutes)
    opens, highs, lows, closes = (np.full(shape, np.nan) for _ in range(4))
    volume = np.zeros(shape)
    for row, symbol in enumerate(symbols):
        for start, bar in found.get(symbol, {}).items():
            column = (start - first) // MINUTE
            if 0 <= column < minutes and bar.volume > 0:
                opens[row, column], highs[row, column] = bar.open, bar.high
                lows[row, column], closes[row, column] = bar.low, bar.close
                volume[row, column] = bar.volume
    return Bars(tuple(symbols), first, opens, highs, lows, closes, volume)
