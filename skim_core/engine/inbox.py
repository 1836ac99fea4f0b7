"""What happened to a day and has not been dealt with yet."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Generic, TypeVar

from skim_core.ports.clock import Clock, Hold

MessageT = TypeVar("MessageT")


class Inbox(Generic[MessageT]):
    """A queue with one reader. Time is held while a message waits or is being dealt with."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._messages: deque[tuple[MessageT, Hold]] = deque()
        self._arrived: asyncio.Future[None] | None = None
        self._dealing: Hold | None = None
        self._closed = False

    def put(self, message: MessageT) -> None:
        """Add a message; called in the event loop's thread."""
        if self._closed:
            return
        self._messages.append((message, self._clock.hold()))
        if self._arrived is not None and not self._arrived.done():
            self._arrived.set_result(None)

    def busy(self) -> None:
        """Hold time until `next` is called: there is something to be dealt with."""
        self._dealing = self._clock.hold()

    async def next(self) -> MessageT:
        """Return the next message, letting time go on until there is one."""
        self.done()
        while not self._messages:
            self._arrived = asyncio.get_running_loop().create_future()
            await self._arrived
        message, self._dealing = self._messages.popleft()
        return message

    def take(self) -> MessageT | None:
        """Return the next message if one waits already, time standing still on and on."""
        if not self._messages:
            return None
        message, hold = self._messages.popleft()
        self.done()
        self._dealing = hold
        return message

    def done(self) -> None:
        """Let time go on: what was returned last has been dealt with."""
        if self._dealing is not None:
            self._dealing.release()
            self._dealing = None

    def close(self) -> None:
        """Take nothing more, and hold no time for what is left: its reader is gone."""
        self._closed = True
        self.done()
        while self._messages:
            _, waiting = self._messages.popleft()
            waiting.release()
