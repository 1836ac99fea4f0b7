"""The pacing of historical data, with a margin to what IBKR allows.

Source: IBKR, TWS API, "Historical Data Limitations": 60 requests in ten minutes, not the
same one within 15 seconds, not six of one contract and kind within two, BID_ASK counts
twice, 50 at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from datetime import datetime, timedelta

_WINDOW = timedelta(minutes=10)
_SAME = timedelta(seconds=16)
_BURST = timedelta(seconds=2)
_MOST = 55
_MOST_IN_BURST = 5
_AT_ONCE = 45
_INSTANT = timedelta(milliseconds=1)


class HistoryPacing:
    """Says when a request for historical data may be sent."""

    def __init__(self) -> None:
        self._sent: deque[tuple[datetime, Hashable, Hashable]] = deque()
        self.open = 0

    def delay(
        self, now: datetime, request: Hashable, series: Hashable, weight: int = 1
    ) -> timedelta:
        """Return how long to wait before this request may be sent; zero for not at all.

        `series` is its contract and kind of data, `weight` 2 for BID_ASK.
        """
        while self._sent and not timedelta(0) <= now - self._sent[0][0] < _WINDOW:
            self._sent.popleft()
        waits = [timedelta(0)]
        over = len(self._sent) + weight - _MOST
        if over > 0:
            waits.append(self._sent[over - 1][0] + _WINDOW - now)
        same = [at for at, asked, _ in self._sent if asked == request]
        if same:
            waits.append(same[-1] + _SAME - now)
        alike = [at for at, _, kind in self._sent if kind == series]
        over = len(alike) + weight - _MOST_IN_BURST
        if over > 0:
            waits.append(alike[over - 1] + _BURST - now)
        longest = max(waits)
        if longest > timedelta(0):
            return longest + _INSTANT
        return timedelta(0)

    def full(self) -> bool:
        """Whether as many requests are open as may be at once."""
        return self.open >= _AT_ONCE

    def count(self, now: datetime, request: Hashable, series: Hashable, weight: int = 1) -> None:
        """Remember that a request is sent now."""
        self._sent.extend([(now, request, series)] * weight)
