"""Whole trading days of an installed strategy on the simulated exchange, in a test."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from skim_core.calendar.exchanges import load_exchange
from skim_core.calendar.sessions import SessionCalendar
from skim_core.clock.virtual import VirtualClock
from skim_core.decide.book import Book
from skim_core.decide.order_states import is_entry
from skim_core.engine.local import LocalEngine
from skim_core.errors import DataError
from skim_core.journal.memory import MemoryJournal
from skim_core.model.events import Event, OrderFilled, OrderIntended, PositionClosed
from skim_core.model.orders import OrderStage, OrderState
from skim_core.model.session import Session
from skim_core.model.trading_day import TradingDay
from skim_core.plugins.configuration import validate_config
from skim_core.plugins.strategies import StrategyPlugin, load_strategy
from skim_core.ports.broker import Broker, BrokerSetup
from skim_core.ports.bus import Bus
from skim_core.ports.engine import Assignment, DayEnd, DayResult, EngineSetup
from skim_core.ports.joining import Joining
from skim_core.ports.journal import Journal
from skim_core.replay.turns import InTurn
from skim_core.sim.broker import SimBroker
from skim_core.sim.data import Feed
from skim_core.sim.generated import GeneratedFeed
from skim_core.sim.options import SimOptions, read_options
from skim_core.testing.faults import Faults, FaultyBroker

_NEVER_WORKED = {OrderStage.REFUSED, OrderStage.REJECTED, OrderStage.ABSENT}

_PATIENCE = 5.0
"""Seconds of wall time that the strategy's listener has, after the last event, to hear them all."""


class Traded(NamedTuple):
    """A fill as a test writes it: when in local time, who did what at which price."""

    at: str
    side: str
    symbol: str
    quantity: int
    price: float


@dataclass(frozen=True)
class SimulatedDay:
    """What came of a simulated day: its result, its events and the book that they fold to."""

    result: DayResult
    events: tuple[Event, ...]
    book: Book

    @property
    def session(self) -> Session:
        """The session that was traded."""
        return self.result.day.session

    @property
    def completed(self) -> bool:
        """Whether the day was run to its end and nothing of it failed."""
        return self.result.end is DayEnd.COMPLETED

    @property
    def trades(self) -> list[PositionClosed]:
        """The positions that were closed, in order."""
        return [event for event in self.events if isinstance(event, PositionClosed)]

    @property
    def fills(self) -> list[Traded]:
        """Every fill, in order, with its time such as ``"10:18:00"``."""
        return [
            Traded(
                self.local(event.fill.at),
                str(event.fill.side),
                event.fill.symbol,
                event.fill.quantity,
                float(event.fill.price),
            )
            for event in self.events
            if isinstance(event, OrderFilled)
        ]

    @property
    def entries(self) -> list[tuple[str, str]]:
        """Every decision to enter, as (symbol, local time)."""
        return [(event.order.symbol, self.local(event.at)) for event in self.intended("entry")]

    def intended(self, purpose: str) -> list[OrderIntended]:
        """Return the decisions for orders of a purpose, such as ``"entry"`` or ``"stop"``."""
        return [
            event
            for event in self.events
            if isinstance(event, OrderIntended) and event.order.purpose == purpose
        ]

    def entered(self) -> list[OrderState]:
        """Return the entries, as they ended, that the broker had and did not refuse."""
        return [
            state
            for state in self.book.orders.values()
            if is_entry(state) and state.stage not in _NEVER_WORKED
        ]

    def of(self, kind: str) -> list[Event]:
        """Return the events of one kind, such as ``"order_filled"``."""
        return [event for event in self.events if event.kind == kind]

    def local(self, moment: dt.datetime) -> str:
        """Return a moment as the exchange's local time, such as ``"10:18:00"``."""
        return f"{self.session.local(moment):%H:%M:%S}"

    def books(self) -> Iterator[Book]:
        """Yield the book after each event; it is one book, which goes on."""
        book = Book()
        for event in self.events:
            book.apply(event)
            yield book

    def unprotected(self) -> list[tuple[str, str]]:
        """Return (local time, symbol) of every instant that ended with a position without a stop.

        A position that is being closed needs none.
        """
        found = []
        following = (*self.events[1:], None)
        for book, event, then in zip(self.books(), self.events, following, strict=True):
            if then is not None and then.at <= event.at:
                continue
            for symbol in book.positions:
                purposes = {state.order.purpose for state in book.live_orders(symbol)}
                if not book.stops(symbol) and "exit" not in purposes:
                    found.append((self.local(event.at), symbol))
        return found


