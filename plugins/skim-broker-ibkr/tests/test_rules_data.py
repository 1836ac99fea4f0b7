"""The rules about market data: ages, pacing, scans, ticks, what is delayed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from ibkr_play import NOON, SESSION, buy, playing, stop, story
from scripted_tws import ScriptedTws, contract_of
from skim_gateway.wire import answers as a
from skim_gateway.wire import requests as r

from skim_core import GapScan
from skim_core.errors import BrokerError, NotSentError

TRADED = {1: "10.49", 2: "10.51", 4: "10.5", 9: "10", 14: "10.2", 8: 5000}
MINUTE = timedelta(minutes=1)


def epoch(moment):
    return int(moment.timestamp())


def minutes(start, *closes, volume=100):
    return [
        (epoch(start + number * MINUTE), close, close, close, close, volume)
        for number, close in enumerate(closes)
    ]


# Quotes, watched by their age


@story()
async def test_a_quote_is_what_the_stream_says_exactly(play):
    play.tws.ticks["BHP"] = TRADED
    quote = (await play.broker.quotes(["BHP"]))["BHP"]
    assert (quote.last, quote.bid, quote.ask) == (
        Decimal("10.5"),
        Decimal("10.49"),
        Decimal("10.51"),
    )
    assert (quote.volume, quote.at, quote.delayed) == (5000, NOON, False)


@story()
async def test_a_quote_is_as_old_as_its_last_sign_of_life(play):
    play.tws.ticks["BHP"] = TRADED
    await play.broker.quotes(["BHP"])
    await play.clock.advance(30)
    assert (await play.broker.quotes(["BHP"]))["BHP"].at == NOON
    number = play.tws.of(r.RequestMarketData)[0].req_id
    play.tws.send_ticks(play.tws.peer, number, {4: "10.6"})
    await play.settle()
    quote = (await play.broker.quotes(["BHP"]))["BHP"]
    assert (quote.last, quote.at) == (Decimal("10.6"), play.clock.now())
    assert play.tws.count(r.RequestMarketData) == 1


@story()
async def test_a_stream_that_is_silent_is_made_anew_though_the_socket_lives(play):
    play.tws.ticks["BHP"] = TRADED
    await play.broker.quotes(["BHP"])
    await play.clock.advance(61)
    assert not play.lines
    play.tws.ticks["BHP"] = TRADED | {4: "10.7"}
    quote = (await play.broker.quotes(["BHP"]))["BHP"]
    assert (quote.last, quote.at) == (Decimal("10.7"), play.clock.now())
    assert play.tws.count(r.CancelMarketData) == 1


@story()
async def test_a_symbol_without_a_trade_today_or_unknown_has_no_quote(play):
    play.tws.known = {"BHP", "OLD"}
    play.tws.ticks |= {"BHP": TRADED, "OLD": {4: "3", 9: "3"}}
    assert set(await play.broker.quotes(["BHP", "OLD", "XYZ"])) == {"BHP"}


@story(lines=3)
async def test_no_more_lines_are_used_than_there_are(play):
    symbols = [f"S{number}" for number in range(6)]
    play.tws.ticks |= dict.fromkeys(symbols, TRADED)
    assert set(await play.broker.quotes(symbols)) == set(symbols)
    assert play.tws.count(r.RequestMarketData) - play.tws.count(r.CancelMarketData) == 3


# 16: what is delayed isn't traded on


@pytest.mark.parametrize("told", ["notice", "type"])
def test_delayed_data_are_marked(tmp_path, told):
    def delayed(peer, request):
        if told == "notice":
            peer.error(10167, "Displaying delayed market data.", request.req_id)
        else:
            peer.send(a.MarketDataType(req_id=request.req_id, kind=3))
        kinds = {66: "10.49", 67: "10.51", 68: "10.5", 75: "10", 76: "10.2", 74: 5000}
        ScriptedTws.send_ticks(None, peer, request.req_id, kinds)

    async def run():
        async with playing(tmp_path, data_type="delayed") as play:
            play.tws.on(r.RequestMarketData, delayed)
            quote = (await play.broker.quotes(["BHP"]))["BHP"]
            assert (quote.last, quote.delayed) == (Decimal("10.5"), True)
            assert play.tws.of(r.SetMarketDataType)[0].kind == 3

    asyncio.run(run())


@pytest.mark.parametrize("code", [354, 10089, 10197])
def test_data_that_are_not_had_are_left_out_and_asked_again(tmp_path, code):
    async def run():
        async with playing(tmp_path) as play:
            play.tws.ticks["BHP"] = TRADED
            play.tws.on(r.RequestMarketData, lambda peer, q: peer.error(code, "no data", q.req_id))
            assert not await play.broker.quotes(["BHP"])
            play.tws.usual(r.RequestMarketData)
            assert set(await play.broker.quotes(["BHP"])) == {"BHP"}

    asyncio.run(run())


# 16: contracts and ticks


@story()
async def test_an_asx_stock_is_asked_for_as_ibkr_names_it(play):
    await play.broker.submit([buy()])
    contract = play.tws.of(r.RequestContractDetails)[0].contract
    assert (contract.symbol, contract.sec_type, contract.exchange, contract.currency) == (
        "BHP",
        "STK",
        "ASX",
        "AUD",
    )


@story(route="smart")
async def test_by_smart_the_exchange_is_the_primary_one(play):
    await play.broker.submit([buy()])
    contract = play.tws.of(r.PlaceOrder)[0].contract
    assert (contract.exchange, contract.primary_exchange) == ("SMART", "ASX")
    assert play.tws.of(r.RequestMarketRule)[0].rule_id == 26


@story()
async def test_prices_are_put_on_ibkrs_tick_and_told_as_they_were_asked(play):
    play.tws.increments = (("0", "0.05"),)
    await play.broker.submit([buy(limit="10.01"), stop(price="9.52")])
    entry, protection = (request.order for request in play.tws.of(r.PlaceOrder))
    assert (entry.lmt_price, protection.aux_price) == (Decimal(10), Decimal("9.5"))
    told = {report.reference: report for report in await play.broker.orders()}
    assert told["sk1-a.P"].limit_price == Decimal("10.01")
    assert told["sk1-a.S"].stop_price == Decimal("9.52")


@story()
async def test_prices_cross_the_wire_exactly(play):
    await play.broker.submit([buy(limit="0.105", quantity=1)])
    assert play.tws.of(r.PlaceOrder)[0].order.lmt_price == Decimal("0.105")
    (report,) = await play.broker.orders()
    assert report.limit_price == Decimal("0.105")


@story()
async def test_an_order_in_a_symbol_that_ibkr_lacks_is_not_sent(play):
    play.tws.known = set()
    with pytest.raises(NotSentError, match="no stock 'BHP' at ASX in AUD"):
        await play.broker.submit([buy()])


@story()
async def test_only_what_trades_here_is_held_here(play):
    foreign = contract_of("BHP", "NYSE", "USD")
    play.tws.positions = [("BHP", 100, "10.066"), ("WOW", -5, "30")]

    def also_foreign(peer, _):
        peer.send(
            a.Position(
                account="DU1234567",
                contract=foreign,
                position=Decimal(7),
                average_cost=Decimal(50),
            )
        )
        return True

    play.tws.on(r.RequestPositions, also_foreign)
    held = {one.symbol: (one.quantity, one.average_price) for one in await play.broker.positions()}
    assert held == {"BHP": (100, Decimal("10.066")), "WOW": (-5, Decimal(30))}


# 14: bars, paced and kept


@story()
async def test_bars_are_columns_of_whole_minutes(play):
    play.tws.bars["BHP"] = minutes(SESSION.open, 10.1, 10.2, 10.3)
    bars = await play.broker.bars(["XYZ", "BHP"], SESSION.open, SESSION.open + 4 * MINUTE)
    assert (bars.symbols, bars.start, bars.minutes) == (("XYZ", "BHP"), SESSION.open, 4)
    assert bars.close[1, :3].tolist() == [10.1, 10.2, 10.3]
    assert np.isnan(bars.close[0]).all()
    assert np.isnan(bars.close[1, 3])
    assert bars.volume[1].tolist() == [100, 100, 100, 0]


@story()
async def test_the_minute_that_lasts_is_not_shown(play):
    play.tws.bars["BHP"] = minutes(NOON - MINUTE, 10.1, 10.2)
    bars = await play.broker.bars(["BHP"], NOON - 2 * MINUTE, NOON + 5 * MINUTE)
    assert bars.end == NOON
    assert bars.close[0, -1] == 10.1


@story(bar_wait="0s")
async def test_bars_of_today_stream_and_cost_one_request(play):
    play.tws.bars["BHP"] = minutes(NOON - MINUTE, 10.1)
    await play.broker.bars(["BHP"], NOON - MINUTE, NOON)
    (request,) = play.tws.of(r.RequestHistoricalData)
    assert request.keep_up_to_date
    for number in range(5):
        play.tws.update_bar(request.req_id, minutes(NOON, 10.2)[0])
        play.tws.update_bar(request.req_id, minutes(NOON + number * MINUTE, 10.3)[0])
        await play.clock.advance(60)
        bars = await play.broker.bars(["BHP"], NOON + number * MINUTE, NOON + (number + 1) * MINUTE)
        assert bars.close.tolist() == [[10.3]]
    assert play.tws.count(r.RequestHistoricalData) == 1


@story(bar_wait="0s")
async def test_the_first_bar_of_a_symbol_that_had_none_is_seen(play):
    await play.broker.bars(["BHP"], NOON - MINUTE, NOON)
    (request,) = play.tws.of(r.RequestHistoricalData)
    play.tws.update_bar(request.req_id, minutes(NOON, 10.2)[0])
    await play.clock.advance(60)
    bars = await play.broker.bars(["BHP"], NOON, NOON + MINUTE)
    assert bars.close.tolist() == [[10.2]]


@story(bar_wait="0s")
async def test_bars_that_stop_after_a_farm_was_gone_are_asked_for_anew(play):
    await play.broker.bars(["BHP"], NOON - MINUTE, NOON)
    play.tws.peer.error(2105, "HMDS data farm connection is broken:apachmds")
    play.tws.peer.error(2106, "HMDS data farm connection is OK:apachmds")
    await play.settle()
    await play.clock.advance(60)
    play.tws.bars["BHP"] = minutes(NOON, 10.4)
    bars = await play.broker.bars(["BHP"], NOON, NOON + MINUTE)
    assert bars.close.tolist() == [[10.4]]
    assert play.tws.count(r.CancelHistoricalData) == 1


@story(bar_lines=0)
async def test_bars_that_were_asked_for_are_kept(play):
    play.tws.bars["BHP"] = minutes(SESSION.open, 10.1, 10.2)
    for _ in range(3):
        await play.broker.bars(["BHP"], SESSION.open, SESSION.open + 2 * MINUTE)
    assert play.tws.count(r.RequestHistoricalData) == 1
    assert not play.tws.of(r.RequestHistoricalData)[0].keep_up_to_date


@story(bar_lines=0)
async def test_historical_requests_stay_under_the_pacing(play):
    symbols = [f"S{number}" for number in range(80)]
    asked = asyncio.ensure_future(play.broker.bars(symbols, NOON - MINUTE, NOON))
    await play.clock.advance(120)
    assert play.tws.count(r.RequestHistoricalData) == 55
    assert not asked.done()
    await play.clock.advance(500)
    await play.until(lambda: play.tws.count(r.RequestHistoricalData) == 80)
    await asked


@story()
async def test_a_pacing_violation_is_waited_for_and_asked_again(play):
    answers = iter([False, True])

    def violated(peer, request):
        if next(answers):
            return True
        text = "Historical Market Data Service error message:API historical data query pacing violation"
        peer.error(162, text, request.req_id)
        return False

    play.tws.on(r.RequestHistoricalData, violated)
    play.tws.bars["BHP"] = minutes(NOON - MINUTE, 10.1)
    asked = asyncio.ensure_future(play.broker.bars(["BHP"], NOON - MINUTE, NOON))
    await play.settle()
    await play.clock.advance(17)
    assert (await asked).close.tolist() == [[10.1]]
    assert play.tws.count(r.RequestHistoricalData) == 2


@story()
async def test_no_more_than_45_historical_requests_are_open_at_once(play):
    waiting = []
    play.tws.on(r.RequestHistoricalData, lambda *asked: waiting.append(asked))
    symbols = [f"S{number}" for number in range(50)]
    asked = asyncio.ensure_future(play.broker.bars(symbols, NOON - MINUTE, NOON))
    for _ in range(20):
        await play.settle(0.01)
        await play.clock.advance(0.5)
    assert len(waiting) == 45
    play.tws.usual(r.RequestHistoricalData)
    for peer, request in waiting:
        play.tws.history(peer, request)
    for _ in range(20):
        await play.settle(0.01)
        await play.clock.advance(0.5)
    await asyncio.wait_for(asked, 1)
    assert play.tws.count(r.RequestHistoricalData) == 50


@story()
async def test_one_symbol_without_permission_leaves_the_others_their_bars(play):
    def no_permission(peer, request):
        if request.contract.symbol != "XYZ":
            return True
        peer.error(162, "No market data permissions for ASX", request.req_id)
        return False

    play.tws.on(r.RequestHistoricalData, no_permission)
    play.tws.bars["BHP"] = minutes(NOON - MINUTE, 10.1)
    bars = await play.broker.bars(["XYZ", "BHP"], NOON - MINUTE, NOON)
    assert bars.close[1, 0] == 10.1
    await play.clock.advance(17)
    with pytest.raises(BrokerError, match="No market data permissions"):
        await play.broker.bars(["XYZ"], NOON - MINUTE, NOON)


@story()
async def test_the_rest_of_a_minute_that_is_just_over_is_waited_for(play):
    play.tws.bars["BHP"] = minutes(NOON - MINUTE, 10.1)
    await play.broker.bars(["BHP"], NOON - MINUTE, NOON)
    (request,) = play.tws.of(r.RequestHistoricalData)
    await play.clock.advance(55)
    play.tws.update_bar(request.req_id, minutes(NOON, 10.2)[0])
    await play.settle()
    await play.clock.advance(5)
    asked = asyncio.ensure_future(play.broker.bars(["BHP"], NOON, NOON + MINUTE))
    await play.clock.advance(0.5)
    assert not asked.done()
    play.tws.update_bar(request.req_id, minutes(NOON, 10.3)[0])
    await play.settle()
    await play.clock.advance(0.2)
    assert (await asked).close.tolist() == [[10.3]]


# 15: scans


def gap(opened, previous="10", last="12", volume=50_000):
    return {4: last, 9: previous, 14: opened, 8: volume}


def offer(tws, **scans):
    tws.scans = {"HIGH_OPEN_GAP": [], "TOP_OPEN_PERC_GAIN": [], "TOP_PERC_GAIN": []} | scans


@story()
async def test_a_scan_merges_codes_and_fetches_the_prices(play):
    offer(play.tws, HIGH_OPEN_GAP=["AAA", "BBB"], TOP_PERC_GAIN=["BBB", "CCC"])
    play.tws.ticks |= {"AAA": gap("10.5"), "BBB": gap("11"), "CCC": gap("10.1")}
    rows = await play.broker.scan(GapScan(minimum_percent=Decimal(3), minimum_volume=10_000))
    assert [(row.symbol, row.gap_percent) for row in rows] == [
        ("BBB", Decimal(10)),
        ("AAA", Decimal(5)),
    ]
    assert (rows[0].open, rows[0].previous_close, rows[0].last, rows[0].volume) == (
        Decimal(11),
        Decimal(10),
        Decimal(12),
        50_000,
    )
    asked = play.tws.of(r.RequestScanner)
    assert {(one.instrument, one.location, one.rows) for one in asked} == {
        ("STOCK.HK", "STK.HK.ASX", 50)
    }
    assert play.tws.count(r.CancelScanner) == len(asked) == 3
    assert play.tws.count(r.RequestMarketData) == 3


@story(gap_up_scans=["HIGH_OPEN_GAP"])
async def test_lines_of_a_scan_serve_the_next_one_and_are_given_back(play):
    offer(play.tws, HIGH_OPEN_GAP=["AAA", "BBB"])
    play.tws.ticks |= {"AAA": gap("10.5"), "BBB": gap("11"), "CCC": gap("10.1")}
    for _ in range(2):
        await play.broker.scan(GapScan(minimum_percent=Decimal(3)))
    await play.broker.quotes(["BBB"])
    assert play.tws.count(r.RequestMarketData) == 2
    assert play.tws.count(r.CancelMarketData) == 0
    await play.clock.advance(61)
    await play.until(lambda: play.tws.count(r.CancelMarketData) == 1)
    (cancelled,) = play.tws.of(r.CancelMarketData)
    lines = {one.req_id: one.contract.symbol for one in play.tws.of(r.RequestMarketData)}
    assert lines[cancelled.req_id] == "AAA"


@story()
async def test_an_order_has_nothing_to_ask_of_what_a_scan_has_found(play):
    offer(play.tws, HIGH_OPEN_GAP=["AAA", "BBB"])
    play.tws.ticks |= {"AAA": gap("10.5"), "BBB": gap("10.1")}
    await play.broker.scan(GapScan(minimum_percent=Decimal(3)))
    asked = [one.contract.symbol for one in play.tws.of(r.RequestContractDetails)]
    assert asked == ["AAA"]
    assert play.tws.count(r.RequestMarketRule) == 1
    await play.broker.submit([buy(symbol="AAA")])
    assert play.tws.count(r.RequestContractDetails) == 1
    assert play.tws.count(r.RequestMarketRule) == 1


@story(start=datetime(2025, 1, 5, 23, 59, 30, tzinfo=UTC))
async def test_what_there_is_to_scan_is_asked_once_a_day(play):
    offer(play.tws)
    for _ in range(2):
        await play.broker.scan(GapScan(minimum_percent=Decimal(3)))
    assert play.tws.count(r.RequestScannerParameters) == 1
    await play.clock.advance(60)
    await play.broker.scan(GapScan(minimum_percent=Decimal(3)))
    assert play.tws.count(r.RequestScannerParameters) == 2


@story()
async def test_a_negative_minimum_asks_for_falls(play):
    play.tws.scans = {"LOW_OPEN_GAP": ["AAA", "BBB"]}
    play.tws.ticks |= {"AAA": gap("9.5"), "BBB": gap("9.9")}
    rows = await play.broker.scan(GapScan(minimum_percent=Decimal(-3)))
    assert [(row.symbol, row.gap_percent) for row in rows] == [("AAA", Decimal(-5))]
    assert [one.code for one in play.tws.of(r.RequestScanner)] == ["LOW_OPEN_GAP"]


@story(quote_wait="100ms")
async def test_a_close_that_the_stream_lacks_is_taken_from_the_daily_bars(play):
    offer(play.tws, HIGH_OPEN_GAP=["AAA"])
    play.tws.ticks["AAA"] = {4: "12", 14: "11", 8: 5000}
    play.tws.bars["AAA"] = [("20250103", 9, 9, 9, 10, 1), ("20250106", 9, 9, 9, 9, 1)]
    (row,) = await play.broker.scan(GapScan(minimum_percent=Decimal(3)))
    assert row.previous_close == Decimal(10)


@story()
async def test_a_location_that_may_not_be_scanned_is_told_with_what_to_do(play):
    offer(play.tws)
    text = "Market Scanner is not configured for one of the chosen locations"
    play.tws.on(r.RequestScanner, lambda peer, one: peer.error(162, text, one.req_id))
    with pytest.raises(BrokerError, match=r"may not scan STK\.HK\.ASX: it needs market data"):
        await play.broker.scan(GapScan(minimum_percent=Decimal(3)))


@pytest.mark.parametrize(("code", "rows_follow"), [(165, True), (162, False)])
def test_a_scan_that_finds_nothing_is_empty(tmp_path, code, rows_follow):
    text = "Historical Market Data Service query message:no items retrieved"

    def nothing(peer, request):
        peer.error(code, text, request.req_id)
        return rows_follow

    async def run():
        async with playing(tmp_path) as play:
            offer(play.tws)
            play.tws.on(r.RequestScanner, nothing)
            assert list(await play.broker.scan(GapScan(minimum_percent=Decimal(3)))) == []

    asyncio.run(run())


@story()
async def test_scans_that_are_wanted_at_once_are_made_one_after_the_other(play):
    offer(play.tws)
    running, most = 0, 0

    async def slowly(peer, request):
        nonlocal running, most
        running += 1
        most = max(most, running)
        answers.append(asyncio.create_task(answer(peer, request)))

    async def answer(peer, request):
        nonlocal running
        await asyncio.sleep(0.02)
        running -= 1
        play.tws.scan(peer, request)

    answers = []
    play.tws.on(r.RequestScanner, slowly)
    wanted = GapScan(minimum_percent=Decimal(3))
    await asyncio.gather(*(play.broker.scan(wanted) for _ in range(2)))
    assert (len(answers), most) == (6, 1)


# The account


@story()
async def test_the_accounts_money_is_that_of_now(play):
    account = await play.broker.account()
    assert (account.number, account.currency) == ("DU1234567", "AUD")
    assert (account.cash, account.net_liquidation) == (Decimal("90000.25"), Decimal("100000.50"))
    await play.broker.account()
    assert play.tws.count(r.RequestAccountSummary) == 2
    await play.until(lambda: play.tws.count(r.CancelAccountSummary) == 2)
