"""Notices on their way to whoever subscribed: in order, and never inside the socket's callback.

What receivers do, such as writing a journal, must not hold up what TWS says next.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from skim_core import Clock
    from skim_core.broker import BrokerNotice, Hold


class Outbox:
    """Holds notices until the event loop has a turn for them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._receivers: list[Callable[[BrokerNotice], None]] = []
        self._waiting: deque[BrokerNotice] = deque()
        self._hold: Hold | None = None

    def subscribe(self, receiver: Callable[[BrokerNotice], None]) -> None:
        """Tell a receiver every notice from now on."""
        self._receivers.append(receiver)

    def put(self, notice: BrokerNotice) -> None:
        """Tell a notice soon, before any time passes."""
        self._waiting.append(notice)
        if self._hold is None:
            self._hold = self._clock.hold()
            asyncio.get_running_loop().call_soon(self._deliver)

    def _deliver(self) -> None:
        try:
            while self._waiting:
                notice = self._waiting.popleft()
                for receiver in self._receivers:
                    receiver(notice)
        finally:
            hold, self._hold = self._hold, None
            if hold is not None:
                hold.release()
            if self._waiting:
                # A receiver has raised: the others' notices are not lost with it.
                self._hold = self._clock.hold()
                asyncio.get_running_loop().call_soon(self._deliver)
