"""Puts a run together: settings, plugins, journal, clock, broker, engine."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata
from typing import TYPE_CHECKING, Any

from skim_core.calendar.exchanges import load_exchange
from skim_core.cli.days.extending import Extensions
from skim_core.cli.days.owner import is_gone
from skim_core.cli.days.run import Conditions, Observer, Run, Setting
from skim_core.clock.virtual import VirtualClock
from skim_core.clock.wall import PacedClock, WallClock
from skim_core.engine.loop import run_to_end
from skim_core.engine.memory import limited_memory
from skim_core.errors import ConfigError, SkimError, nearest
from skim_core.model import events as ev
from skim_core.model.graph import PhaseGraph
from skim_core.model.session import Session
from skim_core.model.trading_day import TradingDay
from skim_core.plugins.configuration import validate_config
from skim_core.plugins.discovery import Group, available
from skim_core.plugins.phases import configured_graph
from skim_core.plugins.strategies import StrategyPlugin, load_strategy
from skim_core.ports.engine import Assignment, DayEnd, DayResult
from skim_core.settings.masking import secret_fields, with_secrets

if TYPE_CHECKING:
    from skim_core.ports.clock import Clock
    from skim_core.ports.journal import Journal
    from skim_core.settings import Settings

_log = logging.getLogger("skim")


@dataclass(frozen=True)
class DayRequest:
    """One day to be run: a new one, or one to go on with.

    `started` is the journal's first event of a day that has begun: it goes on as it was
    begun, whatever the configuration says now. `resume_at` is the instant it was left at.
    `missed`: nobody started it in time; `disabled`: the configuration disables the strategy.
    In both only what is open is to be looked after.
    """

    strategy: str
    session: Session
    account: str
    only: str | None = None
    started: ev.DayStarted | None = None
    resume_at: datetime | None = None
    missed: bool = False
    disabled: bool = False

    @property
    def day(self) -> TradingDay:
        """The day's identity."""
        return TradingDay(strategy=self.strategy, session=self.session, account=self.account)


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
        strategy.check_hooks(graph)
    else:
        _check_table_name(request.strategy, settings)
        graph = configured_graph(strategy, policies, settings.where, [request.session])
        _tell_unwatched(strategy, graph)
        if request.missed or request.disabled:
            graph = _watch(graph, request.strategy)
        limits = settings.strategy_limits(request.strategy)
        config = validate_config(strategy, section)
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
        disabled=request.disabled,
        priority=settings.priority(request.strategy),
    )


def _check_table_name(strategy: str, settings: Settings) -> None:
    """Refuse a table whose name is this strategy's but for a typo: its limits would not hold."""
    installed = {plugin.name for plugin in available(Group.STRATEGIES)} | {strategy}
    for name in settings.strategies:
        if name in installed or not nearest(name, installed).endswith(f"{strategy!r}?)"):
            continue
        told = (
            f"{settings.where('strategy', name)}: no installed strategy is called {name!r} "
            f"(did you mean {strategy!r}?): correct the name of [strategy.{name}], or remove it."
        )
        if strategy not in settings.strategies:
            raise ConfigError(told)
        _log.warning("%s", told)


def _watch(graph: PhaseGraph, strategy: str) -> PhaseGraph:
    """Return the protective phases alone, for a day on which nothing is to be entered."""
    watching = [phase for phase in graph if phase.protective]
    if not watching:
        msg = (
            f"{strategy} has no protective phase that could watch over what it has open. Sell "
            "that yourself, or enable the strategy until it has; its stops at the broker stand."
        )
        raise ConfigError(msg)
    return PhaseGraph(*watching)


def _tell_unwatched(strategy: StrategyPlugin, graph: PhaseGraph) -> None:
    """Tell of protective phases that the configuration left out."""
    for phase in strategy.graph:
        if phase.protective and phase.name not in graph:
            _log.warning(
                "%s, which watches over what %s holds, is left out by the configuration: "
                "its stops at the broker are all that protects it.",
                phase.name,
                strategy.name,
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
    session = requests[0].session
    exchange = load_exchange(session.exchange, on=session.date)
    extensions = Extensions(settings, exchange)
    for request in requests:
        try:
            strategy = load_strategy(request.strategy)
            assignment = assign(request, strategy, settings)
            _check_joining(extensions, request, assignment.graph)
            assignments.append(assignment)
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
        setting = Setting(settings, journal, conditions, exchange, extensions)
        run = Run(setting, assignments, observers)
        clock = make_clock(conditions.pace, sound, settings)
        with limited_memory(settings.memory_limit):
            results, stopped = run_to_end(run.main(clock, listeners))
        ends.update((result.day.run_id, result) for result in results)
    in_order = [ends[request.day.run_id] for request in requests]
    if stopped is not None:
        raise Stopped(stopped, in_order)
    return in_order


def _check_joining(extensions: Extensions, request: DayRequest, graph: PhaseGraph) -> None:
    try:
        extensions.check(graph)
    except ConfigError as error:
        if request.started is None:
            raise
        # What the day holds has to be looked after, whatever was uninstalled since it began.
        _log.warning("%s goes on, but %s", request.day.run_id, error)


class Stopped(Exception):
    """A signal stopped the run; `number` is the signal's, `results` what the days were left as."""

    def __init__(self, number: int, results: Sequence[DayResult]) -> None:
        super().__init__(number)
        self.number = number
        self.results = results
