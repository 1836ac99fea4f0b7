"""The generated market's symbols, and where each of them closes on each date.

A symbol's closing level is a pure function of (seed, exchange, number of symbols, date), so
that any session can be made without those before it and still continue them: the last close
of one weekday is exactly the previous close of the next. The logarithm of a level is the sum of

- a random walk over weekdays, pinned to zero every `_BLOCK` of them (a Brownian bridge by
  midpoint displacement: ten draws give any point of it), and
- what news left: the part of each news gap that its session kept, fading in a straight
  line over `_MEMORY` weekdays.

Saturdays and Sundays count as the Friday before them, so that a market which trades on
Sundays instead of Fridays is continuous too. After a holiday the previous close is what
the holiday's session would have ended at.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from string import ascii_uppercase
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from skim_core.ports.bars import Column

_BLOCK = 1024
_MEMORY = 20
_OVERNIGHT = 0.012
INTRADAY = 0.017
"""The usual share's session: standard deviation of its logarithm."""
_DAILY = float(np.hypot(_OVERNIGHT, INTRADAY))

_NEWS_SHARE = 0.035
_NEWS_UP = 0.6

_TICKER_LENGTHS = {1: 0.01, 2: 0.08, 3: 0.5, 5: 0.04}
"""US listings by length; the rest have four letters."""


class Stream(IntEnum):
    """What random numbers are drawn for; each has a generator of its own."""

    LISTING = 0
    WALK = 1
    NEWS = 2
    GAPS = 3
    MINUTES = 4


@dataclass(frozen=True)
class Style:
    """What a market's shares are like: prices and daily turnover in its currency.

    `ticker_length` is 0 where tickers differ in length. `trade` is the value of a usual
    single trade: the smaller a share's turnover is beside it, the more of its minutes
    pass without one.
    """

    lowest: float
    highest: float
    turnover: float
    trade: float
    ticker_length: int = 0


_STYLES = {"XASX": Style(0.05, 60.0, 1_200_000.0, 4_000.0, ticker_length=3)}
_ELSEWHERE = Style(5.0, 500.0, 20_000_000.0, 12_000.0)


def style(mic: str) -> Style:
    """Return what the shares of exchange `mic` are like."""
    return _STYLES.get(mic, _ELSEWHERE)


@dataclass(frozen=True, eq=False)
class Listing:
    """The symbols of one generated market, alphabetical, and what each is like for good.

    `level` in quote currency; `turnover` a day, in currency; `liveliness` multiplies every
    volatility and is 1 for the usual share.
    """

    symbols: tuple[str, ...]
    level: Column
    turnover: Column
    liveliness: Column


@dataclass(frozen=True, eq=False)
class Day:
    """One date of a listing, in natural logarithms relative to each symbol's `level`.

    `gap` is the first price relative to the previous close; `news` tells whose gap has one.
    """

    previous_close: Column
    close: Column
    gap: Column
    news: NDArray[np.bool_]


