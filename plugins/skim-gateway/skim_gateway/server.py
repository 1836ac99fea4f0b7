"""The socket: greets clients, hands their messages to conversations, and bounds their memory."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from ipaddress import ip_address
from typing import TYPE_CHECKING, Self

from skim_gateway import codes
from skim_gateway.gateway import Gateway
from skim_gateway.limits import MessageRate
from skim_gateway.serving.conversation import Conversation
from skim_gateway.serving.handlers import HANDLERS
from skim_gateway.wire.errors import WireError
from skim_gateway.wire.framing import Frames
from skim_gateway.wire.handshake import OLDEST, Greeting, read_greeting, welcome

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter

    from skim_core import Clock
    from skim_gateway.setup import GatewaySetup

LOOPBACK = "127.0.0.1"

_LOG = logging.getLogger("skim.gateway")
_CHUNK = 1 << 16


class GatewayServer:
    """A gateway behind a TCP port. Use as an async context manager, or start and close it.

    `port` 0 takes any free one; `address` says which. Only this machine can connect
    unless `host` says otherwise.
    """

    def __init__(
        self, setup: GatewaySetup, clock: Clock, *, host: str = LOOPBACK, port: int = 0
    ) -> None:
        self.gateway = Gateway(setup, clock)
        self.connected = asyncio.Event()
        self._host = host
        self._port = port
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._connections = 0

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens, once it is started."""
        assert self._server is not None
        host, port, *_ = self._server.sockets[0].getsockname()
        return host, port

    @property
    def is_exposed(self) -> bool:
        """Whether others than this machine can connect."""
        return not ip_address(self.address[0]).is_loopback

    async def start(self) -> None:
        """Listen. Raises OSError when the port is taken, SkimError for unsound data."""
        await self.gateway.start()
        self._server = await asyncio.start_server(self._serve, self._host, self._port)

    async def close(self) -> None:
        """Drop all clients and stop listening."""
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._server is not None:
            await self._server.wait_closed()
            self._server = None
        await self.gateway.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # One connection

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._converse(reader, writer)
        except WireError as error:
            _LOG.warning("a connection was closed: %s", error)
        except TimeoutError:
            _LOG.warning("a connection was closed: it did not greet in time")
        except ConnectionError:
            pass  # the client is gone, which is how most conversations end
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _converse(self, reader: StreamReader, writer: StreamWriter) -> None:
        limits = self.gateway.setup.limits
        if len(self._tasks) > limits.clients:
            _LOG.warning("a connection was refused: %d clients are connected", limits.clients)
            return
        if self.gateway.faults.outages.closed:
            writer.transport.abort()
            return
        async with asyncio.timeout(limits.greeting):
            greeting = await _greeted(reader)
        version = greeting.version(self.gateway.setup.newest_version)
        if version is None:
            msg = f"the client speaks up to version {greeting.highest}: {OLDEST} is the oldest"
            raise WireError(msg)
        now = self.gateway.clock.now()
        writer.write(welcome(version, self.gateway.wording.greeting(now)))
        conversation = Conversation(self.gateway, version, Outlet(writer, limits.unsent), HANDLERS)
        self.connected.set()
        try:
            await self._listen(reader, conversation, greeting.rest)
            with contextlib.suppress(ConnectionError):
                await writer.drain()
        finally:
            conversation.close()

    async def _listen(
        self, reader: StreamReader, conversation: Conversation, received: bytes
    ) -> None:
        limits = self.gateway.setup.limits
        frames, rate = Frames(), MessageRate(limits.messages_a_second)
        steady, own = asyncio.get_running_loop().time, self.gateway.clock
        while not conversation.closed:
            for payload in frames.feed(received):
                if rate.exceeded(own.now().timestamp() if limits.by_clock else steady()):
                    times, most = rate.violations, limits.messages_a_second
                    conversation.error(
                        codes.TOO_MANY_MESSAGES, most=most, received=most + 1, times=times
                    )
                    if times >= limits.violations:
                        return
                    continue
                await conversation.receive(payload)
                if conversation.closed:
                    return
            received = await reader.read(_CHUNK)
            if not received:
                return


class Outlet:
    """Takes what a client is to get; drops a client that leaves too much of it unread."""

    def __init__(self, writer: StreamWriter, most: int) -> None:
        self._writer = writer
        self._most = most

    def __call__(self, data: bytes) -> None:
        """Send bytes, or drop the client."""
        transport = self._writer.transport
        if transport.is_closing():
            return
        waiting = transport.get_write_buffer_size()
        if waiting + len(data) > self._most:
            _LOG.warning("a client was dropped: it left %d bytes unread", waiting)
            transport.abort()
            return
        self._writer.write(data)

    def abort(self) -> None:
        """Reset the connection: what was not sent is lost."""
        self._writer.transport.abort()


async def _greeted(reader: StreamReader) -> Greeting:
    """Return the client's greeting. Raises WireError, and ConnectionError when it leaves."""
    received = b""
    while (greeting := read_greeting(received)) is None:
        more = await reader.read(_CHUNK)
        if not more:
            raise ConnectionResetError
        received += more
    return greeting
