"""A session of a seed: a gateway behind its socket, a machine with its cron, and a plan."""

from __future__ import annotations

import gc
import logging
import tempfile
from contextlib import closing, contextmanager
from datetime import timedelta
from decimal import Decimal
from functools import cache, partial
from pathlib import Path

from skim_gateway.server import GatewayServer
from skim_gateway.setup import GatewaySetup
from skim_gateway.wire.orders import Order

from skim_core.calendar.exchanges import load_exchange
from skim_core.model.limits import Limits
from skim_core.model.session import Session
from skim_core.plugins.configuration import validate_config
from skim_core.plugins.strategies import load_strategy
from skim_core.ports.engine import Assignment
from skim_core.replay.turns import InTurn
from skim_core.sim.options import Halt, SimOptions
from skim_core.simulation.agenda import SimulationStuck
from skim_core.simulation.clock import LoopClock
from skim_core.simulation.machines import day_of
from skim_core.simulation.outcome import Invariant
from skim_core.simulation.people import People
from skim_core.simulation.strategy import GRAPH, NoConfig, SimulatedStrategy
from skim_core.simulation.watch import Watch, WatchedDisk

from .machines import ACCOUNT, IbkrMachine
from .markets import feed_of, liquid
from .outcome import Outcome
from .sockets import socket_loop
from .truth import Truth

_DATE = "2025-01-06"
_EARLY = timedelta(minutes=10)
_START = timedelta(minutes=-9)
_MONITOR = timedelta(minutes=5)
_CALM = timedelta(minutes=1)
_END = timedelta(minutes=45)
_LOOK = timedelta(seconds=30)
_STEPS = 3_000_000
_MICROSECOND = timedelta(microseconds=1)
_HUNG_UP = "(skim hangs up)"
_CONFIG = {
    "orh_breakout": {"gap_minimum": 1, "volume_minimum": 0},
    "gap_fade": {"gap_minimum": 1, "volume_minimum": 0},
    "overnight": {},
}


@cache
def _session():
    return Session.model_validate_json(
        f'{{"exchange": "XASX", "date": "{_DATE}", "open": "2025-01-05T23:00:00Z",'
        f'"close": "2025-01-06T00:30:00Z", "timezone": "Australia/Sydney"}}'
    )


