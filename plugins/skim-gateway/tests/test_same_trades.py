"""The same orders at the same times trade the same, in the process and over the socket."""

from __future__ import annotations

import asyncio
import random
from decimal import Decimal

import numpy as np
import pytest
from gateway_world import ASX, DAYS, World, minute
from skim_gateway.clock import DrivenClock
from skim_gateway.server import GatewayServer
from skim_gateway.setup import GatewaySetup
from skim_gateway.wire import answers as a
from skim_gateway.wire import requests as r
from skim_gateway.wire.contracts import Contract
from skim_gateway.wire.orders import Order

from skim_core import Order as ExchangeOrder
from skim_core import OrderType, Side
from skim_core.broker import BrokerSetup
from skim_core.sim import GeneratedFeed, SimBroker, SimOptions

TYPES = {
    "MKT": OrderType.MARKET,
    "LMT": OrderType.LIMIT,
    "STP": OrderType.STOP,
}
FEED = GeneratedFeed(seed=3, symbols=12)
OPTIONS = SimOptions(seed=3, symbols=12, cash=Decimal(10_000_000), allow_short=True)


def drawn(seed):
    """Draw what is ordered in each minute: (minute, symbol, side, quantity, type, price)."""
    chance = random.Random(seed)
    bars = FEED.load(DAYS[2], ASX).bars
    wanted = []
    for number in sorted(chance.sample(range(1, 300), 25)):
        symbol = chance.choice(bars.symbols)
        price = bars.close[bars.row[symbol], : number + 1]
        known = price[~np.isnan(price)]
        if not known.size:
            continue
        near = ASX.round_nearest(Decimal(repr(float(known[-1]) * chance.uniform(0.98, 1.02))))
        kind = chance.choice(list(TYPES))
        side, quantity = chance.choice(["BUY", "SELL"]), chance.choice([10, 1000, 50_000])
        wanted.append((number, symbol, side, quantity, kind, None if kind == "MKT" else near))
    return wanted


async def in_process(wanted, folder):
    clock = DrivenClock(minute(0))
    broker = SimBroker(BrokerSetup("DU1234567", clock, ASX, DAYS, folder, {}), OPTIONS, FEED)
    await broker.connect()
    for number, (at, symbol, side, quantity, kind, price) in enumerate(wanted, start=1):
        await clock.advance(minute(at))
        order = ExchangeOrder(
            reference=f"o{number}",
            symbol=symbol,
            side=Side[side],
            quantity=quantity,
            type=TYPES[kind],
            limit_price=price if kind == "LMT" else None,
            stop_price=price if kind == "STP" else None,
        )
        await broker.submit([order])
    await clock.advance(minute(370))
    fills = [(f.reference, f.quantity, f.price, f.commission) for f in await broker.executions()]
    await broker.close()
    return fills


async def over_the_socket(wanted, folder):
    setup = GatewaySetup(exchange=ASX, sessions=DAYS, feed=FEED, directory=folder, options=OPTIONS)
    async with GatewayServer(setup, DrivenClock(minute(0))) as server:
        world = World(server)
        async with world.raw() as client:
            await client.until(a.NextValidId)
            for number, (at, symbol, side, quantity, kind, price) in enumerate(wanted, start=1):
                await world.clock.advance(minute(at))
                order = Order(
                    action=side,
                    total_quantity=Decimal(quantity),
                    order_type=kind,
                    lmt_price=price if kind == "LMT" else None,
                    aux_price=price if kind == "STP" else None,
                    tif="DAY",
                    order_ref=f"o{number}",
                )
                contract = Contract(symbol=symbol, sec_type="STK", exchange="ASX", currency="AUD")
                client.send(r.PlaceOrder(order_id=number, contract=contract, order=order))
                client.send(r.RequestCurrentTime())
                await client.until(a.CurrentTime)
            await world.clock.advance(minute(370))
            client.send(r.RequestExecutions(req_id=999))
            received = await client.until(a.ExecutionDetailsEnd)
            costs = {
                one.execution_id: one.commission
                for one in received
                if isinstance(one, a.CommissionReport)
            }
            return [
                (one.order_ref, one.shares, one.price, costs[one.execution_id])
                for one in received
                if isinstance(one, a.ExecutionDetails) and one.req_id == 999
            ]


@pytest.mark.parametrize("seed", range(3))
def test_the_same_orders_trade_the_same(seed, tmp_path):
    wanted = drawn(seed)
    expected = asyncio.run(in_process(wanted, tmp_path / "in process"))
    assert len(expected) > 10
    assert asyncio.run(over_the_socket(wanted, tmp_path / "socket")) == expected
