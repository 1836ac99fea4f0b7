"""Order to fill over loopback through a whole skim, beside bare ib_async, at one gateway.

    python bench/ibkr_day_round_trip.py --orders 200

skim: from `ctx.orders.enter` in a strategy's phase, through limits, the desk, a durable journal
on disk, the broker ``ibkr`` and ib_async, until the fill is journaled and told. Bare: ib_async
alone places the same two orders, an entry at market and its stop, until the entry's commission
is told. Each is done once, in turn, at a whole `skim-gateway` in a process of its own, whose
time stands still so that the exchange trades at once; what counts is the medians, and that of
the pairs' ratios. A durable commit is timed on the same disk. Run it on a quiet machine.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import ib_async
from ibkr_round_trip import TESTS
from skim_broker_ibkr.plugin import skim_make_broker

from skim_core.calendar.exchanges import load_exchange
from skim_core.clock.wall import PacedClock
from skim_core.engine.local import LocalEngine
from skim_core.journal.sqlite import SqliteJournal
from skim_core.model.graph import PhaseGraph
from skim_core.model.orders import Bracket
from skim_core.model.phases import Phase
from skim_core.model.session import Session
from skim_core.model.trading_day import TradingDay
from skim_core.ports.broker import BrokerSetup
from skim_core.ports.bus import Bus
from skim_core.ports.context import Context
from skim_core.ports.engine import Assignment, EngineSetup
from skim_core.testing.scripted import NoConfig, ScriptedStrategy

SERVER = f"""
import asyncio, sys, tempfile
sys.path.insert(0, {str(TESTS)!r})
from datetime import timedelta
from pathlib import Path
from gateway_play import Market
from ibkr_play import SESSION
from skim_core.calendar.exchanges import load_exchange
from skim_core.sim.options import SimOptions
from skim_gateway.clock import DrivenClock
from skim_gateway.server import GatewayServer
from skim_gateway.setup import GatewaySetup, Limits

async def serve(directory):
    setup = GatewaySetup(
        exchange=load_exchange("XASX"),
        sessions=(SESSION,),
        feed=Market({{f"A{{number:03}}": 10.0 for number in range(int(sys.argv[1]))}}),
        directory=Path(directory),
        options=SimOptions(participation=None, cash=100_000_000),
        limits=Limits(lines=100_000, messages_a_second=1_000_000),
        repeated=0.0,
    )
    # An order that arrives at a minute's very start trades at that minute's open.
    async with GatewayServer(setup, DrivenClock(SESSION.open + timedelta(minutes=5))) as server:
        print(server.address[1], SESSION.model_dump_json(), flush=True)
        await asyncio.Event().wait()

with tempfile.TemporaryDirectory() as directory:
    asyncio.run(serve(directory))
"""
SPACING = 0.07
"""Seconds between pairs' halves: below the limit of 40 messages a second."""
WARM_UP = 3
ACCOUNT = "DU1234567"
QUANTITY, STOP = 10, Decimal(9)


