"""Market data to real clients: what streams, what was, what the scanner finds."""

from __future__ import annotations

import asyncio
import datetime as dt

import ib_async
import pytest
from gateway_world import ANZ, BHP, DAYS, Market, gateway, minute, until
from skim_gateway.setup import Limits, MarketData
from skim_gateway.wire import answers as a
from skim_gateway.wire import requests as r
from skim_gateway.wire.contracts import Contract

STOCK = Contract(symbol="BHP", sec_type="STK", exchange="ASX", currency="AUD")
MOVING = Market({"ANZ": {0: 2.0}, "BHP": {0: (1.0, 1.4, 0.9, 1.2), 1: (1.2, 1.3, 1.1, 1.1)}})
SECOND = dt.timedelta(seconds=1)


async def step(world, seconds):
    """Drive time on, letting clients hear what streams."""
    await world.to(world.clock.now() + dt.timedelta(seconds=seconds))


# Contracts


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"symbol": "BHP", "exchange": "ASX", "currency": "AUD"}, 1),
        ({"symbol": "BHP", "exchange": "SMART", "currency": "AUD"}, 1),
        ({"symbol": "BHP", "exchange": "SMART", "primaryExchange": "ASX"}, 1),
        ({"symbol": "BHP", "exchange": "NYSE"}, 0),
        ({"symbol": "BHP", "currency": "USD"}, 0),
        ({"symbol": "XYZ", "exchange": "ASX"}, 0),
        ({"symbol": "BHP", "secType": "OPT"}, 0),
    ],
)
def test_contracts_are_found_by_what_is_known_of_them(wanted, found):
    async def scenario():
        async with gateway() as world, world.ib() as ib:
            details = await ib.reqContractDetailsAsync(
                ib_async.Contract(**{"secType": "STK"} | wanted)
            )
            assert len(details) == found
            assert (any(code == 200 for _, code in ib.errors)) is not bool(found)
            if found:
                by_id = await ib.reqContractDetailsAsync(
                    ib_async.Contract(conId=details[0].contract.conId)
                )
                assert by_id[0].contract.symbol == "BHP"

    asyncio.run(scenario())


def test_details_have_ticks_by_rule_and_the_hours_of_the_days_to_come():
    async def scenario():
        async with gateway() as world, world.ib() as ib:
            (details,) = await ib.reqContractDetailsAsync(BHP)
            rule = await ib.reqMarketRuleAsync(int(details.marketRuleIds.split(",")[0]))
            assert [(step.lowEdge, step.increment) for step in rule] == [
                (0, 0.001),
                (0.1, 0.005),
                (2, 0.01),
            ]
            sessions = details.liquidSessions()
            assert [session.start for session in sessions] == [day.open for day in DAYS[2:]]
            (sample,) = await ib.reqMatchingSymbolsAsync("bh")
            assert sample.contract.symbol == "BHP"

    asyncio.run(scenario())


# What streams


def test_bars_of_five_seconds_add_up_to_the_minute_that_they_are_of():
    async def scenario():
        async with gateway(MOVING) as world, world.ib() as ib:
            bars = ib.reqRealTimeBars(BHP, 5, "TRADES", useRTH=True)
            await ib.reqCurrentTimeAsync()
            await step(world, 60)
            await until(lambda: len(bars) == 12)
            assert [bar.time for bar in bars] == [minute(0) + 5 * n * SECOND for n in range(12)]
            assert bars[0].open_ == 1.0
            assert max(bar.high for bar in bars) == 1.4
            assert min(bar.low for bar in bars) == 0.9
            assert bars[-1].close == 1.2
            assert sum(bar.volume for bar in bars) == 100_000
            ib.cancelRealTimeBars(bars)
            await step(world, 60)
            assert len(bars) == 12

    asyncio.run(scenario())


