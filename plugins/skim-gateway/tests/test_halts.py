"""Trading halts at run time, as real clients meet them over a real socket."""

from __future__ import annotations

import asyncio
import datetime as dt
import math

import ib_async
import pytest
from gateway_world import ANZ, BHP, TODAY, Market, gateway, minute, until
from skim_gateway.faults.model import Fault, read_fault, read_script
from skim_gateway.setup import MarketData

from skim_core.errors import BrokerError, ConfigError
from skim_core.sim import SimOptions

FALLING = {"BHP": {0: 1.0, 3: 0.8, 6: 0.7}, "ANZ": {0: 2.0, 3: 2.1}}
SECOND = dt.timedelta(seconds=1)


def halted(ticker):
    """Return 1 or 0; ib_async has NaN before it is told."""
    return 0 if math.isnan(ticker.halted) else int(ticker.halted)


def halt(world, **more):
    world.gateway.faults.add(Fault(do="halt", symbol="BHP", **more))


def resume(world):
    world.gateway.faults.add(Fault(do="resume", symbol="BHP"))


@pytest.mark.parametrize("version", [173, 178])
def test_ticks_tell_a_halt_and_its_end_and_stand_still_between(version):
    async def scenario():
        async with gateway(Market(FALLING)) as world, world.ib(version=version) as ib:
            ticker, other = ib.reqMktData(BHP), ib.reqMktData(ANZ)
            numbers = []
            ib.pendingTickersEvent += lambda found: numbers.extend(
                (one.contract.symbol, tick.tickType)
                for one in found
                for tick in one.ticks
                if tick.tickType in {4, 49}
            )
            await world.to(minute(1))
            assert (ticker.last, halted(ticker)) == (1.0, 0)
            await world.to(minute(2) + 10 * SECOND)
            halt(world)
            await until(lambda: halted(ticker))
            numbers.clear()
            volume = ticker.volume
            await world.to(minute(5))
            assert ticker.volume == volume
            assert (ticker.last, other.last, halted(other)) == (1.0, 2.1, 0)
            assert ("BHP", 4) not in numbers
            resume(world)
            await until(lambda: not halted(ticker))
            await world.to(minute(6) + 5 * SECOND)
            assert ticker.last == 0.7
            bars = await ib.reqHistoricalDataAsync(
                BHP, "", "1 D", "1 min", "TRADES", useRTH=True, formatDate=2
            )
            assert [bar.date for bar in bars[:4]] == [minute(n) for n in (0, 1, 2, 5)]

    asyncio.run(scenario())


def test_orders_in_the_book_wait_and_can_be_cancelled():
    async def scenario():
        async with gateway(Market(FALLING)) as world, world.ib() as ib:
            entry = ib.placeOrder(BHP, ib_async.MarketOrder("BUY", 100))
            await world.to(minute(1))
            await until(lambda: entry.orderStatus.status == "Filled")
            stop = ib.placeOrder(BHP, ib_async.StopOrder("SELL", 100, 0.9))
            limit = ib.placeOrder(BHP, ib_async.LimitOrder("BUY", 10, 0.85))
            dropped = ib.placeOrder(BHP, ib_async.LimitOrder("BUY", 10, 0.85))
            await until(lambda: dropped.orderStatus.status == "Submitted")
            await world.to(minute(2))
            halt(world)
            await world.to(minute(5))
            assert (stop.orderStatus.status, stop.filled()) == ("PreSubmitted", 0)
            assert (limit.orderStatus.status, limit.filled()) == ("Submitted", 0)
            ib.cancelOrder(dropped.order)
            await until(lambda: dropped.orderStatus.status == "Cancelled")
            assert len(await ib.reqAllOpenOrdersAsync()) == 2
            resume(world)
            await world.to(minute(6))
            await until(lambda: stop.orderStatus.status == limit.orderStatus.status == "Filled")
            assert {
                (fill.execution.price, fill.execution.time) for fill in stop.fills + limit.fills
            } == {(0.8, minute(5))}

    asyncio.run(scenario())


def test_an_order_that_comes_in_a_halt_waits():
    async def scenario():
        async with gateway() as world, world.ib() as ib:
            halt(world, seconds=120)
            trade = ib.placeOrder(BHP, ib_async.MarketOrder("BUY", 100))
            await until(lambda: trade.orderStatus.status == "Submitted")
            await world.to(minute(1) + 59 * SECOND)
            assert trade.filled() == 0
            await world.to(minute(2))
            await until(lambda: trade.orderStatus.status == "Filled")
            assert trade.fills[0].execution.time == minute(2)

    asyncio.run(scenario())


