"""The model broker: what one process sees of the model exchange."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

from skim_core.model.market import Quote
from skim_core.model.orders import Fill, Order, Position
from skim_core.model.reports import OrderReport
from skim_core.ports.bars import Bars
from skim_core.ports.broker import Account, BrokerNotice, GapRow, GapScan
from skim_core.ports.clock import Clock
from skim_core.simulation.exchange import ModelExchange
from skim_core.simulation.fault_shapes import Occasion
from skim_core.simulation.model_orders import ModelOrder
from skim_core.simulation.process import Process
from skim_core.simulation.wire import NO_ANSWER, Wire

QUIET_TIME = timedelta(seconds=20)
"""Longer than an order may travel and then be shown by no book, together."""


class ModelBroker:
    """One process's broker; implements the port `Broker`.

    `clock` is the process's own. Every request travels, and may be lost, as may its answer;
    nothing but the exchange's books can be relied on, and those only after `quiet_time`. It
    doesn't look whether a reference was sent before: whoever sends has to.
    """

    def __init__(self, exchange: ModelExchange, process: Process, clock: Clock) -> None:
        self._exchange = exchange
        self._process = process
        self._receivers: list[Callable[[BrokerNotice], None]] = []
        self._wire = Wire(exchange.front, process, clock, self._hear)

    @property
    def quiet_time(self) -> timedelta:
        """Return how long an order may be there and not be shown: 20 s."""
        return QUIET_TIME

    @property
    def up(self) -> bool:
        """Whether the process believes that the line is up."""
        return self._wire.up

    async def connect(self) -> None:
        """Take up the line. Raises BrokerError when the broker can't be reached."""
        await self._wire.connect()

    async def close(self) -> None:
        """Hang up. Resting orders stand."""
        self._wire.close()

    def subscribe(self, receiver: Callable[[BrokerNotice], None]) -> None:
        """Call `receiver` with every notice, in the process, in order."""
        self._receivers.append(receiver)

    def _hear(self, notice: BrokerNotice) -> None:
        for receiver in self._receivers:
            receiver(notice)

    # Market data

    async def symbols(self) -> Sequence[str]:
        """Return the market's symbols."""
        return await self._wire.ask(Occasion.OTHER, lambda: self._exchange.market.symbols)

    async def quotes(self, symbols: Sequence[str]) -> Mapping[str, Quote]:
        """Return the latest quotes as they are when the question arrives."""
        market, clock = self._exchange.market, self._exchange.clock
        return await self._wire.ask(Occasion.QUOTES, lambda: market.quotes(symbols, clock.now()))

    async def bars(self, symbols: Sequence[str], start: datetime, end: datetime) -> Bars:
        """Return the session's minute bars that are over when the question arrives."""
        market, clock = self._exchange.market, self._exchange.clock
        return await self._wire.ask(
            Occasion.OTHER, lambda: market.bars(symbols, start, end, clock.now())
        )

    async def scan(self, request: GapScan) -> Sequence[GapRow]:
        """Return the session's gaps."""
        market, clock = self._exchange.market, self._exchange.clock
        return await self._wire.ask(Occasion.OTHER, lambda: market.scan(request, clock.now()))

    # The account

    async def account(self) -> Account:
        """Return the account's money, positions at their last prices."""
        return await self._wire.ask(Occasion.OTHER, self._money)

    def _money(self) -> Account:
        ledger, market = self._exchange.books.ledger, self._exchange.market
        now = self._exchange.clock.now()
        shares = self._exchange.positions
        worth = sum((shares[symbol] * market.price(symbol, now) for symbol in shares), Decimal(0))
        return Account(
            number="MODEL1", currency="AUD", cash=ledger.cash, net_liquidation=ledger.cash + worth
        )

    async def orders(self) -> Sequence[OrderReport]:
        """Return what the broker's books show of the account's orders."""
        return await self._wire.ask(Occasion.ORDERS, self._exchange.reports)

    async def executions(self) -> Sequence[Fill]:
        """Return what the broker's books show of today's trades."""
        return await self._wire.ask(Occasion.EXECUTIONS, self._exchange.executions)

    async def positions(self) -> Sequence[Position]:
        """Return what the account holds."""
        return await self._wire.ask(Occasion.POSITIONS, self._exchange.held)

    # Orders

    async def submit(self, orders: Sequence[Order]) -> None:
        """Send orders one after the other; they work once the last has arrived."""
        arrived: list[ModelOrder] = []
        legs = [partial(self._receive, arrived, order) for order in orders[:-1]]
        last = partial(self._transmit, arrived, orders[-1], len(orders))
        await self._wire.ask(Occasion.SUBMIT, *legs, last)

    async def modify(self, order: Order) -> None:
        """Ask for a change of a live order's quantity or prices."""
        await self._wire.ask(Occasion.MODIFY, partial(self._exchange.modify, order))

    async def cancel(self, reference: str, broker_id: str | None = None) -> None:
        """Ask for a cancel of a live order."""
        await self._wire.ask(Occasion.CANCEL, partial(self._exchange.cancel, reference, broker_id))

    def _receive(self, arrived: list[ModelOrder], order: Order) -> None:
        if order.reference not in {other.order.reference for other in arrived}:
            arrived.append(self._exchange.receive(order, self._process.name))

    def _transmit(self, arrived: list[ModelOrder], order: Order, legs: int) -> object:
        if len(arrived) == legs:
            # The same message twice carries the same ids.
            self._exchange.tell_again(arrived)
            return None
        self._receive(arrived, order)
        return None if self._exchange.transmit(arrived) else NO_ANSWER
