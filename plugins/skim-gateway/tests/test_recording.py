"""Conversations are recorded without account numbers, and compared with the simulator."""

from __future__ import annotations

import asyncio
import itertools
import json
import subprocess
import sys
from dataclasses import replace

import ib_async
import pytest
from gateway_samples import SAMPLES
from gateway_world import BHP, PATIENCE, gateway, until
from hypothesis import given
from hypothesis import strategies as st
from skim_gateway.recording.commands import compare
from skim_gateway.recording.comparing import in_form
from skim_gateway.recording.files import GATEWAY, Entry, RecordingWriter, read_recording
from skim_gateway.recording.masking import Masking
from skim_gateway.recording.proxy import RecordingProxy
from skim_gateway.running import Wanted
from skim_gateway.wire.answers import ANSWERS

from skim_core.errors import ConfigError, DataError

WANTED = Wanted(session="2025-06-18", symbols=20)


@pytest.fixture
def recording(tmp_path):
    """Record a client's conversation with the simulator itself, as a file."""
    path = tmp_path / "conversation.jsonl"
    seconds = itertools.count()

    async def scenario():
        async with gateway(account="DU7654321") as world:
            with RecordingWriter(path) as writer:
                proxy = RecordingProxy(world.server.address, writer, lambda: next(seconds) / 100)
                await proxy.start()
                ib = ib_async.IB()
                ib.client.MaxClientVersion = 178
                await ib.connectAsync(*proxy.address, clientId=1, timeout=PATIENCE)
                await ib.reqContractDetailsAsync(BHP)
                await ib.reqContractDetailsAsync(ib_async.Stock("XYZ", "ASX", "AUD"))
                trade = ib.placeOrder(BHP, ib_async.MarketOrder("BUY", 10, account="DU7654321"))
                await until(trade.isDone)
                resting = ib.placeOrder(BHP, ib_async.LimitOrder("BUY", 10, 0.5))
                await until(lambda: resting.orderStatus.status == "Submitted")
                ib.cancelOrder(resting.order)
                await until(resting.isDone)
                ib.disconnect()
                await proxy.close()

    asyncio.run(scenario())
    return path


def test_both_sides_are_written_down_without_account_numbers(recording):
    text = recording.read_text()
    assert "DU7654321" not in text
    assert "DU0000001" in text
    assert recording.stat().st_mode & 0o777 == 0o600
    entries = read_recording(recording)
    assert {entry.source for entry in entries} == {"client", "gateway"}
    assert [entry.fields[0] for entry in entries[:3]] == ["71", "15", "9"]
    assert {entry.version for entry in entries} == {178}


def test_a_recording_of_the_simulator_differs_from_it_in_nothing(recording):
    assert compare(recording, WANTED) == []


def test_what_a_real_gateway_does_otherwise_is_shown(recording):
    changed = []
    for line in recording.read_text().splitlines():
        values = json.loads(line)
        fields = values.get("fields", [])
        if fields[:1] == ["59"]:
            fields[-1] = "20300101"
            fields.append("new")
        if fields[:1] == ["4"] and fields[3] == "202":
            continue
        changed.append(json.dumps(values))
    changed.append(
        json.dumps({"at": 9, "connection": 1, "version": 178, "from": "gateway", "fields": ["999"]})
    )
    recording.write_text("\n".join(changed) + "\n")
    found = {one.what: (one.recorded, one.simulated) for one in compare(recording, WANTED)}
    assert found.pop("message 999") == ("is there", "is unknown")
    assert found.pop("commission_report, a field more") == ("new", "")
    ((what, (recorded, simulated)),) = found.items()
    assert what.startswith("PlaceOrder")
    assert recorded + ", error_message 202" == simulated


