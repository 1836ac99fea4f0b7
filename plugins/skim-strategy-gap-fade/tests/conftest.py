"""Whole simulated days of sessions that are written by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from skim_core import Bars
from skim_core.decide.book import Book
from skim_core.model.events import OrderIntended
from skim_core.sim.data import SessionData
from skim_core.testing.simulate import session_of, simulate_day

PREVIOUS_CLOSE = 1.0


@dataclass(frozen=True)
class Tape:
    """A market written by hand: each share's prices by local time, such as ``"10:17"``.

    A price holds for that minute and all that follow; an (open, high, low, close) is that
    one minute, and its close holds from there; None is silence until the next price.
    Before its first price a share has not opened. `volumes` are shares a minute.
    """

    shares: Mapping[str, Mapping[str, Any]]
    volumes: Mapping[str, int] = field(default_factory=dict)

    def load(self, session, exchange):
        columns = np.full((5, len(self.shares), session.minutes), np.nan)
        columns[4] = 0
        for row, (symbol, prices) in enumerate(self.shares.items()):
            held = None
            for minute in range(session.minutes):
                local = session.local(session.open + timedelta(minutes=minute))
                held = now = prices.get(f"{local:%H:%M}", held)
                if now is None:
                    continue
                bar = now if isinstance(now, tuple) else (now, now, now, now)
                columns[:, row, minute] = (*bar, self.volumes.get(symbol, 100_000))
                held = bar[3]
        bars = Bars(tuple(self.shares), session.open, *columns)
        return SessionData(session, bars, np.full(len(self.shares), PREVIOUS_CLOSE))


@dataclass(frozen=True)
class PlayedDay:
    """A day that was run, told in the exchange's own time."""

    day: Any

    @property
    def completed(self):
        return self.day.result.end == "completed"

    @property
    def fills(self):
        """Each fill as (local time, side, symbol, shares, price)."""
        fills = [event.fill for event in self.day.of("order_filled")]
        return [
            (self.local(fill.at), str(fill.side), fill.symbol, fill.quantity, float(fill.price))
            for fill in fills
        ]

    @property
    def entries(self):
        """Each decision to buy, as (symbol, local time)."""
        return [(event.order.symbol, self.local(event.at)) for event in self.submitted("entry")]

    def submitted(self, purpose):
        return [
            event
            for event in self.day.events
            if isinstance(event, OrderIntended) and event.order.purpose == purpose
        ]

    def local(self, moment: datetime) -> str:
        zone = ZoneInfo(self.day.result.day.session.timezone)
        return f"{moment.astimezone(zone):%H:%M:%S}"

    def books(self):
        """Yield the book after each event of the day."""
        book = Book()
        for event in self.day.events:
            book.apply(event)
            yield book


@pytest.fixture(scope="session")
def calendars(tmp_path_factory):
    """Give a folder where calendars are kept."""
    return tmp_path_factory.mktemp("calendars")


@pytest.fixture(scope="session")
def play(tmp_path_factory, calendars):
    """Run a day on a tape: ``play({"AAA": {"10:00": 1.10}})``."""

    def played(
        shares=None, *, date="2026-11-24", exchange="XASX", volumes=None, feed=None, **options
    ):
        directory = tmp_path_factory.mktemp("day")
        session = session_of(exchange, date, calendars)
        market = feed or Tape(shares or {}, volumes or {})
        day = simulate_day("gap_fade", session, directory, feed=market, **options)
        return PlayedDay(day)

    return played
