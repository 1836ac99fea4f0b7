"""A whole simulated day: machines with their cron, a broker, and a plan of faults."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import timedelta
from functools import partial
from random import Random

from skim_core.model.limits import Limits
from skim_core.ports.engine import Assignment
from skim_core.simulation.agenda import SimulationStuck
from skim_core.simulation.clock import LoopClock
from skim_core.simulation.exchange import ModelExchange
from skim_core.simulation.fault_shapes import FaultKind, Party
from skim_core.simulation.faults import Fault, FaultPlan
from skim_core.simulation.loop import SimulationLoop
from skim_core.simulation.machines import Machine, day_of
from skim_core.simulation.market import ModelMarket
from skim_core.simulation.outcome import Invariant, Outcome
from skim_core.simulation.people import People
from skim_core.simulation.plain import plain_session
from skim_core.simulation.process import Process, current_process
from skim_core.simulation.strategy import GRAPH
from skim_core.simulation.traders import Trader, built_in
from skim_core.simulation.watch import Watch, WatchedDisk

SYMBOLS = ("AAA", "BBB", "CCC", "DDD")
PHASES = tuple(phase.name for phase in GRAPH)

LENGTH = timedelta(minutes=90)
"""How long a simulated session is: shorter than a real one, so that more of them can be run."""

_EARLY = timedelta(minutes=10)
_START = timedelta(minutes=-8)
_MONITOR = timedelta(minutes=5)
_APART = timedelta(minutes=3, seconds=30)
_CALM = timedelta(minutes=1)
_END = timedelta(minutes=45)
_STEPS = 400_000
_MICROSECOND = timedelta(microseconds=1)


def plan_of(seed: int) -> FaultPlan:
    """Return the fault plan of a seed."""
    return FaultPlan.from_seed(seed, SYMBOLS, PHASES, LENGTH)


def simulate(plan: FaultPlan, traders: Sequence[Trader] = ()) -> Outcome:
    """Run the day of a plan and return what came of it; the same plan gives the same day.

    `traders` trade on it, in place of the built-in strategy.
    """
    collecting = gc.isenabled()
    # The collector would spend half of the day looking at what lives until its end.
    gc.disable()
    try:
        with closing(SimulationLoop(step_limit=_STEPS)) as loop:
            world = World(plan, loop, traders)
            world.run()
        return world.outcome()
    finally:
        if collecting:
            gc.enable()


class World:
    """Everything outside the processes: it carries out the faults that are its own.

    One built-in strategy trades, and on some seeds a second one, or `traders` do; on some a
    second machine watches over the same days. Limits differ from seed to seed.
    """

    def __init__(
        self, plan: FaultPlan, loop: SimulationLoop, traders: Sequence[Trader] = ()
    ) -> None:
        self.plan = plan
        self._loop = loop
        session = plain_session()
        self._session = session.model_copy(update={"close": session.open + LENGTH})
        self._epoch = self._session.open - _EARLY
        self._clock = LoopClock(loop, self._epoch)
        random = Random(f"{plan.seed}/world")
        names = ("alpha", "beta") if random.random() < 0.3 else ("alpha",)  # noqa: PLR2004
        self._limits = Limits(
            positions=random.choice((1, 2, 3, None)), orders_per_day=random.choice((3, 6, None))
        )
        self._account_limits = Limits(positions=random.choice((2, 4, None, None, None)))
        self._watch = Watch(
            self._session, self._clock, self._limits, self._account_limits, self._looks
        )
        self._disk = WatchedDisk(self._watch)
        self._watch.on(self._disk)
        self._people = People(self._disk, self._clock)
        wrong = partial(self._watch.violate, Invariant.ONE_ORDER)
        self._traders = tuple(traders) or built_in(plan, names, SYMBOLS, wrong)
        market = ModelMarket(plan.seed, SYMBOLS, self._session, plan.faults)
        self._exchange = ModelExchange(market, self._clock, plan)
        self._watch.follow(self._exchange)
        self._sendings = 0
        self._watch.on_sending.append(self._sending)
        self._machines = [self._machine("a", LoopClock(loop, self._epoch))]
        self._stuck = ""
        if random.random() < 0.25:  # noqa: PLR2004
            self._machines.append(self._machine("standby", LoopClock(loop, self._epoch)))

    def run(self) -> None:
        """Let the day pass."""
        try:
            self._loop.run_until_complete(self._pass())
        except SimulationStuck as stuck:
            self._stuck = str(stuck)
        self._watch.end(self._exchange, self._disk)

    def outcome(self) -> Outcome:
        """Return what came of the day, once the loop is closed."""
        violations = list(self._watch.violations)
        if self._stuck:
            violations.append(self._watch.violation(Invariant.DAY_ENDS, self._stuck))
        violations += [
            self._watch.violation(Invariant.NOTHING_BREAKS, f"{found.message}: {found.exception!r}")
            for found in self._loop.unhandled
        ]
        return Outcome(
            self.plan, tuple(violations), tuple(self._watch.history), self._watch.figures
        )

    # The day

    async def _pass(self) -> None:
        over = self._loop.create_future()
        close = self._session.close - self._session.open
        machine = self._machines[0]
        self._at(_START, machine.start_trading_day)
        for number, any_machine in enumerate(self._machines):
            self._monitor(any_machine, _START + timedelta(minutes=1) + number * _APART)
        for fault in self.plan.faults:
            if fault.party is Party.WORLD:
                self._prepare(fault)
        self._at(close + _CALM, self._calm_down)
        self._at(close + _END, lambda: over.set_result(None))
        self._every(timedelta(minutes=1), self._look)
        await over

    def _machine(self, name: str, clock: LoopClock) -> Machine:
        return Machine(
            name,
            clock,
            self._disk,
            self._exchange,
            assignments=self._assignments,
            limits=self._account_limits,
            began=self._began,
            sends=self._watch.sends,
        )

    def _assignments(self) -> Sequence[Assignment]:
        return [
            Assignment(
                day=day_of(trader.name, self._session),
                strategy=trader.make(),
                graph=trader.graph,
                config=trader.config,
                limits=self._limits,
            )
            for trader in self._traders
        ]

    def _monitor(self, machine: Machine, first: timedelta) -> None:
        def begin() -> None:
            machine.start_monitoring()
            self._every(_MONITOR, machine.start_monitoring)

        self._at(first, begin)

    def _began(self, process: Process) -> None:
        """Note the kills that wait for the first process to come to a step or a write."""
        if len(self._machines[0].processes) > 1:
            return
        for fault in self.plan.of(FaultKind.KILLED_AT_STEP):
            process.kill_at_step(fault.amount)
        for fault in self.plan.of(FaultKind.KILLED_AT_WRITE):
            process.kill_at_write(fault.amount)

    def _look(self) -> None:
        able = any(
            process.alive and not process.suspended and machine.brokers[process.name].up
            for machine in self._machines
            for process in machine.processes
        )
        writable = not (self._disk.full or self._disk.read_only or self._disk.damaged)
        writable = writable and self._loop.time() >= self._disk.locked_until
        self._watch.look(able=able and writable)

    def _sending(self) -> None:
        """Let the process stand still that has just journaled that an order leaves."""
        self._sendings += 1
        process = current_process.get()
        for fault in self.plan.of(FaultKind.SUSPENDED_SENDING):
            if fault.amount == self._sendings and process is not None:
                self._watch.tell(f"fault {fault.kind}")
                process.suspend(timedelta(seconds=fault.lasting))

    def _looks(self, process: str) -> int:
        brokers = (machine.brokers.get(process) for machine in self._machines)
        return next((broker.looks for broker in brokers if broker is not None), 0)

    def _calm_down(self) -> None:
        """Mend everything: what the day has not done by now it must be able to do."""
        self._disk.full = self._disk.read_only = False
        self._disk.locked_until = 0.0
        for machine in self._machines:
            machine.clock.skew = timedelta()
            for process in machine.alive:
                process.resume()

    # Faults

    def _prepare(self, fault: Fault) -> None:
        carry_out = {
            FaultKind.KILLED: self._kill,
            FaultKind.SUSPENDED: self._suspend,
            FaultKind.POWER_LOST: self._lose_power,
            FaultKind.STARTED_TWICE: self._start_twice,
            FaultKind.SECOND_MACHINE: self._start_elsewhere,
            FaultKind.CLOCK_SKEWED: self._skew,
            FaultKind.DISK_FULL: self._fill_disk,
            FaultKind.DISK_READ_ONLY: self._protect_disk,
            FaultKind.DISK_LOCKED: self._lock_disk,
            FaultKind.HALTED_BY_PEOPLE: self._people.halt,
            FaultKind.RESUMED_BY_PEOPLE: self._people.resume,
        }.get(fault.kind)
        if carry_out is not None and fault.at is not None:

            def happen() -> None:
                self._watch.tell(f"fault {fault.kind}")
                carry_out(fault)

            self._at(timedelta(seconds=fault.at), happen)

    def _kill(self, _fault: Fault) -> None:
        for process in self._machines[0].alive[:1]:
            process.kill()

    def _suspend(self, fault: Fault) -> None:
        for process in self._machines[0].alive[:1]:
            process.suspend(timedelta(seconds=fault.lasting))

    def _lose_power(self, fault: Fault) -> None:
        for machine in self._machines:
            machine.crash()
        self._disk.power_loss(Random(f"{self.plan.seed}/{fault.number}/power"))

    def _start_twice(self, _fault: Fault) -> None:
        self._machines[0].start_trading_day()

    def _start_elsewhere(self, _fault: Fault) -> None:
        # By its name in a lease a process is told from all others.
        name = chr(ord("a") + len(self._machines))
        machine = self._machine(name, LoopClock(self._loop, self._epoch))
        self._machines.append(machine)
        machine.start_trading_day()
        self._every(_MONITOR, machine.start_monitoring)

    def _skew(self, fault: Fault) -> None:
        self._machines[-1].clock.skew = timedelta(seconds=fault.amount)

    def _fill_disk(self, fault: Fault) -> None:
        self._disk.full = True
        self._after(fault.lasting, lambda: setattr(self._disk, "full", False))

    def _protect_disk(self, fault: Fault) -> None:
        self._disk.read_only = True
        self._after(fault.lasting, lambda: setattr(self._disk, "read_only", False))

    def _lock_disk(self, fault: Fault) -> None:
        self._disk.locked_until = self._loop.time() + fault.lasting

    # Time

    def _at(self, after_open: timedelta, action: Callable[[], object]) -> None:
        when = max(timedelta(), after_open + _EARLY)
        self._loop.call_at_microsecond(
            when // _MICROSECOND, action, context=self._loop.world.copy()
        )

    def _after(self, seconds: float, action: Callable[[], object]) -> None:
        when = self._loop.microseconds + round(seconds * 1_000_000)
        self._loop.call_at_microsecond(when, action, context=self._loop.world.copy())

    def _every(self, interval: timedelta, action: Callable[[], object]) -> None:
        def again() -> None:
            action()
            self._after(interval.total_seconds(), again)

        self._after(interval.total_seconds(), again)
