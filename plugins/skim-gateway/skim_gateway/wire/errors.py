"""What is wrong with bytes that came over the wire."""

from __future__ import annotations


class WireError(Exception):
    """Bytes that are not the TWS API; the connection can't go on."""


class MalformedError(Exception):
    """One message can't be read; those after it can."""


class UnknownMessageError(Exception):
    """There is no message with this id; those after it can be read."""

    def __init__(self, identifier: int) -> None:
        super().__init__(f"there is no message {identifier}")
        self.identifier = identifier
