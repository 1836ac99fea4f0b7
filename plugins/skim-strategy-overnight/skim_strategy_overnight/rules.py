"""The strategy's rules: numbers in, numbers out. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from decimal import ROUND_DOWN, Decimal

import numpy as np

from skim_core import Bars, OrderStage, OrderState


def minute_of(moment: datetime) -> datetime:
    """Return the start of the minute that holds `moment`."""
    return moment.replace(second=0, microsecond=0)


def strengths(bars: Bars) -> dict[str, float]:
    """Return where in its range of these minutes each symbol's last price is: 0 to 100 %.

    One that has not traded, or whose high is its low, has none.
    """
    high = np.fmax.reduce(bars.high, axis=1, initial=-np.inf)
    low = np.fmin.reduce(bars.low, axis=1, initial=np.inf)
    found = {}
    for row in np.flatnonzero(high > low):
        closes = bars.close[row]
        last = closes[~np.isnan(closes)][-1]
        # To the millionth, so that equal places are equal and a limit can be met exactly.
        found[bars.symbols[row]] = round(float((last - low[row]) / (high[row] - low[row]) * 100), 6)
    return found


def ranked(strength: Mapping[str, float], minimum: Decimal) -> list[str]:
    """Return the symbols of at least `minimum` % strength, the strongest first.

    Equally strong ones keep their order.
    """
    strong = [symbol for symbol, found in strength.items() if found >= float(minimum)]
    return sorted(strong, key=lambda symbol: -strength[symbol])


def bought_today(orders: Iterable[OrderState]) -> set[str]:
    """Return the symbols of which an entry reached the broker today, whatever became of it."""
    entries = (state for state in orders if state.order.purpose == "entry")
    return {state.order.symbol for state in entries if state.accepted}


def carried(held: Collection[str], orders: Iterable[OrderState]) -> list[str]:
    """Return the symbols that are held from an earlier day: held, and not bought today."""
    return sorted(set(held) - bought_today(orders))


def refused_since(symbol: str, orders: Iterable[OrderState], moment: datetime) -> bool:
    """Whether the broker refused an exit of `symbol` after `moment`."""
    return any(
        state.stage is OrderStage.REJECTED
        and state.changed_at is not None
        and state.changed_at > moment
        for state in orders
        if state.order.symbol == symbol and state.order.purpose == "exit"
    )


def chosen(ranks: Iterable[str], kept: Collection[str], most: int) -> list[str]:
    """Return the first of the ranks, as many as make `most` positions with those `kept`."""
    free = [symbol for symbol in ranks if symbol not in kept]
    return free[: max(0, most - len(kept))]


def size(price: Decimal, value: Decimal) -> int:
    """Return how many shares at `price` are worth at most `value`, both in quote currency."""
    return max(0, int((value / price).to_integral_value(ROUND_DOWN)))


def stop_price(price: Decimal, distance: Decimal) -> Decimal:
    """Return the price `distance` % below `price`.

    >>> stop_price(Decimal(20), Decimal(5))
    Decimal('19')
    """
    return price * (100 - distance) / 100


def set_aside(orders: Iterable[OrderState], value: Decimal) -> Decimal:
    """Return the cash that working entries may still take, each at most `value`."""
    unfilled = (
        Decimal(state.order.quantity - state.filled) / state.order.quantity
        for state in orders
        if state.order.purpose == "entry" and state.live
    )
    return value * sum(unfilled, Decimal(0))
