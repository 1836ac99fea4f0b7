"""Equity, drawdown, exposure and the distribution of R multiples, from trades."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from decimal import ROUND_FLOOR, Decimal
from itertools import groupby

from skim_core.replay.trades import Trade
from skim_core.report.model import Bin, EquityPoint, ExposurePoint, OpenPosition

_WIDTH = Decimal("0.5")
EDGE = 6
"""R multiples beyond are counted in the outermost bins."""


def equity(trades: Iterable[Trade]) -> list[EquityPoint]:
    """Return the profit after each trade and how far that is below its peak so far.

    `trades` are in the order of their exits. The peak begins at 0.
    """
    points = []
    profit = peak = Decimal(0)
    for trade in trades:
        profit += trade.profit
        peak = max(peak, profit)
        points.append(EquityPoint(at=trade.exited_at, profit=profit, drawdown=peak - profit))
    return points


def exposure(trades: Iterable[Trade], held: Iterable[OpenPosition]) -> list[ExposurePoint]:
    """Return what was held, from each instant on at which that changed.

    A trade counts with its quantity at its entry price from its first to its last fill.
    """
    changes: list[tuple[dt.datetime, int, Decimal]] = []
    for trade in trades:
        value = trade.quantity * trade.entry_price
        changes += [(trade.entered_at, 1, value), (trade.exited_at, -1, -value)]
    changes += [
        (position.opened_at, 1, abs(position.quantity) * position.average_price)
        for position in held
        if position.opened_at is not None
    ]
    points, positions, total = [], 0, Decimal(0)
    for at, same in groupby(sorted(changes, key=lambda change: change[0]), lambda each: each[0]):
        for _, count, value in same:
            positions, total = positions + count, total + value
        points.append(ExposurePoint(at=at, positions=positions, value=total))
    return points


def distribution(multiples: Iterable[Decimal]) -> list[Bin]:
    """Count R multiples in bins of half an R, without a gap from the lowest to the highest.

    What is beyond 6 R on either side is counted in the outermost bin there.
    """
    counts: dict[int, int] = {}
    last = int(EDGE / _WIDTH)
    for multiple in multiples:
        index = int((multiple / _WIDTH).to_integral_value(ROUND_FLOOR))
        index = max(-last, min(last - 1, index))
        counts[index] = counts.get(index, 0) + 1
    if not counts:
        return []
    return [
        Bin(start=index * _WIDTH, end=(index + 1) * _WIDTH, trades=counts.get(index, 0))
        for index in range(min(counts), max(counts) + 1)
    ]


def thinned(values: Sequence[float], most: int) -> Iterator[int]:
    """Yield the indices, in order, of at most `most` values that look like all of them.

    The first and the last are among them, and of each stretch the lowest and the highest, so
    that no peak is lost. `most` is at least 4.
    """
    count = len(values)
    if count <= most:
        yield from range(count)
        return
    stretches = max(1, (most - 2) // 2)
    kept = {0, count - 1}
    for stretch in range(stretches):
        inside = range(count * stretch // stretches, count * (stretch + 1) // stretches)
        kept |= {min(inside, key=values.__getitem__), max(inside, key=values.__getitem__)}
    yield from sorted(kept)