def test_ticks_follow_the_market_and_a_snapshot_is_told_once():
    async def scenario():
        async with gateway(MOVING) as world, world.ib() as ib:
            ticker = ib.reqMktData(BHP, "233")
            await ib.reqCurrentTimeAsync()
            assert ticker.close == 1.0
            # What trades in the instant in which it is asked is not seen yet.
            assert not ticker.hasBidAsk()
            await step(world, 5)
            await until(lambda: ticker.last == 1.0)
            assert (ticker.bid, ticker.ask, ticker.close) == (0.995, 1.005, 1.0)
            await step(world, 30)
            await until(lambda: ticker.last == 0.9)
            await step(world, 10)
            await until(lambda: ticker.high == 1.4)
            await step(world, 20)
            await until(lambda: ticker.volume == 125_000)
            assert ticker.rtVolume is not None
            (snapshot,) = await ib.reqTickersAsync(ANZ)
            assert snapshot.last == 2.0
            ib.cancelMktData(BHP)
            ib.client.cancelMktData(4711)
            await until(lambda: (4711, 300) in ib.errors)

    asyncio.run(scenario())


def test_ticks_by_tick_are_trades_quotes_or_midpoints():
    async def scenario():
        async with gateway(MOVING) as world, world.ib() as ib:
            trades = ib.reqTickByTickData(BHP, "AllLast")
            await ib.reqCurrentTimeAsync()
            await step(world, 60)
            await until(lambda: trades.last == 1.2)
            ib.cancelTickByTickData(BHP, "AllLast")
            quotes = ib.reqTickByTickData(BHP, "BidAsk")
            middle = ib.reqTickByTickData(ANZ, "MidPoint")
            await ib.reqCurrentTimeAsync()
            await step(world, 60)
            await until(lambda: quotes.bid == 1.095)
            assert middle is not None

    asyncio.run(scenario())


def test_delayed_data_where_live_ones_are_not_subscribed():
    async def scenario():
        setup = {"market_data": MarketData.DELAYED, "start": minute(40)}
        async with gateway(MOVING, **setup) as world, world.ib() as ib:
            ib.reqMktData(BHP)
            await until(lambda: any(code == 354 for _, code in ib.errors))
            ib.reqMarketDataType(3)
            ticker = ib.reqMktData(ANZ)
            await until(lambda: ticker.last == 2.0)
            assert ticker.marketDataType == 3
            assert any(code == 10167 for _, code in ib.errors)
            assert 68 in {tick.tickType for tick in ticker.ticks}

    asyncio.run(scenario())


def test_the_line_after_the_last_one_is_refused_with_101():
    async def scenario():
        async with gateway(limits=Limits(lines=2)) as world, world.raw() as client:
            await client.until(a.NextValidId)
            client.send(*[r.RequestMarketData(req_id=n, contract=STOCK) for n in (1, 2, 3)])
            while not any(getattr(one, "code", 0) == 101 for one in client.received):
                await client.until(a.ErrorMessage)
            client.send(r.CancelMarketData(req_id=1))
            client.send(r.RequestMarketData(req_id=4, contract=STOCK))
            await client.until(a.TickPrice)
            assert [one.req_id for one in client.received if getattr(one, "code", 0) == 101] == [3]

    asyncio.run(scenario())


# What was


def test_minute_bars_are_those_of_the_data():
    async def scenario():
        async with gateway(MOVING, start=minute(2)) as world, world.ib() as ib:
            bars = await ib.reqHistoricalDataAsync(
                BHP, "", "1 D", "1 min", "TRADES", useRTH=True, formatDate=2
            )
            got = [(b.date, b.open, b.high, b.low, b.close, b.volume) for b in bars]
            assert got == [
                (minute(0), 1.0, 1.4, 0.9, 1.2, 100_000),
                (minute(1), 1.2, 1.3, 1.1, 1.1, 100_000),
            ]
            days = await ib.reqHistoricalDataAsync(BHP, "", "3 D", "1 day", "TRADES", useRTH=True)
            assert [bar.date for bar in days] == [day.date for day in DAYS[:3]]
            assert (days[-1].high, days[-1].low, days[-1].volume) == (1.4, 0.9, 200_000)
            asks = await ib.reqHistoricalDataAsync(BHP, "", "1 D", "2 mins", "ASK", useRTH=True)
            assert (asks[0].high, asks[0].volume) == (1.405, -1)
            local = await ib.reqHistoricalDataAsync(
                BHP, "20250618 10:01:00", "60 S", "30 secs", "TRADES", useRTH=True
            )
            assert [bar.close for bar in local] == [1.0, 1.2]
            assert local[0].date == minute(0)

    asyncio.run(scenario())