async def measure(
    port: int, session: Session, symbols: Sequence[str], directory: Path
) -> tuple[list[float], list[float]]:
    """Return the seconds from order to fill, through skim and of bare ib_async."""
    clock = PacedClock(session.open + timedelta(minutes=5), 1.0)
    exchange = load_exchange("XASX")
    options = {
        "port": port,
        "client_id": 11,
        "lines": 10_000,
        "stale_after": "5h",
        "messages_per_second": 50,
        "reserved_for_orders": 20,
    }
    broker = skim_make_broker(
        BrokerSetup(ACCOUNT, clock, exchange, (session,), directory / "ibkr", options)
    )
    bus, journal = Bus(), SqliteJournal.open(directory / "journal.sqlite")
    engine = LocalEngine(
        EngineSetup(
            journal=journal,
            bus=bus,
            clock=clock,
            broker=broker,
            broker_name="ibkr",
            exchange=exchange,
            owner="bench",
        )
    )
    ib = ib_async.IB()
    await ib.connectAsync("127.0.0.1", port, clientId=12, fetchFields=ib_async.StartupFetchNONE)
    ours: list[float] = []
    theirs: list[float] = []
    filled: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def hear(_: str, event: Any, **__: object) -> None:
        if event.fill.side == "buy" and not filled.done():
            filled.set_result(time.perf_counter())

    async def trade(ctx: Context[Any]) -> None:
        nonlocal filled
        # As a strategy does that watches what it may enter: quotes stream, ticks are known.
        await ctx.market.quotes(list(symbols))
        await asyncio.sleep(1.5)
        for symbol in symbols:
            filled = asyncio.get_running_loop().create_future()
            began = time.perf_counter()
            await ctx.orders.enter(Bracket(symbol=symbol, quantity=QUANTITY, stop_price=STOP))
            ours.append(await filled - began)
            await asyncio.sleep(SPACING)
            theirs.append(await bare(ib, symbol))
            await asyncio.sleep(SPACING)
        engine.stop()

    bus.signal("order_filled").connect(hear)
    day = TradingDay(strategy="bench", session=session, account=ACCOUNT)
    strategy = ScriptedStrategy("bench", {"trade": trade})
    graph = PhaseGraph(Phase("trade", at="open", timeout="5h"))
    await engine.run([Assignment(day, strategy, graph, NoConfig())])
    ib.disconnect()
    await broker.close()
    bus.close()
    return ours[WARM_UP:], theirs[WARM_UP:]


async def bare(ib: ib_async.IB, symbol: str) -> float:
    """Return the seconds that ib_async alone takes for an entry with its stop."""
    contract = ib_async.Stock(symbol, "ASX", "AUD")
    done: asyncio.Future[float] = asyncio.get_running_loop().create_future()
    began = time.perf_counter()
    entry = ib_async.MarketOrder("BUY", QUANTITY, account=ACCOUNT, transmit=False)
    trade = ib.placeOrder(contract, entry)

    def priced(*_: object) -> None:
        # Its commission, as skim tells a fill with its own.
        if not done.done():
            done.set_result(time.perf_counter())

    trade.commissionReportEvent += priced
    stop = ib_async.StopOrder(
        "SELL", QUANTITY, float(STOP), account=ACCOUNT, parentId=trade.order.orderId
    )
    ib.placeOrder(contract, stop)
    return await done - began


def durable_commits(directory: Path, times: int) -> list[float]:
    """Return the seconds of commits that are forced to the disk, each of two rows."""
    connection = sqlite3.connect(directory / "commits.sqlite", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE rows (number INTEGER PRIMARY KEY, text TEXT)")
    found = []
    for _ in range(times):
        began = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        for _ in range(2):
            connection.execute("INSERT INTO rows (text) VALUES (?)", ("x" * 400,))
        connection.execute("COMMIT")
        found.append(time.perf_counter() - began)
    connection.close()
    return found


async def run(orders: int, directory: Path) -> None:
    """Serve, measure, and print."""
    count = orders + WARM_UP
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVER, str(count), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert server.stdout is not None
        port, told = (await server.stdout.readline()).decode().split(maxsplit=1)
        session = Session.model_validate_json(told)
        symbols = [f"A{number:03}" for number in range(count)]
        ours, theirs = await measure(int(port), session, symbols, directory)
    finally:
        server.terminate()
        await server.wait()
    commits = durable_commits(directory, orders)
    for name, times in (("skim", ours), ("bare ib_async", theirs), ("durable commit", commits)):
        milliseconds = sorted(1000 * each for each in times)
        print(
            f"{name:14} median {statistics.median(milliseconds):.3f} ms, "
            f"95 % {milliseconds[int(0.95 * len(milliseconds))]:.3f} ms, n {len(milliseconds)}"
        )
    ratios = [mine / bare for mine, bare in zip(ours, theirs, strict=True)]
    aim = max(0.001, 2 * statistics.median(theirs) + statistics.median(commits))
    met = "met" if statistics.median(ours) <= aim else "missed"
    print(f"median of the ratios {statistics.median(ratios):.2f}")
    print(f"aim: 1 ms, or twice bare and a durable commit, {1000 * aim:.3f} ms: {met}")
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=200)
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(parser.parse_args().orders, Path(folder)))
