"""From payloads to messages and back, in the server version that a connection speaks."""

from __future__ import annotations

from skim_gateway.wire.answers import ANSWERS
from skim_gateway.wire.framing import frame, join, split
from skim_gateway.wire.messages import Message
from skim_gateway.wire.requests import REQUESTS


def decode_request(payload: bytes, version: int) -> Message:
    """Return a client's message.

    Raises MalformedError naming the message and the field, and UnknownMessageError.
    """
    return REQUESTS.decode(split(payload), version)


def encode_request(request: Message, version: int) -> bytes:
    """Return a client's message as a frame."""
    return frame(join(REQUESTS.encode(request, version)))


def decode_answer(payload: bytes, version: int) -> Message:
    """Return a gateway's message.

    Raises MalformedError naming the message and the field, and UnknownMessageError.
    """
    return ANSWERS.decode(split(payload), version)


def encode_answer(answer: Message, version: int) -> bytes:
    """Return a gateway's message as a frame."""
    return frame(join(ANSWERS.encode(answer, version)))
