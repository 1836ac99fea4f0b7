"""An account's way through sessions: which one is current, and how it begins each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from skim_core.errors import ConfigError
from skim_core.model.session import Session
from skim_core.ports.broker import BrokerSetup
from skim_core.sim.account_book import (
    AccountBook,
    Header,
    Record,
    book_path,
    earlier_books,
    read_book,
)
from skim_core.sim.data import Feed, SessionData
from skim_core.sim.exchange import SimulatedExchange
from skim_core.sim.instructions import Instruction, Opening
from skim_core.sim.options import RULES, WORLD, SimOptions

BEFORE_OPEN = timedelta(hours=12)
"""How long before its open a session becomes the current one."""

_SESSIONS_KEPT = 2
"""How many sessions' data is kept in memory; a replay may go through hundreds."""


@dataclass
class OpenSession:
    """One session of the account: its exchange, and the book that remembers it.

    The book's file is made with the first instruction.
    """

    exchange: SimulatedExchange
    path: Path
    header: Header
    book: AccountBook | None = None

    @property
    def session(self) -> Session:
        """Which session it is."""
        return self.header.session

    def instruct(self, instruction: Instruction) -> None:
        """Write an instruction down, then let the exchange have it.

        Raises BrokerError when it can't be written; the exchange has not heard of it then.
        """
        self.write_down().write(instruction)
        self.exchange.take(instruction)

    def write_down(self) -> AccountBook:
        """Return the book, begun if need be."""
        if self.book is None:
            self.book = AccountBook(self.path, self.header)
        return self.book

    def close(self) -> None:
        """Let go of the book's file."""
        if self.book is not None:
            self.book.close()


class AccountSessions:
    """The sessions that a broker is set up for, in order, and how the account enters them."""

    def __init__(self, setup: BrokerSetup, options: SimOptions, feed: Feed) -> None:
        if not setup.sessions:
            msg = "the broker sim was given no session: name the days that it will be asked about."
            raise ConfigError(msg)
        self._setup = setup
        self._options = options
        self._feed = feed
        self._sessions = sorted(setup.sessions, key=lambda session: session.open)
        self._data: dict[Session, SessionData] = {}

    def at(self, now: datetime) -> Session:
        """Return the current session: the last that opens within 12 hours of `now`."""
        current, *following = self._sessions
        for session in following:
            if session.open - BEFORE_OPEN <= now:
                current = session
        return current

    def after(self, session: Session) -> Session | None:
        """Return the session that follows, or None."""
        return next((other for other in self._sessions if other.open > session.open), None)

    def data(self, session: Session) -> SessionData:
        """Return the session's data. Raises DataError when it is unsound."""
        found = self._data.get(session)
        if found is None:
            while len(self._data) >= _SESSIONS_KEPT:
                del self._data[next(iter(self._data))]
            found = self._data[session] = self._feed.load(session, self._setup.exchange)
        return found

    def enter(self, session: Session, brought: Opening | None = None) -> OpenSession:
        """Return `session` as its book says, or begun anew with what the account brings.

        What it brings is `brought`, or what its latest earlier session in the same market
        ended with, or the cash of the options. Raises ConfigError when the session was
        begun under other rules, BrokerError for a damaged book.
        """
        path = book_path(self._setup.directory, self._setup.account, session)
        record = read_book(path)
        if record is not None:
            self._refuse_other_rules(path, record.header)
            return OpenSession(self._follow(record), path, record.header)
        header = Header(
            account=self._setup.account,
            session=session,
            options=self._options,
            opening=brought or self._brought_from_earlier(session),
        )
        opened = OpenSession(self._follow(Record(header, ())), path, header)
        if header.opening.orders:
            # Orders stand in this session: a later one must know that it happened.
            opened.write_down()
        return opened

    def _follow(self, record: Record) -> SimulatedExchange:
        """Return the record's exchange with its instructions given, and time not yet run."""
        header = record.header
        exchange = SimulatedExchange(
            self.data(header.session), self._setup.exchange, header.options, header.opening
        )
        for instruction in record.instructions:
            exchange.take(instruction)
        return exchange

    def _brought_from_earlier(self, session: Session) -> Opening:
        for path in earlier_books(self._setup.directory, self._setup.account, session):
            record = read_book(path)
            if record is None or self._differing(record.header, WORLD):
                continue
            if not record.instructions and not record.header.opening.orders:
                return record.header.opening
            exchange = self._follow(record)
            exchange.finish()
            return exchange.closing()
        return Opening(cash=self._options.cash)

    def _differing(self, header: Header, names: tuple[str, ...]) -> str:
        """Return the first of the options `names` that was another when the book was begun."""
        then, now = header.options, self._options
        return next((name for name in names if getattr(then, name) != getattr(now, name)), "")

    def _refuse_other_rules(self, path: Path, header: Header) -> None:
        name = self._differing(header, RULES)
        if name:
            msg = (
                f"[brokers.sim] {name} is {getattr(self._options, name)!r}, but the account "
                f"{header.account!r} began the session of {header.session.date} with "
                f"{getattr(header.options, name)!r}: set it back, use another account, or move "
                f"{path} away."
            )
            raise ConfigError(msg)