def simulate_day(
    strategy: str | StrategyPlugin,
    session: Session,
    directory: Path,
    *,
    feed: Feed | None = None,
    config: Mapping[str, Any] | None = None,
    phases: Mapping[str, Mapping[str, Any]] | None = None,
    broker: Mapping[str, Any] | None = None,
    faults: Faults | None = None,
    joining: Joining | None = None,
) -> SimulatedDay:
    """Run a strategy's day on virtual time and return what happened.

    `strategy` is an installed one's name, or one that was loaded; `session` as `session_of`
    gives it; `directory` is a folder of the test's own. `feed` is the market, such as a `Tape`
    (a generated one when not given), `config` and `phases` stand in for the strategy's
    section of skim.toml, `broker` for the simulated broker's, `faults` are the broker's, and
    `joining` are the scanners and filters of extensions.
    """
    [day] = simulate_days(
        strategy,
        [session],
        directory,
        feed=feed,
        config=config,
        phases=phases,
        broker=broker,
        faults=faults,
        joining=joining,
    )
    return day


def simulate_days(
    strategy: str | StrategyPlugin,
    sessions: Sequence[Session],
    directory: Path,
    *,
    feed: Feed | None = None,
    config: Mapping[str, Any] | None = None,
    phases: Mapping[str, Mapping[str, Any]] | None = None,
    broker: Mapping[str, Any] | None = None,
    faults: Faults | None = None,
    joining: Joining | None = None,
) -> list[SimulatedDay]:
    """Run a strategy's days one after the other and return what happened in each.

    The arguments are those of `simulate_day`. One journal and one account go through all
    of them, so what a day leaves open is the next one's; clock, broker and engine are new
    each day, as they are when cron starts it. Plain hooks run in turn, as in a replay.
    """
    loaded = load_strategy(strategy) if isinstance(strategy, str) else strategy
    graph = loaded.graph.override(phases or {})
    options = read_options(broker or {})
    market = feed or GeneratedFeed(seed=options.seed, symbols=options.symbols)
    journal = MemoryJournal()
    days = []
    for session in sessions:
        day = TradingDay(strategy=loaded.name, session=session, account="paper")
        assignment = Assignment(day, InTurn(loaded), graph, validate_config(loaded, config or {}))
        place = _Place(journal, options, market, directory, faults, joining or Joining())
        result = asyncio.run(_run(assignment, loaded, place))
        days.append(told(result, journal))
    return days


def told(result: DayResult, journal: Journal) -> SimulatedDay:
    """Return a day as the journal tells it."""
    events = tuple(record.event for record in journal.read(result.day.run_id))
    book = Book()
    for event in events:
        book.apply(event)
    return SimulatedDay(result, events, book)


@dataclass(frozen=True)
class _Place:
    """Where a day takes place."""

    journal: Journal
    options: SimOptions
    market: Feed
    directory: Path
    faults: Faults | None
    joining: Joining


async def _run(assignment: Assignment, strategy: StrategyPlugin, place: _Place) -> DayResult:
    session = assignment.day.session
    exchange = load_exchange(session.exchange, on=session.date)
    clock = VirtualClock(session.open - dt.timedelta(minutes=15))
    setup = BrokerSetup(assignment.day.account, clock, exchange, (session,), place.directory)
    broker: Broker = SimBroker(setup, place.options, place.market)
    if place.faults is not None:
        broker = FaultyBroker(broker, place.faults, clock, session)
    bus = Bus()
    if strategy.wants_events:
        bus.listen(strategy.name, strategy.listener)
    engine = LocalEngine(
        EngineSetup(
            journal=place.journal,
            bus=bus,
            clock=clock,
            broker=broker,
            broker_name="sim",
            exchange=exchange,
            owner="test",
            joining=place.joining,
        )
    )
    try:
        [result] = await engine.run([assignment])
    finally:
        await bus.drain(_PATIENCE)
        bus.close()
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
