"""The commands in processes of their own: what they say, how they serve and stop."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import string
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import ib_async
import pytest
from gateway_world import until
from skim_gateway.control import ask
from skim_gateway.running import Wanted, plan

from skim_core.errors import BrokerError, ConfigError, SkimError

PATIENCE = 60
RUN = [sys.executable, "-c", "from skim_gateway.commands import run; run()"]


def command(*arguments, **more):
    return subprocess.run(
        [*RUN, *arguments], capture_output=True, text=True, timeout=PATIENCE, check=False, **more
    )


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_gateway_serves_a_real_client_and_stops_cleanly(stop, tmp_path):
    async def scenario():
        process = await asyncio.create_subprocess_exec(
            *RUN,
            "run",
            *[
                "--session",
                "2025-06-18",
                "--speed",
                "3600",
                "--symbols",
                "5",
                "--port",
                "0",
                "--json",
                "--start",
                "open",
            ],
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            where = json.loads(await asyncio.wait_for(process.stdout.readline(), PATIENCE))
            assert (where["host"], where["exposed"]) == ("127.0.0.1", False)
            ib = ib_async.IB()
            await ib.connectAsync(where["host"], where["port"], clientId=1, timeout=PATIENCE)
            first = await ib.reqCurrentTimeAsync()
            for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ":
                found = await ib.reqMatchingSymbolsAsync(letter)
                if found:
                    contract = found[0].contract
                    break
            stock = ib_async.Stock(contract.symbol, "ASX", "AUD")
            trade = ib.placeOrder(stock, ib_async.MarketOrder("BUY", 10))
            await until(trade.isDone)
            assert trade.orderStatus.status == "Filled"
            # An hour of its market passes in a second.
            assert await ib.reqCurrentTimeAsync() > first
            process.send_signal(stop)
            await asyncio.wait_for(process.wait(), PATIENCE)
            ib.disconnect()
            assert process.returncode == 0
            assert (await process.stderr.read()) == b""
        finally:
            if process.returncode is None:
                process.kill()

    asyncio.run(scenario())


def test_it_says_where_it_listens_and_who_can_connect():
    process = subprocess.Popen(
        [*RUN, "run", "--session", "2025-06-18", "--symbols", "3", "--port", "0", "--speed", "60"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        said = process.stdout.readline() + process.stdout.readline()
        assert "XASX on 2025-06-18 from 09:55:00, 60 times as fast" in said
        assert "only this machine can connect" in said
    finally:
        process.terminate()
        assert process.wait(PATIENCE) == 0
        process.stdout.close()


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ({"session": "2025-06-21"}, "XASX is closed on 2025-06-21"),
        ({"session": "tomorrow"}, "give a date as YYYY-MM-DD"),
        ({"speed": 0}, "--speed is 0: give a number above 0"),
        ({"speed": float("nan")}, "--speed is nan"),
        ({"start": "noon"}, "'noon' is not a session time"),
        ({"cash": "lots"}, "--cash is 'lots'"),
        ({"market_data": "some"}, "give live or delayed"),
        ({"account": "my account"}, "--account is 'my account'"),
        ({"exchange": "XXXX"}, "XXXX"),
        ({"data": Path("nowhere")}, "nowhere" if find_spec("polars") else "skim-core[data]"),
        ({"symbols": 0}, "symbols"),
    ],
)
def test_what_is_wrong_is_named(wanted, says, tmp_path):
    with pytest.raises(SkimError, match=re.escape(says)):
        plan(Wanted(**{"session": "2025-06-18"} | wanted), tmp_path)


def test_what_is_wrong_is_said_in_a_line():
    done = command("run", "--session", "2025-06-21")
    assert done.returncode == 2
    assert done.stderr == ("skim-gateway: XASX is closed on 2025-06-21: give another --session.\n")


def test_recorded_sessions_are_those_of_the_folder(tmp_path):
    pytest.importorskip("polars")
    folder = tmp_path / "bars_1m" / "XASX"
    folder.mkdir(parents=True)
    for date in ("2025-06-17", "2025-06-18"):
        (folder / f"{date}.csv").write_text(
            f"symbol,ts,open,high,low,close,volume\nBHP,{date}T00:00:00+00:00,1.0,1.2,0.9,1.1,500\n"
        )
    found = plan(Wanted(data=tmp_path), tmp_path)
    assert [str(session.date) for session in found.setup.sessions] == ["2025-06-17", "2025-06-18"]
    assert str(found.session.date) == "2025-06-18"
    with pytest.raises(SkimError, match="it has 2025-06-17 to 2025-06-18"):
        plan(Wanted(data=tmp_path, session="2025-06-19"), tmp_path)


def test_faults_at_run_time_and_by_script(tmp_path):
    script = tmp_path / "faults.toml"
    script.write_text("""
        [[fault]]
        do = "error"
        on = "request_current_time"
        code = 162
        """)
    process = subprocess.Popen(
        [
            *RUN,
            "run",
            "--session",
            "2025-06-18",
            "--symbols",
            "2",
            "--port",
            "0",
            "--json",
            "--control-port",
            "0",
            "--faults",
            str(script),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )

    async def met(where):
        ib = ib_async.IB()
        codes = []
        ib.errorEvent += lambda _, code, *__: codes.append(code)
        await ib.connectAsync(where["host"], where["port"], clientId=1, timeout=PATIENCE)
        ib.client.reqCurrentTime()
        await until(lambda: 162 in codes)
        answer = await asyncio.to_thread(ask, where["control_port"], {"do": "farm", "seconds": 5})
        assert [struck["do"] for struck in answer["struck"]] == ["error", "farm"]
        await until(lambda: 2103 in codes)
        for letter in string.ascii_uppercase:
            if found := await ib.reqMatchingSymbolsAsync(letter):
                break
        ib.disconnect()
        return found[0].contract.symbol

    try:
        where = json.loads(process.stdout.readline())
        symbol = asyncio.run(met(where))
        port = ["--control-port", str(where["control_port"])]
        done = command("fault", "drop", "on=place_order", "nth=2", *port)
        assert done.returncode == 0
        assert "waiting: do=drop on=place_order nth=2" in done.stdout
        with pytest.raises(ConfigError, match="did you mean 'place_order'"):
            ask(where["control_port"], {"do": "drop", "on": "place_odrer"})
        with pytest.raises(ConfigError, match="expected an object"):
            ask(where["control_port"], [])
        assert ask(where["control_port"], {"do": "clear"})["waiting"] == []
        halted = command("fault", "halt", symbol, "refuse=true", *port)
        assert f"halted: {symbol}" in halted.stdout, halted.stderr
        assert f"do=halt on={symbol}" in halted.stdout
        assert "halted" not in command("fault", "resume", symbol, *port).stdout
        again = command("fault", "resume", symbol, *port)
        assert (again.returncode, again.stdout) == (2, "")
        assert f"{symbol} was not halted by anybody" in again.stderr
        unknown = command("fault", "halt", "NIX", *port)
        assert "the exchange has no symbol 'NIX'" in unknown.stderr
    finally:
        process.terminate()
        assert process.wait(PATIENCE) == 0
        process.stdout.close()
    with pytest.raises(BrokerError, match="no gateway answers at control port"):
        ask(where["control_port"], {"do": "list"})


def test_a_port_that_is_taken_is_told():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = command("run", "--session", "2025-06-18", "--symbols", "2", "--port", port)
    assert done.returncode == 3
    assert f"can't listen on 127.0.0.1:{port}" in done.stderr


def test_it_is_a_command_of_skim_too():
    done = subprocess.run(
        [sys.executable, "-m", "skim_core", "gateway", "run", "--help"],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0
    assert "Serve a session until it is stopped" in done.stdout
