"""Stands between clients and a gateway, hands everything on, and writes it down."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

from skim_gateway.recording.files import CLIENT, GATEWAY, Entry, RecordingWriter
from skim_gateway.recording.masking import Masking
from skim_gateway.wire.errors import WireError
from skim_gateway.wire.framing import Frames, frame, split
from skim_gateway.wire.handshake import NEWEST, Greeting, read_greeting

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import Callable, Iterable

_LOG = logging.getLogger("skim.gateway")
_CHUNK = 1 << 16
_LARGEST_ANSWER = 1 << 26


class RecordingProxy:
    """Listens for clients and records what they and the gateway at `upstream` say.

    Clients that speak newer versions are held to the newest that is text, so that the
    recording can be read. `seconds` returns those since the recording began.
    """

    def __init__(
        self,
        upstream: tuple[str, int],
        writer: RecordingWriter,
        seconds: Callable[[], float],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.messages = 0
        self._upstream = upstream
        self._writer = writer
        self._seconds = seconds
        self._masking = Masking()
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

    async def start(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        self._server = await asyncio.start_server(self._serve, self._host, self._port)

    async def close(self) -> None:
        """Drop all connections and stop listening."""
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._server is not None:
            await self._server.wait_closed()

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._connections += 1
        try:
            await self._relay(reader, writer, self._connections)
        except (OSError, WireError) as error:
            _LOG.warning("a connection was closed: %s", error)
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _relay(self, reader: StreamReader, writer: StreamWriter, number: int) -> None:
        greeting, received = None, b""
        while greeting is None:
            received += await _more(reader)
            greeting = read_greeting(received)
        far_reader, far_writer = await asyncio.open_connection(*self._upstream)
        try:
            far_writer.write(_held_to_text(greeting))
            frames, answer = Frames(_LARGEST_ANSWER), b""
            while not (welcomed := list(frames.feed(answer))):
                answer = await _more(far_reader)
                writer.write(answer)
            version = int(split(welcomed[0])[0])
            self._write(number, version, GATEWAY, welcomed[1:])
            far_writer.write(greeting.rest)
            asked = Frames(_LARGEST_ANSWER)
            self._write(number, version, CLIENT, asked.feed(greeting.rest))
            pumps = [
                asyncio.create_task(self._pump(reader, far_writer, asked, number, version, CLIENT)),
                asyncio.create_task(
                    self._pump(far_reader, writer, frames, number, version, GATEWAY)
                ),
            ]
            try:
                # Whoever leaves first ends it for both.
                done, _ = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
                for pump in done:
                    pump.result()
            finally:
                for pump in pumps:
                    pump.cancel()
                await asyncio.gather(*pumps, return_exceptions=True)
        finally:
            far_writer.close()

    async def _pump(  # noqa: PLR0917  one direction of one connection
        self,
        reader: StreamReader,
        writer: StreamWriter,
        frames: Frames,
        number: int,
        version: int,
        source: str,
    ) -> None:
        while data := await reader.read(_CHUNK):
            writer.write(data)
            self._write(number, version, source, frames.feed(data))
            await writer.drain()
        with contextlib.suppress(OSError):
            await writer.drain()

    def _write(self, number: int, version: int, source: str, payloads: Iterable[bytes]) -> None:
        for payload in payloads:
            fields = tuple(self._masking.mask(split(payload)))
            self._writer.write(Entry(self._seconds(), number, version, source, fields))
            self.messages += 1


def _held_to_text(greeting: Greeting) -> bytes:
    options = f" {greeting.options}" if greeting.options else ""
    text = f"v{greeting.lowest}..{min(greeting.highest, NEWEST)}{options}"
    return b"API\0" + frame(text.encode("ascii"))


async def _more(reader: StreamReader) -> bytes:
    data = await reader.read(_CHUNK)
    if not data:
        raise ConnectionResetError
    return data
