"""A generated market: the simulated exchange's feed when no recorded data is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from skim_core.errors import ConfigError
from skim_core.ports.bars import MINUTE, Bars
from skim_core.sim.data import SessionData
from skim_core.sim.levels import INTRADAY, Day, Market, Stream, listing, style

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skim_core.model.exchange import Exchange
    from skim_core.model.session import Session
    from skim_core.ports.bars import Column

    Mask: TypeAlias = NDArray[np.bool_]

_MOST_SYMBOLS = 10_000

_NEWS_VOLATILITY = 2.5
_NEWS_TURNOVER = 5.0
_MICRO = 1_000_000


class GeneratedFeed:
    """A made-up market with the habits of a real one, the same for the same seed.

    Its symbols, their usual prices and turnover stay the same from session to session, and
    each session continues the weekday before it: a symbol's last close is its next previous
    close (`skim_core.sim.levels` says how, and what happens after a holiday). Prices lie on
    `exchange`'s ticks, in quote currency, and no symbol trades before its own opening.

    A night moves a share by 1.2 % or so; one in thirty has news and gaps by 5 to 25 %, on
    five times its usual volume, and may run on or fall back. Volume and volatility are
    highest after the open and rise again before the close. Shares of small turnover have
    minutes without a trade; all trade in the last minute. The tickers are made up: one that
    is a real company's is so by chance.

    The numbers come from numpy's default generator: another release of numpy may draw others.

    Raises ConfigError for a negative seed, and for fewer than 1 or more than 10,000 symbols.
    """

    def __init__(self, seed: int = 1, symbols: int = 200) -> None:
        if seed < 0:
            msg = f"seed is {seed}: give a whole number from 0 up."
            raise ConfigError(msg)
        if not 1 <= symbols <= _MOST_SYMBOLS:
            msg = f"symbols is {symbols}: give a number from 1 to {_MOST_SYMBOLS}."
            raise ConfigError(msg)
        self._seed = seed
        self._symbols = symbols

    def load(self, session: Session, exchange: Exchange) -> SessionData:
        """Return the session's data; the same whenever and wherever it is asked for."""
        market = Market(self._seed, exchange.mic, self._symbols)
        shares, day = listing(market), market.day(session.date)
        random = market.random(Stream.MINUTES, session.date.toordinal())
        is_open = _open_minutes(shares.symbols, session, exchange)
        traded, volume = _volumes(random, market, day, is_open)
        ticks = _Ticks(exchange)
        opened, high, low, close = (
            np.where(traded, ticks.round(price), np.nan)
            for price in _prices(random, market, day, is_open)
        )
        return SessionData(
            session=session,
            bars=Bars(shares.symbols, session.open, opened, high, low, close, volume),
            previous_close=ticks.round(shares.level * np.exp(day.previous_close)),
        )


class _Ticks:
    """An exchange's ticks, for whole arrays of prices at once."""

    def __init__(self, exchange: Exchange) -> None:
        bands = sorted(exchange.ticks, key=lambda band: band.from_price)
        self._from = np.array([float(band.from_price) for band in bands])
        self._tick = np.array([int(band.tick * _MICRO) for band in bands], dtype=np.float64)

    def round(self, price: Column) -> Column:
        """Return each price on the tick nearest to it, at least one tick above zero.

        Counted in millionths, so that each result is the float nearest to its decimal.
        """
        band = np.maximum(np.searchsorted(self._from, price, side="right") - 1, 0)
        tick = self._tick[band]
        rounded: Column = np.maximum(np.rint(price * _MICRO / tick), 1.0) * tick / _MICRO
        return rounded


def _open_minutes(symbols: tuple[str, ...], session: Session, exchange: Exchange) -> Mask:
    """Return in which minutes each symbol is open: from the one that holds its opening on."""
    first = [(exchange.opening(symbol, session) - session.open) // MINUTE for symbol in symbols]
    last = session.minutes - 1
    return np.arange(session.minutes) >= np.minimum(first, last)[:, np.newaxis]


def _shape(minutes: int, at_open: float, at_close: float) -> Column:
    """Return how much of something each minute has, relative to the quiet middle of the day.

    It falls from the open within a tenth of the session and rises towards the close.
    """
    part = (np.arange(minutes) + 0.5) / minutes
    shape: Column = 1 + at_open * np.exp(-part / 0.07) + at_close * np.exp((part - 1) / 0.07)
    return shape


def _volumes(
    random: np.random.Generator, market: Market, day: Day, is_open: Mask
) -> tuple[Mask, Column]:
    """Return which minutes have a trade, and each minute's volume in shares."""
    shares = listing(market)
    shape = _shape(is_open.shape[1], at_open=5.0, at_close=2.5)
    turnover = shares.turnover * np.where(day.news, _NEWS_TURNOVER, 1.0)
    turnover *= np.exp(0.4 * random.standard_normal(market.symbols))
    each_minute = turnover[:, np.newaxis] * (shape / shape.sum())
    chance = -np.expm1(-each_minute / style(market.mic).trade)
    traded = (random.random(is_open.shape) < chance) & is_open
    # The last trade is what makes a symbol's close the next session's previous close.
    traded[:, -1] = True
    price = shares.level * np.exp(day.close)
    usual = each_minute / chance / price[:, np.newaxis]
    burst = np.exp(0.7 * random.standard_normal(is_open.shape))
    return traded, np.where(traded, np.maximum(np.rint(usual * burst), 1.0), 0.0)


def _prices(
    random: np.random.Generator, market: Market, day: Day, is_open: Mask
) -> tuple[Column, Column, Column, Column]:
    """Return open, high, low and close of each minute, not yet on the tick.

    The path from the day's first price to its close is a random walk that is known to end
    there, so what the day keeps of a gap shows as a trend, strongest where volatility is.
    """
    shares = listing(market)
    shape = _shape(is_open.shape[1], at_open=2.0, at_close=0.6)
    variance = np.where(is_open, shape**2, 0.0)
    variance /= variance.sum(axis=1, keepdims=True)
    size = INTRADAY * shares.liveliness * np.where(day.news, _NEWS_VOLATILITY, 1.0)
    deviation = np.sqrt(variance) * size[:, np.newaxis]
    noise, bounce, above, below = random.standard_normal((4, *is_open.shape))
    walk = np.cumsum(noise * deviation, axis=1)
    move = day.close - day.previous_close - day.gap
    walk += np.cumsum(variance, axis=1) * (move - walk[:, -1])[:, np.newaxis]
    start = (shares.level * np.exp(day.previous_close + day.gap))[:, np.newaxis]
    close = start * np.exp(walk)
    # Computed as the next session computes its previous close: equal to the last bit.
    close[:, -1] = shares.level * np.exp(day.close)
    opened = np.concatenate((start, close[:, :-1]), axis=1) * (1 + 0.2 * deviation * bounce)
    high = np.maximum(opened, close) * (1 + 0.4 * deviation * np.abs(above))
    low = np.minimum(opened, close) * (1 - 0.4 * deviation * np.abs(below))
    return opened, high, low, close