def run_session(plan):
    """Run the session of a plan and return what came of it; the same plan gives the same one."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        with (
            tempfile.TemporaryDirectory(prefix="faulted-") as folder,
            closing(socket_loop(_STEPS)) as loop,
            _errors_logged() as logged,
        ):
            world = World(plan, loop, Path(folder))
            world.run()
            unhandled = [
                f"{found.message}: {found.exception!r}"
                for found in loop.unhandled
                # Whoever waited for it ended with the process.
                if _HUNG_UP not in str(found.exception)
            ]
            return world.outcome([*unhandled, *logged])
    finally:
        if collecting:
            gc.enable()


@contextmanager
def _errors_logged():
    """Collect the errors that the gateway or skim log with a traceback: nobody expected those."""
    found = []

    class Collect(logging.Handler):
        def emit(self, record):
            if record.exc_info:
                found.append(f"{record.getMessage()}: {record.exc_info[1]!r}")

    handler, logger = Collect(logging.ERROR), logging.getLogger("skim")
    propagate, logger.propagate = logger.propagate, False
    logger.addHandler(handler)
    try:
        yield found
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagate


class World:
    """Everything outside the processes."""

    def __init__(self, plan, loop, directory):
        self.plan, self._loop = plan, loop
        self._session = _session()
        self._epoch = self._session.open - _EARLY
        self._clock = LoopClock(loop, self._epoch)
        self._rules = load_exchange("XASX", on=self._session.date)
        feed = feed_of(plan.market)
        self.symbols = liquid(feed.load(self._session, self._rules))
        self._watch = Watch(self._session, self._clock, Limits(), Limits(), self._looks)
        self._disk = WatchedDisk(self._watch)
        self._watch.on(self._disk)
        self._people = People(self._disk, self._clock)
        setup = GatewaySetup(
            exchange=self._rules,
            sessions=(self._session,),
            feed=feed,
            directory=directory / "gateway",
            account=ACCOUNT,
            options=SimOptions(
                participation=plan.participation,
                reject_rate=plan.reject_rate,
                seed=plan.seed,
                halts=tuple(map(self._halt, self._of("no_trading"))),
            ),
            seed=plan.seed,
        )
        self._server = GatewayServer(setup, self._clock)
        self._truth = Truth(self._server.gateway)
        self._watch.follow(self._truth)
        self._machine = IbkrMachine(
            "a",
            LoopClock(loop, self._epoch),
            self._disk,
            self._truth,
            assignments=self._assignments,
            limits=Limits(),
            began=self._began,
            sends=self._sends,
            server=self._server,
            session=self._session,
            rules=self._rules,
            directory=directory,
        )
        self._stuck = ""

    def run(self):
        """Let the session pass."""
        try:
            self._loop.run_until_complete(self._pass())
        except SimulationStuck as stuck:
            self._stuck = str(stuck)
            self._watch.violate(Invariant.DAY_ENDS, self._stuck)
        self._watch.end(self._truth, self._disk)

    def outcome(self, broken):
        """Return what came of it; `broken` is what nobody dealt with."""
        for text in broken:
            self._watch.violate(Invariant.NOTHING_BREAKS, text)
        watch = self._watch
        figures = watch.figures
        figures.update(f"struck: {struck.do}" for struck in self._server.gateway.faults.struck)
        figures["steps"] = self._loop.steps
        return Outcome(self.plan, tuple(watch.violations), tuple(watch.history), figures)

    async def _pass(self):
        over = self._loop.create_future()
        await self._server.start()
        close = self._session.close - self._session.open
        self._at(_START, self._machine.start_trading_day)
        self._at(_START + timedelta(minutes=1), self._monitor)
        for trouble in self.plan.troubles:
            self._at(timedelta(seconds=trouble.at), partial(self._happen, trouble))
        self._at(close + _CALM, self._calm_down)
        self._at(close + _END, lambda: over.set_result(None))
        self._every(_LOOK, self._look)
        await over
        self._truth.look()
        await self._server.close()

    # The machine

    def _assignments(self):
        name = self.plan.strategy
        if name == "chance":
            strategy = SimulatedStrategy(name, self.plan.seed, self.symbols, (), self._wrong)
            graph, config = GRAPH, NoConfig()
        else:
            strategy = load_strategy(name)
            # Plain hooks in turn: threads are not simulated.
            graph, config = strategy.graph, validate_config(strategy, _CONFIG[name])
        day = day_of(name, self._session)
        return [Assignment(day=day, strategy=InTurn(strategy), graph=graph, config=config)]

    def _sends(self, process, orders):
        self._truth.sent.update({order.reference: order for order in orders})
        self._watch.sends(process, orders)

    def _wrong(self, text):
        self._watch.violate(Invariant.ONE_ORDER, text)

    def _monitor(self):
        self._machine.start_monitoring()
        self._every(_MONITOR, self._machine.start_monitoring)

    def _began(self, process):
        if len(self._machine.processes) == 1:
            for trouble in self._of("kill_at_step"):
                process.kill_at_step(trouble.nth)
            for trouble in self._of("kill_at_write"):
                process.kill_at_write(trouble.nth)

    def _looks(self, process):
        broker = self._machine.brokers.get(process)
        return broker.looks if broker is not None else 0

    def _look(self):
        self._truth.look()
        self._watch.look(
            able=any(
                not process.suspended and self._machine.brokers[process.name].up
                for process in self._machine.alive
            )
        )

    def _calm_down(self):
        """Let nothing go wrong any more: what the day has not done it must be able to do now."""
        self._server.gateway.faults.clear()
        for conversation in self._server.gateway.conversations.values():
            conversation.silent = False
        for process in self._machine.alive:
            process.resume()

    # What goes wrong

    def _of(self, do):
        return [trouble for trouble in self.plan.troubles if trouble.do == do]

    def _happen(self, trouble):
        carry_out = {
            "gateway": lambda: self._server.gateway.faults.add(trouble.fault),
            "kill": lambda: [process.kill() for process in self._machine.alive[:1]],
            "suspend": lambda: self._suspend(trouble),
            "twice": self._machine.start_trading_day,
            "halt": lambda: self._people.halt(trouble),
            "resume": lambda: self._people.resume(trouble),
            "by_hand": lambda: self._loop.create_task(self._by_hand(trouble)),
        }.get(trouble.do)
        if carry_out is not None:
            self._watch.tell(f"trouble {trouble}")
            carry_out()

    def _suspend(self, trouble):
        for process in self._machine.alive[:1]:
            process.suspend(timedelta(seconds=trouble.lasting))

    def _halt(self, trouble):
        start, end = (
            f"open+{seconds:.0f}s" for seconds in (trouble.at, trouble.at + trouble.lasting)
        )
        return Halt.model_validate({"symbol": self.symbols[trouble.nth], "from": start, "to": end})

    async def _by_hand(self, trouble):
        order = Order(
            action="BUY",
            total_quantity=Decimal(trouble.nth),
            order_type="LMT",
            lmt_price=Decimal("0.01"),
        )
        await self._server.gateway.place_by_hand(self.symbols[0], order)

    # Time

    def _at(self, after_open, action):
        when = max(timedelta(), after_open + _EARLY)
        self._loop.call_at_microsecond(
            when // _MICROSECOND, action, context=self._loop.world.copy()
        )

    def _every(self, interval, action):
        def again():
            action()
            when = self._loop.microseconds + interval // _MICROSECOND
            self._loop.call_at_microsecond(when, again, context=self._loop.world.copy())

        self._at(self._clock.now() - self._session.open + interval, again)