@dataclass(frozen=True)
class Market:
    """One generated market: everything about it follows from these three."""

    seed: int
    mic: str
    symbols: int

    def random(self, stream: Stream, *key: int) -> np.random.Generator:
        """Return a generator of its own for `key`, the same in every process."""
        exchange = int.from_bytes(self.mic.encode())
        return np.random.default_rng([self.seed, exchange, stream, *key])

    def day(self, date: dt.date) -> Day:
        """Return where each symbol closed before `date`, opens and closes on it."""
        index = _weekday_index(date)
        live = listing(self).liveliness
        before, after = self._walk(index - 1) * live, self._walk(index) * live
        recent = [self._news(index - age) for age in range(_MEMORY + 1)]
        news, _ = recent[0]
        # What the walk moves in a day is a night's and a session's move together; given
        # their sum, the night's part is normal, so that neither foretells the other.
        share = (_OVERNIGHT / _DAILY) ** 2
        spread = live * _OVERNIGHT * INTRADAY / _DAILY
        noise = self.random(Stream.GAPS, date.toordinal()).standard_normal(self.symbols)
        return Day(
            previous_close=before + _memory(recent[1:]),
            close=after + _memory(recent[:-1]),
            gap=share * (after - before) + spread * noise + news,
            news=news != 0,
        )

    def _walk(self, index: int) -> Column:
        """Return the random walk's value at a weekday, by halving the block around it."""
        block, target = divmod(index, _BLOCK)
        first, last = 0, _BLOCK
        low, high = np.zeros(self.symbols), np.zeros(self.symbols)
        while target != first:
            middle = (first + last) // 2
            draw = self.random(Stream.WALK, block, middle).standard_normal(self.symbols)
            value = (low + high) / 2 + _DAILY * np.sqrt((last - first) / 4) * draw
            if target < middle:
                last, high = middle, value
            else:
                first, low = middle, value
        return low

    def _news(self, index: int) -> tuple[Column, Column]:
        """Return each symbol's news gap (log; 0 without news) and the part its session keeps.

        The kept part is above 1 for a gap that goes on, below for one that falls back.
        """
        random = self.random(Stream.NEWS, index)
        has = random.random(self.symbols) < _NEWS_SHARE
        sign = np.where(random.random(self.symbols) < _NEWS_UP, 1.0, -1.0)
        size = 0.05 + 0.2 * random.beta(1.0, 2.5, self.symbols)
        kept = np.clip(random.normal(1.08, 0.5, self.symbols), -0.3, 2.6)
        return np.where(has, np.log1p(sign * size), 0.0), kept


def _memory(news: Sequence[tuple[Column, Column]]) -> Column:
    """Return what is left of the news of the last `_MEMORY` weekdays, the latest first."""
    total = np.zeros_like(news[0][0])
    for age, (gap, kept) in enumerate(news):
        total += gap * kept * (1 - age / _MEMORY)
    return total


def _weekday_index(date: dt.date) -> int:
    week, day = divmod(date.toordinal() - 1, 7)
    return week * 5 + min(day, 4)


@lru_cache(maxsize=8)
def listing(market: Market) -> Listing:
    """Return the symbols of `market`, the same ones in every session."""
    kind, random, count = style(market.mic), market.random(Stream.LISTING), market.symbols
    symbols = _tickers(random, count, kind.ticker_length)
    normal = random.standard_normal((3, count))
    # Levels are log-normal between the lowest and the highest; the few beyond are drawn in.
    reach = 2.4
    place = np.where(np.abs(normal[0]) > reach, normal[0] / 2, normal[0]) / reach
    middle = (np.log(kind.lowest) + np.log(kind.highest)) / 2
    half = (np.log(kind.highest) - np.log(kind.lowest)) / 2
    return Listing(
        symbols=symbols,
        level=np.exp(middle + half * np.clip(place, -1.0, 1.0)),
        turnover=kind.turnover * np.exp(1.5 * normal[1]),
        liveliness=np.clip(np.exp(0.3 * normal[2]), 0.5, 2.0),
    )


def _tickers(random: np.random.Generator, count: int, length: int) -> tuple[str, ...]:
    """Return `count` unique tickers of `length` letters, or as lengths are spread in the US."""
    if length:
        return tuple(_spread(random, count, length))
    numbers = {size: min(int(count * part), 26**size) for size, part in _TICKER_LENGTHS.items()}
    numbers[4] = count - sum(numbers.values())
    return tuple(
        sorted(
            ticker for size, number in numbers.items() for ticker in _spread(random, number, size)
        )
    )


def _spread(random: np.random.Generator, count: int, length: int) -> list[str]:
    """Return one ticker out of each of `count` equal parts of the alphabet: unique, in order."""
    every = 26**length
    edges = np.arange(count + 1) * every // max(count, 1)
    codes = random.integers(edges[:-1], edges[1:]) if count else []
    return [
        "".join(ascii_uppercase[int(code) // 26**place % 26] for place in reversed(range(length)))
        for code in codes
    ]
