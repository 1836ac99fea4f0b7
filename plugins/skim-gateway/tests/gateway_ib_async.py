"""ib_async's own encoder and decoder, without a socket."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager

from ib_async.client import Client
from ib_async.decoder import Decoder


class Callbacks:
    """Stands in for ib_async's wrapper: remembers each callback with its arguments."""

    def __init__(self):
        self.called = []
        self.defaultTimezone = None

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *arguments: self.called.append((name, arguments))


def decoded_by_ib_async(fields, version):
    """Return the callbacks that ib_async's decoder makes of a message."""
    callbacks = Callbacks()
    Decoder(callbacks, version).interpret(fields)
    return callbacks.called


@contextmanager
def encoder(version):
    """Yield an ib_async client that is connected to nothing, and the frames it sends."""
    frames = []
    client = Client(Callbacks())
    client.conn.sendMsg = frames.append
    client.MaxRequests = 0
    client.connState = Client.CONNECTED
    client._serverVersion = version
    # Its client asks for the thread's event loop, and would leave one open.
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        yield client, frames
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def payloads(frames):
    return [frame[4:] for frame in frames]
