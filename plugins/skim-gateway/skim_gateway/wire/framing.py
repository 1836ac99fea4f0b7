"""Frames: a length of four bytes, big-endian, then fields that each end with a NUL."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

from skim_gateway.wire.errors import WireError

LARGEST_REQUEST = 1 << 16
"""Bytes that a client's message may have; the largest real one, an order with many
conditions, has some two thousand."""

_LENGTH = struct.Struct(">I")


class Frames:
    """Cuts a stream of bytes into payloads, however it is delivered.

    Never keeps more than one frame of `largest` bytes and what was fed last.
    """

    def __init__(self, largest: int = LARGEST_REQUEST) -> None:
        self._largest = largest
        self._kept = bytearray()

    @property
    def kept(self) -> int:
        """The bytes that wait for the rest of their frame."""
        return len(self._kept)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield each payload that is whole by now.

        Raises WireError for a frame that is empty or larger than allowed.
        """
        self._kept += data
        while len(self._kept) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._kept)
            if not 0 < length <= self._largest:
                msg = f"a frame of {length} bytes: expected 1 to {self._largest}"
                raise WireError(msg)
            end = _LENGTH.size + length
            if len(self._kept) < end:
                return
            payload = bytes(self._kept[_LENGTH.size : end])
            del self._kept[:end]
            yield payload


def frame(payload: bytes) -> bytes:
    """Return `payload` with its length before it."""
    return _LENGTH.pack(len(payload)) + payload


def join(fields: Iterable[str]) -> bytes:
    """Return `fields` as a payload; they hold no NUL and no character beyond ASCII."""
    return "".join(f"{field}\0" for field in fields).encode("ascii")


def split(payload: bytes) -> list[str]:
    """Return a payload's fields; bytes that are not UTF-8 are replaced."""
    fields = payload.decode("utf-8", "replace").split("\0")
    if fields[-1] == "":
        fields.pop()
    return fields
