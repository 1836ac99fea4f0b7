"""Stories: a broker and a scripted TWS over a real socket, in one event loop."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from decimal import Decimal

from driven_clock import DrivenClock
from scripted_tws import ScriptedTws
from skim_broker_ibkr.plugin import skim_make_broker

from skim_core import Fill, Order, OrderType, Session, Side
from skim_core.broker import BrokerSetup, Connection, OrderReport, load_exchange

SESSION = Session(
    exchange="XASX",
    date=date(2025, 1, 6),
    open=datetime(2025, 1, 5, 23, tzinfo=UTC),
    close=datetime(2025, 1, 6, 5, tzinfo=UTC),
    timezone="Australia/Sydney",
)
NOON = datetime(2025, 1, 6, 1, tzinfo=UTC)
LIMIT = 20.0
"""Seconds of the machine's time that a story may take."""


class Play:
    """What a story works with."""

    def __init__(self, tws, broker, clock, heard):
        self.tws, self.broker, self.clock, self.heard = tws, broker, clock, heard

    @property
    def fills(self):
        return [one for one in self.heard if isinstance(one, Fill)]

    @property
    def lines(self):
        return [one for one in self.heard if isinstance(one, Connection)]

    def statuses(self, reference):
        return [
            str(one.status)
            for one in self.heard
            if isinstance(one, OrderReport) and one.reference == reference
        ]

    async def settle(self, seconds=0.05):
        """Let what is on its way arrive."""
        await asyncio.sleep(seconds)

    async def until(self, ready):
        """Return when `ready()` holds; fail when that takes too long."""
        async with asyncio.timeout(5):
            while not ready():  # noqa: ASYNC110  it is another program's state
                await asyncio.sleep(0.005)

    def sent_times(self):
        """Return a list that gets the clock's time of each message that leaves from now on."""
        times = []
        self._tap(lambda _: times.append(self.clock.now()))
        return times

    def sent_kinds(self):
        """Return a list that gets the time and the number of the kind of each such message."""
        kinds = []
        self._tap(lambda message: kinds.append((self.clock.now(), _kind(message))))
        return kinds

    def _tap(self, hear):
        wire = self.broker._requests.ib.client.conn
        send = wire.sendMsg
        wire.sendMsg = lambda message: hear(message) or send(message)

    async def warm_up(self):
        """Have the contract's details known, and a second without messages behind."""
        await self.broker.submit([buy("sk1-first.P")])
        await self.clock.advance(1.1)
        self.tws.received.clear()

    async def reconnected(self):
        """Let the broker connect again."""
        await self.settle()
        await self.clock.advance(5.1)
        await self.until(lambda: self.lines and self.lines[-1].up)


def _kind(message):
    return int(message[4:].split(b"\0")[0])


def make(tws_port, clock, directory, heard=None, configured="paper", exchange="XASX", **options):
    setup = BrokerSetup(
        account=configured,
        clock=clock,
        exchange=load_exchange(exchange),
        sessions=(SESSION,),
        directory=directory,
        options={"port": tws_port, "connect_timeout": "2s", "answer_timeout": "2s", **options},
    )
    broker = skim_make_broker(setup)
    if heard is not None:
        broker.subscribe(heard.append)
    return broker


@asynccontextmanager
async def playing(directory, connect=True, tws=None, start=NOON, **options):
    tws = tws or ScriptedTws()
    await tws.start()
    clock, heard = DrivenClock(start), []
    broker = make(tws.port, clock, directory, heard, **options)
    try:
        if connect:
            await broker.connect()
        yield Play(tws, broker, clock, heard)
    finally:
        await broker.close()
        if tws.server.is_serving():
            await tws.stop()


def story(connect=True, **options):
    """Make a test of an ``async def test_…(play)``."""

    def decorate(told):
        def test(tmp_path):
            async def run():
                async with asyncio.timeout(LIMIT):
                    async with playing(tmp_path, connect=connect, **options) as play:
                        await told(play)

            asyncio.run(run())

        test.__name__, test.__doc__ = told.__name__, told.__doc__
        return test

    return decorate


def buy(reference="sk1-a.P", symbol="BHP", quantity=100, limit="10.01", **changes):
    terms = {"type": OrderType.LIMIT, "limit_price": Decimal(limit)} if limit else {}
    return Order(
        reference=reference,
        symbol=symbol,
        side=Side.BUY,
        quantity=quantity,
        **(terms | changes),
    )


def stop(reference="sk1-a.S", parent="sk1-a.P", symbol="BHP", quantity=100, price="9.5", **changes):
    return Order(
        reference=reference,
        symbol=symbol,
        side=Side.SELL,
        quantity=quantity,
        type=OrderType.STOP,
        stop_price=Decimal(price),
        parent=parent,
        purpose="stop",
        closes=True,
        **changes,
    )
