"""How many messages may be sent: a sliding second, with lanes of which none waits for a lower one."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from enum import IntEnum

_SECOND = timedelta(seconds=1)


class Lane(IntEnum):
    """What a message is for; a higher one never waits for lower ones."""

    DATA = 0
    """Market data of many symbols: streams, bars, scans."""
    QUESTION = 1
    """What is asked before an order is decided: money, books, a few symbols' quotes."""
    ORDER = 2
    """Orders, cancels, and what TWS has to be asked to word one."""


class MessageWindow:
    """At most `most` messages in any second, of which `reserved` are only for orders.

    Of the others one in three is not for market data. TWS counts orders and cancels as
    messages, tells error 100 above 50 a second and hangs up on who goes on. Source: IBKR,
    TWS API, "Architecture", requests per second.
    """

    def __init__(self, most: int, reserved: int) -> None:
        others = most - reserved
        self._limits = {Lane.DATA: others - others // 3, Lane.QUESTION: others, Lane.ORDER: most}
        self._sent: deque[tuple[datetime, Lane]] = deque()

    def delay(self, now: datetime, messages: int = 1, *, lane: Lane) -> timedelta:
        """Return how long to wait before that many messages may be sent; zero for not at all.

        Raises ValueError for more at once than a second takes.
        """
        limit = self._limits[lane]
        if messages > limit:
            msg = f"{messages} messages at once: expected at most {limit}"
            raise ValueError(msg)
        self._forget(now)
        # Each higher lane's limit holds for what the lower ones have sent together.
        return max(
            _until_free([at for at, used in self._sent if used <= each], messages, most, now)
            for each, most in self._limits.items()
            if each >= lane
        )

    def count(self, now: datetime, messages: int = 1, *, lane: Lane) -> None:
        """Remember that messages are sent now."""
        self._sent.extend([(now, lane)] * messages)

    def _forget(self, now: datetime) -> None:
        # A clock that was set back must not keep messages from being sent for ever.
        while self._sent and not timedelta(0) <= now - self._sent[0][0] <= _SECOND:
            self._sent.popleft()


def _until_free(sent: list[datetime], messages: int, limit: int, now: datetime) -> timedelta:
    over = len(sent) + messages - limit
    if over <= 0:
        return timedelta(0)
    return max(timedelta(0), sent[over - 1] + _SECOND - now) + timedelta(milliseconds=1)
