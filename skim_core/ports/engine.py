"""What carries trading days out: an engine, and what it is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, Protocol

from pydantic import BaseModel

from skim_core.model.exchange import Exchange
from skim_core.model.graph import PhaseGraph
from skim_core.model.limits import Limits
from skim_core.model.trading_day import TradingDay
from skim_core.ports.broker import Broker
from skim_core.ports.bus import Bus
from skim_core.ports.clock import Clock
from skim_core.ports.context import Context
from skim_core.ports.joining import Joining
from skim_core.ports.journal import Journal


class Strategy(Protocol):
    """A loaded strategy, as an engine calls it."""

    @property
    def name(self) -> str:
        """The strategy's name."""

    def call(self, hook: str, ctx: Context[Any]) -> Any:
        """Call the strategy's implementation of a phase hook, with the arguments it takes.

        Returns what it returned: a coroutine when it is async.
        """

    def is_async(self, hook: str) -> bool:
        """Whether the implementation of `hook` is ``async def``."""

    def returns(self, hook: str) -> Any:
        """Return the return annotation of the hook's specification."""


@dataclass(frozen=True)
class Assignment:
    """A day to be run: whose it is, with which graph and which validated configuration.

    `limits` are the strategy's own. With `missed` nobody started the day in time, with
    `disabled` the configuration disables the strategy: what is open is looked after and nothing
    else is done. With `only`, a phase's name, just that phase is run, once or for one tick, when it is
    due: the day is then left as it is. Of days whose phases are due together, one of a lower
    `priority` may enter first.
    """

    day: TradingDay
    strategy: Strategy
    graph: PhaseGraph
    config: BaseModel
    versions: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    only: str | None = None
    missed: bool = False
    disabled: bool = False
    priority: int = 0


class DayEnd(StrEnum):
    """How an engine left a day."""

    COMPLETED = "completed"
    FAILED = "failed"
    ALREADY = "already"
    """It had been finished before; nothing was done."""
    ELSEWHERE = "elsewhere"
    """Another process runs it; nothing was done."""
    STOPPED = "stopped"
    """The engine was told to stop; the day can be resumed."""
    PAUSED = "paused"
    """The one phase that was asked for has been run; the day can be resumed."""
    NOT_NOW = "not_now"
    """The one phase that was asked for can't be run yet; nothing was done."""
    BROKEN = "broken"
    """The day can't go on: its journal failed, or the engine did."""


@dataclass(frozen=True)
class DayResult:
    """What became of one assignment; `reason` in words, `error` what broke it."""

    day: TradingDay
    end: DayEnd
    reason: str = ""
    error: Exception | None = None


@dataclass(frozen=True)
class EngineSetup:
    """What an engine is made from.

    `broker_name`, `broker_options` (without secrets) and `pace` are told in the journal, so
    that a day is resumed as it was begun. `owner` names this process in leases, which last
    `lease_term` of `wall` time and are renewed before that. `limits` hold for the account,
    all its strategies together. A position may be without a working stop for
    `protection_limit` before it is told of; a strategy of which a repeating phase fails
    `halt_after` times in a row is halted. What people tell running days is looked for every `listen`. `joining` has the
    scanners and filters that phases name.
    """

    journal: Journal
    bus: Bus
    clock: Clock
    broker: Broker
    broker_name: str
    exchange: Exchange
    owner: str
    broker_options: Mapping[str, Any] = field(default_factory=dict)
    pace: str = "fast"
    lease_term: timedelta = timedelta(seconds=30)
    wall: Clock | None = None
    limits: Limits = field(default_factory=Limits)
    protection_limit: timedelta = timedelta(minutes=1)
    halt_after: int = 3
    joining: Joining = field(default_factory=Joining)
    listen: timedelta = timedelta(seconds=0.5)


class Engine(Protocol):
    """Runs days side by side, each isolated from the others."""

    async def run(self, assignments: Sequence[Assignment]) -> Sequence[DayResult]:
        """Run (or resume) the days to their ends; one result each, in their order."""

    def stop(self) -> None:
        """Stop soon: phases are cancelled, what was journaled stands, leases are given back."""
