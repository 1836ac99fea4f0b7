"""The broker ``ibkr``: an account at Interactive Brokers, through TWS or IB Gateway."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from skim_broker_ibkr.accounts import chosen_account
from skim_broker_ibkr.books import Books
from skim_broker_ibkr.contracts import Contracts
from skim_broker_ibkr.examination import examine
from skim_broker_ibkr.hearing import OrderHearing
from skim_broker_ibkr.history import History
from skim_broker_ibkr.ids import IdFloor
from skim_broker_ibkr.line import Line
from skim_broker_ibkr.outbox import Outbox
from skim_broker_ibkr.parts import Parts
from skim_broker_ibkr.questions import Questions
from skim_broker_ibkr.quotes import Quotes
from skim_broker_ibkr.requests import Requests
from skim_broker_ibkr.rules.gate import Gate, RestartWindow
from skim_broker_ibkr.rules.notices import Farms, Meaning, farm_notice, meaning
from skim_broker_ibkr.scan import GapScanner
from skim_broker_ibkr.sending import Sending
from skim_broker_ibkr.told import (
    Told,
    ToldCommission,
    ToldError,
    ToldExecution,
    ToldOrder,
    ToldStatus,
)
from skim_broker_ibkr.waiting import Waiting
from skim_core import Account, Fill, GapRow, GapScan, Order, Position
from skim_core.broker import BrokerNotice, BrokerSetup, Connection, OrderReport
from skim_core.errors import BrokerError

if TYPE_CHECKING:
    from skim_broker_ibkr.options import IbkrOptions
    from skim_broker_ibkr.tap import TapIB
    from skim_core import Bars, Quote
    from skim_core.broker import Examination, Timer

_log = logging.getLogger("skim.ibkr")


class IbkrBroker:
    """One account behind one TWS or IB Gateway, seen by one client id; a skim `Broker`.

    All is told by TWS's own books and statuses: what ib_async makes of them is not used.
    """

    def __init__(self, setup: BrokerSetup, options: IbkrOptions) -> None:
        self._setup = setup
        self._options = options
        self._clock = setup.clock
        exchange = setup.exchange
        zone = options.restart_timezone or exchange.timezone
        self._gate = Gate(RestartWindow(options.restart_at, zone))
        self._outbox = Outbox(setup.clock)
        self._requests = Requests(options, setup.clock, self._unanswered)
        self._contracts = Contracts(options, exchange, self._requests)
        self._quotes = Quotes(options, setup.clock, self._requests, self._contracts)
        self._history = History(options, setup, self._requests, self._contracts)
        self._scanner = GapScanner(
            options,
            setup,
            self._requests,
            contracts=self._contracts,
            quotes=self._quotes,
            history=self._history,
        )
        self._hearing = OrderHearing(exchange, setup.clock, self._gate, self._outbox)
        self._books = Books(setup, self._requests, self._hearing)
        self._waiting = Waiting()
        self._questions = Questions(self._requests, self._books, self._hearing, self._waiting)
        self._hearing.changed = self._waiting.hear
        self._ids = IdFloor(setup.directory, options.client_id)
        self._sending = Sending(
            options,
            setup.clock,
            self._gate,
            self._requests,
            contracts=self._contracts,
            hearing=self._hearing,
            waiting=self._waiting,
            ids=self._ids,
        )
        self._sending.placed = self._questions.belong_together
        self._line = Line(
            options,
            setup.clock,
            self._gate,
            self._requests,
            listener=self,
            timezone=exchange.timezone,
        )
        self._line.synchronise = self._synchronise
        self._line.up, self._line.down = self._up, self._down
        self._hearing.unknown = self._look_at_open_orders
        self._looking: asyncio.Task[None] | None = None
        self._next_look: Timer | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.farms = Farms()

    @property
    def quiet_time(self) -> timedelta:
        """How long TWS may have an order and not show it, after an outage say."""
        return self._options.quiet_time

    # Being there

    async def connect(self) -> None:
        """Be connected, in the account that is meant, with what its books say.

        Raises BrokerError saying what to do when TWS can't be reached, ConfigError when its
        account isn't the one, or not of the kind, that is configured.
        """
        if self._gate.socket:
            return
        self._hearing.quiet = True
        await self._line.connect()

    async def close(self) -> None:
        """Hang up. Resting orders stand."""
        await self._line.close()
        if self._next_look is not None:
            self._next_look.cancel()
        self._waiting.line_lost("skim hangs up")
        self._questions.close()
        self._quotes.forget()
        for task in (*self._tasks, self._looking):
            if task is not None:
                task.cancel()

    def subscribe(self, receiver: Callable[[BrokerNotice], None]) -> None:
        """Call `receiver` with every notice, in order."""
        self._outbox.subscribe(receiver)

    async def _synchronise(self, ib: TapIB) -> None:
        """Read the books of a new connection; what was missed is told as if it came now."""
        hearing = self._hearing
        hearing.account = chosen_account(
            self._options, self._setup.account, ib.client.getAccounts()
        )
        hearing.book.forget_labels()
        self._history.forget()
        await self._quotes.start()
        await self._books.catch_up()
        known = hearing.book.highest_id(self._options.client_id)
        ib.client.updateReqId(self._ids.start(known))

    def _up(self) -> None:
        again = not self._hearing.quiet
        self._hearing.quiet = False
        self._look_later()
        if again:
            self._tell_line(up=True, data_lost=True, reason="connected again")

    def _down(self, why: str) -> None:
        self._waiting.line_lost(why)
        self._tell_line(up=False, reason=why)

    def _tell_line(self, *, up: bool, reason: str, data_lost: bool = False) -> None:
        notice = Connection(up=up, data_lost=data_lost, reason=reason, at=self._clock.now())
        self._outbox.put(notice)

    def _unanswered(self, why: str) -> None:
        self._line.drop(why)

    # What TWS says

    def hear(self, told: Told) -> None:
        """Take in what TWS says unasked; called by the socket."""
        if isinstance(told, ToldStatus):
            self._hearing.hear_status(told)
        elif isinstance(told, ToldOrder):
            self._hearing.hear_order(told)
        elif isinstance(told, ToldExecution):
            self._hearing.hear_execution(told)
        elif isinstance(told, ToldCommission):
            self._hearing.hear_commission(told)
        else:
            self._hear_error(told)

    def hear_data(self, request: int) -> None:
        """Take in a sign of life of a subscription; called by the socket."""
        if not self._quotes.hear_data(request):
            self._history.hear_data(request)

    def _hear_error(self, told: ToldError) -> None:
        self._line.hear(told)
        if told.number > 0 and (self._quotes.hear_error(told) or self._history.hear_error(told)):
            return
        label = self._hearing.label(self._options.client_id, told.number)
        entry = self._hearing.book.labelled(label)
        if entry is not None:
            self._questions.hear(entry, told)
            return
        about = meaning(told.code)
        if about is Meaning.FARM:
            if self.farms.hear(farm_notice(told.code, told.text)):
                # A stream may stay silent after its farm was gone.
                self._quotes.distrust()
                self._history.distrust()
        elif about in {Meaning.LOST, Meaning.RESTORED, Meaning.RESTORED_DATA_LOST}:
            self._hear_line(about, told.text)
        else:
            _log.info("TWS: %s (%s, %s)", told.text, told.code, told.number)

    def _hear_line(self, about: Meaning, text: str) -> None:
        turned = self._gate.hear(about, text)
        if about is Meaning.LOST:
            if turned:
                self._tell_line(up=False, reason=text)
            return
        data_lost = about is Meaning.RESTORED_DATA_LOST
        if data_lost:
            self._quotes.distrust()
            self._history.distrust()
        self._start(self._missed())
        self._tell_line(up=True, data_lost=data_lost, reason=text)

    async def _missed(self) -> None:
        """Fetch what was told to nobody while TWS had no line to IBKR."""
        try:
            await self._books.catch_up()
        except BrokerError as error:
            _log.warning("%s", error)

    def _look_at_open_orders(self) -> None:
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._missed())

    def _look_later(self) -> None:
        if self._next_look is not None:
            self._next_look.cancel()
        due = self._clock.now() + self._options.look_every
        self._next_look = self._clock.call_at(due, self._look_again)

    def _look_again(self) -> None:
        """Read the books while an order lives: its end may have been told to nobody."""
        if self._gate.open and any(not entry.done for entry in self._hearing.book):
            self._look_at_open_orders()
        self._look_later()

    def _start(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def examine(self, symbols: Sequence[str] = ()) -> Examination:
        """Return what is found of TWS and the account, each problem with what mends it.

        Connects if it isn't; changes nothing. `symbols`: whether they have market data and
        would be ordered, too.
        """
        parts = Parts(
            self._line,
            self._requests,
            self._contracts,
            self._hearing,
            self._quotes,
            self._scanner,
            self.farms,
        )
        return await examine(self, self._setup, self._options, parts, symbols)

    # Market data

    async def symbols(self) -> Sequence[str]:
        """Return the symbols that were asked about or found by a scan: IBKR lists no others."""
        return self._contracts.symbols

    async def quotes(self, symbols: Sequence[str]) -> Mapping[str, Quote]:
        """Return the latest quotes; `delayed` ones are marked. Raises BrokerError."""
        return await self._quotes.quotes(symbols)

    async def bars(self, symbols: Sequence[str], start: datetime, end: datetime) -> Bars:
        """Return minute bars of the session that `start` lies in. Raises BrokerError."""
        return await self._history.bars(symbols, start, end)

    async def scan(self, request: GapScan) -> Sequence[GapRow]:
        """Return the gaps of the session so far. Raises BrokerError."""
        return await self._scanner.scan(request)

    # The account

    async def account(self) -> Account:
        """Return the account's money, in the exchange's currency. Raises BrokerError."""
        return await self._books.account()

    async def orders(self) -> Sequence[OrderReport]:
        """Return the orders that TWS shows: those that are open, of all clients, and today's done.

        One that TWS doesn't show is left out, whatever was known of it. Raises BrokerError.
        """
        return self._hearing.book.reports(await self._books.orders())

    async def executions(self) -> Sequence[Fill]:
        """Return today's fills. Raises BrokerError."""
        return await self._books.executions()

    async def positions(self) -> Sequence[Position]:
        """Return what the account holds of stocks in the exchange's currency.

        IBKR's average price has the commission in it. Raises BrokerError.
        """
        return await self._books.positions()

    # Orders

    async def submit(self, orders: Sequence[Order]) -> None:
        """Send orders, a bracket's entry before its children, all or none.

        Raises NotSentError when not a byte has left, BrokerError when TWS may have them.
        """
        await self._sending.submit(orders)

    async def modify(self, order: Order) -> None:
        """Change quantity or prices of the resting order with this reference.

        Raises BrokerError when TWS refuses, or when this client may not change it.
        """
        await self._sending.modify(order)

    async def cancel(self, reference: str, broker_id: str | None = None) -> None:
        """Ask for a cancel; the notice says whether it came in time. Raises BrokerError."""
        await self._sending.cancel(reference, broker_id)
