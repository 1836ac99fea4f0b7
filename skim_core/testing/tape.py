"""Markets written by hand: what each share does, minute by minute.

>>> bhp = Share("BHP", previous_close=40).opens(5).breaks_out("10:17").falls_through("11:00")
>>> market = Tape.of(bhp)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

import numpy as np

from skim_core.errors import DataError
from skim_core.model.exchange import Exchange
from skim_core.model.session import Session
from skim_core.ports.bars import Bars
from skim_core.sim.data import SessionData

Bar: TypeAlias = tuple[float, float, float, float]
"""A minute's open, high, low and close, in quote currency."""

Prices: TypeAlias = Mapping[str, float | Bar | None]
"""What a share trades at from a local time such as ``"10:17"`` on.

A price holds for that minute and all that follow; a bar is that one minute, and its close holds
from there; None is silence until the next price. Before its first price a share has not opened.
"""

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Share:
    """One share's session, told step by step; each step gives a new `Share`.

    Prices are put on the exchange's ticks. `volume` is shares a minute. Times are the
    exchange's local ones; the steps come in their order.
    """

    symbol: str
    previous_close: float = 1.0
    volume: int = 100_000
    steps: tuple[tuple[str | None, str, float], ...] = ()

    def opens(self, percent: float, *, swing: float = 2.0) -> Share:
        """Open so many per cent above the previous close (below it when negative).

        In its first minute it trades `swing` per cent up and down around that price.
        """
        steps = ((None, "opens", percent), (None, "swings", swing))
        return replace(self, steps=(*self.steps, *steps))

    def moves(self, at: str, percent: float) -> Share:
        """From `at` on trade so many per cent above (or below) the last price."""
        return self._then(at, "moves", percent)

    def breaks_out(self, at: str, percent: float = 1.0) -> Share:
        """In the minute of `at` rise so many per cent above the highest price so far."""
        return self._then(at, "breaks_out", percent)

    def falls_through(self, at: str, percent: float = 1.0) -> Share:
        """In the minute of `at` fall so many per cent below the lowest price so far."""
        return self._then(at, "falls_through", percent)

    def gaps_through(self, at: str, percent: float = 1.0) -> Share:
        """At `at` trade so many per cent below the lowest price so far, and at none between."""
        return self._then(at, "gaps_through", percent)

    def falls_silent(self, at: str) -> Share:
        """From `at` on trade no more, until the next step."""
        return self._then(at, "falls_silent", 0.0)

    def prices(self, session: Session, exchange: Exchange) -> dict[str, float | Bar | None]:
        """Return what it trades at, as a `Tape` takes it. Raises DataError without an opening."""
        if not self.steps or self.steps[0][1] != "opens":
            msg = f"{self.symbol} does not open: begin with Share({self.symbol!r}).opens(percent)."
            raise DataError(msg)
        return _Told(self, session, exchange).prices()

    def _then(self, at: str | None, step: str, amount: float) -> Share:
        return replace(self, steps=(*self.steps, (at, step, amount)))


class _Told:
    """The steps of one share, in the making."""

    def __init__(self, share: Share, session: Session, exchange: Exchange) -> None:
        self._share = share
        self._exchange = exchange
        self._opens = f"{session.local(exchange.opening(share.symbol, session)):%H:%M}"
        self._said: dict[str, float | Bar | None] = {}
        self.last = self.high = self.low = share.previous_close

    def prices(self) -> dict[str, float | Bar | None]:
        for at, step, amount in self._share.steps:
            tell: Callable[[str, float], None] = getattr(self, f"_tell_{step}")
            tell(at or self._opens, amount)
        return self._said

    def _tell_opens(self, at: str, percent: float) -> None:
        self._trade(at, self._moved(self._share.previous_close, percent))
        self.high = self.low = self.last

    def _tell_swings(self, at: str, percent: float) -> None:
        high, low = self._moved(self.last, percent), self._moved(self.last, -percent)
        self._trade(at, (self.last, high, low, self.last))

    def _tell_moves(self, at: str, percent: float) -> None:
        self._trade(at, self._moved(self.last, percent))

    def _tell_breaks_out(self, at: str, percent: float) -> None:
        above = self._moved(self.high, percent)
        self._trade(at, (self.last, above, min(self.last, above), above))

    def _tell_falls_through(self, at: str, percent: float) -> None:
        below = self._moved(self.low, -percent)
        self._trade(at, (self.last, max(self.last, below), below, below))

    def _tell_gaps_through(self, at: str, percent: float) -> None:
        self._trade(at, self._moved(self.low, -percent))

    def _tell_falls_silent(self, at: str, _amount: float) -> None:
        self._said[at] = None

    def _moved(self, price: float, percent: float) -> float:
        exact = Decimal(repr(price * (1 + percent / 100)))
        return float(self._exchange.round_nearest(exact))

    def _trade(self, at: str, price: float | Bar) -> None:
        self._said[at] = price
        _, high, low, close = price if isinstance(price, tuple) else (price,) * 4
        self.high, self.low, self.last = max(self.high, high), min(self.low, low), close


