"""Stories: a broker and a whole gateway over a real socket, in one event loop."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import numpy as np
from ibkr_play import SESSION, Play, make
from skim_gateway.clock import DrivenClock
from skim_gateway.faults.model import Fault
from skim_gateway.server import GatewayServer
from skim_gateway.setup import GatewaySetup

from skim_core import Bars
from skim_core.broker import load_exchange
from skim_core.sim import SessionData, SimOptions

PRICES = {"BHP": 10.0, "CSL": 20.0}


class Market:
    """All minutes of a session at one price a symbol, or at those of the minutes named."""

    def __init__(self, prices=None, volume=100_000):
        self._prices, self._volume = prices or PRICES, volume

    def load(self, session, exchange):
        columns = np.full((5, len(self._prices), session.minutes), np.nan)
        for row, prices in enumerate(self._prices.values()):
            told = prices if isinstance(prices, dict) else {0: prices}
            for minute, price in sorted(told.items()):
                columns[:4, row, minute:] = price
        columns[4] = self._volume
        bars = Bars(tuple(self._prices), session.open, *columns)
        return SessionData(session, bars, np.full(len(self._prices), 10.0))


class GatewayPlay(Play):
    """What a story works with; its `tws` is the gateway's server."""

    @property
    def gateway(self):
        return self.tws.gateway

    def fault(self, do, **more):
        self.gateway.faults.add(Fault(do=do, **more))

    async def to(self, minute, second=0):
        """Drive time to a minute of the session, and let what follows arrive."""
        await self.clock.advance(SESSION.open + timedelta(minutes=minute, seconds=second))
        await self.settle()


class LateClock:
    """The clock of a machine that is late by so much."""

    def __init__(self, clock, by):
        self._clock, self._by = clock, by

    def now(self):
        return self._clock.now() - self._by

    def call_at(self, when, callback):
        return self._clock.call_at(when + self._by, callback)

    async def sleep_until(self, when):
        await self._clock.sleep_until(when + self._by)

    def hold(self):
        return self._clock.hold()


@asynccontextmanager
async def served(directory, connect=True, market=None, setup=None, late_by=None, **options):
    clock, heard = DrivenClock(SESSION.open), []
    found = GatewaySetup(
        exchange=load_exchange("XASX"),
        sessions=(SESSION,),
        feed=market or Market(),
        directory=directory / "gateway",
        **{"options": SimOptions(), "repeated": 0.0} | (setup or {}),
    )
    async with GatewayServer(found, clock) as server:
        _, port = server.address
        own = clock if late_by is None else LateClock(clock, late_by)
        broker = make(port, own, directory / "ibkr", heard, **options)
        play = GatewayPlay(server, broker, clock, heard)
        try:
            if connect:
                await broker.connect()
            yield play
        finally:
            await broker.close()


def told(directory, limit=30.0, **options):
    """Run an ``async def story(play)`` to its end."""

    def run(story):
        async def play():
            async with asyncio.timeout(limit), served(directory, **options) as found:
                await story(found)

        asyncio.run(play())

    return run