def test_bars_are_kept_up_to_date_while_they_form():
    async def scenario():
        async with gateway(MOVING, start=minute(0) + 2 * SECOND) as world, world.ib() as ib:
            bars = await ib.reqHistoricalDataAsync(
                BHP, "", "1 D", "1 min", "TRADES", useRTH=True, keepUpToDate=True
            )
            assert len(bars) == 1
            await step(world, 48)
            await until(lambda: bars[-1].high == 1.4)
            assert bars[-1].close == 1.4
            await step(world, 30)
            await until(lambda: len(bars) == 2)
            assert (bars[0].close, bars[0].volume) == (1.2, 100_000)
            await step(world, 45)
            await until(lambda: (bars[1].close, bars[1].volume) == (1.1, 100_000))
            ib.cancelHistoricalData(bars)
            await until(lambda: any(code == 162 for _, code in ib.errors))

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        ({"bar_size": "7 mins"}, 321, "Legal ones are: 1 secs, 5 secs"),
        ({"duration": "soon"}, 321, "duration"),
        ({"end": "tomorrow"}, 321, "end date/time"),
        ({"what": "MAGIC"}, 162, "No data of type MAGIC"),
        ({"end": "20200101 00:00:00"}, 162, "HMDS query returned no data: BHP@ASX Trades"),
        ({"contract": Contract(symbol="XYZ", sec_type="STK")}, 200, "No security definition"),
    ],
)
def test_a_question_about_the_past_that_makes_no_sense_is_refused(change, code, says):
    async def scenario():
        async with gateway() as world, world.raw() as client:
            await client.until(a.NextValidId)
            given = {"contract": STOCK, "bar_size": "1 min", "duration": "1 D", "what": "TRADES"}
            client.send(r.RequestHistoricalData(req_id=9, **given | change))
            while not any(getattr(one, "req_id", 0) == 9 for one in client.received):
                await client.until(a.ErrorMessage)
            error = client.received[-1]
            assert (error.code, says in error.text) == (code, True)

    asyncio.run(scenario())


def test_the_pacing_of_small_bars_is_162():
    async def scenario():
        async with gateway(start=minute(5)) as world, world.raw() as client:
            await client.until(a.NextValidId)

            async def ask(number, **change):
                given = {"contract": STOCK, "bar_size": "5 secs", "duration": "60 S"}
                client.send(
                    r.RequestHistoricalData(req_id=number, **given | {"what": "TRADES"} | change)
                )
                start = len(client.received)
                while not any(
                    one.req_id == number
                    for one in client.received[start:]
                    if hasattr(one, "req_id")
                ):
                    await client.until(a.HistoricalData, a.ErrorMessage)
                return type(client.received[-1])

            assert await ask(1) is a.HistoricalData
            assert await ask(2) is a.ErrorMessage
            assert "pacing violation" in client.received[-1].text
            await world.to(world.clock.now() + 15 * SECOND)
            assert await ask(3) is a.HistoricalData
            # Larger bars are not limited so.
            assert await ask(4, bar_size="1 min") is a.HistoricalData
            assert await ask(5, bar_size="1 min") is a.HistoricalData

    asyncio.run(scenario())


def test_past_ticks_schedules_and_what_traded_where():
    async def scenario():
        async with gateway(MOVING, start=minute(2)) as world, world.ib() as ib:
            ticks = await ib.reqHistoricalTicksAsync(
                BHP, "20250618 10:00:00", "", 3, "TRADES", useRth=True
            )
            assert [tick.price for tick in ticks] == [1.0, 0.9, 1.4]
            quotes = await ib.reqHistoricalTicksAsync(
                BHP, "", "20250618 10:01:00", 2, "BID_ASK", useRth=True
            )
            assert [quote.priceBid for quote in quotes] == [1.195, 1.195]
            schedule = await ib.reqHistoricalScheduleAsync(BHP, 2)
            assert [session.refDate for session in schedule.sessions] == ["20250617", "20250618"]
            histogram = await ib.reqHistogramDataAsync(BHP, useRTH=True, period="1 day")
            assert sum(entry.count for entry in histogram) == 200_000
            first = await ib.reqHeadTimeStampAsync(BHP, "TRADES", useRTH=True, formatDate=2)
            assert first == DAYS[0].open

    asyncio.run(scenario())


# The scanner

