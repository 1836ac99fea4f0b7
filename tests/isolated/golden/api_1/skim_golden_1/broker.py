"""The broker: the simulated exchange, behind a line that counts what is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from skim_core import Account, Bars, Fill, GapRow, GapScan, Order, Position, Quote, hooks
from skim_core.broker import Broker, BrokerNotice, BrokerSetup, Connection, OrderReport
from skim_core.errors import NotSentError
from skim_core.sim import GeneratedFeed, SimBroker, read_options

api_version = 1


class Line:
    """Every method of a broker, handed on."""

    def __init__(self, setup: BrokerSetup) -> None:
        """Make the exchange behind it; `options` are those of the broker ``sim``."""
        options = read_options(setup.options)
        feed = GeneratedFeed(seed=options.seed, symbols=options.symbols)
        self._exchange = SimBroker(setup, options, feed)
        self._setup = setup
        self._receivers: list[Callable[[BrokerNotice], None]] = []
        self._up = False

    @property
    def quiet_time(self) -> timedelta:
        """None at all."""
        return self._exchange.quiet_time

    async def connect(self) -> None:
        """Take the line up."""
        await self._exchange.connect()
        self._up = True
        for receiver in self._receivers:
            receiver(Connection(up=True, at=self._setup.clock.now()))

    async def close(self) -> None:
        """Let go of the line."""
        self._up = False
        await self._exchange.close()

    async def account(self) -> Account:
        """Return the account's money."""
        return await self._exchange.account()

    async def symbols(self) -> Sequence[str]:
        """Return what can be asked about."""
        return await self._exchange.symbols()

    async def quotes(self, symbols: Sequence[str]) -> Mapping[str, Quote]:
        """Return the latest quotes."""
        return await self._exchange.quotes(symbols)

    async def bars(self, symbols: Sequence[str], start: datetime, end: datetime) -> Bars:
        """Return minute bars."""
        return await self._exchange.bars(symbols, start, end)

    async def scan(self, request: GapScan) -> Sequence[GapRow]:
        """Return the gaps."""
        return await self._exchange.scan(request)

    async def submit(self, orders: Sequence[Order]) -> None:
        """Send orders, or say that nothing was sent."""
        if not self._up:
            msg = "the line is down"
            raise NotSentError(msg)
        await self._exchange.submit(orders)

    async def modify(self, order: Order) -> None:
        """Change an order."""
        await self._exchange.modify(order)

    async def cancel(self, reference: str, broker_id: str | None = None) -> None:
        """Cancel an order."""
        await self._exchange.cancel(reference, broker_id)

    async def orders(self) -> Sequence[OrderReport]:
        """Return the account's orders."""
        return await self._exchange.orders()

    async def executions(self) -> Sequence[Fill]:
        """Return today's fills."""
        return await self._exchange.executions()

    async def positions(self) -> Sequence[Position]:
        """Return what is held."""
        return await self._exchange.positions()

    def subscribe(self, receiver: Callable[[BrokerNotice], None]) -> None:
        """Hear what the exchange tells."""
        self._receivers.append(receiver)
        self._exchange.subscribe(receiver)


@hooks.make_broker
def skim_make_broker(setup: BrokerSetup) -> Broker:
    """Make the line."""
    return Line(setup)