def test_an_order_that_comes_in_a_halt_can_be_refused():
    async def scenario():
        async with gateway() as world, world.ib() as ib:
            before = ib.placeOrder(BHP, ib_async.LimitOrder("BUY", 10, 0.5))
            await until(lambda: before.orderStatus.status == "Submitted")
            halt(world, refuse=True)
            trade = ib.placeOrder(BHP, ib_async.MarketOrder("BUY", 100))
            other = ib.placeOrder(ANZ, ib_async.LimitOrder("BUY", 1, 0.5))
            await until(lambda: trade.orderStatus.status == "Inactive")
            await until(lambda: other.orderStatus.status == "Submitted")
            assert ib.errors[-1] == (trade.order.orderId, 154)
            before.order.lmtPrice = 0.6
            ib.placeOrder(BHP, before.order)
            assert await ib.reqCurrentTimeAsync() == world.clock.now()
            resume(world)
            again = ib.placeOrder(BHP, ib_async.LimitOrder("BUY", 10, 0.5))
            await until(lambda: again.orderStatus.status == "Submitted")
            assert {ticket.status for ticket in world.gateway.book.open_tickets()} == {"Submitted"}

    asyncio.run(scenario())


def test_a_script_halts_at_its_time_and_for_its_seconds(tmp_path):
    path = tmp_path / "faults.toml"
    path.write_text('[[fault]]\ndo = "halt"\nsymbol = "BHP"\nat = "open+1m"\nseconds = 60\n')

    async def scenario():
        async with gateway() as world, world.ib() as ib:
            for fault in read_script(path).faults:
                world.gateway.faults.add(fault)
            ticker = ib.reqMktData(BHP)
            told = []
            for second in (59, 61, 119, 121):
                await world.to(TODAY.open + second * SECOND)
                told.append(halted(ticker))
            assert told == [0, 1, 1, 0]
            assert [(one.do, one.on) for one in world.gateway.faults.struck] == [("halt", "BHP")]

    asyncio.run(scenario())


def test_its_seconds_do_not_end_a_halt_that_was_called_later():
    async def scenario():
        async with gateway() as world:
            halt(world, seconds=60)
            await world.to(TODAY.open + 10 * SECOND)
            resume(world)
            halt(world)
            await world.to(minute(2))
            assert world.gateway.halts.halted() == ["BHP"]

    asyncio.run(scenario())


def test_a_planned_halt_is_told_too():
    planned = {"symbol": "BHP", "from": "open+1m", "to": "open+2m"}

    async def scenario():
        options = SimOptions.model_validate({"halts": [planned]})
        async with gateway(options=options) as world, world.ib() as ib:
            ticker = ib.reqMktData(BHP)
            await world.to(minute(1))
            assert halted(ticker) == 1
            await world.to(minute(2))
            assert halted(ticker) == 0

    asyncio.run(scenario())


def test_delayed_data_tell_a_halt_late():
    async def scenario():
        async with gateway(market_data=MarketData.DELAYED) as world, world.ib() as ib:
            ib.reqMarketDataType(3)
            ticker = ib.reqMktData(BHP)
            halt(world)
            await world.to(minute(19) + 55 * SECOND)
            await until(lambda: ticker.delayedHalted == 0)
            await world.to(minute(20))
            await until(lambda: ticker.delayedHalted == 1)

    asyncio.run(scenario())


def test_a_halt_outlives_the_gateway(tmp_path):
    async def scenario():
        async with gateway(directory=tmp_path) as world:
            await world.to(minute(1))
            halt(world)
        async with (
            gateway(directory=tmp_path, start=minute(2)) as world,
            world.ib() as ib,
        ):
            ticker = ib.reqMktData(BHP)
            await until(lambda: halted(ticker))
            resume(world)
            await until(lambda: not halted(ticker))

    asyncio.run(scenario())


def test_what_cannot_be_halted_or_resumed_is_told():
    async def scenario():
        async with gateway() as world:
            faults = world.gateway.faults
            with pytest.raises(BrokerError, match=r"no symbol 'BHQ'.*'BHP'"):
                faults.add(Fault(do="halt", symbol="BHQ", at="open+5m"))
            with pytest.raises(BrokerError, match="BHP was not halted by anybody"):
                resume(world)
            assert faults.struck == []

    asyncio.run(scenario())
    with pytest.raises(ConfigError, match="halt needs symbol"):
        read_fault({"do": "halt"})
