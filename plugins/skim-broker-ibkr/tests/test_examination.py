"""The examination: each thing that keeps a day from trading is found, with what mends it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from datetime import time, timedelta
from decimal import Decimal

import pytest
from ibkr_play import NOON, SESSION, make, story
from scripted_tws import Placed, ScriptedTws, contract_of
from skim_broker_ibkr.findings import Seen, Severity, judged, sound
from skim_broker_ibkr.rules.gate import RestartWindow
from skim_gateway.wire import answers as a
from skim_gateway.wire import requests as r
from skim_gateway.wire.orders import Order as WireOrder

GOOD = {
    "now": NOON,
    "account": "DU1234567",
    "paper": True,
    "session": SESSION,
    "restart": RestartWindow(time(20), "Australia/Sydney"),
    "skew": timedelta(0),
    "server_version": 178,
}


def problems(**changes):
    found = judged(Seen(**GOOD | changes))
    return {one.topic: one for one in found if one.severity is Severity.PROBLEM}


def test_nothing_is_wrong_where_nothing_is():
    assert not problems()
    assert sound(judged(Seen(**GOOD)))


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
        ({"data": ("BHP", "delayed")}, "market data", "delayed", "Client Portal"),
        ({"data": ("BHP", "not subscribed (354)")}, "market data", "354", "Client Portal"),
        ({"broken_farms": ["hfarm"]}, "farms", "hfarm", "system status"),
        ({"scans": "TWS offers no scans"}, "scanner", "no scans", "gap_up_scans"),
    ],
)
def test_each_problem_is_told_with_what_mends_it(changes, topic, what, mends):
    found = problems(**changes)
    assert set(found) == {topic}
    assert what in found[topic].what
    assert mends in found[topic].mends


def test_a_restart_that_is_not_known_is_a_note():
    found = judged(Seen(**GOOD | {"restart": RestartWindow(None, "Australia/Sydney")}))
    (restart,) = [one for one in found if one.topic == "restart"]
    assert restart.severity is Severity.NOTE
    assert "restart_at" in restart.mends


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
    found = {one.topic: one for one in await play.broker.examine("BHP")}
    assert "client id 1 is free" in found["connection"].what
    assert "30 s behind" in found["clock"].what
    assert "buy 10 WOW (ibkr-555)" in found["orders"].what
    assert "100 BHP" in found["positions"].what
    assert found["market data"].what == "BHP has live data"
    assert not play.tws.count(r.PlaceOrder) + play.tws.count(r.CancelOrder)


@story()
async def test_a_client_id_in_use_is_found(play):
    second = make(play.tws.port, play.clock, play.broker._setup.directory)
    (found,) = await second.examine()
    assert (found.topic, found.severity) == ("connection", Severity.PROBLEM)
    assert "client id 1 is in use" in found.what
    await second.close()


@pytest.mark.parametrize("accounts", ["DU1234567", "U1234567"])
def test_the_command_examines_over_the_socket(tmp_path, accounts):
    async def run():
        tws = ScriptedTws(accounts=accounts)
        tws.scans = {"HIGH_OPEN_GAP": [], "LOW_OPEN_GAP": []}
        await tws.start()
        (tmp_path / "skim.toml").write_text(
            f'directory = "{tmp_path}"\n[brokers.ibkr]\nport = {tws.port}\nrestart_at = "20:00"\n'
        )
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SKIM_")}
        command = [sys.executable, "-m", "skim_core", "ibkr", "check", "--json"]
        process = await asyncio.create_subprocess_exec(
            *command,
            "--config",
            str(tmp_path / "skim.toml"),
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        said, wrong = await process.communicate()
        await tws.stop()
        return process.returncode, said, wrong

    code, said, wrong = asyncio.run(run())
    assert said, wrong
    found = {one["topic"]: one for one in json.loads(said)["findings"]}
    if accounts.startswith("D"):
        assert found["account"]["what"] == "DU1234567 is a paper account"
        assert found["restart"]["severity"] == "fine"
    else:
        assert "account with real money" in found["connection"]["what"]
        assert code == 1
