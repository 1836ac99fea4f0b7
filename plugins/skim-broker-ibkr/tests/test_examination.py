"""The examination: each thing that keeps a day from trading is found, with what mends it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from contextlib import asynccontextmanager
from datetime import time, timedelta
from decimal import Decimal

import pytest
from gateway_play import served, told
from ibkr_play import NOON, SESSION, make, story
from scripted_tws import Placed, contract_of
from skim_broker_ibkr.findings import Refused, Seen, SeenSymbol, judged
from skim_broker_ibkr.rules.gate import RestartWindow
from skim_gateway.setup import MarketData
from skim_gateway.wire import answers as a
from skim_gateway.wire import requests as r
from skim_gateway.wire.orders import Order as WireOrder

from skim_core.broker import Severity

READ_ONLY = (
    "Error validating request.-'bN' : cause - The API interface is currently in Read-Only mode."
)
FINE = SeenSymbol("BHP", "live", ticks=True)


# What is made of what was seen


GOOD = {
    "now": NOON,
    "account": "DU1234567",
    "paper": True,
    "session": SESSION,
    "restart": RestartWindow(time(20), "Australia/Sydney"),
    "skew": timedelta(0),
    "symbols": [FINE],
}


def worse(severity, **changes):
    found = judged(Seen(**GOOD | changes))
    return {one.topic: one for one in found if one.severity is severity}


def test_nothing_is_wrong_where_nothing_is():
    assert {one.severity for one in judged(Seen(**GOOD))} == {Severity.OK}


@pytest.mark.parametrize(
    ("changes", "topic", "what", "mends"),
    [
        ({"skew": timedelta(seconds=9)}, "clock", "9 s behind TWS's", "NTP"),
        ({"skew": timedelta(seconds=-9)}, "clock", "9 s ahead of TWS's", "NTP"),
        (
            {"restart": RestartWindow(time(9, 50), "Australia/Sydney")},
            "restart",
            "restarts at 09:50 in Australia/Sydney, in or near the session",
            "20:00",
        ),
        (
            {"restart": RestartWindow(time(23, 45), "UTC")},
            "restart",
            "restarts at 10:45 in Australia/Sydney",
            "20:00",
        ),
        (
            {"symbols": [SeenSymbol("BHP", "delayed", ticks=True)]},
            "market data",
            "delayed",
            "Client Portal",
        ),
        (
            {"symbols": [SeenSymbol("BHP", "not subscribed (354)", ticks=True)]},
            "market data",
            "354",
            "Client Portal",
        ),
        (
            {"symbols": [SeenSymbol("BHP", "live", ticks="TWS didn't tell")]},
            "market rules",
            "TWS didn't tell",
            "symbol",
        ),
        (
            {"symbols": [SeenSymbol("BHP", "live", ticks=True, preview=Refused("No", 460))]},
            "orders",
            "TWS would not take an order for 1 BHP: No",
            "Trading Permissions",
        ),
        ({"broken_farms": ["hfarm"]}, "farms", "hfarm", "system status"),
        ({"scans": "TWS offers no scans"}, "scanner", "no scans", "gap_up_scans"),
    ],
)
def test_each_error_is_told_with_what_mends_it(changes, topic, what, mends):
    found = worse(Severity.ERROR, **changes)
    assert set(found) == {topic}
    assert what in found[topic].what
    assert mends in found[topic].mends


@pytest.mark.parametrize(
    ("changes", "topic", "mends"),
    [
        ({"restart": RestartWindow(None, "Australia/Sydney")}, "restart", "restart_at"),
        ({"symbols": []}, "market data", "--symbol BHP"),
        ({"symbols": [SeenSymbol("BHP", "live", ticks=False)]}, "market rules", "IBKR's"),
        ({"foreign_orders": ["buy 10 WOW (ibkr-555)"]}, "foreign orders", "leaves them alone"),
        ({"elsewhere": ["5 AAPL (STK, USD)"]}, "positions", "doesn't see"),
        ({"symbols": [SeenSymbol("BHP", "live", ticks=True, halted=True)]}, "market data", ""),
    ],
)
def test_what_should_be_known_is_a_warning(changes, topic, mends):
    found = worse(Severity.WARNING, **changes)
    assert set(found) == {topic}
    assert mends in found[topic].mends
    assert not worse(Severity.ERROR, **changes)


# Over a real gateway, each by what goes wrong there


SYMBOL = ["BHP"]
CLOCK = timedelta(seconds=30)


def topics(found, severity=Severity.ERROR):
    return {one.topic: one for one in found.findings if one.severity is severity}


async def examined(play):
    await play.to(2)
    return await play.broker.examine(SYMBOL)


def examined_with(tmp_path, *faults, **options):
    """Examine a broker at a gateway on which these faults wait; return what is found."""
    found = []

    @told(tmp_path, connect=False, **{"restart_at": "20:00", "answer_timeout": "500ms"} | options)
    async def _(play):
        for do, more in faults:
            play.fault(do, **more)
        found.append(await examined(play))

    return found[0]


def test_a_gateway_with_nothing_wrong_has_nothing_to_mend(tmp_path):
    found = examined_with(tmp_path)
    assert found.reached
    assert found.sound
    assert [(one.topic, str(one.severity)) for one in found.findings] == [
        ("port", "ok"),
        ("version", "ok"),
        ("client id", "ok"),
        ("login", "ok"),
        ("account", "ok"),
        ("read-only API", "ok"),
        ("orders", "ok"),
        ("clock", "ok"),
        ("restart", "ok"),
        ("market data", "ok"),
        ("market rules", "ok"),
    ]


ALWAYS = {"times": 1000}


@pytest.mark.parametrize(
    ("faults", "options", "topic", "what", "mends"),
    [
        ([("silence", {"on": "start_api"})], {}, "login", "told no account", "logged in"),
        (
            [
                (
                    "error",
                    {"on": "request_all_open_orders", "code": 321, "text": READ_ONLY, **ALWAYS},
                )
            ],
            {},
            "read-only API",
            "tells no orders and takes none",
            "turn 'Read-Only API' off",
        ),
        (
            [("error", {"on": "place_order", "code": 321, "text": READ_ONLY})],
            {},
            "read-only API",
            "tells no orders and takes none",
            "turn 'Read-Only API' off",
        ),
        (
            [("error", {"on": "place_order", "code": 460, "text": "No trading permissions."})],
            {},
            "orders",
            "No trading permissions.",
            "Trading Permissions",
        ),
        (
            [("error", {"on": "request_market_data", "code": 10197, "text": "Competing session"})],
            {},
            "market data",
            "BHP has no data: Competing session (10197)",
            "end other sessions",
        ),
        (
            [],
            {"setup": {"market_data": MarketData.DELAYED}},
            "market data",
            "(354)",
            "Market Data Subscriptions",
        ),
        (
            [],
            {"setup": {"market_data": MarketData.DELAYED}, "data_type": "delayed", "late": True},
            "market data",
            "BHP has delayed data",
            "set data_type to 'live'",
        ),
        (
            [("drop", {"on": "market_rule", **ALWAYS})],
            {},
            "market rules",
            "the ticks of BHP are not known",
            "examine again",
        ),
        ([], {"late_by": CLOCK}, "clock", "30 s behind TWS's", "NTP"),
        ([], {"late_by": -CLOCK}, "clock", "30 s ahead of TWS's", "NTP"),
        ([], {"restart_at": "10:30"}, "restart", "restarts at 10:30", "20:00"),
        ([("farm", {"seconds": 600})], {"first": True}, "farms", "broken: ", "system status"),
        (
            [("error", {"on": "request_scanner_parameters", "code": 162, "text": "no scans"})],
            {},
            "scanner",
            "TWS didn't tell which scans there are",
            "subscribe to the exchange's data",
        ),
        (
            [],
            {"setup": {"account": "U1234567"}},
            "account",
            "U1234567 is an account with real money",
            "nothing is traded",
        ),
        (
            [],
            {"account": "DU7654321"},
            "account",
            "not logged in to the account DU7654321",
            "set account",
        ),
        (
            [],
            {"trading_mode": "live", "account": "DU1234567"},
            "account",
            "is a paper account",
            "trading_mode",
        ),
    ],
)
def test_what_is_wrong_at_the_gateway_is_found(tmp_path, *, faults, options, topic, what, mends):
    options = dict(options)
    late, first = options.pop("late", False), options.pop("first", False)
    found = []

    @told(tmp_path, connect=False, **{"restart_at": "20:00", "answer_timeout": "500ms"} | options)
    async def _(play):
        if first:
            await play.broker.connect()
        for do, more in faults:
            play.fault(do, **more)
        await play.to(25 if late else 2)
        found.append(await play.broker.examine(SYMBOL))

    errors = topics(found[0])
    assert set(errors) == {topic}, found[0]
    assert what in errors[topic].what
    assert mends in errors[topic].mends
    assert found[0].reached


def test_an_old_version_is_a_warning_and_too_old_a_one_an_error(tmp_path):
    found = examined_with(tmp_path, setup={"newest_version": 163})
    warning = topics(found, Severity.WARNING)["version"]
    assert "version 163" in warning.what
    assert "update TWS" in warning.mends
    assert found.sound


@story(connect=False)
async def test_a_version_that_is_too_old_is_an_error(play):
    play.tws.version = 150
    found = await play.broker.examine()
    assert topics(found)["version"].mends == "update it"


def test_a_client_id_in_use_is_found(tmp_path):
    @told(tmp_path)
    async def _(play):
        second = make(play.tws.address[1], play.clock, tmp_path / "second")
        found = await second.examine()
        assert found.reached
        assert "client id 1 is in use" in topics(found)["client id"].what
        assert [one.topic for one in found.findings] == ["port", "version", "client id"]
        await second.close()


def test_a_port_on_which_nothing_listens_is_not_reached(tmp_path):
    @told(tmp_path, connect=False)
    async def _(play):
        await play.tws.close()
        found = await play.broker.examine()
        assert not found.reached
        assert "nothing listens" in topics(found)["port"].what
        assert "start TWS" in topics(found)["port"].mends
        await play.tws.start()


def test_another_programs_port_is_found(tmp_path):
    async def run():
        async def mute(reader, writer):
            await reader.read()
            writer.close()

        server = await asyncio.start_server(mute, "127.0.0.1", 0)
        async with served(tmp_path, connect=False) as play:
            port = server.sockets[0].getsockname()[1]
            broker = make(port, play.clock, tmp_path / "x", connect_timeout="200ms")
            found = await broker.examine()
            await broker.close()
        server.close()
        assert [one.topic for one in found.findings] == ["port", "version"]
        assert "didn't greet as TWS" in topics(found)["version"].what

    asyncio.run(run())


def test_a_halted_symbol_is_a_warning(tmp_path):
    found = examined_with(tmp_path, ("halt", {"symbol": "BHP"}))
    assert "its trading is halted" in topics(found, Severity.WARNING)["market data"].what


@story(connect=False, restart_at="20:00")
async def test_what_is_there_is_found_and_nothing_is_changed(play):
    tws = play.tws
    order = WireOrder(
        order_id=9,
        action="BUY",
        order_type="MKT",
        total_quantity=Decimal(10),
        tif="DAY",
        account="DU1234567",
    )
    tws.orders.append(Placed(555, 99, order, contract_of("WOW")))
    tws.positions = [("BHP", 100, "10")]
    tws.ticks["BHP"] = {4: "10.5", 9: "10", 14: "10.2", 8: 5000}
    tws.scans = {"HIGH_OPEN_GAP": [], "LOW_OPEN_GAP": []}
    tws.on(
        r.RequestCurrentTime,
        lambda peer, _: peer.send(a.CurrentTime(time=int(NOON.timestamp()) + 30)),
    )
    found = {one.topic: one for one in (await play.broker.examine(["BHP"])).findings}
    assert found["client id"].what == "1 is free"
    assert "30 s behind" in found["clock"].what
    assert "buy 10 WOW (ibkr-555)" in found["foreign orders"].what
    assert "100 BHP" in found["positions"].what
    assert found["market data"].what == "BHP has live data"
    assert [one.order.what_if for one in play.tws.of(r.PlaceOrder)] == [True]
    assert not play.tws.count(r.CancelOrder)


@asynccontextmanager
async def listening(directory, **setup):
    """Serve a gateway whose time is driven by nobody; yield its port."""
    async with served(directory, connect=False, setup=setup) as play:
        yield play.tws.address[1]


@pytest.mark.parametrize(("account", "code"), [("DU1234567", 1), ("U1234567", 1), (None, 3)])
def test_the_command_examines_over_the_socket(tmp_path, account, code):
    async def run():
        async with listening(tmp_path, **({"account": account} if account else {})) as port:
            (tmp_path / "skim.toml").write_text(
                f'directory = "{tmp_path}"\n[brokers.ibkr]\n'
                f'port = {port if account else 1}\nrestart_at = "20:00"\n'
            )
            environment = {k: v for k, v in os.environ.items() if not k.startswith("SKIM_")}
            process = await asyncio.create_subprocess_exec(
                *[sys.executable, "-m", "skim_core", "doctor", "--broker", "ibkr", "--json"],
                "--config",
                str(tmp_path / "skim.toml"),
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            said, wrong = await process.communicate()
            return process.returncode, said, wrong

    found, said, wrong = asyncio.run(run())
    assert said, wrong
    document = json.loads(said)
    by_topic = {one["topic"]: one for one in document["findings"]}
    assert (found, document["reached"]) == (code, account is not None)
    if account is None:
        assert "nothing listens" in by_topic["port"]["what"]
    elif account.startswith("D"):
        # The gateway is in the day that it simulates.
        errors = {topic for topic, one in by_topic.items() if one["severity"] == "error"}
        assert errors == {"clock"}
        assert by_topic["account"]["what"] == "DU1234567 is a paper account"
    else:
        assert "account with real money" in by_topic["account"]["what"]
