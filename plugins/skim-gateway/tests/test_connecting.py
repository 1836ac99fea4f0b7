"""Clients come, are told who they are, and leave; whoever misbehaves hurts nobody else."""

from __future__ import annotations

import asyncio
import logging
import struct

import pytest
from gateway_world import BHP, gateway, until
from skim_gateway.setup import Limits
from skim_gateway.wire import answers as a
from skim_gateway.wire import requests as r
from skim_gateway.wire.framing import frame, join

DEADLINE = 10


@pytest.mark.parametrize("version", [157, 163, 164, 173, 176, 177, 178])
def test_a_client_of_any_version_connects(version):
    async def scenario():
        async with gateway() as world, world.ib(version=version) as ib:
            assert ib.client.serverVersion() == version
            assert ib.managedAccounts() == ["DU1234567"]
            assert ib.client.getReqId() >= 1
            codes = [code for _, code in ib.errors]
            assert codes == [2104, 2106, 2158]
            (details,) = await ib.reqContractDetailsAsync(BHP)
            assert details.contract.primaryExchange == "ASX"
            time = await ib.reqCurrentTimeAsync()
            assert time == world.clock.now()

    asyncio.run(scenario())


def test_the_first_messages_come_in_the_order_of_a_real_gateway():
    async def scenario():
        async with gateway() as world, world.raw(client_id=7) as client:
            await client.until(a.ErrorMessage)
            assert client.fields[:2] == [["15", "1", "DU1234567"], ["9", "1", "1"]]

    asyncio.run(scenario())


def test_a_client_id_that_is_taken_is_told_326_and_the_connection_closed():
    async def scenario():
        async with gateway() as world, world.ib(client_id=3) as first:
            async with world.raw(client_id=3) as second:
                (error,) = await second.to_end()
                assert (error.req_id, error.code) == (-1, 326)
            assert first.isConnected()
            await first.reqCurrentTimeAsync()
            first.disconnect()
            await until(lambda: not world.gateway.conversations)
            async with world.ib(client_id=3) as third:
                assert third.isConnected()

    asyncio.run(scenario())


def test_it_binds_to_this_machine_unless_told_otherwise():
    async def scenario():
        async with gateway() as world:
            assert world.server.address[0] == "127.0.0.1"
            assert not world.server.is_exposed

    asyncio.run(scenario())


def test_requests_before_the_api_is_started_are_refused():
    async def scenario():
        async with gateway() as world, world.raw(client_id=None) as client:
            client.send(r.RequestCurrentTime())
            (error,) = await client.until(a.ErrorMessage)
            assert error.code == 504

    asyncio.run(scenario())


# Messages that can't be read


def test_a_message_that_cannot_be_read_is_answered_and_the_next_one_is_read():
    async def scenario():
        async with gateway() as world, world.raw() as client:
            await client.until(a.ErrorMessage)
            client.writer.write(frame(join(["3", "not a number"])))
            client.writer.write(frame(join(["999", "1"])))
            client.writer.write(frame(b"\0"))
            client.writer.write(frame(b"\xff\xfe"))
            client.send(r.RequestCurrentTime())
            received = await client.until(a.CurrentTime)
            errors = [
                one for one in received if isinstance(one, a.ErrorMessage) and one.code < 2000
            ]
            assert [error.code for error in errors] == [320, 505, 505, 320]
            assert "PlaceOrder (message 3), order_id: expected a whole number" in errors[0].text

    asyncio.run(scenario())


GARBAGE = [
    b"GET / HTTP/1.1\r\n\r\n",
    b"API\0\0\0\0\x05hello",
    b"API\0\xff\xff\xff\xff",
    b"\0" * 100,
    b"API\0\0\0\0\x09v100..120",
]


@pytest.mark.parametrize("sent", GARBAGE)
def test_what_does_not_greet_is_dropped_and_others_go_on(sent, caplog):
    async def scenario():
        async with gateway() as world, world.ib() as ib:
            reader, writer = await asyncio.open_connection(*world.server.address)
            writer.write(sent)
            async with asyncio.timeout(DEADLINE):
                assert await reader.read() == b""
            writer.close()
            assert (await ib.reqCurrentTimeAsync()) == world.clock.now()

    with caplog.at_level(logging.WARNING, "skim.gateway"):
        asyncio.run(scenario())
    assert "a connection was closed" in caplog.text


