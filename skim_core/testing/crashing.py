"""Days whose process is killed right after a chosen event, and taken over by another one.

The second process knows what the journal knows and nothing else: the strategy's modules are
imported anew for it, as they would be.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from skim_core.calendar.exchanges import load_exchange
from skim_core.engine.local import LocalEngine
from skim_core.model import events as ev
from skim_core.model.session import Session
from skim_core.model.trading_day import TradingDay
from skim_core.plugins.configuration import validate_config
from skim_core.plugins.strategies import StrategyPlugin, load_strategy
from skim_core.ports.broker import BrokerSetup
from skim_core.ports.bus import Bus
from skim_core.ports.engine import Assignment, DayResult, EngineSetup
from skim_core.replay.turns import InTurn
from skim_core.sim.broker import SimBroker
from skim_core.sim.data import Feed
from skim_core.sim.options import read_options
from skim_core.simulation.clock import LoopClock
from skim_core.simulation.disk import Disk
from skim_core.simulation.journal import DiskJournal
from skim_core.simulation.loop import SimulationLoop
from skim_core.simulation.process import Process
from skim_core.testing.simulate import SimulatedDay, told

_EARLY = timedelta(minutes=15)
_LONG = timedelta(hours=12)
"""Nobody else looks at the day: neither its lease nor what people say need be renewed."""

_BOUNDARIES = (
    ev.PhaseStarted,
    ev.PhaseTicked,
    ev.PhaseCompleted,
    ev.OrderIntended,
    ev.OrderSending,
    ev.OrderAcknowledged,
    ev.OrderFilled,
    ev.StopHit,
)


@dataclass(frozen=True)
class Crashes:
    """A strategy's day, to be lived as often as it is killed at another place.

    `feed` is the market; `config` stands in for the strategy's section, `broker` for the
    simulated broker's. `directory` is a folder of the test's own.
    """

    strategy: str
    session: Session
    directory: Path
    feed: Feed
    config: Mapping[str, Any]
    broker: Mapping[str, Any]

    def undisturbed(self) -> SimulatedDay:
        """Return the day as it is when nobody kills it."""
        return self._lived("undisturbed", 0)

    def killed_after(self, event: int) -> SimulatedDay:
        """Return the day whose process is killed when so many events are journaled."""
        return self._lived(f"killed-{event}", event)

    def _lived(self, name: str, kill: int) -> SimulatedDay:
        directory = self.directory / name
        directory.mkdir(parents=True)
        with closing(SimulationLoop(step_limit=10_000_000)) as loop:
            return loop.run_until_complete(self._live(loop, directory, kill))

    async def _live(self, loop: SimulationLoop, directory: Path, kill: int) -> SimulatedDay:
        disk = Disk()
        clock = LoopClock(loop, self.session.open - _EARLY)
        result: DayResult | None = None
        for number in (kill, 0) if kill else (0,):
            process = Process("test", loop)
            with _imported_anew(self.strategy) as strategy:
                journal = _Journal(disk, process, number)
                task = process.run(self._run(strategy, clock, journal, directory))
                if await process.completes(task):
                    result = task.result()
            if result is not None:
                break
        assert result is not None, "the second process is not killed"
        return told(result, DiskJournal(disk, Process("reader", loop)))

    async def _run(
        self, strategy: StrategyPlugin, clock: LoopClock, journal: DiskJournal, directory: Path
    ) -> DayResult:
        exchange = load_exchange(self.session.exchange, on=self.session.date)
        setup = BrokerSetup("paper", clock, exchange, (self.session,), directory)
        engine = LocalEngine(
            EngineSetup(
                journal=journal,
                bus=Bus(),
                clock=clock,
                wall=clock,
                broker=SimBroker(setup, read_options(self.broker), self.feed),
                broker_name="sim",
                exchange=exchange,
                owner="test",
                lease_term=_LONG,
                listen=_LONG,
            )
        )
        day = TradingDay(strategy=self.strategy, session=self.session, account="paper")
        config = validate_config(strategy, self.config)
        [result] = await engine.run([Assignment(day, InTurn(strategy), strategy.graph, config)])
        return result


def boundaries(events: Sequence[ev.Event]) -> dict[int, str]:
    """Return where a day is to be killed: how many events there are by then, and in words.

    After the first event of each kind of each phase, and of each order's purpose.
    """
    found: dict[str, int] = {}
    purposes: dict[str, str] = {}
    for number, event in enumerate(events, 1):
        if isinstance(event, ev.OrderIntended):
            purposes[event.order.reference] = event.order.purpose
        if not isinstance(event, _BOUNDARIES):
            continue
        phase = getattr(event, "phase", None)
        about = phase or f"the {purposes.get(_reference(event), 'order')}"
        found.setdefault(f"{event.kind} of {about}", number)
    return {number: words for words, number in found.items()}


def doubled(undisturbed: SimulatedDay, disturbed: SimulatedDay) -> list[str]:
    """Return the symbols for which more was ordered to enter than on the day nobody disturbed."""
    before, after = _entered(undisturbed), _entered(disturbed)
    return [
        f"{after[symbol]} shares of {symbol} instead of {before.get(symbol, 0)}"
        for symbol in after
        if after[symbol] > before.get(symbol, 0)
    ]


def _entered(day: SimulatedDay) -> dict[str, int]:
    """Return the shares by symbol of the entries that the broker had."""
    shares: dict[str, int] = {}
    for state in day.entered():
        symbol = state.order.symbol
        shares[symbol] = shares.get(symbol, 0) + state.order.quantity
    return shares


def _reference(event: ev.Event) -> str:
    for holder in (getattr(event, "order", None), getattr(event, "fill", None), event):
        reference = getattr(holder, "reference", None)
        if isinstance(reference, str):
            return reference
    return ""


class _Journal(DiskJournal):
    """Kills its process when the day has so many events; 0 never."""

    def __init__(self, disk: Disk, process: Process, kill: int) -> None:
        super().__init__(disk, process)
        self._killed_at = kill

    def append(
        self, run_id: str, after: int, events: Sequence[ev.Event], *, durable: bool = False
    ) -> int:
        """Append events, and die of the one that it is to die of."""
        last = super().append(run_id, after, events, durable=durable)
        if self._killed_at and last >= self._killed_at:
            self._process.kill()
            self._process.check()
        return last


@contextmanager
def _imported_anew(name: str) -> Iterator[StrategyPlugin]:
    """Load a strategy as a new process would: none of its modules has been imported before."""
    package = load_strategy(name).info.module.partition(".")[0]
    kept = {
        module: sys.modules.pop(module)
        for module in list(sys.modules)
        if module == package or module.startswith(f"{package}.")
    }
    try:
        yield load_strategy(name)
    finally:
        for module in [m for m in sys.modules if m == package or m.startswith(f"{package}.")]:
            del sys.modules[module]
        sys.modules.update(kept)
