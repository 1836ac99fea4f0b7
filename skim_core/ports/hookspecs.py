"""Every hook that skim calls. This page is their manual.

A plugin is a module or an object behind an entry point; its hook implementations are
marked with the decorators of `skim_core.hooks`, which bear these hooks' names without
the prefix. An implementation may leave out arguments that it doesn't need. It may be
sync (it is run in a thread) or, where a hook says so, async.

Phase hooks (`skim_setup` to `skim_manage`) are called for one plugin at a time: the
strategy whose day it is. Each gets one argument, the `Context`; what it returns is
recorded by its type: candidates as CandidatesScanned, opening ranges as
OpeningRangesTracked, alerts as CandidatesAlerted, a model of the strategy's own as the
phase's result. A strategy declares which of them it has in its phase graph; one with other phases
specifies hooks of its own (`skim_hookspecs`). A phase may be run again from its start
after a crash: it does lasting things only through its context, where the same decision
made twice is made once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pluggy
from pydantic import BaseModel

from skim_core.model.controls import Control
from skim_core.model.events import Event
from skim_core.model.graph import PhaseGraph
from skim_core.model.market import Alert, Candidate, OpeningRange
from skim_core.model.trading_day import TradingDay
from skim_core.ports.broker import Broker, BrokerSetup
from skim_core.ports.context import Context
from skim_core.ports.engine import Engine, EngineSetup
from skim_core.ports.extension import ExtensionSetup, Observer
from skim_core.ports.joining import CandidateFilter, Scanner

API_VERSION = 1
"""The contract's version; raised when an implementation must change.

