"""The generated markets of the sessions."""

from __future__ import annotations

from functools import cache

import numpy as np

from skim_core.sim.generated import GeneratedFeed

SYMBOLS = 16


class _CachedFeed:
    """The market of a number; it is made once."""

    def __init__(self, number):
        self._feed, self._loaded = GeneratedFeed(seed=number, symbols=SYMBOLS), {}

    def load(self, session, exchange):
        if session not in self._loaded:
            self._loaded[session] = self._feed.load(session, exchange)
        return self._loaded[session]


feed_of = cache(_CachedFeed)


def liquid(data):
    """Return four symbols of a market that gap up: those that the strategies trade."""
    bars = data.bars
    gaps = [
        (float(np.nan_to_num(bars.open[row][0] / data.previous_close[row])), symbol)
        for symbol, row in bars.row.items()
    ]
    return tuple(symbol for _, symbol in sorted(gaps, reverse=True)[:4])