def test_clients_of_newer_versions_are_held_to_text(tmp_path):
    async def scenario():
        async with gateway() as world:
            with RecordingWriter(tmp_path / "r.jsonl") as writer:
                proxy = RecordingProxy(world.server.address, writer, lambda: 0.0)
                await proxy.start()
                reader, sent = await asyncio.open_connection(*proxy.address)
                sent.write(b"API\0\0\0\0\x09v100..226")
                assert b"178\0" in await asyncio.wait_for(reader.read(100), PATIENCE)
                sent.close()
                await proxy.close()

    asyncio.run(scenario())


def test_an_upstream_that_is_not_there_ends_the_client_not_the_recorder(tmp_path):
    async def scenario():
        with RecordingWriter(tmp_path / "r.jsonl") as writer:
            proxy = RecordingProxy(("127.0.0.1", 1), writer, lambda: 0.0)
            await proxy.start()
            for _ in range(2):
                reader, sent = await asyncio.open_connection(*proxy.address)
                sent.write(b"API\0\0\0\0\x09v157..178")
                assert await asyncio.wait_for(reader.read(), PATIENCE) == b""
                sent.close()
            await proxy.close()

    asyncio.run(scenario())


# Masking


def test_one_account_has_one_mask_wherever_it_stands():
    masking = Masking()
    assert masking.mask(["15", "1", "U1234567,DU7654321"])[2] == "U0000001,DU0000002"
    assert masking.mask(["6", "x U1234567.0/y"]) == ["6", "x U0000001.0/y"]
    # One that the gateway has not named, but that looks like an account.
    assert masking.mask(["5", "F9999999"]) == ["5", "F0000003"]
    assert masking.mask(["5", "BHP", "4036812", "USD"]) == ["5", "BHP", "4036812", "USD"]


@given(st.integers(10_000, 10**9), st.text(st.sampled_from(" ./,;|-"), max_size=3))
def test_no_account_number_gets_through(number, around):
    account = f"DU{number}"
    masked = Masking().mask(["6", f"{around}{account}{around}", account])
    if account != "DU0000001":
        assert str(number) not in "|".join(masked).replace("0000001", "")


# Form


def test_the_gateways_own_messages_differ_in_nothing():
    entries = [
        Entry(0, 1, version, GATEWAY, tuple(ANSWERS.encode(sample, version)))
        for version in (157, 173, 178)
        for sample in SAMPLES
    ]
    assert in_form(entries) == []


def test_a_field_that_is_written_otherwise_is_named():
    (sample,) = (one for one in SAMPLES if type(one).__name__ == "OpenOrder")
    fields = ANSWERS.encode(sample, 178)
    fields[fields.index("DAY")] = "Day"
    entry = Entry(0, 1, 178, GATEWAY, tuple(fields))
    # What is read is written again: a text can't differ. An unset number can.
    assert in_form([entry]) == []
    fields[-1] = "1.7976931348623157E308"
    (found,) = in_form([replace(entry, fields=tuple(fields))])
    assert found.what == "open_order, order.mid_offset_at_half"
    assert (found.recorded, found.simulated) == ("1.7976931348623157E308", "")


# The commands


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        ("{}", "line 1: not of a recording"),
        ('{"skim_gateway_recording": 9}', "has format 9"),
        ('{"skim_gateway_recording": 1}\n{"at": 1}', "line 2: not of a recording"),
    ],
)
def test_a_file_that_is_no_recording_is_named(tmp_path, text, says):
    path = tmp_path / "r.jsonl"
    path.write_text(text)
    with pytest.raises(DataError, match=says):
        read_recording(path)


def test_a_recording_that_is_not_there_is_told_in_words(tmp_path):
    with pytest.raises(DataError, match=r"nope can't be read \(No such file or directory\): give"):
        read_recording(tmp_path / "nope")


def test_a_recording_is_never_overwritten(tmp_path):
    path = tmp_path / "r.jsonl"
    path.write_text("mine")
    with pytest.raises(ConfigError, match="can't be made"):
        RecordingWriter(path)


def test_diff_is_a_command(recording):
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from skim_gateway.commands import run; run()",
            "diff",
            recording,
            "--session",
            "2025-06-18",
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "The simulator does the same.\n")
