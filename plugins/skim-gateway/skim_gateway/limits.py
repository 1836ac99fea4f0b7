"""The limits of a real gateway on how fast a client may ask. Pure: time is passed in."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from datetime import datetime, timedelta


class MessageRate:
    """Lets `most` messages through at once, and as many again each second.

    So a client that keeps to that many a second is never told off because its messages
    came in a bunch. `now` is in seconds of any steady clock.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._left = float(most)
        self._since = 0.0
        self.violations = 0

    def exceeded(self, now: float) -> bool:
        """Count a message; return whether it came too fast."""
        self._left = min(self._most, self._left + (now - self._since) * self._most)
        self._since = now
        if self._left < 1:
            self.violations += 1
            return True
        self._left -= 1
        return False


_WINDOW = timedelta(minutes=10)
_SAME = timedelta(seconds=15)
_BURST = timedelta(seconds=2)
_BURST_REQUESTS = 6


class HistoryPacing:
    """The pacing of historical data: at most so many requests in ten minutes.

    Besides not the same one again within 15 seconds, and not six of one contract and kind
    within two. A request for BID_ASK counts twice.
    Source: IBKR, TWS API, historical data limitations.
    """

    def __init__(self, most: int = 60) -> None:
        self._most = most
        self._asked: deque[tuple[datetime, Hashable, Hashable]] = deque()

    def violated(self, now: datetime, request: Hashable, series: Hashable, weight: int = 1) -> bool:
        """Count a request for `series` (contract and kind); return whether it came too soon."""
        while self._asked and now - self._asked[0][0] >= _WINDOW:
            self._asked.popleft()
        same = any(asked == request and now - when < _SAME for when, asked, _ in self._asked)
        burst = sum(asked == series and now - when < _BURST for when, _, asked in self._asked)
        if same or burst >= _BURST_REQUESTS - 1 or len(self._asked) + weight > self._most:
            return True
        self._asked.extend([(now, request, series)] * weight)
        return False
