"""Whole days over the broker ``ibkr``, a real socket and the gateway, on virtual time."""

from __future__ import annotations

import asyncio
import datetime as dt
from contextlib import asynccontextmanager

from skim_broker_ibkr.plugin import skim_make_broker
from skim_gateway.server import GatewayServer
from skim_gateway.setup import GatewaySetup, Limits

from skim_core.calendar.exchanges import load_exchange
from skim_core.clock.virtual import VirtualClock
from skim_core.engine.local import LocalEngine
from skim_core.journal.memory import MemoryJournal
from skim_core.model.trading_day import TradingDay
from skim_core.plugins.configuration import validate_config
from skim_core.plugins.strategies import load_strategy
from skim_core.ports.broker import BrokerSetup
from skim_core.ports.bus import Bus
from skim_core.ports.engine import Assignment, EngineSetup
from skim_core.replay.turns import InTurn
from skim_core.sim.options import SimOptions
from skim_core.testing.simulate import told

ACCOUNT = "DU1234567"
_CALM = 25
"""Turns of the event loop without a message after which nothing is under way any more."""


class SocketClock(VirtualClock):
    """Virtual time that stands still while messages are under way on the socket.

    `messages` counts those that have left or arrived at the client.
    """

    def __init__(self, start):
        super().__init__(start)
        self.messages = lambda: None
        self._seen, self._calm = None, 0

    def _step(self):
        counted = self.messages()
        if counted != self._seen:
            self._seen, self._calm = counted, 0
        if self._calm < _CALM:
            self._calm += 1
            asyncio.get_running_loop().call_soon(self._step)
            return
        self._calm = 0
        super()._step()


@asynccontextmanager
async def gateway(clock, session, directory, feed, options=None):
    """Serve the session's market at a port of this machine."""
    setup = GatewaySetup(
        exchange=load_exchange(session.exchange, on=session.date),
        sessions=(session,),
        feed=feed,
        directory=directory / "gateway",
        account=ACCOUNT,
        options=options or SimOptions(),
        # Its limits go by the machine's time, in which a day takes seconds.
        limits=Limits(messages_a_second=1_000_000, histories=1_000_000),
    )
    async with GatewayServer(setup, clock) as server:
        yield server


def make_broker(server, clock, session, directory, **options):
    """Make the broker ``ibkr`` for a gateway."""
    host, port = server.address
    broker = skim_make_broker(
        BrokerSetup(
            account=ACCOUNT,
            clock=clock,
            exchange=load_exchange(session.exchange, on=session.date),
            sessions=(session,),
            directory=directory / "ibkr",
            options={"host": host, "port": port, "bar_wait": "0s", **options},
        )
    )

    def counted():
        ib = broker._requests._ib
        return (0, 0) if ib is None else (ib.client.conn.numMsgSent, ib.client._numMsgRecv)

    clock.messages = counted
    return broker


def engine_of(broker, clock, session, journal, bus):
    return LocalEngine(
        EngineSetup(
            journal=journal,
            bus=bus,
            clock=clock,
            broker=broker,
            broker_name="ibkr",
            exchange=load_exchange(session.exchange, on=session.date),
            owner="test",
        )
    )


def assignment_of(strategy, session, config):
    loaded = load_strategy(strategy)
    day = TradingDay(strategy=loaded.name, session=session, account="paper")
    return Assignment(day, InTurn(loaded), loaded.graph, validate_config(loaded, config or {}))


async def live(engine, broker, journal, bus, assignment):
    """Run a day to its end; return it."""
    try:
        [result] = await engine.run([assignment])
    finally:
        await bus.drain(5.0)
        bus.close()
        await broker.close()
    return told(result, journal)


def days_through_gateway(strategy, sessions, directory, *, feed):
    """Run a strategy's days one after the other, as `simulate_days` does; return them.

    One journal and one account go through all of them. Gateway, clock, broker and engine are new
    each day.
    """

    async def run(session, journal):
        clock, bus = SocketClock(session.open - dt.timedelta(minutes=15)), Bus()
        async with gateway(clock, session, directory, feed) as server:
            broker = make_broker(server, clock, session, directory)
            engine = engine_of(broker, clock, session, journal, bus)
            return await live(engine, broker, journal, bus, assignment_of(strategy, session, None))

    journal = MemoryJournal()
    return [asyncio.run(run(session, journal)) for session in sessions]


def day_through_gateway(
    strategy, session, directory, *, feed, config=None, killed_at=None, faults=()
):
    """Run a strategy's day over the broker ``ibkr``; return it and the gateway's book.

    With `killed_at` its process dies when it has written that many orders to the socket,
    hears nothing more of them, and another one goes on with the day. `faults` are the gateway's.
    """

    async def run():
        clock = SocketClock(session.open - dt.timedelta(minutes=15))
        journal, bus = MemoryJournal(), Bus()
        async with gateway(clock, session, directory, feed) as server:
            for fault in faults:
                server.gateway.faults.add(fault)
            if killed_at is not None:
                await die(server, clock, journal, Bus(), killed_at)
            broker = make_broker(server, clock, session, directory)
            engine = engine_of(broker, clock, session, journal, bus)
            day = await live(engine, broker, journal, bus, assignment_of(strategy, session, config))
            return day, server.gateway.book

    async def die(server, clock, journal, bus, orders):
        mortal = MortalClock(clock)
        broker = make_broker(server, mortal, session, directory)
        clock.messages = mortal.messages
        dead = asyncio.Event()
        connected = broker._line.up

        def lie_in_wait():
            connected()
            kill_after(broker, mortal, orders, dead)

        broker._line.up = lie_in_wait
        engine = engine_of(broker, mortal, session, journal, bus)
        dying = asyncio.create_task(engine.run([assignment_of(strategy, session, config)]))
        await asyncio.wait(
            {dying, ended := asyncio.create_task(dead.wait())}, return_when="FIRST_COMPLETED"
        )
        assert ended.done(), "the day ended before it sent so many orders"
        _GRAVEYARD.append((dying, broker))
        clock.messages = lambda: None

    return asyncio.run(run())


_GRAVEYARD = []


class MortalClock:
    """A process's view of the clock: when it is dead, nothing wakes it any more."""

    def __init__(self, clock):
        self._clock, self.dead, self._holds = clock, False, []
        self.messages = lambda: None

    def now(self):
        return self._clock.now()

    def call_at(self, when, callback):
        return self._clock.call_at(when, lambda: self.dead or callback())

    async def sleep_until(self, when):
        await self._clock.sleep_until(when)
        if self.dead:
            await asyncio.get_running_loop().create_future()

    def hold(self):
        hold = self._clock.hold()
        self._holds.append(hold)
        return hold

    def die(self):
        self.dead = True
        for hold in self._holds:
            hold.release()


def kill_after(broker, clock, orders, dead):
    """Let the process die when so many orders have been written to its socket."""
    wire = broker._requests.ib.client.conn
    send, left = wire.sendMsg, orders

    def count(message):
        nonlocal left
        send(message)
        left -= message[4:6] == b"3\0"
        if not left and not clock.dead:
            # What is written goes its way; what comes back finds nobody.
            wire.data_received = wire.connection_lost = lambda _: None
            clock.die()
            asyncio.get_running_loop().call_later(0.05, close)

    def close():
        wire.transport.abort()
        asyncio.get_running_loop().call_later(0.05, dead.set)

    wire.sendMsg = count