def test_an_oversized_frame_ends_its_own_connection_only():
    async def scenario():
        async with gateway() as world, world.ib() as ib, world.raw(client_id=2) as client:
            await client.until(a.ErrorMessage)
            client.writer.write(struct.pack(">I", 1 << 30) + b"x" * 100)
            await client.to_end()
            await until(lambda: 2 not in world.gateway.conversations)
            await ib.reqCurrentTimeAsync()

    asyncio.run(scenario())


def test_a_message_that_drips_in_byte_by_byte_is_read():
    async def scenario():
        async with gateway() as world, world.raw() as client:
            await client.until(a.ErrorMessage)
            for byte in frame(join(["49", "1"])):
                client.writer.write(bytes([byte]))
                await client.writer.drain()
                await asyncio.sleep(0)
            await client.until(a.CurrentTime)

    asyncio.run(scenario())


def test_a_client_that_never_greets_is_let_go(caplog):
    async def scenario():
        async with gateway(limits=Limits(greeting=0.05)) as world:
            reader, writer = await asyncio.open_connection(*world.server.address)
            async with asyncio.timeout(DEADLINE):
                assert await reader.read() == b""
            writer.close()

    with caplog.at_level(logging.WARNING, "skim.gateway"):
        asyncio.run(scenario())
    assert "did not greet in time" in caplog.text


def test_more_clients_than_a_real_gateway_takes_are_refused():
    async def scenario():
        limits = Limits(clients=2)
        async with gateway(limits=limits) as world, world.ib(1) as first, world.ib(2):
            reader, writer = await asyncio.open_connection(*world.server.address)
            async with asyncio.timeout(DEADLINE):
                assert await reader.read() == b""
            writer.close()
            await first.reqCurrentTimeAsync()

    asyncio.run(scenario())


# Limits


def test_the_51st_message_of_a_second_is_answered_with_100_and_the_third_time_is_the_last():
    async def scenario():
        async with gateway() as world, world.raw() as client:
            await client.until(a.ErrorMessage)
            client.send(*[r.RequestCurrentTime()] * 100)
            received = await client.to_end()
            times = [one for one in received if isinstance(one, a.CurrentTime)]
            errors = [one for one in received if getattr(one, "code", 0) == 100]
            # The start of the API counts too, and what came between a little later.
            assert 49 <= len(times) < 60
            assert len(errors) == 3
            assert "max=50 rec=51" in errors[0].text

    asyncio.run(scenario())


def test_a_client_that_does_not_read_is_dropped_before_it_costs_memory(caplog):
    async def scenario():
        limits = Limits(unsent=200_000, messages_a_second=10**6)
        async with gateway(limits=limits) as world, world.ib() as other:
            async with world.raw(client_id=2) as client:
                await client.until(a.ErrorMessage)
                client.writer.transport.pause_reading()
                for _ in range(3000):
                    client.send(r.RequestScannerParameters())
                await until(lambda: "left" in caplog.text)
            await other.reqCurrentTimeAsync()

    with caplog.at_level(logging.WARNING, "skim.gateway"):
        asyncio.run(scenario())
    assert "a client was dropped: it left" in caplog.text


def test_subscriptions_without_end_are_refused():
    async def scenario():
        limits = Limits(streams=3, messages_a_second=1000)
        async with gateway(limits=limits) as world, world.raw() as client:
            await client.until(a.NextValidId)
            client.send(*[r.RequestPositionsMulti(req_id=n) for n in range(1, 6)])
            client.send(r.CancelPositionsMulti(req_id=1), r.RequestPositionsMulti(req_id=9))
            client.send(r.RequestCurrentTime())
            await client.until(a.CurrentTime)
            refused = [one.req_id for one in client.received if getattr(one, "code", 0) == 322]
            assert refused == [4, 5]

    asyncio.run(scenario())