A plugin states the one it was written for beside its hooks, as a plain number:
``api_version = 1``. One that states none was written for the first.
"""

OLDEST_API_VERSION = 1
"""The oldest version of the contract that is still kept."""

PROJECT = "skim"

hookspec = pluggy.HookspecMarker(PROJECT)


# What a strategy declares


@hookspec(firstresult=True)
def skim_phase_graph() -> PhaseGraph:
    """Return the strategy's phases and what depends on what.

    Called once when the strategy is loaded, before anything runs. The configuration's
    ``[strategy.<name>.phases.<phase>]`` may override any policy in it.
    Each strategy has exactly one. A raise refuses the strategy.
    """
    raise NotImplementedError


@hookspec(firstresult=True)
def skim_config_model() -> type[BaseModel]:
    """Return the pydantic model of the configuration of a strategy or an extension.

    Called once when the plugin is loaded. ``[strategy.<name>]`` is validated with it and handed
    to each phase as ``ctx.config``, ``[extension.<name>]`` is handed over in its setup.
    Optional: a plugin without it has no settings. A raise refuses the plugin.
    """
    raise NotImplementedError


@hookspec
def skim_hookspecs() -> Iterable[object]:
    """Return modules or classes with the hookspecs of the strategy's own phases.

    Called once when the plugin is loaded, before its hooks are checked. A phase's hook is
    specified with ``skim_core.hookspec``, takes ``ctx`` and is named in the phase graph.
    A raise refuses the plugin.
    """
    raise NotImplementedError


# The phases of a day, in their usual order


@hookspec(firstresult=True)
def skim_setup(ctx: Context[Any]) -> None:
    """Get ready for the day: forget yesterday's candidates, look at what is held.

    Usually before the open; no market data of today is there yet. Sync or async.
    A raise fails the attempt.

    :param ctx: the phase's context.
    """
    raise NotImplementedError


@hookspec(firstresult=True)
def skim_scan(ctx: Context[Any]) -> Sequence[Candidate]:
    """Find the symbols worth watching today.

    Usually just after the open. Sync or async. They join the day's candidates (a symbol
    found again is replaced). A raise fails the attempt.

    :param ctx: the phase's context.
    :return: the candidates, possibly none.
    """
    raise NotImplementedError


@hookspec(firstresult=True)
def skim_track_ranges(ctx: Context[Any]) -> Sequence[OpeningRange]:
    """Measure the opening ranges of the candidates.

    Sync or async. A symbol's opening window starts at its own open
    (``ctx.exchange.opening``); wait for it with ``ctx.clock.sleep_until``.
    A raise fails the attempt.

    :param ctx: the phase's context.
    :return: the ranges; a symbol measured again is replaced.
    """
    raise NotImplementedError


@hookspec(firstresult=True)
def skim_alert(ctx: Context[Any]) -> Sequence[Alert]:
    """Say what the trader should know before the trading starts.

    Sync or async. Notifiers hear of it as CandidatesAlerted. A raise fails the attempt.

    :param ctx: the phase's context.
    :return: the alerts, possibly none.
    """
    raise NotImplementedError


@hookspec(firstresult=True)
def skim_trade(ctx: Context[Any]) -> None:
    """Look for entries and exits; usually at every tick of a window.

    Sync or async. Orders go through ``ctx.orders``. A raise fails the tick; the next one
    comes, until the phase's `give_up_after`.

    :param ctx: the phase's context.
    """
    raise NotImplementedError


@hookspec(firstresult=True)
def skim_manage(ctx: Context[Any]) -> None:
    """Guard open positions: move stops, take profits; usually protective and repeating.

    Sync or async. A raise fails the tick; a protective phase goes on.

    :param ctx: the phase's context.
    """
    raise NotImplementedError


# What anyone may do


@hookspec
def skim_on_event(event: Event, day: TradingDay) -> None:
    """Hear of every event, after it was journaled.

    Strategies and extensions alike. Each listener is called in order, sync ones in a
    thread of their own, async ones in the event loop. All listeners hear each event; one
    that raises or hangs is named in the log and hurts nobody.

    :param event: what happened.
    :param day: whose day it happened in.
    """
    raise NotImplementedError


@hookspec
def skim_on_control(
    control: Control, days: Sequence[TradingDay], setup: ExtensionSetup[Any]
) -> None:
    """Hear what a person told an account's days with ``skim halt``, ``resume`` or ``resolve``.

    For extensions (group ``skim.extensions``), called once in the process of that command, after
    the control was journaled and the command has said so: nothing waits for it but the command's
    own end, for 5 seconds at most. One that raises or hangs is named in the log, and changes
    neither what was said nor the exit code. It must be a plain function; it runs in a thread.

    :param control: what was said: a `Halt`, a `Resume` or a `Resolution`.
    :param days: the days whose process has taken it up, each of which tells of it by an event as
        well; with none of them nobody else does.
    :param setup: the extension's configuration, a folder and the exchange.
    """
    raise NotImplementedError


@hookspec(firstresult=True)
def skim_make_observer(setup: ExtensionSetup[Any]) -> Observer:
    """Make what hears the events of a process's days (group ``skim.extensions``).

    For an extension that needs its configuration, or a last moment to finish what it heard;
    `skim_on_event` is enough for any other. Called once per process, before the first event;
    not in a replay. A raise leaves the extension out, and is told.

    :param setup: the extension's configuration, a folder and the exchange.
    """
    raise NotImplementedError


@hookspec(firstresult=True)
def skim_make_scanners(setup: ExtensionSetup[Any]) -> Sequence[Scanner]:
    """Make the scanners that the extension has (group ``skim.extensions``).

    Called once per process, or in a replay once per session, when a phase of its days names a
    scanner or a filter. A raise leaves the extension out; a day that needs one of its
    scanners is then not begun.

    :param setup: the extension's configuration, a folder and the exchange.
    :return: the scanners; their names are their own.
    """
    raise NotImplementedError


@hookspec(firstresult=True)
def skim_make_filters(setup: ExtensionSetup[Any]) -> Sequence[CandidateFilter]:
    """Make the filters of candidates that the extension has (group ``skim.extensions``).

    Called as `skim_make_scanners` is, and what it raises means the same.

    :param setup: the extension's configuration, a folder and the exchange.
    :return: the filters; their names are their own.
    """
    raise NotImplementedError


@hookspec(firstresult=True)
def skim_make_broker(setup: BrokerSetup) -> Broker:
    """Make the broker that this plugin is (group ``skim.brokers``).

    Called once per process, for the broker that the configuration names. A raise of
    ConfigError or BrokerError is told to the user; nothing is run.

    :param setup: account, clock, exchange, sessions and the broker's own options.
    """
    raise NotImplementedError


@hookspec(firstresult=True)
def skim_make_engine(setup: EngineSetup) -> Engine:
    """Make the engine that this plugin is (group ``skim.engines``).

    Called once per process, for the engine that the configuration names. A raise of
    ConfigError is told to the user; nothing is run.

    :param setup: journal, bus, clock, broker and all else that an engine needs.
    """
    raise NotImplementedError
