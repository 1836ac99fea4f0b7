"""Puts a run together: settings, plugins, journal, clock, broker, engine."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib import metadata
from typing import TYPE_CHECKING, Any

from skim_core.calendar.exchanges import load_exchange
from skim_core.cli.extending import Extensions
from skim_core.cli.owner import is_gone, this_owner
from skim_core.clock.virtual import VirtualClock
from skim_core.clock.wall import PacedClock, WallClock
from skim_core.engine.loop import run_to_end
from skim_core.engine.memory import limited_memory
from skim_core.errors import ConfigError, SkimError, nearest
from skim_core.model import events as ev
from skim_core.model.graph import PhaseGraph
from skim_core.model.session import Session
from skim_core.model.trading_day import TradingDay
from skim_core.plugins.brokers import load_broker
from skim_core.plugins.configuration import validate_config
from skim_core.plugins.engines import load_engine
from skim_core.plugins.strategies import StrategyPlugin, load_strategy
from skim_core.ports.broker import BrokerSetup
from skim_core.ports.bus import Bus
from skim_core.ports.engine import Assignment, DayEnd, DayResult, Engine, EngineSetup
from skim_core.settings.masking import plain, secret_fields, with_secrets

if TYPE_CHECKING:
    from skim_core.model.exchange import Exchange
    from skim_core.ports.clock import Clock
    from skim_core.ports.journal import Journal
    from skim_core.settings import Settings

_PATIENCE = 5.0
"""Seconds of wall time that listeners have, after the last event, to hear them all."""

Observer = Callable[[ev.Event, TradingDay], None]


@dataclass(frozen=True)
class DayRequest:
    """One day to be run: a new one, or one to go on with.

    `started` is the journal's first event of a day that has begun: it goes on as it was
    begun, whatever the configuration says now. `resume_at` is the instant it was left at.
    `missed`: nobody started it in time, and only what is open is to be looked after.
    """

    strategy: str
    session: Session
    account: str
    only: str | None = None
    started: ev.DayStarted | None = None
    resume_at: datetime | None = None
    missed: bool = False

    @property
    def day(self) -> TradingDay:
        """The day's identity."""
        return TradingDay(strategy=self.strategy, session=self.session, account=self.account)


@dataclass(frozen=True)
class Conditions:
    """Under what a run takes place: the broker, its options, and how time passes."""

    broker: str
    pace: str
    options: Mapping[str, Any] = field(default_factory=dict)


def request_day(
    journal: Journal, strategy: str, session: Session, account: str, only: str | None = None
) -> DayRequest:
    """Return the request to run a day, or to go on with it when the journal knows it."""
    run_id = TradingDay(strategy=strategy, session=session, account=account).run_id
    records = journal.read(run_id)
    if not records:
        return DayRequest(strategy, session, account, only)
    first = records[0].event
    started = first if isinstance(first, ev.DayStarted) else None
    found = started.session if started else session
    return DayRequest(strategy, found, account, only, started, records[-1].event.at)


def conditions_of(
    requests: Sequence[DayRequest], wanted: Conditions, settings: Settings
) -> Conditions:
    """Return the conditions of a run: as begun days were begun, or as wanted for new ones.

    The journal keeps no secrets: those of the broker's options are the present ones.

    Raises ConfigError when they contradict one another.
    """
    begun = [request.started for request in requests if request.started is not None]
    if not begun:
        return wanted
    first = begun[0]
    for other in begun[1:]:
        if (other.broker, other.pace) != (first.broker, first.pace):
            msg = (
                f"{first.run_id} runs on {first.broker} at pace {first.pace}, {other.run_id} on "
                f"{other.broker} at pace {other.pace}: go on with them one at a time."
            )
            raise ConfigError(msg)
    same = wanted.broker == first.broker
    present = wanted.options if same else settings.broker_options(first.broker)
    options = {**present, **with_secrets(first.broker_options, present)}
    return Conditions(first.broker, first.pace, options)


def make_clock(pace: str, requests: Sequence[DayRequest], settings: Settings) -> Clock:
    """Return the clock of a run: the wall, or time that starts where the earliest day does."""
    if pace == "real":
        return WallClock()
    start = min(request.resume_at or request.session.open - settings.lead for request in requests)
    return VirtualClock(start) if pace == "fast" else PacedClock(start, float(pace))


def assign(request: DayRequest, strategy: StrategyPlugin, settings: Settings) -> Assignment:
    """Return the assignment of a day: its graph and its configuration, validated."""
    section, policies = settings.strategy(request.strategy)
    if request.started is not None:
        graph, limits = request.started.graph, request.started.limits
        secrets = secret_fields(strategy.config_model)
        config = validate_config(strategy, with_secrets(request.started.config, section, secrets))
    else:
        graph = strategy.graph.override(policies)
        if request.missed:
            graph = PhaseGraph(*(phase for phase in graph if phase.protective))
        graph.check_windows(request.session)
        limits = settings.strategy_limits(request.strategy)
        config = validate_config(strategy, section)
    strategy.check_hooks(graph)
    if request.only is not None:
        _check_phase(request.only, graph, request.strategy)
    return Assignment(
        day=request.day,
        strategy=strategy,
        graph=graph,
        config=config,
        versions={
            "skim-core": metadata.version("skim-core"),
            strategy.info.distribution: strategy.info.version,
        },
        limits=limits,
        only=request.only,
        missed=request.missed,
    )