SCAN = {"instrument": "STOCK.HK", "locationCode": "STK.HK.ASX", "scanCode": "HIGH_OPEN_GAP"}
GAPS = Market({"ANZ": {0: 1.1}, "BHP": {0: 1.3}, "CBA": {0: 0.9}, "WOW": {0: 1.2}})


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("HIGH_OPEN_GAP", ["BHP", "WOW", "ANZ", "CBA"]),
        ("LOW_OPEN_GAP", ["CBA", "ANZ", "WOW", "BHP"]),
        ("TOP_PERC_GAIN", ["BHP", "WOW", "ANZ", "CBA"]),
        ("MOST_ACTIVE", ["ANZ", "BHP", "CBA", "WOW"]),
    ],
)
def test_a_scan_ranks_what_has_traded(code, found):
    async def scenario():
        async with gateway(GAPS, start=minute(15)) as world, world.ib() as ib:
            rows = await ib.reqScannerDataAsync(
                ib_async.ScannerSubscription(**SCAN | {"scanCode": code})
            )
            assert [row.contractDetails.contract.symbol for row in rows] == found
            assert [row.rank for row in rows] == list(range(4))

    asyncio.run(scenario())


def test_a_scan_is_narrowed_by_filters_and_rows():
    async def scenario():
        async with gateway(GAPS, start=minute(15)) as world, world.ib() as ib:

            async def found(options=(), **given):
                rows = await ib.reqScannerDataAsync(
                    ib_async.ScannerSubscription(**SCAN | given), [], list(options)
                )
                return [row.contractDetails.contract.symbol for row in rows]

            assert await found(numberOfRows=2) == ["BHP", "WOW"]
            assert await found(abovePrice=1.15) == ["BHP", "WOW"]
            assert await found([ib_async.TagValue("openGapPercAbove", "15")]) == ["BHP", "WOW"]
            assert await found(aboveVolume=10**9) == []
            assert any(code == 165 for _, code in ib.errors)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "change",
    [
        {"location": "STK.US.MAJOR"},
        {"location": "STK.HK.SEHK"},
        {"instrument": "STK"},
        {"code": "NO_SUCH_SCAN"},
        {"filter_options": "noSuchFilter=1;"},
        {"filter_options": "priceAbove=much;"},
    ],
)
def test_a_scan_that_there_is_not_is_told_162(change):
    async def scenario():
        async with gateway() as world, world.raw() as client:
            await client.until(a.NextValidId)
            given = {
                "instrument": "STOCK.HK",
                "location": "STK.HK.ASX",
                "code": "HIGH_OPEN_GAP",
            }
            client.send(r.RequestScanner(req_id=9, **given | change))
            while getattr(client.received[-1], "req_id", 0) != 9:
                await client.until(a.ErrorMessage)
            assert client.received[-1].code == 162

    asyncio.run(scenario())


def test_eleven_scans_are_one_too_many_and_the_parameters_name_every_code():
    async def scenario():
        async with gateway(GAPS, start=minute(15)) as world, world.ib() as ib:
            for _ in range(11):
                ib.reqScannerSubscription(ib_async.ScannerSubscription(**SCAN))
            await until(lambda: any(code == 162 for _, code in ib.errors))
            assert [code for _, code in ib.errors].count(162) == 1
            xml = await ib.reqScannerParametersAsync()
            assert "<scanCode>HIGH_OPEN_GAP</scanCode>" in xml
            assert "<locationCode>STK.HK.ASX</locationCode>" in xml

    asyncio.run(scenario())


def test_what_there_is_none_of_is_told_as_a_real_gateway_does():
    async def scenario():
        async with gateway() as world, world.ib() as ib:
            (details,) = await ib.reqContractDetailsAsync(BHP)
            number = details.contract.conId
            await ib.reqFundamentalDataAsync(BHP, "ReportSnapshot")
            assert any(code == 430 for _, code in ib.errors)
            assert await ib.reqSecDefOptParamsAsync("BHP", "", "STK", number) == []
            (exchange,) = await ib.reqMktDepthExchangesAsync()
            assert exchange.exchange == "ASX"
            depth = ib.reqMktDepth(BHP)
            await until(lambda: depth.domBids and depth.domAsks)
            assert (depth.domBids[0].price, depth.domAsks[0].price) == (0.995, 1.005)

    asyncio.run(scenario())
