"""The strategy's rules: numbers in, numbers out. No I/O, no clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal

import numpy as np
from numpy.typing import NDArray

from skim_core import Bars, OpeningRange

_SIX_PLACES = Decimal("0.000001")


def exact(price: float) -> Decimal:
    """Return a bar's price as an exact decimal, to the sixth place."""
    return Decimal(repr(float(price))).quantize(_SIX_PLACES).normalize() + Decimal(0)


def opening_window(opening: datetime, minutes: int) -> tuple[datetime, datetime]:
    """Return where a symbol's opening range starts and ends: `minutes` whole minute bars.

    The first is the bar in which the symbol opens; `opening` is UTC.
    """
    start = opening.replace(second=0, microsecond=0)
    return start, start + timedelta(minutes=minutes)


def measure_range(bars: Bars, symbol: str, start: datetime, end: datetime) -> OpeningRange | None:
    """Return the range of `symbol` from `start` to `end`; None when it did not trade."""
    window = bars.only([symbol]).between(start, end)
    highs, lows = window.high[0], window.low[0]
    traded = ~np.isnan(highs)
    if not traded.any():
        return None
    return OpeningRange(
        symbol=symbol,
        high=exact(highs[traded].max()),
        low=exact(lows[traded].min()),
        start=start,
        end=end,
        bars=int(traded.sum()),
    )


def broken_out(closes: NDArray[np.float64], levels: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the rows whose close is strictly above its level; NaN (no trade) never is."""
    # Half a hundredth of the smallest tick: floats that stand for equal prices are equal.
    return np.flatnonzero(closes > levels + 5e-6)


def size(price: Decimal, stop: Decimal, risk: Decimal, value: Decimal) -> int:
    """Return how many shares to buy at `price`: what loses `risk` at `stop`, worth `value` at most.

    Prices in quote currency; 0 when the stop is not below the price or a share is too dear.
    """
    if stop >= price:
        return 0
    shares = min(risk / (price - stop), value / price)
    return max(0, int(shares.to_integral_value(ROUND_DOWN)))
