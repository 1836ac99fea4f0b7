"""The control socket: faults at run time, as one line of JSON each, on this machine only."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from typing import TYPE_CHECKING, Any

from skim_core.errors import BrokerError, ConfigError, SkimError
from skim_gateway.faults.model import Action, read_fault

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import Mapping

    from skim_gateway.gateway import Gateway

_LOOPBACK = "127.0.0.1"
_LONGEST = 1 << 16
_PATIENCE = 10.0

CLEAR, LIST = "clear", "list"


class ControlServer:
    """Takes faults for a gateway while it runs."""

    def __init__(self, gateway: Gateway, port: int) -> None:
        self._gateway = gateway
        self._faults = gateway.faults
        self._port = port
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """Where it listens, once it is started."""
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def start(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        self._server = await asyncio.start_server(
            self._serve, _LOOPBACK, self._port, limit=_LONGEST
        )

    async def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                try:
                    answer = self._do(json.loads(await reader.readline()))
                except SkimError as error:
                    answer = {"error": str(error)}
                except ValueError:
                    answer = {"error": "expected one line of JSON, shorter than 64 KiB."}
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        writer.close()

    def _do(self, asked: object) -> dict[str, Any]:
        if not isinstance(asked, dict):
            msg = 'expected an object such as {"do": "farm", "seconds": 5}.'
            raise ConfigError(msg)
        if asked.get("do") == CLEAR:
            self._faults.clear()
        elif asked.get("do") != LIST:
            self._faults.add(read_fault(asked))
        return {
            "waiting": [
                fault.model_dump(mode="json", exclude_unset=True) for fault in self._faults.waiting
            ],
            "halted": self._gateway.halts.halted(),
            "struck": [
                {
                    "at": struck.at.isoformat(),
                    "do": struck.do,
                    "on": struck.on,
                    "client": struck.client,
                    "order_ref": struck.order_ref,
                }
                for struck in self._faults.struck
            ],
        }


def ask(port: int, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Ask the gateway whose control port this is; return its answer.

    Raises BrokerError when nobody answers there, ConfigError for what it refuses.
    """
    try:
        with socket.create_connection((_LOOPBACK, port), timeout=_PATIENCE) as connection:
            connection.sendall(json.dumps(asked).encode() + b"\n")
            with connection.makefile("rb") as file:
                line = file.readline()
        answer = json.loads(line)
    except (OSError, ValueError) as error:
        msg = (
            f"no gateway answers at control port {port} ({error}): start one with "
            f"'skim-gateway run --control-port {port}'."
        )
        raise BrokerError(msg) from error
    if "error" in answer:
        raise ConfigError(answer["error"])
    found: dict[str, Any] = answer
    return found


def read_pairs(action: str, pairs: list[str]) -> dict[str, str]:
    """Return ``name=value`` texts by their names; ``halt BHP`` names its symbol without.

    Raises ConfigError.
    """
    found = {}
    if action in {Action.HALT, Action.RESUME} and pairs and "=" not in pairs[0]:
        found["symbol"], *pairs = pairs
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            msg = f"{pair!r} is not NAME=VALUE: write such as on=place_order."
            raise ConfigError(msg)
        found[name] = value
    return found
