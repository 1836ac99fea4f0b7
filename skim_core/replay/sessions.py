"""One session of a replay: the engine that trades, on virtual time, with nothing on the disk."""

from __future__ import annotations

import dataclasses
import datetime as dt
import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from pydantic import Field

from skim_core.calendar.exchanges import load_exchange
from skim_core.clock.virtual import VirtualClock
from skim_core.engine.local import LocalEngine
from skim_core.engine.loop import run_to_end
from skim_core.journal.memory import MemoryJournal
from skim_core.model import events as ev
from skim_core.model.exchange import Exchange
from skim_core.model.session import Session
from skim_core.model.trading_day import TradingDay
from skim_core.plugins.configuration import validate_config
from skim_core.plugins.strategies import StrategyPlugin, load_strategy
from skim_core.ports.broker import BrokerSetup
from skim_core.ports.bus import Bus
from skim_core.ports.engine import Assignment, DayEnd, DayResult, EngineSetup
from skim_core.replay.account import NOWHERE, ReplayBroker
from skim_core.replay.joining import ReplayedExtensions
from skim_core.replay.notes import Looked, Note, notes_of
from skim_core.replay.plan import Plan, PlannedStrategy
from skim_core.replay.trades import Position, Trade, TradeFold
from skim_core.replay.turns import InTurn
from skim_core.settings.masking import plain, secret_fields, with_secrets
from skim_core.sim.data import Feed
from skim_core.sim.feeds import make_feed
from skim_core.sim.instructions import Opening

_NEVER = dt.timedelta(days=1)
"""Nobody else runs a replay's days, nor tells them anything while they run."""

_PATIENCE = 5.0
"""Seconds of wall time that a strategy's listener has, after the last event, to hear them all."""

Secrets: TypeAlias = Mapping[str, Mapping[str, Any]]
"""Each strategy's section as it is configured at present: a plan keeps no secrets."""

_Event: TypeAlias = Annotated[ev.Event, Field(discriminator="kind")]

Row: TypeAlias = tuple[str, str, str]
"""An event as the journal's file keeps it: its instant, its kind, its JSON."""


@dataclass(frozen=True, slots=True)
class Run:
    """One strategy's day: its events in order, how it ended, and why its entries were halted."""

    run_id: str
    strategy: str
    end: DayEnd
    reason: str
    rows: Sequence[Row]
    halted: str = ""


@dataclass(frozen=True, slots=True)
class Left:
    """What a session left open, and what the next one needs to go on with it.

    `runs` has, by strategy, the id and the events of its latest day.
    """

    opening: Opening
    runs: Mapping[str, tuple[str, Sequence[_Event]]]
    positions: Mapping[str, Mapping[str, Position]]


@dataclass(frozen=True, slots=True)
class SessionResult:
    """What came of a session. `flat_before`: it began with nothing but its capital."""

    date: dt.date
    runs: Sequence[Run]
    trades: Sequence[Trade]
    flat_before: bool
    left: Left | None
    notes: Sequence[Note] = ()

    def without_left(self) -> SessionResult:
        """Return the result without what only the next session needs."""
        return dataclasses.replace(self, left=None)


