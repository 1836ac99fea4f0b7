"""What a trading process and the exchange's process say to one another.

A frame is its length (four bytes, the most significant first) and JSON. A client's first
frame says who it is, ``{"pid": ...}``; then each of its frames is a call of one of the
broker's methods, with the client's time, and is answered by one frame.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import PlainSerializer, PlainValidator, TypeAdapter

from skim_core.model.base import UtcDatetime
from skim_core.model.market import Quote
from skim_core.model.orders import Fill, Order, Position, Reference
from skim_core.model.reports import OrderReport
from skim_core.ports.broker import Account, BrokerNotice, GapRow, GapScan

if TYPE_CHECKING:
    from skim_core.ports.bars import Bars

_LENGTH = 4
_COLUMNS = ("open", "high", "low", "close", "volume")


class HungUpError(Exception):
    """The other side is gone."""


def send(line: socket.socket, frame: Any) -> None:
    """Send one frame."""
    body = json.dumps(frame).encode()
    line.sendall(len(body).to_bytes(_LENGTH, "big") + body)


def receive(line: socket.socket) -> Any:
    """Wait for one frame and return it. Raises HungUpError."""
    return json.loads(_exactly(line, int.from_bytes(_exactly(line, _LENGTH), "big")))


def _exactly(line: socket.socket, length: int) -> bytes:
    body = b""
    while len(body) < length:
        try:
            part = line.recv(length - len(body))
        except ConnectionError as error:
            raise HungUpError from error
        if not part:
            raise HungUpError
        body += part
    return body


def _from_bars(bars: Bars) -> dict[str, Any]:
    columns = {name: getattr(bars, name).tolist() for name in _COLUMNS}
    return {"symbols": bars.symbols, "start": bars.start.isoformat(), **columns}


def _to_bars(frame: Mapping[str, Any]) -> Bars:
    import numpy as np

    from skim_core.ports.bars import Bars

    symbols, start = tuple(frame["symbols"]), datetime.fromisoformat(frame["start"])
    minutes = len(frame["open"][0]) if symbols else 0
    columns = (np.array(frame[name], float).reshape(len(symbols), minutes) for name in _COLUMNS)
    return Bars(symbols, start, *columns)


@dataclass(frozen=True)
class Call:
    """One method of the broker: what it takes and what it gives, as JSON has them."""

    takes: TypeAdapter[Any]
    gives: TypeAdapter[Any]


_BARS = Annotated[Any, PlainValidator(_to_bars), PlainSerializer(_from_bars)]


def _call(takes: Any, gives: Any) -> Call:
    return Call(TypeAdapter(takes), TypeAdapter(gives))


CALLS = {
    "connect": _call(tuple[()], None),
    "wake": _call(tuple[()], None),
    "account": _call(tuple[()], Account),
    "symbols": _call(tuple[()], Sequence[str]),
    "quotes": _call(tuple[tuple[str, ...]], dict[str, Quote]),
    "bars": _call(tuple[tuple[str, ...], UtcDatetime, UtcDatetime], _BARS),
    "scan": _call(tuple[GapScan], Sequence[GapRow]),
    "submit": _call(tuple[tuple[Order, ...]], None),
    "modify": _call(tuple[Order], None),
    "cancel": _call(tuple[Reference, str | None], None),
    "orders": _call(tuple[()], Sequence[OrderReport]),
    "executions": _call(tuple[()], Sequence[Fill]),
    "positions": _call(tuple[()], Sequence[Position]),
}
"""Every call; ``wake`` lets happen what is due by the client's time."""

TRADING = frozenset({"submit", "modify", "cancel"})
"""The calls that change something at the exchange."""

NOTICES: TypeAdapter[tuple[BrokerNotice, ...]] = TypeAdapter(tuple[BrokerNotice, ...])

MOMENT: TypeAdapter[datetime] = TypeAdapter(UtcDatetime)
