"""Whole trading days of an installed strategy on the simulated exchange, in a test."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skim_core.calendar.exchanges import load_exchange
from skim_core.calendar.sessions import SessionCalendar
from skim_core.clock.virtual import VirtualClock
from skim_core.decide.book import Book
from skim_core.engine.local import LocalEngine
from skim_core.errors import DataError
from skim_core.journal.memory import MemoryJournal
from skim_core.model.events import Event, PositionClosed
from skim_core.model.session import Session
from skim_core.model.trading_day import TradingDay
from skim_core.plugins.configuration import validate_config
from skim_core.plugins.strategies import load_strategy
from skim_core.ports.broker import BrokerSetup
from skim_core.ports.bus import Bus
from skim_core.ports.engine import Assignment, DayResult, EngineSetup
from skim_core.ports.joining import Joining
from skim_core.ports.journal import Journal
from skim_core.sim.broker import SimBroker
from skim_core.sim.data import Feed
from skim_core.sim.generated import GeneratedFeed
from skim_core.sim.options import SimOptions, read_options


@dataclass(frozen=True)
class SimulatedDay:
    """What came of a simulated day: its result, its events and the book that they fold to."""

    result: DayResult
    events: tuple[Event, ...]
    book: Book

    @property
    def trades(self) -> list[PositionClosed]:
        """The positions that were closed, in order."""
        return [event for event in self.events if isinstance(event, PositionClosed)]

    def of(self, kind: str) -> list[Event]:
        """Return the events of one kind, such as ``"order_filled"``."""
        return [event for event in self.events if event.kind == kind]


def simulate_day(
    strategy: str,
    session: Session,
    directory: Path,
    *,
    feed: Feed | None = None,
    config: Mapping[str, Any] | None = None,
    phases: Mapping[str, Mapping[str, Any]] | None = None,
    broker: Mapping[str, Any] | None = None,
    joining: Joining | None = None,
) -> SimulatedDay:
    """Run a strategy's day on virtual time and return what happened.

    `session` as `session_of` gives it; `directory` is a folder of the test's own. `feed` is
    the market (a generated one when not given), `config` and `phases` stand in for the
    strategy's section of skim.toml, `broker` for the simulated broker's, `joining` for the
    scanners and filters of extensions.
    """
    [day] = simulate_days(
        strategy,
        [session],
        directory,
        feed=feed,
        config=config,
        phases=phases,
        broker=broker,
        joining=joining,
    )
    return day


def simulate_days(
    strategy: str,
    sessions: Sequence[Session],
    directory: Path,
    *,
    feed: Feed | None = None,
    config: Mapping[str, Any] | None = None,
    phases: Mapping[str, Mapping[str, Any]] | None = None,
    broker: Mapping[str, Any] | None = None,
    joining: Joining | None = None,
) -> list[SimulatedDay]:
    """Run a strategy's days one after the other and return what happened in each.

    The arguments are those of `simulate_day`. One journal and one account go through all
    of them, so what a day leaves open is the next one's; clock, broker and engine are new
    each day, as they are when cron starts it.
    """
    loaded = load_strategy(strategy)
    graph = loaded.graph.override(phases or {})
    options = read_options(broker or {})
    market = feed or GeneratedFeed(seed=options.seed, symbols=options.symbols)
    journal = MemoryJournal()
    days = []
    for session in sessions:
        day = TradingDay(strategy=strategy, session=session, account="paper")
        assignment = Assignment(day, loaded, graph, validate_config(loaded, config or {}))
        place = _Place(journal, options, market, directory, joining or Joining())
        result = asyncio.run(_run(assignment, place))
        events = tuple(record.event for record in journal.read(day.run_id))
        book = Book()
        for event in events:
            book.apply(event)
        days.append(SimulatedDay(result, events, book))
    return days


@dataclass(frozen=True)
class _Place:
    """Where simulated days take place."""

    journal: Journal
    options: SimOptions
    market: Feed
    directory: Path
    joining: Joining


async def _run(assignment: Assignment, place: _Place) -> DayResult:
    session = assignment.day.session
    exchange = load_exchange(session.exchange, on=session.date)
    clock = VirtualClock(session.open - dt.timedelta(minutes=15))
    setup = BrokerSetup(assignment.day.account, clock, exchange, (session,), place.directory)
    engine = LocalEngine(
        EngineSetup(
            journal=place.journal,
            bus=Bus(),
            clock=clock,
            broker=SimBroker(setup, place.options, place.market),
            broker_name="sim",
            exchange=exchange,
            owner="test",
            joining=place.joining,
        )
    )
    [result] = await engine.run([assignment])
    return result


def session_of(exchange: str, date: str, cache: Path) -> Session:
    """Return the session of an exchange on a date (YYYY-MM-DD).

    Raises DataError on a day off. `cache` is a folder where calendars may be kept.
    """
    session = SessionCalendar(exchange, cache).session(dt.date.fromisoformat(date))
    if session is None:
        msg = f"{date} is a day off at {exchange}: choose a session."
        raise DataError(msg)
    return session