class SessionRunner:
    """Runs sessions of one plan, one at a time, in the main thread of a process.

    `feed` is the plan's market where it is at hand, or stands in for it.

    Raises PluginError for a strategy that can't be loaded, ConfigError for a configuration
    that it refuses, DataError for a data folder that can't be read.
    """

    def __init__(self, plan: Plan, secrets: Secrets, feed: Feed | None = None) -> None:
        self._plan = plan
        self._feed = feed or feed_of(plan)
        loaded = [_load(planned, secrets.get(planned.name, {})) for planned in plan.strategies]
        self._strategies = loaded
        self._extensions = ReplayedExtensions(plan.extensions)

    def run(self, session: Session, left: Left | None) -> SessionResult:
        """Run the session, on from what the one before left; None: with the capital alone.

        Raises DataError for unsound market data.
        """
        # To its end, where its events are let go: as it ends, Python looks for garbage.
        with _few_collections():
            return self._run(session, left)

    def _run(self, session: Session, left: Left | None) -> SessionResult:
        journal = MemoryJournal()
        for run_id, events in (left.runs if left else {}).values():
            journal.append(run_id, 0, events)
        clock = VirtualClock(session.open - self._plan.lead)
        exchange = load_exchange(session.exchange, on=session.date)
        opening = left.opening if left else Opening(cash=self._plan.capital)
        account = self._plan.account
        setup = BrokerSetup(account, clock, exchange, (session,), NOWHERE)
        broker = ReplayBroker(setup, self._plan.options, self._feed, opening)
        days = run_to_end(self._trade(session, _Place(journal, clock, exchange, broker)))
        result = self._told(session, journal, days, broker.closing, left)
        if broker.data is None:
            return result
        looked = self._looked(journal, days, opening)
        return dataclasses.replace(result, notes=notes_of(broker.data, looked, exchange))

    def _looked(
        self, journal: MemoryJournal, days: Sequence[DayResult], opening: Opening
    ) -> Looked:
        held = frozenset(position.symbol for position in opening.positions)
        touched = set(held)
        for result in days:
            for event in journal.events(result.day.run_id):
                if type(event) is ev.CandidatesScanned:
                    touched.update(found.symbol for found in event.candidates)
                elif type(event) is ev.OrderIntended:
                    touched.add(event.order.symbol)
        return Looked(touched, held, split_gaps=self._plan.options.splits == "scan")

    async def _trade(self, session: Session, place: _Place) -> Sequence[DayResult]:
        plan, bus = self._plan, Bus()
        for strategy in self._strategies:
            if strategy.plugin.wants_events:
                bus.listen(strategy.planned.name, strategy.plugin.listener)
        engine = LocalEngine(
            EngineSetup(
                journal=place.journal,
                bus=bus,
                clock=place.clock,
                broker=place.broker,
                broker_name="sim",
                broker_options=plain(plan.options.model_dump(mode="json")),
                exchange=place.exchange,
                owner="replay",
                lease_term=_NEVER,
                limits=plan.limits,
                protection_limit=plan.protection_limit,
                halt_after=plan.halt_after,
                listen=_NEVER,
                joining=self._extensions.joining(place.exchange),
            )
        )
        try:
            return await engine.run([self._assign(found, session) for found in self._strategies])
        finally:
            await bus.drain(_PATIENCE)
            bus.close()

    def _assign(self, strategy: _Loaded, session: Session) -> Assignment:
        planned = strategy.planned
        return Assignment(
            day=TradingDay(strategy=planned.name, session=session, account=self._plan.account),
            strategy=InTurn(strategy.plugin),
            graph=planned.graph,
            config=strategy.config,
            versions=self._plan.versions,
            limits=planned.limits,
            priority=planned.priority,
        )

    def _told(
        self,
        session: Session,
        journal: MemoryJournal,
        days: Sequence[DayResult],
        closing: Opening,
        left: Left | None,
    ) -> SessionResult:
        runs: list[Run] = []
        trades: list[Trade] = []
        latest = dict(left.runs) if left else {}
        positions: dict[str, Mapping[str, Position]] = {}
        for result in days:
            name, run_id = result.day.strategy, result.day.run_id
            events = journal.events(run_id)
            brought = left.positions.get(name, {}) if left else {}
            fold = TradeFold(name, session, dict(brought))
            trades.extend(fold.trades(events))
            positions[name] = fold.positions
            if events:
                latest[name] = run_id, events
            runs.append(_run(result, events))
        is_open = closing.positions or closing.orders
        kept = Left(closing, latest, positions) if is_open else None
        return SessionResult(session.date, runs, trades, left is None, kept)


def feed_of(plan: Plan, remembered_in: Path | None = None) -> Feed:
    """Return the market that a plan names.

    `remembered_in` is the folder that remembers which recorded files are sound. Raises
    ConfigError and DataError as the feeds do.
    """
    return make_feed(plan.options, remembered_in)


@contextmanager
def _few_collections() -> Iterator[None]:
    """Look for garbage less often inside a ``with`` block.

    A session's events stay until it is over: Python would look through all of them again and
    again and find nothing, for a quarter of the time that the session takes.
    """
    before = gc.get_threshold()
    gc.set_threshold(50_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where one session takes place."""

    journal: MemoryJournal
    clock: VirtualClock
    exchange: Exchange
    broker: ReplayBroker


@dataclass(frozen=True, slots=True)
class _Loaded:
    planned: PlannedStrategy
    plugin: StrategyPlugin
    config: Any


def _load(planned: PlannedStrategy, section: Mapping[str, Any]) -> _Loaded:
    plugin = load_strategy(planned.name)
    plugin.check_hooks(planned.graph)
    secrets = secret_fields(plugin.config_model)
    config = validate_config(plugin, with_secrets(planned.config, section, secrets))
    return _Loaded(planned, plugin, config)


def _run(result: DayResult, events: Sequence[ev.Event]) -> Run:
    # Several events share an instant, and writing one takes as long as an event's JSON.
    written = cache(partial(dt.datetime.isoformat, timespec="microseconds"))
    rows = [(written(event.at), event.kind, ev.event_to_json(event)) for event in events]
    halts = [event.why for event in events if event.kind == "entries_halted"]
    reason = result.reason
    return Run(result.day.run_id, result.day.strategy, result.end, reason, rows, "; ".join(halts))
