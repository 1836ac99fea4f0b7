"""A gateway over a market that is written by hand, and clients of it on a real socket."""

from __future__ import annotations

import asyncio
import datetime as dt
import tempfile
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import ib_async
import numpy as np
from skim_gateway.clock import DrivenClock
from skim_gateway.market.catalogue import con_id
from skim_gateway.server import GatewayServer
from skim_gateway.setup import GatewaySetup
from skim_gateway.wire.codec import decode_answer, encode_request
from skim_gateway.wire.framing import Frames, split
from skim_gateway.wire.handshake import greeting
from skim_gateway.wire.requests import StartApi

from skim_core import Bars, Session
from skim_core.broker import load_exchange
from skim_core.sim import SessionData, SimOptions

ASX = load_exchange("XASX")
PATIENCE = 10.0
PREVIOUS_CLOSE = 1.0


def session(date, open_hour=0):
    """Return a session from 10:00 to 16:00 in Sydney, without daylight saving."""
    day = dt.datetime.combine(date, dt.time(open_hour), dt.UTC)
    return Session(
        exchange="XASX",
        date=date,
        open=day,
        close=day + dt.timedelta(hours=6),
        timezone="Australia/Sydney",
    )


DAYS = tuple(session(dt.date(2025, 6, day)) for day in (16, 17, 18, 19))
TODAY = DAYS[2]
BHP = ib_async.Stock("BHP", "ASX", "AUD", conId=con_id("BHP"))
ANZ = ib_async.Stock("ANZ", "ASX", "AUD", conId=con_id("ANZ"))


def minute(number):
    """Return the start of a minute of today's session."""
    return TODAY.open + dt.timedelta(minutes=number)


@dataclass(frozen=True)
class Market:
    """Today's prices by symbol and minute; a price holds until the next one.

    A price is that of a whole minute, or its open, high, low and close. Before its first
    minute a symbol has not traded. Other days stand at the first price.
    """

    prices: dict = field(
        default_factory=lambda: {"ANZ": {0: 2.0}, "BHP": {0: 1.0}, "CBA": {0: 50.0}}
    )
    volume: int = 100_000

    def load(self, session, exchange):
        columns = np.full((5, len(self.prices), session.minutes), np.nan)
        columns[4] = 0
        for row, prices in enumerate(self.prices.values()):
            held = None
            for number in range(session.minutes):
                now = held = prices.get(number, held) if session == TODAY else prices[min(prices)]
                if now is None:
                    continue
                bar = now if isinstance(now, tuple) else (now,) * 4
                columns[:, row, number] = (*bar, self.volume)
                held = bar[3]
        bars = Bars(tuple(self.prices), session.open, *columns)
        return SessionData(session, bars, np.full(len(self.prices), PREVIOUS_CLOSE))


@asynccontextmanager
async def gateway(market=None, start=TODAY.open, **setup):
    """Serve a gateway; its time is driven by the test."""
    with tempfile.TemporaryDirectory() as own:
        folder = setup.pop("directory", own)
        found = GatewaySetup(
            exchange=ASX,
            sessions=DAYS,
            feed=market or Market(),
            directory=Path(folder),
            options=setup.pop("options", SimOptions()),
            **{"repeated": 0.0} | setup,
        )
        async with GatewayServer(found, DrivenClock(start)) as server:
            yield World(server)


class World:
    """A gateway and what a test does with it."""

    def __init__(self, server):
        self.server = server
        self.gateway = server.gateway
        self.clock = server.gateway.clock

    async def to(self, moment):
        """Drive time on, and let every client hear of it."""
        await self.clock.advance(moment)
        await asyncio.sleep(0.02)

    @asynccontextmanager
    async def ib(self, client_id=1, version=178):
        """Yield a connected ib_async, and the errors it was told, as (id, code)."""
        ib = ib_async.IB()
        ib.client.MaxClientVersion = version
        ib.RequestTimeout = PATIENCE
        ib.errors = []
        ib.errorEvent += lambda number, code, *_: ib.errors.append((number, code))
        await ib.connectAsync(*self.server.address, clientId=client_id, timeout=PATIENCE)
        try:
            yield ib
        finally:
            ib.disconnect()

    @asynccontextmanager
    async def raw(self, client_id=1, version=178):
        """Yield a connected client that shows each message as it came."""
        client = RawClient(version)
        await client.connect(self.server.address)
        if client_id is not None:
            client.send(StartApi(client_id=client_id))
        try:
            yield client
        finally:
            client.writer.close()


class RawClient:
    """Speaks the protocol by the gateway's own tables."""

    def __init__(self, version):
        self.version = version
        self.received = []
        self.fields = []

    async def connect(self, address):
        self.reader, self.writer = await asyncio.open_connection(*address)
        self.writer.write(greeting(157, self.version))
        self._frames = Frames(largest=1 << 24)
        self._welcomed = False

    def send(self, *requests):
        self.writer.write(b"".join(encode_request(one, self.version) for one in requests))

    async def until(self, *kinds):
        """Read until the last message is one of `kinds`; return those read in this call."""
        start = len(self.received)
        async with asyncio.timeout(PATIENCE):
            while not any(isinstance(one, kinds) for one in self.received[start:]):
                if not await self._read():
                    raise EOFError(self.received[start:])
        return self.received[start:]

    async def to_end(self):
        """Read until the gateway closes the connection; return all that came."""
        async with asyncio.timeout(PATIENCE):
            while await self._read():
                pass
        return self.received

    async def _read(self):
        try:
            data = await self.reader.read(1 << 16)
        except ConnectionError:
            return False
        for payload in self._frames.feed(data):
            if not self._welcomed:
                self._welcomed = True
                continue
            self.fields.append(split(payload))
            self.received.append(decode_answer(payload, self.version))
        return bool(data)


async def until(condition):
    """Wait until something has come over the socket."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110  it is another program's state
            await asyncio.sleep(0.002)
