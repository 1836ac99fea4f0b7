"""The greeting: ``API`` and a NUL, the client's versions; the server answers with one of them."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from skim_gateway.wire.errors import WireError
from skim_gateway.wire.framing import frame, join

OLDEST, NEWEST = 157, 178
"""The server versions that are served. Real gateways negotiate 178 with ib_async; 201 would
be the first that speaks protobuf."""

_SIGN = b"API\0"
_LARGEST = 1024
_VERSIONS = re.compile(rb"v(\d{1,9})(?:\.\.(\d{1,9}))?(?: ([^\0]*))?\0?")


@dataclass(frozen=True, slots=True)
class Greeting:
    """What the client can speak, and `rest`, the bytes after its greeting."""

    lowest: int
    highest: int
    options: str
    rest: bytes

    def version(self, newest: int = NEWEST) -> int | None:
        """Return the version to answer with, `newest` at most; None when not both speak one."""
        chosen = min(self.highest, newest)
        return chosen if chosen >= max(self.lowest, OLDEST) else None


def read_greeting(received: bytes) -> Greeting | None:
    """Return the greeting at the start of `received`; None when it is not whole yet.

    Raises WireError for anything else.
    """
    if received[: len(_SIGN)] != _SIGN[: len(received)]:
        msg = f"the connection begins with {received[:8]!r}: expected {_SIGN!r}"
        raise WireError(msg)
    start = len(_SIGN) + 4
    if len(received) < start:
        return None
    (length,) = struct.unpack_from(">I", received, len(_SIGN))
    if not 0 < length <= _LARGEST:
        msg = f"a greeting of {length} bytes: expected 1 to {_LARGEST}"
        raise WireError(msg)
    if len(received) < start + length:
        return None
    text, rest = received[start : start + length], received[start + length :]
    found = _VERSIONS.fullmatch(text)
    if found is None:
        msg = f"the client's versions are {text[:64]!r}: expected such as b'v{OLDEST}..{NEWEST}'"
        raise WireError(msg)
    lowest, highest, options = found.groups()
    return Greeting(
        lowest=int(lowest),
        highest=int(highest or lowest),
        options=(options or b"").decode("ascii", "replace"),
        rest=bytes(rest),
    )


def greeting(lowest: int, highest: int) -> bytes:
    """Return a client's greeting."""
    return _SIGN + frame(f"v{lowest}..{highest}".encode("ascii"))


def welcome(version: int, time: str) -> bytes:
    """Return the server's answer: its version, and its time as text."""
    return frame(join([str(version), time]))