def _check_phase(phase: str, graph: PhaseGraph, strategy: str) -> None:
    names = [declared.name for declared in graph]
    if phase not in names:
        msg = (
            f"{strategy} has no phase {phase!r}{nearest(phase, names)}: "
            f"its phases are {', '.join(names)}."
        )
        raise ConfigError(msg)


def free_lease(journal: Journal, run_id: str) -> None:
    """Give back the lease of an owner that has certainly ended."""
    lease = journal.lease(run_id)
    if lease is not None and is_gone(lease.owner):
        journal.release(run_id, lease.owner)


def run_days(
    settings: Settings,
    journal: Journal,
    requests: Sequence[DayRequest],
    wanted: Conditions,
    observers: Mapping[str, Observer],
) -> Sequence[DayResult]:
    """Run days to their ends in this process; return one result each, in their order.

    A strategy that can't be loaded or configured breaks its own day and no other; when there
    is no other, its error is raised.
    """
    sound: list[DayRequest] = []
    assignments: list[Assignment] = []
    listeners: dict[str, Any] = {}
    ends: dict[str, DayResult] = {}
    for request in requests:
        try:
            strategy = load_strategy(request.strategy)
            assignments.append(assign(request, strategy, settings))
        except SkimError as error:
            if len(requests) == 1:
                raise
            ends[request.day.run_id] = DayResult(request.day, DayEnd.BROKEN, str(error), error)
            continue
        sound.append(request)
        if strategy.wants_events:
            listeners[request.strategy] = strategy.listener
    stopped: int | None = None
    if sound:
        conditions = conditions_of(sound, wanted, settings)
        for request in sound:
            free_lease(journal, request.day.run_id)
        run = _Run(settings, journal, conditions, assignments, observers)
        clock = make_clock(conditions.pace, sound, settings)
        with limited_memory(settings.memory_limit):
            results, stopped = run_to_end(run.main(clock, listeners))
        ends.update((result.day.run_id, result) for result in results)
    in_order = [ends[request.day.run_id] for request in requests]
    if stopped is not None:
        raise Stopped(stopped, in_order)
    return in_order


class Stopped(Exception):
    """A signal stopped the run; `number` is the signal's, `results` what the days were left as."""

    def __init__(self, number: int, results: Sequence[DayResult]) -> None:
        super().__init__(number)
        self.number = number
        self.results = results


class _Run:
    """One run of days: everything that lives as long as its event loop."""

    def __init__(
        self,
        settings: Settings,
        journal: Journal,
        conditions: Conditions,
        assignments: Sequence[Assignment],
        observers: Mapping[str, Observer],
    ) -> None:
        self._settings = settings
        self._journal = journal
        self._conditions = conditions
        self._assignments = assignments
        self._observers = observers

    async def main(
        self, clock: Clock, listeners: Mapping[str, Any]
    ) -> tuple[Sequence[DayResult], int | None]:
        bus = Bus()
        exchange = self._exchange()
        setup = self._engine_setup(clock, bus, exchange)
        engine = load_engine(self._settings.engine).make(setup)
        extensions = Extensions(self._settings, exchange)
        for name, listener in {**listeners, **extensions.open(), **self._observers}.items():
            bus.listen(name, listener)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop, engine, number)
        self._signal: signal.Signals | None = None
        try:
            results = await engine.run(self._assignments)
        finally:
            await bus.drain(_PATIENCE)
            bus.close()
            extensions.close()
        was_stopped = any(result.end is DayEnd.STOPPED for result in results)
        return results, self._signal if was_stopped else None

    def _stop(self, engine: Engine, number: signal.Signals) -> None:
        self._signal = number
        engine.stop()

    def _exchange(self) -> Exchange:
        session = self._assignments[0].day.session
        return load_exchange(session.exchange, on=session.date)

    def _engine_setup(self, clock: Clock, bus: Bus, exchange: Exchange) -> EngineSetup:
        settings, conditions = self._settings, self._conditions
        days = [assignment.day for assignment in self._assignments]
        broker = load_broker(conditions.broker).make(
            BrokerSetup(
                account=days[0].account,
                clock=clock,
                exchange=exchange,
                sessions=tuple(sorted({day.session for day in days}, key=lambda s: s.open)),
                directory=settings.directory / "brokers" / conditions.broker,
                options=conditions.options,
            )
        )
        return EngineSetup(
            journal=self._journal,
            bus=bus,
            clock=clock,
            broker=broker,
            broker_name=conditions.broker,
            broker_options=plain(conditions.options),
            exchange=exchange,
            owner=this_owner(),
            pace=conditions.pace,
            lease_term=settings.lease_term,
            limits=settings.limits,
            protection_limit=settings.protection_limit,
            halt_after=settings.halt_after,
        )
