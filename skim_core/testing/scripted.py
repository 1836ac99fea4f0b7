"""Strategies written in a test, and a broker for those that don't trade."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict

from skim_core.clock.virtual import VirtualClock
from skim_core.engine.local import LocalEngine
from skim_core.journal.memory import MemoryJournal
from skim_core.model.events import Event
from skim_core.model.graph import PhaseGraph
from skim_core.model.market import Quote
from skim_core.model.orders import Fill, Order, Position
from skim_core.model.reports import OrderReport
from skim_core.model.trading_day import TradingDay
from skim_core.ports.broker import BrokerNotice
from skim_core.ports.bus import Bus
from skim_core.ports.context import Context
from skim_core.ports.engine import Assignment, DayResult, Engine, EngineSetup
from skim_core.ports.journal import Journal
from skim_core.simulation.plain import plain_exchange, plain_session

__all__ = [
    "DayLab",
    "NoConfig",
    "QuietBroker",
    "ScriptedStrategy",
    "plain_exchange",
    "plain_session",
]


class NoConfig(BaseModel):
    """The configuration of a strategy that has none."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ScriptedStrategy:
    """A strategy made of functions: each phase's by the phase's name.

    A function takes the context and is plain or async. `returned` gives the declared return
    type of phases whose result matters, such as ``{"scan": Sequence[Candidate]}``.
    """

    def __init__(
        self,
        name: str,
        phases: Mapping[str, Callable[[Context[Any]], Any]],
        returned: Mapping[str, Any] | None = None,
    ) -> None:
        self.name = name
        self._phases = {f"skim_{phase}": function for phase, function in phases.items()}
        self._returned = {f"skim_{phase}": kind for phase, kind in (returned or {}).items()}

    def call(self, hook: str, ctx: Context[Any]) -> Any:
        """Call the function of a phase."""
        return self._phases[hook](ctx)

    def is_async(self, hook: str) -> bool:
        """Whether the function is ``async def``."""
        return inspect.iscoroutinefunction(self._phases[hook])

    def returns(self, hook: str) -> Any:
        """Return what the phase is declared to return."""
        return self._returned.get(hook, type(None))


class QuietBroker:
    """A broker without a market: it accepts every order and never fills one."""

    def __init__(self) -> None:
        self.submitted: list[Order] = []
        self._receivers: list[Callable[[BrokerNotice], None]] = []

    @property
    def quiet_time(self) -> timedelta:
        """None: it shows at once what it has."""
        return timedelta(0)

    async def connect(self) -> None:
        """Do nothing."""

    async def close(self) -> None:
        """Do nothing."""

    async def submit(self, orders: Sequence[Order]) -> None:
        """Take the orders."""
        self.submitted.extend(orders)

    async def orders(self) -> Sequence[OrderReport]:
        """Return nothing: it keeps no record."""
        return []

    async def quotes(self, symbols: Sequence[str]) -> Mapping[str, Quote]:  # noqa: ARG002
        """Return nothing: nothing trades."""
        return {}

    async def executions(self) -> Sequence[Fill]:
        """Return nothing: nothing trades."""
        return []

    async def positions(self) -> Sequence[Position]:
        """Return nothing: nothing trades."""
        return []

    def subscribe(self, receiver: Callable[[BrokerNotice], None]) -> None:
        """Keep the receiver for `tell`."""
        self._receivers.append(receiver)

    def tell(self, notice: BrokerNotice) -> None:
        """Send a notice, as a test wants it."""
        for receiver in self._receivers:
            receiver(notice)


class DayLab:
    """Runs scripted strategies on virtual time; keeps the journal between runs."""

    def __init__(self, journal: Journal | None = None) -> None:
        self.journal = journal or MemoryJournal()
        self.broker = QuietBroker()
        self.session = plain_session()
        self.bus = Bus()
        self.engine: Engine | None = None

    def assignment(self, strategy: ScriptedStrategy, graph: PhaseGraph) -> Assignment:
        """Return the assignment of a strategy's day."""
        day = TradingDay(strategy=strategy.name, session=self.session, account="paper")
        return Assignment(day, strategy, graph, NoConfig())

    async def run(self, *assignments: Assignment, start: datetime | None = None) -> list[DayResult]:
        """Run days from `start`, a quarter of an hour before the open when not given."""
        clock = VirtualClock(start or self.session.open - timedelta(minutes=15))
        self.engine = LocalEngine(
            EngineSetup(
                journal=self.journal,
                bus=self.bus,
                clock=clock,
                broker=self.broker,  # type: ignore[arg-type]  # market data is never asked for
                broker_name="quiet",
                exchange=plain_exchange(),
                owner="lab",
            )
        )
        return list(await self.engine.run(assignments))

    def events(self, strategy: str) -> list[Event]:
        """Return what the journal holds of a strategy's day."""
        day = TradingDay(strategy=strategy, session=self.session, account="paper")
        return [record.event for record in self.journal.read(day.run_id)]
