"""The gateway itself, without a socket: accounts at a simulated exchange, and their clients."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from skim_core import Fill
from skim_core.broker import BrokerSetup
from skim_core.errors import ConfigError
from skim_core.sim import BEFORE_OPEN, without_called_halts, without_halts
from skim_gateway.faults.faults import Faults
from skim_gateway.market.catalogue import Catalogue
from skim_gateway.market.halts import Halts
from skim_gateway.market.prints import SessionTape
from skim_gateway.orders.accounts import Accounts, TradedAccount
from skim_gateway.orders.book import MANUAL, Book
from skim_gateway.orders.desk import Desk
from skim_gateway.orders.hearing import Hearing
from skim_gateway.orders.store import TicketStore
from skim_gateway.wire.answers import (
    ErrorMessage,
    ExecutionDetails,
    OpenOrder,
    OrderBound,
    OrderStatus,
)
from skim_gateway.wire.requests import PlaceOrder
from skim_gateway.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skim_core import Clock, Session
    from skim_core.broker import BrokerNotice, Timer
    from skim_core.sim import SimBroker
    from skim_gateway.orders.tickets import Ticket
    from skim_gateway.serving.conversation import Conversation
    from skim_gateway.setup import GatewaySetup
    from skim_gateway.wire.answers import Answer
    from skim_gateway.wire.orders import Order

_LOG = logging.getLogger("skim.gateway")

STEP = timedelta(seconds=5)
"""How often what streams is looked at: all that is seen of a minute comes at such steps."""

_TAPES_KEPT = 40
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _with_id(answer: Answer, order_id: int) -> Answer:
    """Return what is told of an order under the id that it has now."""
    if isinstance(answer, OpenOrder):
        return replace(answer, order=replace(answer.order, order_id=order_id))
    if isinstance(answer, OrderStatus | ExecutionDetails):
        return replace(answer, order_id=order_id)
    return replace(answer, req_id=order_id) if isinstance(answer, ErrorMessage) else answer


class Gateway:
    """The accounts' exchange, contracts, orders and clients.

    `start` before the first client. Time is `clock`'s.
    """

    def __init__(self, setup: GatewaySetup, clock: Clock) -> None:
        if not setup.sessions:
            msg = "a gateway needs a session: name the day that it is to simulate."
            raise ConfigError(msg)
        self.setup = setup
        self.clock = clock
        self.conversations: dict[int, Conversation] = {}
        self._tapes: dict[Session, SessionTape] = {}
        self._timer: Timer | None = None
        self.sessions = sorted(setup.sessions, key=lambda session: session.open)
        numbers = dict.fromkeys((setup.account, *setup.linked))
        self.accounts = Accounts([self._make_account(number) for number in numbers])
        self.halts = Halts(self)
        symbols = self.tape(clock.now()).data.bars.symbols
        self.catalogue = Catalogue(setup.exchange, symbols)
        self.wording = Wording(self.catalogue.venue.timezone, zoned=setup.zoned_executions)
        store = TicketStore(setup.directory / f"tickets-{setup.account}.jsonl")
        self.use_book(Book(setup.seed, store))
        self.faults = Faults(self, setup.seed)

    @property
    def broker(self) -> SimBroker:
        """The first account's place at the exchange."""
        return self.accounts.first.broker

    def _make_account(self, number: str) -> TradedAccount:
        setup = self.setup
        made = BrokerSetup(
            account=number,
            clock=self.clock,
            exchange=setup.exchange,
            sessions=setup.sessions,
            directory=setup.directory,
        )
        return TradedAccount(made, setup.options, setup.feed)

    def use_book(self, book: Book) -> None:
        """Work with this book from now on."""
        setup = self.setup
        self.book = book
        self.hearing = Hearing(
            book,
            self.catalogue,
            self.wording,
            self.tell,
            accounts=self.accounts,
            seed=setup.seed,
            repeated=setup.repeated,
        )
        self.desk = Desk(
            book,
            self.accounts,
            self.catalogue,
            self.clock,
            self.hearing,
            refuses=self.halts.refuses,
        )

    async def withdraw(self, orders: Sequence[Ticket]) -> None:
        """Take orders away from the exchange that no client knows of any more.

        One that trades before its cancel arrives is held, and nobody is told.
        """
        for order in orders:
            await self.accounts[order.order.account].broker.cancel(order.reference)

    async def start(self) -> None:
        """Be at the exchange. Raises what the simulated exchange raises of its data or book."""
        brokers = [account.broker for account in self.accounts]
        for broker in brokers:
            await broker.connect()
        reports = [report for broker in brokers for report in await broker.orders()]
        self.book.restore({report.reference for report in reports})
        for broker in brokers:
            for fill in await broker.executions():
                self.hearing.hear(fill)
        for report in reports:
            self.hearing.hear(report)
        for broker in brokers:
            broker.subscribe(self._hear)
        self.halts.renew()
        await self.bring()

    async def bring(self) -> None:
        """Know what the accounts have at the exchange."""
        for account in self.accounts:
            await account.bring()

    def _hear(self, notice: BrokerNotice) -> None:
        # Faults may hold it up, and the book may be another one by then.
        self.faults.hear(notice)

    def take_in(self, notice: BrokerNotice) -> None:
        """Take a notice of the exchange into the book, and tell clients."""
        self.hearing.hear(notice)
        if isinstance(notice, Fill):
            for conversation in list(self.conversations.values()):
                conversation.advance(self.clock.now(), filled=True)

    async def close(self) -> None:
        """Let go of the exchange; its book is kept."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.book.close()
        for account in self.accounts:
            await account.broker.close()

    # Clients

    def tell(self, ticket: Ticket, answer: Answer) -> None:
        """Tell of an order: its own client, and the master client."""
        for client_id in {ticket.client_id, self.setup.master_client}:
            conversation = self.conversations.get(client_id) if client_id is not None else None
            if conversation is None:
                continue
            if ticket.by_hand and client_id != self.setup.master_client:
                if not conversation.binds:
                    continue
                self.bind(ticket, conversation)
                answer = _with_id(answer, ticket.order_id)
            conversation.send(answer)

    def bind(self, ticket: Ticket, owner: Conversation) -> None:
        """Give an order that was placed by hand an id below zero, by which client 0 owns it."""
        self.book.rename(ticket, self.book.next_manual_id())
        owner.send(OrderBound(perm_id=ticket.perm_id, client_id=MANUAL, order_id=ticket.order_id))

    async def place_by_hand(self, symbol: str, order: Order) -> None:
        """Place an order as somebody at the gateway's own window would: of no client.

        Raises Refusal, whose answer says why it is not taken.
        """
        contract = self.catalogue.contract(symbol)
        placed = PlaceOrder(order_id=0, contract=contract, order=order)
        await self.desk.place(MANUAL, placed)

    # The market

    def session(self, now: datetime) -> Session:
        """Return the current session: the last that opens within twelve hours."""
        begun = [session for session in self.sessions if session.open - BEFORE_OPEN <= now]
        return begun[-1] if begun else self.sessions[0]

    def tape(self, moment: datetime) -> SessionTape:
        """Return the tape of the session that is current at `moment`."""
        return self.tape_of(self.session(moment))

    def tape_of(self, session: Session) -> SessionTape:
        """Return a session's tape. Raises DataError when its data is unsound."""
        found = self._tapes.pop(session, None)
        if found is None:
            data = self.setup.feed.load(session, self.setup.exchange)
            data = without_halts(data, self.setup.options.halts)
            called = self.halts.called(session)
            data = without_called_halts(data, self.setup.exchange, called)
            found = SessionTape(data, self.setup.exchange, called)
            while len(self._tapes) >= _TAPES_KEPT:
                del self._tapes[next(iter(self._tapes))]
        self._tapes[session] = found
        return found

    # What streams

    def wake_streams(self) -> None:
        """Look at what streams at the next step, if anything does."""
        if self._timer is not None or not any(
            stream.timed
            for conversation in self.conversations.values()
            for stream in conversation.streams.values()
        ):
            return
        self._timer = self.clock.call_at(self._next_step(self.clock.now()), self._step)

    def _next_step(self, now: datetime) -> datetime:
        following = now + STEP - (now - _EPOCH) % STEP
        for session in self.sessions:
            if following <= session.close + timedelta(hours=1):
                return max(following, session.open - timedelta(hours=1))
        return following

    def _step(self) -> None:
        self._timer = None
        self._look()
        self.wake_streams()

    def _look(self) -> None:
        now = self.clock.now()
        for conversation in list(self.conversations.values()):
            conversation.advance(now, quiet=self.faults.outages.quiet)

    def look_anew(self, session: Session) -> None:
        """Tell at once what is new: other things are seen of a session than before."""
        self._tapes.pop(session, None)
        self._look()
