"""The rules about the line: client ids, outages at either end, restarts, farms, health."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from ibkr_play import NOON, buy, make, playing, story
from scripted_tws import ScriptedTws
from skim_gateway.wire import requests as r

from skim_core.errors import BrokerError, ConfigError, NotSentError

# 5: the client id


@story()
async def test_a_client_id_in_use_is_told_plainly_and_at_once(play):
    second = make(play.tws.port, play.clock, play.broker._setup.directory, connect_timeout="30s")
    began = time.monotonic()
    with pytest.raises(BrokerError, match=r"client id 1 is in use at 127\.0\.0\.1:\d+") as told:
        await second.connect()
    assert time.monotonic() - began < 3
    assert "326" in str(told.value)
    await second.close()


@story(client_id=7)
async def test_the_client_id_is_the_configured_one_each_time(play):
    play.tws.peer.reset()
    await play.reconnected()
    assert [request.client_id for request in play.tws.of(r.StartApi)] == [7, 7]


# What else keeps a connection from standing


@story(connect=False)
async def test_a_tws_that_is_not_there_is_told_with_what_to_do(play):
    await play.tws.stop()
    with pytest.raises(
        BrokerError, match=r"nothing listens at .*\(connection refused\): start TWS or IB"
    ):
        await play.broker.connect()


@pytest.mark.parametrize("level", [logging.INFO, logging.DEBUG])
def test_what_the_line_tells_is_told_by_ib_async_only_to_those_who_debug(caplog, level, tmp_path):
    @story(connect=False)
    async def not_there(play):
        await play.tws.stop()
        with pytest.raises(BrokerError):
            await play.broker.connect()

    caplog.set_level(level)
    not_there(tmp_path)
    assert ("API connection failed" in caplog.text) is (level == logging.DEBUG)


@story(connect=False, connect_timeout="300ms")
async def test_a_tws_that_is_not_logged_in_is_told(play):
    play.tws.on(r.StartApi, lambda *_: None)
    with pytest.raises(BrokerError, match=r"told no account within 0\.3 s: it isn't logged in"):
        await play.broker.connect()


@story(connect=False, connect_timeout="300ms")
async def test_something_else_at_the_port_is_told(play):
    async def silent(reader, writer):
        await reader.read()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    broker = make(port, play.clock, play.broker._setup.directory, connect_timeout="300ms")
    with pytest.raises(BrokerError, match=r"didn't greet as TWS within 0\.3 s"):
        await broker.connect()
    await broker.close()
    await play.settle()
    server.close()
    await server.wait_closed()


@story(connect=False)
async def test_a_tws_that_hangs_up_is_told(play):
    play.tws.on(r.StartApi, lambda peer, _: peer.reset())
    with pytest.raises(BrokerError, match="hung up: it may still be starting"):
        await play.broker.connect()


# The kind of account


@pytest.mark.parametrize(
    ("accounts", "options", "complaint"),
    [
        ("U1234567", {}, "U1234567 is an account with real money, but .* 'paper'"),
        (
            "DU1234567",
            {"trading_mode": "live", "account": "DU1234567"},
            "DU1234567 is a paper account, but .* 'live'",
        ),
        ("DU1,DU2", {}, r"logged in to 2 accounts \(DU1, DU2\): set account"),
        ("DU1234567", {"account": "DU7654321"}, "not logged in to the account DU7654321"),
    ],
)
def test_an_account_that_is_not_meant_is_refused_before_any_order(
    tmp_path, accounts, options, complaint
):
    async def run():
        tws = ScriptedTws(accounts=accounts)
        async with playing(tmp_path, connect=False, tws=tws, **options) as play:
            with pytest.raises(ConfigError, match=complaint):
                await play.broker.connect()
            with pytest.raises(NotSentError):
                await play.broker.submit([buy()])
            assert not play.tws.count(r.PlaceOrder)

    asyncio.run(run())


def test_one_of_several_accounts_is_traded_when_it_is_named(tmp_path):
    async def run():
        tws = ScriptedTws(accounts="DU1234567,DU7654321")
        async with playing(tmp_path, tws=tws, configured="DU7654321") as play:
            await play.broker.submit([buy()])
            assert play.tws.of(r.PlaceOrder)[0].order.account == "DU7654321"

    asyncio.run(run())


# 10: TWS has lost IBKR


@story()
async def test_while_tws_has_no_line_nothing_is_sent_and_fills_are_told(play):
    await play.broker.submit([buy()])
    play.tws.peer.error(1100, "Connectivity between IBKR and Trader Workstation has been lost.")
    await play.settle()
    assert [line.up for line in play.lines] == [False]
    with pytest.raises(NotSentError, match="line to IBKR is down"):
        await play.broker.submit([buy("sk1-b.P")])
    with pytest.raises(BrokerError, match="line to IBKR is down"):
        await play.broker.cancel("sk1-a.P")
    play.tws.fill("sk1-a.P")
    await play.until(lambda: play.fills)
    assert play.tws.count(r.PlaceOrder) == 1


@story()
async def test_when_tws_has_the_line_again_what_was_missed_is_fetched(play):
    await play.broker.submit([buy()])
    play.tws.peer.error(1100, "lost")
    play.tws.fill("sk1-a.P", told=False)
    play.tws.peer.error(1102, "restored - data maintained.")
    await play.until(lambda: play.fills)
    assert [(line.up, line.data_lost) for line in play.lines] == [(False, False), (True, False)]
    await play.broker.submit([buy("sk1-b.P")])


@story()
async def test_after_1101_data_are_subscribed_anew(play):
    play.tws.ticks["BHP"] = {4: "10.5", 9: "10", 14: "10.2", 8: 5000}
    await play.broker.quotes(["BHP"])
    await play.broker.quotes(["BHP"])
    assert play.tws.count(r.RequestMarketData) == 1
    play.tws.peer.error(1100, "lost")
    play.tws.peer.error(1101, "restored - data lost.")
    await play.settle()
    assert [(line.up, line.data_lost) for line in play.lines] == [(False, False), (True, True)]
    assert (await play.broker.quotes(["BHP"]))["BHP"].last == Decimal("10.5")
    assert play.tws.count(r.RequestMarketData) == 2


# 11: farms


@story()
async def test_a_farm_that_was_broken_makes_streams_anew_and_stops_nothing(play):
    play.tws.ticks["BHP"] = {4: "10.5", 9: "10", 14: "10.2", 8: 5000}
    await play.broker.quotes(["BHP"])
    play.tws.peer.error(2103, "Market data farm connection is broken:hfarm")
    await play.settle()
    assert play.broker.farms.broken == ["hfarm"]
    await play.broker.submit([buy()])
    play.tws.peer.error(2104, "Market data farm connection is OK:hfarm")
    await play.settle()
    assert play.broker.farms.broken == []
    assert not play.lines
    await play.broker.quotes(["BHP"])
    assert play.tws.count(r.RequestMarketData) == 2


# 12: restarts and health


@pytest.mark.parametrize(
    ("now", "sent"),
    [
        (datetime(2025, 1, 6, 1, 57, 59, tzinfo=UTC), True),
        (datetime(2025, 1, 6, 1, 58, 1, tzinfo=UTC), False),
        (datetime(2025, 1, 6, 2, 0, 1, tzinfo=UTC), True),
    ],
)
def test_nothing_is_sent_in_the_two_minutes_before_a_restart(tmp_path, now, sent):
    async def run():
        # 13:00 in Sydney is 02:00 UTC.
        async with playing(tmp_path, start=now, restart_at="13:00") as play:
            if sent:
                await play.broker.submit([buy()])
            else:
                with pytest.raises(NotSentError, match="restarts at 02:00 UTC"):
                    await play.broker.submit([buy()])
            assert play.tws.count(r.PlaceOrder) == sent

    asyncio.run(run())


@story()
async def test_it_connects_again_after_5_10_30_and_60_seconds(play):
    attempts = []
    await play.tws.stop()
    await play.settle()
    made = play.broker._line._make

    async def counted():
        attempts.append((play.clock.now() - NOON).total_seconds())
        await made()

    play.broker._line._make = counted
    await play.clock.advance(170)
    assert attempts == [5, 15, 45, 105, 165]


@story()
async def test_a_line_that_stays_down_is_told_of_again_after_five_minutes(play):
    await play.tws.stop()
    await play.settle()
    await play.clock.advance(290)
    assert [line.up for line in play.lines] == [False]
    await play.clock.advance(120)
    assert [line.up for line in play.lines] == [False, False]
    assert "down for" in play.lines[-1].reason
    assert "nothing listens" in play.lines[-1].reason


@story(alive_timeout="100ms")
async def test_a_tws_that_is_silent_is_given_up_though_its_socket_is_open(play):
    play.tws.on(r.RequestCurrentTime, lambda *_: None)
    await play.clock.advance(15.1)
    await play.until(lambda: play.lines)
    assert not play.lines[0].up
    assert "doesn't answer" in play.lines[0].reason
    play.tws.usual(r.RequestCurrentTime)
    await play.reconnected()
    await play.broker.submit([buy()])


@story(alive_timeout="100ms")
async def test_a_tws_that_tells_its_time_is_kept(play):
    await play.clock.advance(100)
    assert not play.lines
    assert play.tws.count(r.RequestCurrentTime) == 6


@story()
async def test_an_order_under_way_when_the_line_is_lost_is_in_doubt(play):
    play.tws.on(r.PlaceOrder, lambda peer, _: peer.reset())
    with pytest.raises(BrokerError, match="lost before it answered") as told:
        await play.broker.submit([buy()])
    assert not isinstance(told.value, NotSentError)


@story()
async def test_nothing_is_sent_while_the_line_is_down(play):
    play.tws.peer.reset()
    await play.until(lambda: play.lines)
    with pytest.raises(NotSentError, match="nothing was sent"):
        await play.broker.submit([buy()])


# 13: nothing that receivers do holds up the socket


@story()
async def test_a_receiver_that_asks_the_broker_or_raises_stops_nobody(play):
    seen = []

    def ask_at_once(notice):
        seen.append(asyncio.get_running_loop().create_task(play.broker.positions()))

    play.broker.subscribe(ask_at_once)
    await play.broker.submit([buy()])
    play.tws.fill("sk1-a.P")
    await play.until(lambda: play.fills)
    assert [list(held) for held in await asyncio.gather(*seen)] == [[]] * len(seen)


@story()
async def test_what_tws_has_said_is_taken_in_before_receivers_work_on_it(play):
    await play.broker.submit([buy("sk1-a.P")])
    await play.broker.submit([buy("sk1-b.P")])
    await play.settle()
    ended = []
    book = play.broker._hearing.book
    play.broker.subscribe(lambda _: ended.append(book.find("sk1-b.P").done))
    for reference in ("sk1-a.P", "sk1-b.P"):
        play.tws.end(play.tws.find(reference))
    await play.until(lambda: len(ended) == 2)
    assert ended == [True, True]


def test_only_the_asynchronous_side_of_ib_async_is_used():
    import ast
    import inspect
    from pathlib import Path

    import ib_async
    import skim_broker_ibkr

    blocking = {
        name
        for name, member in inspect.getmembers(ib_async.IB, inspect.isfunction)
        if "self._run(" in inspect.getsource(member)
    }
    assert "reqExecutions" in blocking
    for path in Path(skim_broker_ibkr.__file__).parent.rglob("*.py"):
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                whose = node.func.value
                # `ib` itself, or somebody's: `self._requests.ib`.
                name = getattr(whose, "id", getattr(whose, "attr", ""))
                on_ib = name.lstrip("_") == "ib"
                assert not (on_ib and node.func.attr in blocking), (path, node.func.attr)
        assert "nest_asyncio" not in path.read_text()
        assert "time.sleep" not in path.read_text()
