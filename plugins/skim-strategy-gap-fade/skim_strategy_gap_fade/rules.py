"""The strategy's rules: numbers in, numbers out. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal

import numpy as np
from numpy.typing import NDArray

from skim_core import Bars, Candidate, OpeningRange, OrderState

_SIX_PLACES = Decimal("0.000001")


def exact(price: float) -> Decimal:
    """Return a bar's price as an exact decimal, to the sixth place."""
    return Decimal(repr(float(price))).quantize(_SIX_PLACES).normalize() + Decimal(0)


def shown(price: Decimal) -> str:
    """Return a price as text, with two decimal places or as many more as it has.

    >>> shown(Decimal("45.1")), shown(Decimal("0.125"))
    ('45.10', '0.125')
    """
    return max(f"{price:.2f}", f"{price.normalize():f}", key=len)


def minute_of(moment: datetime) -> datetime:
    """Return the start of the minute that holds `moment`."""
    return moment.replace(second=0, microsecond=0)


def fallen(candidates: Iterable[Candidate]) -> list[str]:
    """Return the symbols that gapped down: the shared scan finds both sides."""
    return [found.symbol for found in candidates if (found.gap_percent or 0) < 0]


def first_window(opening: datetime, minutes: int) -> tuple[datetime, datetime]:
    """Return where a symbol's first minutes start and end: `minutes` whole minute bars.

    The first is the bar in which the symbol opens; `opening` is UTC.
    """
    start = minute_of(opening)
    return start, start + timedelta(minutes=minutes)


def measure(bars: Bars, symbol: str, start: datetime, end: datetime) -> OpeningRange | None:
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


def level(found: OpeningRange, recovery: Decimal) -> Decimal:
    """Return the price above which a close has come back by `recovery` % of the range.

    >>> from datetime import UTC, datetime
    >>> at = datetime(2026, 1, 1, tzinfo=UTC)
    >>> found = OpeningRange(symbol="A", high=Decimal(12), low=Decimal(10), start=at, end=at, bars=1)
    >>> level(found, Decimal(50))
    Decimal('11')
    """
    return found.low + (found.high - found.low) * recovery / 100


def target(candidate: Candidate, fill: Decimal) -> Decimal | None:
    """Return the price at which `fill` % of the gap is filled; None without its two prices."""
    if candidate.open is None or candidate.previous_close is None:
        return None
    return candidate.open + (candidate.previous_close - candidate.open) * fill / 100


def recovered(closes: NDArray[np.float64], levels: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the rows whose close is strictly above its level; NaN (no trade) never is."""
    # Half a hundredth of the smallest tick: floats that stand for equal prices are equal.
    return np.flatnonzero(closes > levels + 5e-6)


def lowest(bars: Bars, row: int) -> Decimal:
    """Return the lowest price of a row that has traded."""
    return exact(np.nanmin(bars.low[row]))


def size(price: Decimal, stop: Decimal, risk: Decimal, value: Decimal) -> int:
    """Return how many shares to buy at `price`: what loses `risk` at `stop`, worth `value` at most.

    Prices in quote currency; 0 when the stop is no price below the entry's or a share is too dear.
    """
    if not 0 < stop < price:
        return 0
    shares = min(risk / (price - stop), value / price)
    return max(0, int(shares.to_integral_value(ROUND_DOWN)))


def decided(orders: Iterable[OrderState]) -> set[str]:
    """Return the symbols whose entry reached the broker, whatever became of it."""
    return {state.order.symbol for state in _entries(orders) if state.accepted}


def places_taken(held: Collection[str], orders: Iterable[OrderState]) -> set[str]:
    """Return the symbols that are held, and those whose entry still works."""
    return {state.order.symbol for state in _entries(orders) if state.live} | set(held)


def set_aside(orders: Iterable[OrderState], value: Decimal) -> Decimal:
    """Return the cash that working entries may still take, each at most `value`."""
    unfilled = (
        Decimal(state.order.quantity - state.filled) / state.order.quantity
        for state in _entries(orders)
        if state.live
    )
    return value * sum(unfilled, Decimal(0))


def exits(held: Collection[str], orders: Sequence[OrderState]) -> list[str]:
    """Return the symbols to get out of: those held, and those that still work to be held."""
    return sorted(places_taken(held, orders))


def _entries(orders: Iterable[OrderState]) -> Iterator[OrderState]:
    return (state for state in orders if state.order.purpose == "entry")
