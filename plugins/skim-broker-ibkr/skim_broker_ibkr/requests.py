"""Asks TWS: in turn, within its limits, one question of a kind at a time, with an end."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from ib_async import (
    BarDataList,
    Contract,
    ContractDetails,
    ExecutionFilter,
    MarketOrder,
    ScannerSubscription,
)
from ib_async.wrapper import RequestError

from skim_broker_ibkr.rules.pacing import HistoryPacing
from skim_broker_ibkr.rules.window import Lane, MessageWindow
from skim_core.errors import BrokerError, NotSentError

if TYPE_CHECKING:
    from skim_broker_ibkr.options import IbkrOptions
    from skim_broker_ibkr.tap import Answers, TapIB
    from skim_broker_ibkr.told import ToldExecution, ToldOrder, ToldPosition
    from skim_core import Clock

T = TypeVar("T")

_NO_DATA = "no data"
_PACING_ERROR = 162


class Requests:
    """Everything that is asked of TWS goes through here.

    `unanswered` is called when TWS doesn't answer a question about its books: what comes
    late would be taken for the answer to the next one.
    """

    def __init__(
        self, options: IbkrOptions, clock: Clock, unanswered: Callable[[str], None]
    ) -> None:
        self._options = options
        self._clock = clock
        self._unanswered = unanswered
        self._window = MessageWindow(options.messages_per_second, options.reserved_for_orders)
        self._lanes = {lane: asyncio.Lock() for lane in Lane}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._pacing = HistoryPacing()
        self._ib: TapIB | None = None

    @property
    def ib(self) -> TapIB:
        """The connection. Raises BrokerError when there is none."""
        if self._ib is None or not self._ib.isConnected():
            msg = "there is no connection to TWS."
            raise BrokerError(msg)
        return self._ib

    def use(self, ib: TapIB | None) -> None:
        """Ask over this connection from now on."""
        self._ib = ib

    # Turns

    async def turn(self, messages: int = 1, *, lane: Lane = Lane.QUESTION) -> TapIB:
        """Wait until messages may be sent; return the connection. Raises BrokerError.

        In the lane of orders go questions whose answer an order waits for.
        """
        if lane is Lane.ORDER:
            await self.order_turn(messages)
            return self.ib
        async with self._lanes[lane]:
            while wait := self._window.delay(self._clock.now(), messages, lane=lane):
                await self._clock.sleep_until(self._clock.now() + wait)
            ib = self.ib
            self._window.count(self._clock.now(), messages, lane=lane)
            return ib

    async def order_turn(self, messages: int = 1) -> None:
        """Wait until messages about orders may be sent, all at once.

        Raises NotSentError when that takes longer than an order may wait, or when the
        connection is gone.
        """
        until = self._clock.now() + self._options.submit_wait
        async with self._lanes[Lane.ORDER]:
            self._refuse_without_line()
            while wait := self._window.delay(self._clock.now(), messages, lane=Lane.ORDER):
                if self._clock.now() + wait > until:
                    msg = (
                        f"nothing was sent: {self._options.messages_per_second} messages a second "
                        "are all that TWS may get, and others are before this one."
                    )
                    raise NotSentError(msg)
                await self._clock.sleep_until(self._clock.now() + wait)
                self._refuse_without_line()
            self._window.count(self._clock.now(), messages, lane=Lane.ORDER)

    def _refuse_without_line(self) -> None:
        if self._ib is None:
            msg = "nothing was sent: there is no connection to TWS."
            raise NotSentError(msg)

    # Books

    async def open_orders(self) -> list[ToldOrder]:
        """Return the account's open orders, those of all clients."""
        return await self._book(
            "open orders",
            lambda ib: ib.wrapper.open_orders,
            lambda ib: ib.client.reqAllOpenOrders(),
        )

    async def completed_orders(self) -> list[ToldOrder]:
        """Return the orders that were done today."""
        return await self._book(
            "completed orders",
            lambda ib: ib.wrapper.completed_orders,
            lambda ib: ib.client.reqCompletedOrders(False),  # noqa: FBT003  ib_async's argument
        )

    async def executions(self, account: str) -> list[ToldExecution]:
        """Return today's executions of all clients."""
        wanted = ExecutionFilter(acctCode=account)
        return await self._book(
            "executions",
            lambda ib: ib.wrapper.all_executions,
            lambda ib: ib.client.reqExecutions(ib.client.getReqId(), wanted),
        )

    async def positions(self) -> list[ToldPosition]:
        """Return what is held."""
        found: list[ToldPosition] = await self._book(
            "positions",
            lambda ib: ib.wrapper.all_positions,
            lambda ib: ib.client.reqPositions(),
        )
        return found

    async def account_values(self, tags: str) -> list[tuple[str, str, str, str]]:
        """Return figures of the account: its number, the tag, the value, the currency."""
        number = 0

        def ask(ib: TapIB) -> None:
            nonlocal number
            number = ib.client.getReqId()
            ib.client.reqAccountSummary(number, "All", tags)

        found: list[tuple[str, str, str, str]] = await self._book(
            "account values", lambda ib: ib.wrapper.account_values, ask
        )
        (await self.turn()).client.cancelAccountSummary(number)
        return found

    async def _book(
        self, name: str, answers: Callable[[TapIB], Answers], ask: Callable[[TapIB], Any]
    ) -> list[Any]:
        # Who asked may be cancelled; the answer comes all the same, and is not the next one's.
        asked = asyncio.create_task(self._ask_book(name, answers, ask))
        asked.add_done_callback(lambda task: task.cancelled() or task.exception())
        return await asyncio.shield(asked)

    async def _ask_book(
        self, name: str, answers: Callable[[TapIB], Answers], ask: Callable[[TapIB], Any]
    ) -> list[Any]:
        async with self._locks[name]:
            ib = await self.turn()
            coming = answers(ib).begin()
            ask(ib)
            try:
                return await self._within(coming, name, self._options.answer_timeout)
            except TimeoutError:
                why = f"TWS didn't answer the question for {name}"
                self._unanswered(why)
                msg = f"{why}."
                raise BrokerError(msg) from None

    # The line

    async def current_time(self) -> datetime:
        """Return TWS's time; whoever asks that knows whether TWS is there."""
        async with self._locks["current time"]:
            ib = await self.turn()
            return await self.answer(
                ib.reqCurrentTimeAsync(), "its time", self._options.alive_timeout
            )

    # Contracts

    async def details(self, contract: Contract, lane: Lane) -> list[ContractDetails]:
        """Return the contracts that fit; none for one that TWS doesn't know."""
        ib = await self.turn(lane=lane)
        try:
            return await self.answer(
                ib.reqContractDetailsAsync(contract), f"the contract {contract.symbol}"
            )
        except RefusedError as refused:
            if refused.code == 200:  # noqa: PLR2004  no such contract
                return []
            raise

    async def market_rule(self, number: int, lane: Lane) -> list[Any] | None:
        """Return a table of ticks, each entry with `lowEdge` and `increment`; None for none."""
        # The turn comes first: who is of a lower lane must not hold the lock while it waits.
        ib = await self.turn(lane=lane)
        async with self._locks[f"market rule {number}"]:
            return await self.answer(ib.reqMarketRuleAsync(number), "a table of ticks")

    async def preview(self, contract: Contract, account: str) -> None:
        """Ask what buying one share would do; nothing is placed.

        Raises RefusedError when TWS would not take the order, BrokerError for no answer.
        """
        order = MarketOrder("BUY", 1, account=account, tif="DAY")
        ib = await self.turn(lane=Lane.ORDER)
        await self.answer(ib.whatIfOrderAsync(contract, order), f"1 {contract.symbol}")

    # Data

    async def history(
        self,
        contract: Contract,
        *,
        end: str,
        duration: str,
        bar_size: str,
        stream: bool = False,
    ) -> BarDataList:
        """Return bars of trades; with `stream` the last one goes on.

        Raises BrokerError, a refusal too.
        """
        request: Hashable = (contract.conId, end, duration, bar_size, stream)
        series: Hashable = (contract.conId, contract.exchange, "TRADES")
        for attempt in (1, 2):
            await self._paced(request, series)
            try:
                ib = await self.turn(lane=Lane.DATA)
                coming = ib.reqHistoricalDataAsync(
                    contract,
                    end,
                    duration,
                    bar_size,
                    "TRADES",
                    useRTH=True,
                    formatDate=2,
                    keepUpToDate=stream,
                    timeout=0,
                )
                return await self.answer(coming, f"bars of {contract.symbol}")
            except RefusedError as refused:
                if refused.code == _PACING_ERROR and _NO_DATA in refused.text.lower():
                    return BarDataList()
                if "pacing" not in refused.text.lower() or attempt > 1:
                    raise
            finally:
                self._pacing.open -= 1
        raise AssertionError

    async def _paced(self, request: Hashable, series: Hashable) -> None:
        async with self._locks["history"]:
            while self._pacing.full():
                await self._clock.sleep_until(self._clock.now() + timedelta(milliseconds=200))
            while wait := self._pacing.delay(self._clock.now(), request, series):
                await self._clock.sleep_until(self._clock.now() + wait)
            self._pacing.count(self._clock.now(), request, series)
            # From here on, for it may wait for its turn: others would take it for free.
            self._pacing.open += 1

    async def scan(self, subscription: ScannerSubscription) -> list[ContractDetails]:
        """Return the contracts of one scan, at most 50; the scan is ended at once.

        Raises BrokerError.
        """
        async with self._locks["scan"]:
            ib = await self.turn(2, lane=Lane.DATA)
            found = await self.answer(
                ib.reqScannerDataAsync(subscription), f"the scan {subscription.scanCode}"
            )
            return [row.contractDetails for row in found]

    async def scanner_parameters(self) -> str:
        """Return the XML that says which scans there are."""
        async with self._locks["scanner parameters"]:
            ib = await self.turn(lane=Lane.DATA)
            return await self.answer(ib.reqScannerParametersAsync(), "the scanner's parameters")

    async def answer(self, question: Awaitable[T], name: str, limit: timedelta | None = None) -> T:
        """Return the answer to a question. Raises BrokerError for none, or a refusal."""
        try:
            return await self._within(question, name, limit or self._options.answer_timeout)
        except RequestError as error:
            raise RefusedError(error.code, error.message, name) from None
        except TimeoutError:
            msg = f"TWS didn't answer the question for {name}."
            raise BrokerError(msg) from None

    async def _within(self, question: Awaitable[T], name: str, limit: timedelta) -> T:
        try:
            # A socket's time is the machine's: a clock that stands still doesn't hold up TWS.
            async with asyncio.timeout(limit.total_seconds()):
                return await question
        except ConnectionError:
            msg = f"the connection to TWS was lost while it was asked for {name}."
            raise BrokerError(msg) from None


class RefusedError(BrokerError):
    """TWS's error `code` is the answer to a question."""

    def __init__(self, code: int, text: str, name: str) -> None:
        super().__init__(f"TWS refused {name}: {text} ({code}).")
        self.code = code
        self.text = text
