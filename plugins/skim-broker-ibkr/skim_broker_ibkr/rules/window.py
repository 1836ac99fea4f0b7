"""How many messages may be sent: a sliding second, with a lane kept for orders."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

_SECOND = timedelta(seconds=1)


class MessageWindow:
    """At most `most` messages in any second, of which `reserved` are only for orders.

    TWS counts orders and cancels as messages, tells error 100 above 50 a second and hangs
    up on who goes on. Source: IBKR, TWS API, "Architecture", requests per second.
    """

    def __init__(self, most: int, reserved: int) -> None:
        self._most = most
        self._reserved = reserved
        self._sent: deque[tuple[datetime, bool]] = deque()

    def delay(self, now: datetime, messages: int = 1, *, order: bool) -> timedelta:
        """Return how long to wait before that many messages may be sent; zero for not at all.

        Raises ValueError for more at once than a second takes.
        """
        limit = self._most if order else self._most - self._reserved
        if messages > limit:
            msg = f"{messages} messages at once: expected at most {limit}"
            raise ValueError(msg)
        self._forget(now)
        # What an ordinary message leaves to orders is not less for orders having used theirs.
        counted = [at for at, was_order in self._sent if order or not was_order]
        everything = [at for at, _ in self._sent]
        waits = (
            _until_free(counted, messages, limit, now),
            _until_free(everything, messages, self._most, now),
        )
        return max(waits)

    def count(self, now: datetime, messages: int = 1, *, order: bool) -> None:
        """Remember that messages are sent now."""
        self._sent.extend([(now, order)] * messages)

    def _forget(self, now: datetime) -> None:
        # A clock that was set back must not keep messages from being sent for ever.
        while self._sent and not timedelta(0) <= now - self._sent[0][0] <= _SECOND:
            self._sent.popleft()


def _until_free(sent: list[datetime], messages: int, limit: int, now: datetime) -> timedelta:
    over = len(sent) + messages - limit
    if over <= 0:
        return timedelta(0)
    return max(timedelta(0), sent[over - 1] + _SECOND - now) + timedelta(milliseconds=1)
