"""Simulated sessions in a row, written by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from skim_core import Bars
from skim_core.decide.book import Book
from skim_core.model.events import OrderIntended
from skim_core.sim.data import SessionData
from skim_core.testing.simulate import session_of, simulate_days

PREVIOUS_CLOSE = 1.0


@dataclass(frozen=True)
class Tapes:
    """A market written by hand: by date each share's prices by local time, such as ``"10:17"``.

    A price holds for that minute and all that follow; an (open, high, low, close) is that
    one minute, and its close holds from there; None is silence until the next price.
    Before its first price a share has not opened. `volumes` are shares a minute.
    """

    sessions: Mapping[str, Mapping[str, Mapping[str, Any]]]
    volumes: Mapping[str, int] = field(default_factory=dict)

    def load(self, session, exchange):
        shares = self.sessions[str(session.date)]
        columns = np.full((5, len(shares), session.minutes), np.nan)
        columns[4] = 0
        for row, (symbol, prices) in enumerate(shares.items()):
            held = None
            for minute in range(session.minutes):
                local = session.local(session.open + timedelta(minutes=minute))
                held = now = prices.get(f"{local:%H:%M}", held)
                if now is None:
                    continue
                bar = now if isinstance(now, tuple) else (now, now, now, now)
                columns[:, row, minute] = (*bar, self.volumes.get(symbol, 100_000))
                held = bar[3]
        bars = Bars(tuple(shares), session.open, *columns)
        return SessionData(session, bars, np.full(len(shares), PREVIOUS_CLOSE))


@dataclass(frozen=True)
class PlayedDays:
    """Days that were run one after the other, told in the exchange's own time."""

    days: Sequence[Any]

    @property
    def fills(self):
        """Each fill of all days as (day and local time, side, symbol, shares, price)."""
        fills = [(day, event.fill) for day in self.days for event in day.of("order_filled")]
        return [
            (local(day, fill.at), str(fill.side), fill.symbol, fill.quantity, float(fill.price))
            for day, fill in fills
        ]

    def traded(self, symbol):
        """Return a share's fills as (day and local time, side, shares, price)."""
        return [(at, side, *rest) for at, side, found, *rest in self.fills if found == symbol]

    def entered(self, number):
        """Return the symbols that were bought on day `number`, in the order of the decisions."""
        events = self.days[number].events
        orders = [event.order for event in events if isinstance(event, OrderIntended)]
        return [order.symbol for order in orders if order.purpose == "entry"]

    def bare(self):
        """Return (day and local time, symbol) of every instant that ends without a stop."""
        found = []
        for day in self.days:
            book, following = Book(), [*day.events[1:], None]
            for event, then in zip(day.events, following, strict=True):
                book.apply(event)
                if then is None or then.at > event.at:
                    found += [
                        (local(day, event.at), symbol)
                        for symbol in book.positions
                        if not any(one.order.purpose == "stop" for one in book.live_orders(symbol))
                    ]
        return found


def local(day, moment):
    return f"{day.result.day.session.local(moment):%d %H:%M:%S}"


@pytest.fixture(scope="session")
def calendars(tmp_path_factory):
    """Give a folder where calendars are kept."""
    return tmp_path_factory.mktemp("calendars")


@pytest.fixture(scope="session")
def play(tmp_path_factory, calendars):
    """Run days on tapes: ``play({"2026-11-24": {"AAA": {"10:00": 1.10}}})``."""

    def played(tapes=None, *, dates=None, exchange="XASX", volumes=None, feed=None, **options):
        sessions = [session_of(exchange, date, calendars) for date in dates or tapes]
        market = feed or Tapes(tapes or {}, volumes or {})
        directory = tmp_path_factory.mktemp("days")
        return PlayedDays(simulate_days("overnight", sessions, directory, feed=market, **options))

    return played