@dataclass(frozen=True)
class Tape:
    """A market of one session, for `simulate_day`: each share's `Prices`, or a `Share`.

    `volumes` are shares a minute, 100,000 where none are given; `previous_close` holds for all
    that are given as prices. It is the same on every date.
    """

    shares: Mapping[str, Prices | Share]
    volumes: Mapping[str, int] = field(default_factory=dict)
    previous_close: float = 1.0

    @classmethod
    def of(cls, *shares: Share) -> Tape:
        """Return a market of these shares."""
        return cls({share.symbol: share for share in shares})

    def load(self, session: Session, exchange: Exchange) -> SessionData:
        """Return the session's bars. Raises DataError for a time that is none of the session's."""
        columns = np.full((5, len(self.shares), session.minutes), np.nan)
        columns[4] = 0
        previous = np.full(len(self.shares), self.previous_close)
        for row, (symbol, told) in enumerate(self.shares.items()):
            volume = self.volumes.get(symbol, 100_000)
            prices: Prices
            if isinstance(told, Share):
                prices, volume = told.prices(session, exchange), told.volume
                previous[row] = told.previous_close
            else:
                prices = told
            for minute, bar in _bars(symbol, prices, session):
                columns[:, row, minute] = (*bar, volume)
        bars = Bars(tuple(self.shares), session.open, *columns)
        return SessionData(session, bars, previous)


@dataclass(frozen=True)
class Tapes:
    """Markets of several sessions: by date (``"2026-11-24"``) a `Tape`, or its shares."""

    sessions: Mapping[str, Tape | Mapping[str, Any]]
    volumes: Mapping[str, int] = field(default_factory=dict)

    def load(self, session: Session, exchange: Exchange) -> SessionData:
        """Return the session's bars. Raises DataError for a date that has no tape."""
        found = self.sessions.get(str(session.date))
        if found is None:
            msg = f"there is no tape for {session.date}: there are {', '.join(self.sessions)}."
            raise DataError(msg)
        tape = found if isinstance(found, Tape) else Tape(found, self.volumes)
        return tape.load(session, exchange)


def _bars(symbol: str, prices: Prices, session: Session) -> Iterator[tuple[int, Bar]]:
    """Yield each minute, counted from the open, in which there is a trade, and its bar."""
    minutes = {_local(session, number): number for number in range(session.minutes)}
    for time in prices:
        if time not in minutes:
            first, last = _local(session, 0), _local(session, session.minutes - 1)
            msg = (
                f"{symbol} trades at {time!r}, which is no minute of {session.date}: write a local "
                f"time from {first} to {last}."
            )
            raise DataError(msg)
    held: float | Bar | None = None
    for time, minute in minutes.items():
        held = now = prices.get(time, held)
        if now is not None:
            bar = now if isinstance(now, tuple) else (now, now, now, now)
            yield minute, bar
            held = bar[3]


def _local(session: Session, minute: int) -> str:
    moment: datetime = session.local(session.open + minute * _MINUTE)
    return f"{moment:%H:%M}"
