"""The simulated account in memory: a session's book that nobody reads again is not written."""

from __future__ import annotations

import os
from pathlib import Path

from skim_core.errors import BrokerError
from skim_core.model.session import Session
from skim_core.ports.broker import BrokerSetup
from skim_core.sim.account_book import Header, Record
from skim_core.sim.account_sessions import AccountSessions, OpenSession
from skim_core.sim.broker import SimBroker
from skim_core.sim.data import Feed, SessionData
from skim_core.sim.instructions import Instruction, Opening
from skim_core.sim.options import SimOptions

NOWHERE = Path(os.devnull, "replay")
"""Where nothing can be made: what is written all the same raises."""


class _MemorySession(OpenSession):
    def instruct(self, instruction: Instruction) -> None:
        self.exchange.take(instruction)


class _MemorySessions(AccountSessions):
    def __init__(
        self, setup: BrokerSetup, options: SimOptions, feed: Feed, opening: Opening
    ) -> None:
        super().__init__(setup, options, feed)
        self._account = setup.account
        self._rules = options
        self._opening = opening

    def enter(self, session: Session, brought: Opening | None = None) -> OpenSession:
        """Return the session begun with what was brought."""
        header = Header(
            account=self._account,
            session=session,
            options=self._rules,
            opening=brought or self._opening,
        )
        return _MemorySession(self._follow(Record(header, ())), NOWHERE, header)


class ReplayBroker(SimBroker):
    """The broker ``sim`` for one session of a replay, whose account begins with `opening`.

    The exchange is the one that trades; only its account's book is missing, and with it the
    way back after a crash: a replay that broke off begins again.
    """

    def __init__(
        self, setup: BrokerSetup, options: SimOptions, feed: Feed, opening: Opening
    ) -> None:
        super().__init__(setup, options, feed)
        self._sessions = _MemorySessions(setup, options, feed, opening)
        self._closing: Opening | None = None
        self.data: SessionData | None = None
        """The session's data, once the session is over."""

    @property
    def closing(self) -> Opening:
        """What the account had when the session was over.

        Raises BrokerError before the broker was connected and closed.
        """
        if self._closing is None:
            msg = "the session is not over: close the broker first."
            raise BrokerError(msg)
        return self._closing

    async def close(self) -> None:
        """Bring the session to its end, and let go of it."""
        if self._open is not None:
            self._open.exchange.finish()
            self._closing = self._open.exchange.closing()
            self.data = self._open.exchange.market.data
        await super().close()
