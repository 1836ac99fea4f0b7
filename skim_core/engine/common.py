"""What the days of one process and one account have in common."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from skim_core.engine.accounts import AccountBooks, Controls
from skim_core.engine.line import BrokerLine
from skim_core.engine.precedence import Precedence
from skim_core.errors import OrderRefusedError
from skim_core.ports.clock import Clock
from skim_core.ports.journal import Journal

_TURN = timedelta(seconds=5)
_ASK_AGAIN = 0.02
_ASK_AT_MOST = 500


class AccountTurns:
    """Lets one entry of an account be checked and decided at a time, in all processes.

    Without that two processes could each find room for one more position, and both take it.
    """

    def __init__(self, journal: Journal, account: str, owner: str, wall: Clock) -> None:
        self._journal = journal
        self._name = f"entries/{account}"
        self._owner = owner
        self._wall = wall
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for the turn, and hold it. Raises OrderRefusedError when it does not come.

        Whoever waits holds up the stops and exits of its own day: so it doesn't for long.
        """
        async with self._lock:
            for _ in range(_ASK_AT_MOST):
                if self._take():
                    break
                await asyncio.sleep(_ASK_AGAIN)
            else:
                msg = "another process has held up the account's entries for too long: try again."
                raise OrderRefusedError(msg)
            try:
                yield
            finally:
                self._journal.release(self._name, self._owner)

    def _take(self) -> bool:
        now = self._wall.now()
        return self._journal.acquire(self._name, self._owner, now, _TURN) is not None


@dataclass(frozen=True)
class Common:
    """The line to the broker, the account's books, what people said, whose turn it is, who is first."""

    line: BrokerLine
    accounts: AccountBooks
    controls: Controls
    turns: AccountTurns
    precedence: Precedence
