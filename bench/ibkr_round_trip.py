"""Order to fill over loopback: the broker ``ibkr`` beside bare ib_async, against one gateway.

    python bench/ibkr_round_trip.py --orders 200

Each order at market is sent once by either, in turn, so that both meet the same machine; what
counts is the median of the pairs' ratios. The gateway answers by script, in its own process,
so that no exchange is measured. Run it on a quiet machine.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import ib_async
from skim_broker_ibkr.plugin import skim_make_broker

from skim_core.calendar.exchanges import load_exchange
from skim_core.clock.wall import WallClock
from skim_core.model.orders import Fill, Order, Side
from skim_core.model.session import Session
from skim_core.ports.broker import Broker, BrokerNotice, BrokerSetup

TESTS = Path(__file__).parent.parent / "plugins" / "skim-broker-ibkr" / "tests"
SERVER = f"""
import asyncio, sys
sys.path.insert(0, {str(TESTS)!r})
from scripted_tws import ScriptedTws
from skim_gateway.wire.requests import PlaceOrder

async def serve():
    tws = ScriptedTws()

    def fill_at_once(peer, request):
        tws.place(peer, request)
        tws.fill(request.order.order_ref)
        tws.orders.clear()
        return False

    tws.on(PlaceOrder, fill_at_once)
    await tws.start()
    print(tws.port, flush=True)
    await asyncio.Event().wait()

asyncio.run(serve())
"""
SPACING = 0.03
"""Seconds between orders: below ib_async's own limit of 45 messages a second."""


def broker_at(port: int, directory: Path) -> Broker:
    """Make the broker with an account of its own."""
    now = WallClock().now()
    session = Session(
        exchange="XASX",
        date=now.date(),
        open=now - timedelta(hours=1),
        close=now + timedelta(hours=5),
        timezone="Australia/Sydney",
    )
    setup = BrokerSetup(
        account="DU1234567",
        clock=WallClock(),
        exchange=load_exchange("XASX"),
        sessions=(session,),
        directory=directory,
        options={"port": port, "client_id": 11},
    )
    return skim_make_broker(setup)


async def measure(port: int, orders: int, directory: Path) -> tuple[list[float], list[float]]:
    """Return the seconds from order to fill, of the broker and of bare ib_async."""
    loop = asyncio.get_running_loop()
    filled: asyncio.Future[float] = loop.create_future()

    def hear(notice: BrokerNotice) -> None:
        if isinstance(notice, Fill) and not filled.done():
            filled.set_result(time.perf_counter())

    broker = broker_at(port, directory)
    broker.subscribe(hear)
    await broker.connect()
    ib = ib_async.IB()
    await ib.connectAsync("127.0.0.1", port, clientId=12, fetchFields=ib_async.StartupFetchNONE)
    ours, theirs = [], []
    stamp = f"{datetime.now(UTC):%H%M%S}"  # noqa: TID251  a name for this run's orders
    for number in range(orders + 1):
        filled = loop.create_future()
        order = Order(reference=f"b-{stamp}-{number}", symbol="BHP", side=Side.BUY, quantity=1)
        began = time.perf_counter()
        await broker.submit([order])
        mine = await filled - began
        await asyncio.sleep(SPACING)
        raw: asyncio.Future[float] = loop.create_future()
        began = time.perf_counter()
        trade = ib.placeOrder(
            ib_async.Stock("BHP", "ASX", "AUD"),
            ib_async.MarketOrder("BUY", 1, orderRef=f"r-{stamp}-{number}", account="DU1234567"),
        )
        # Its commission, as the broker tells a fill with its own.
        trade.commissionReportEvent += lambda *_, raw=raw: raw.set_result(time.perf_counter())
        bare = await raw - began
        await asyncio.sleep(SPACING)
        # The first pair asks for the contract and warms up.
        if number:
            ours.append(mine)
            theirs.append(bare)
    ib.disconnect()
    await broker.close()
    return ours, theirs


async def run(orders: int) -> None:
    """Serve, measure, and print."""
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVER, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert server.stdout is not None
        port = int(await server.stdout.readline())
        with tempfile.TemporaryDirectory() as directory:
            ours, theirs = await measure(port, orders, Path(directory))
    finally:
        server.kill()
        await server.wait()
    for name, times in (("broker ibkr", ours), ("bare ib_async", theirs)):
        milliseconds = sorted(1000 * each for each in times)
        print(
            f"{name:14} median {statistics.median(milliseconds):.3f} ms, "
            f"95 % {milliseconds[int(0.95 * len(milliseconds))]:.3f} ms"
        )
    ratios = [mine / bare for mine, bare in zip(ours, theirs, strict=True)]
    print(f"median of the ratios: {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=200)
    asyncio.run(run(parser.parse_args().orders))
