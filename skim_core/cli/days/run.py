"""One run of days in this process: bus, listeners, broker and engine, while its loop lives."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from skim_core.cli.days.extending import Extensions
from skim_core.cli.days.owner import this_owner
from skim_core.model import events as ev
from skim_core.model.exchange import Exchange
from skim_core.model.trading_day import TradingDay
from skim_core.plugins.brokers import load_broker
from skim_core.plugins.engines import load_engine
from skim_core.ports.broker import BrokerSetup
from skim_core.ports.bus import Bus
from skim_core.ports.engine import Assignment, DayEnd, DayResult, Engine, EngineSetup
from skim_core.ports.joining import Joining
from skim_core.settings.masking import plain

if TYPE_CHECKING:
    from skim_core.ports.clock import Clock
    from skim_core.ports.journal import Journal
    from skim_core.settings import Settings

_PATIENCE = 5.0
"""Seconds of wall time that listeners have, after the last event, to hear them all."""

Observer = Callable[[ev.Event, TradingDay], None]


@dataclass(frozen=True)
class Conditions:
    """Under what a run takes place: the broker, its options, and how time passes."""

    broker: str
    pace: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Setting:
    """Where a run takes place."""

    settings: Settings
    journal: Journal
    conditions: Conditions
    exchange: Exchange
    extensions: Extensions


class Run:
    """One run of days: everything that lives as long as its event loop."""

    def __init__(
        self,
        setting: Setting,
        assignments: Sequence[Assignment],
        observers: Mapping[str, Observer],
    ) -> None:
        self._setting = setting
        self._assignments = assignments
        self._observers = observers

    async def main(
        self, clock: Clock, listeners: Mapping[str, Any]
    ) -> tuple[Sequence[DayResult], int | None]:
        """Run the days; return their results, and the signal that stopped one of them, or None.

        `listeners` hear every event, as extensions and the observers do.
        """
        bus, extensions = Bus(), self._setting.extensions
        engine = load_engine(self._setting.settings.engine).make(self._engine_setup(clock, bus))
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

    def _engine_setup(self, clock: Clock, bus: Bus) -> EngineSetup:
        settings, conditions = self._setting.settings, self._setting.conditions
        days = [assignment.day for assignment in self._assignments]
        broker = load_broker(conditions.broker).make(
            BrokerSetup(
                account=days[0].account,
                clock=clock,
                exchange=self._setting.exchange,
                sessions=tuple(sorted({day.session for day in days}, key=lambda s: s.open)),
                directory=settings.directory / "brokers" / conditions.broker,
                options=conditions.options,
            )
        )
        return EngineSetup(
            journal=self._setting.journal,
            bus=bus,
            clock=clock,
            broker=broker,
            broker_name=conditions.broker,
            broker_options=plain(conditions.options),
            exchange=self._setting.exchange,
            owner=this_owner(),
            pace=conditions.pace,
            lease_term=settings.lease_term,
            limits=settings.limits,
            protection_limit=settings.protection_limit,
            halt_after=settings.halt_after,
            joining=self._setting.extensions.joining or Joining(),
        )
