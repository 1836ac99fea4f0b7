"""The trader's machines: cron, its two lines, and the processes that they start."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Protocol, TypeAlias

from skim_core.engine.local import LocalEngine
from skim_core.errors import SkimError
from skim_core.model.events import DayStarted
from skim_core.model.limits import Limits
from skim_core.model.orders import Fill, Order
from skim_core.model.trading_day import TradingDay
from skim_core.ports.broker import Broker, BrokerNotice, Connection
from skim_core.ports.bus import Bus
from skim_core.ports.engine import Assignment, EngineSetup
from skim_core.simulation.broker import ModelBroker
from skim_core.simulation.clock import LoopClock
from skim_core.simulation.disk import Disk
from skim_core.simulation.exchange import ModelExchange
from skim_core.simulation.journal import DiskJournal
from skim_core.simulation.plain import plain_exchange
from skim_core.simulation.process import Process

LEASE_TERM = timedelta(minutes=2)
LISTEN = timedelta(minutes=2)

Sends: TypeAlias = Callable[[str, Sequence[Order]], None]


class LookedAt(Broker, Protocol):
    """A broker that counts in `looks` how often its books were looked at since its line is `up`."""

    looks: int

    @property
    def up(self) -> bool:
        """Whether the process believes that the line is up."""


class WatchedBroker(ModelBroker):
    """Counts in `looks` how often the books were looked at since the line was taken up.

    `sends` is told of each submission with the name of its process.
    """

    looks = 0

    def __init__(
        self, exchange: ModelExchange, process: Process, clock: LoopClock, sends: Sends
    ) -> None:
        super().__init__(exchange, process, clock)
        self._name = process.name
        self._sends = sends

    async def submit(self, orders: Sequence[Order]) -> None:
        """Send orders."""
        self._sends(self._name, orders)
        await super().submit(orders)

    async def executions(self) -> Sequence[Fill]:
        """Return what the broker's books show of today's trades: a look's last question."""
        found = await super().executions()
        self.looks += 1
        return found

    def _hear(self, notice: BrokerNotice) -> None:
        if isinstance(notice, Connection):
            self.looks = 0
        super()._hear(notice)


class Machine:
    """One machine: its clock, and the processes that run on it.

    `assignments` makes the days that ``start_trading_day`` starts. All machines share one
    disk, as with a journal on a server. Another broker than the model's is tried by a
    subclass that makes it, with its `broker_name` and the `rules` of its exchange.
    """

    broker_name = "model"
    rules = plain_exchange()

    def __init__(
        self,
        name: str,
        clock: LoopClock,
        disk: Disk,
        exchange: ModelExchange,
        *,
        assignments: Callable[[], Sequence[Assignment]],
        limits: Limits,
        began: Callable[[Process], None],
        sends: Sends,
    ) -> None:
        self.name = name
        self.clock = clock
        self.processes: list[Process] = []
        self.brokers: dict[str, LookedAt] = {}
        self.on = True
        self._loop = clock.loop
        self._disk = disk
        self._exchange = exchange
        self._assignments = assignments
        self._limits = limits
        self._began = began
        self._sends = sends

    @property
    def alive(self) -> list[Process]:
        """The processes that have not died."""
        return [process for process in self.processes if process.alive]

    def start_trading_day(self) -> Process | None:
        """Do what cron's first line does."""
        return self._start(self._assignments()) if self.on else None

    def start_monitoring(self) -> Process | None:
        """Do what cron's second line does: go on with the days whose owner is gone.

        An owner on this machine whose lease has run out although it lives is hung: it is
        ended first.
        """
        if not self.on or self._disk.damaged:
            return None
        contents, now = self._disk.contents, self.clock.now()
        left = []
        for assignment in self._assignments():
            run_id = assignment.day.run_id
            events = contents.events.get(run_id)
            if not events or run_id in contents.finished:
                continue
            if not isinstance(events[0], DayStarted):
                continue
            lease = contents.leases.get(run_id)
            owner = self._named(lease.owner) if lease is not None else None
            if lease is not None and lease.expires_at > now:
                gone = owner is not None and not owner.alive
                if not gone:
                    continue
            elif owner is not None and owner.alive:
                owner.kill("ended by the watchdog: its lease has run out")
            left.append(assignment)
        return self._start(left) if left else None

    def crash(self) -> None:
        """End everything that runs on the machine."""
        for process in self.alive:
            process.kill("its machine went down")

    def _named(self, owner: str) -> Process | None:
        return next((process for process in self.processes if process.name == owner), None)

    def _start(self, assignments: Sequence[Assignment]) -> Process:
        process = Process(f"{self.name}:{len(self.processes) + 1}", self._loop)
        self.processes.append(process)
        broker = self._make_broker(process)
        self.brokers[process.name] = broker
        engine = LocalEngine(
            EngineSetup(
                journal=DiskJournal(self._disk, process),
                bus=Bus(),
                clock=self.clock,
                wall=self.clock,
                broker=broker,
                broker_name=self.broker_name,
                exchange=self.rules,
                owner=process.name,
                pace="real",
                lease_term=LEASE_TERM,
                limits=self._limits,
                listen=LISTEN,
            )
        )
        self._began(process)
        process.run(self._run(engine, assignments, process))
        return process

    def _make_broker(self, process: Process) -> LookedAt:
        return WatchedBroker(self._exchange, process, self.clock, self._sends)

    async def _run(
        self, engine: LocalEngine, assignments: Sequence[Assignment], process: Process
    ) -> None:
        # The command ends with a message then; cron starts the next one.
        with suppress(SkimError):
            await engine.run(assignments)
        process.kill("done")


def day_of(strategy: str, session: object) -> TradingDay:
    """Return the identity of a strategy's simulated day."""
    return TradingDay.model_validate({"strategy": strategy, "session": session, "account": "paper"})
