"""Decorators that mark hook implementations, typed so that a checker knows their signatures.

>>> from skim_core import Candidate, Context, hooks
>>> @hooks.scan
... async def skim_scan(ctx: Context[MyConfig]) -> list[Candidate]: ...

A function of another name is fine: the decorator says which hook it implements. For a
hook of a strategy's own, use the plain `hookimpl`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias, TypeVar

import pluggy
from pydantic import BaseModel

from skim_core.errors import nearest
from skim_core.model.events import Event
from skim_core.model.graph import PhaseGraph
from skim_core.model.market import Alert, Candidate, OpeningRange
from skim_core.model.trading_day import TradingDay
from skim_core.ports import hookspecs as hookspecs_module
from skim_core.ports.broker import Broker, BrokerSetup
from skim_core.ports.context import Context
from skim_core.ports.engine import Engine, EngineSetup
from skim_core.ports.extension import ExtensionSetup, Observer
from skim_core.ports.hookspecs import PROJECT
from skim_core.ports.joining import CandidateFilter, Scanner

hookimpl = pluggy.HookimplMarker(PROJECT)

ConfigT = TypeVar("ConfigT")
ResultT = TypeVar("ResultT")

Maybe: TypeAlias = ResultT | Awaitable[ResultT]
PhaseHook: TypeAlias = Callable[[Context[ConfigT]], Maybe[ResultT]] | Callable[[], Maybe[ResultT]]
_F = TypeVar("_F", bound=Callable[..., Any])


def _mark(function: _F, hook: str) -> _F:
    return hookimpl(function, specname=f"skim_{hook}")


def phase_graph(function: Callable[[], PhaseGraph]) -> Callable[[], PhaseGraph]:
    """Mark the implementation of `skim_phase_graph`."""
    return _mark(function, "phase_graph")


def config_model(function: Callable[[], type[BaseModel]]) -> Callable[[], type[BaseModel]]:
    """Mark the implementation of `skim_config_model`."""
    return _mark(function, "config_model")


def hookspecs(function: Callable[[], Iterable[object]]) -> Callable[[], Iterable[object]]:
    """Mark the implementation of `skim_hookspecs`."""
    return _mark(function, "hookspecs")


def setup(function: PhaseHook[ConfigT, None]) -> PhaseHook[ConfigT, None]:
    """Mark the implementation of `skim_setup`."""
    return _mark(function, "setup")


def scan(
    function: PhaseHook[ConfigT, Sequence[Candidate]],
) -> PhaseHook[ConfigT, Sequence[Candidate]]:
    """Mark the implementation of `skim_scan`."""
    return _mark(function, "scan")


def track_ranges(
    function: PhaseHook[ConfigT, Sequence[OpeningRange]],
) -> PhaseHook[ConfigT, Sequence[OpeningRange]]:
    """Mark the implementation of `skim_track_ranges`."""
    return _mark(function, "track_ranges")


def alert(function: PhaseHook[ConfigT, Sequence[Alert]]) -> PhaseHook[ConfigT, Sequence[Alert]]:
    """Mark the implementation of `skim_alert`."""
    return _mark(function, "alert")


def trade(function: PhaseHook[ConfigT, None]) -> PhaseHook[ConfigT, None]:
    """Mark the implementation of `skim_trade`."""
    return _mark(function, "trade")


def manage(function: PhaseHook[ConfigT, None]) -> PhaseHook[ConfigT, None]:
    """Mark the implementation of `skim_manage`."""
    return _mark(function, "manage")


def on_event(
    function: Callable[[Event, TradingDay], Maybe[None]] | Callable[[Event], Maybe[None]],
) -> Callable[[Event, TradingDay], Maybe[None]] | Callable[[Event], Maybe[None]]:
    """Mark the implementation of `skim_on_event`."""
    return _mark(function, "on_event")


def on_control(function: Callable[..., None]) -> Callable[..., None]:
    """Mark the implementation of `skim_on_control`, with any of its arguments."""
    return _mark(function, "on_control")


def make_observer(
    function: Callable[[ExtensionSetup[ConfigT]], Observer],
) -> Callable[[ExtensionSetup[ConfigT]], Observer]:
    """Mark the implementation of `skim_make_observer`."""
    return _mark(function, "make_observer")


def make_scanners(
    function: Callable[[ExtensionSetup[ConfigT]], Sequence[Scanner]],
) -> Callable[[ExtensionSetup[ConfigT]], Sequence[Scanner]]:
    """Mark the implementation of `skim_make_scanners`."""
    return _mark(function, "make_scanners")


def make_filters(
    function: Callable[[ExtensionSetup[ConfigT]], Sequence[CandidateFilter]],
) -> Callable[[ExtensionSetup[ConfigT]], Sequence[CandidateFilter]]:
    """Mark the implementation of `skim_make_filters`."""
    return _mark(function, "make_filters")


def make_broker(function: Callable[[BrokerSetup], Broker]) -> Callable[[BrokerSetup], Broker]:
    """Mark the implementation of `skim_make_broker`."""
    return _mark(function, "make_broker")


def make_engine(function: Callable[[EngineSetup], Engine]) -> Callable[[EngineSetup], Engine]:
    """Mark the implementation of `skim_make_engine`."""
    return _mark(function, "make_engine")


if not TYPE_CHECKING:  # a type checker knows the hooks by name

    def __getattr__(name: str) -> NoReturn:
        known = [hook for hook in vars(hookspecs_module) if hook.startswith("skim_")]
        names = [hook.removeprefix("skim_") for hook in known]
        msg = (
            f"there is no hook {name!r} to mark{nearest(name, names)}: the hooks are "
            f"{', '.join(sorted(names))}; mark one of your own with hookimpl"
        )
        raise AttributeError(msg)
