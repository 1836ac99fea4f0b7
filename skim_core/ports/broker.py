"""What skim asks of a broker: market data, orders, and the truth about both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol, TypeAlias

from pydantic import Field

from skim_core.model.base import Model, Money, Price, Symbol, UtcDatetime
from skim_core.model.exchange import Exchange
from skim_core.model.market import Quote
from skim_core.model.orders import Fill, Order, Position
from skim_core.model.reports import OrderReport
from skim_core.model.session import Session
from skim_core.ports.clock import Clock

if TYPE_CHECKING:
    from skim_core.ports.bars import Bars


class Account(Model):
    """An account's money, in its currency."""

    number: str
    currency: str
    cash: Money
    net_liquidation: Money


class GapScan(Model):
    """Ask for the symbols that opened above (or, with a negative minimum, below) yesterday's close.

    `minimum_percent`: the gap between today's first price and the previous close, in per
    cent: rows have at least this gap (at most, when negative). `minimum_price` in quote
    currency; `minimum_volume` in shares traded so far; at most `limit` rows, widest first.
    """

    minimum_percent: Decimal
    minimum_price: Annotated[Decimal, Field(ge=0)] = Decimal(0)
    minimum_volume: Annotated[int, Field(ge=0)] = 0
    limit: Annotated[int, Field(ge=1)] = 50


class GapRow(Model):
    """One symbol that a `GapScan` found; `open` is its first price today."""

    symbol: Symbol
    open: Price
    last: Price
    previous_close: Price
    gap_percent: Decimal
    volume: Annotated[int, Field(ge=0)]


class Connection(Model):
    """The line to the broker went down, or is up again.

    While it is down nothing is sent; fills may be told even then. `data_lost`: the broker
    forgot what was subscribed (TWS API code 1101).
    """

    up: bool
    data_lost: bool = False
    reason: str = ""
    at: UtcDatetime


BrokerNotice: TypeAlias = OrderReport | Fill | Connection
"""What a broker tells unasked: an order's new status, a fill, or the state of its line."""


@dataclass(frozen=True)
class BrokerSetup:
    """What a broker is made from.

    `sessions` are the days that it will be asked about, `directory` a folder where it may
    keep files of its own, `options` its section of the configuration (``[brokers.<name>]``).
    """

    account: str
    clock: Clock
    exchange: Exchange
    sessions: tuple[Session, ...]
    directory: Path
    options: Mapping[str, Any] = field(default_factory=dict)


class Broker(Protocol):
    """Market data and orders. Every method may raise BrokerError.

    Market data never reaches beyond the clock: a bar is there once its minute is over.
    A line that is lost is taken up again by the broker itself, which tells of it by
    `Connection` notices. A cancel or a reject that is only an error's side effect is not told.
    """

    @property
    def quiet_time(self) -> timedelta:
        """How long an order that arrived may be missing from what `orders` returns.

        Zero: what `orders` doesn't name never arrived, and one look settles every doubt; orders,
        changes and cancels are answered without waiting for anything.
        """

    async def connect(self) -> None:
        """Be ready for orders and data, or raise BrokerError."""

    async def close(self) -> None:
        """Let go of everything. Resting orders stand."""

    async def account(self) -> Account:
        """Return the account's money."""

    async def symbols(self) -> Sequence[str]:
        """Return the symbols that can be asked about."""

    async def quotes(self, symbols: Sequence[str]) -> Mapping[str, Quote]:
        """Return the latest quote of each symbol; one that has not traded today is left out."""

    async def bars(self, symbols: Sequence[str], start: datetime, end: datetime) -> Bars:
        """Return the minute bars that start at or after `start` and are over by `end` and by now.

        An unknown symbol is a row of NaN.
        """

    async def scan(self, request: GapScan) -> Sequence[GapRow]:
        """Return the gaps of the session so far."""

    async def submit(self, orders: Sequence[Order]) -> None:
        """Send orders, a bracket's entry before its children, all or none.

        Returns when the broker has them; a refusal comes as a notice. An order whose
        reference the broker already has is not sent again. Raises NotSentError when not a
        byte has left; after any other error, or none within 5 seconds, the broker may have
        them or not.
        """

    async def modify(self, order: Order) -> None:
        """Change quantity or prices of the resting order with this reference."""

    async def cancel(self, reference: str, broker_id: str | None = None) -> None:
        """Ask for a cancel; the notice says whether it came in time.

        `broker_id` names one of two orders that carry the same reference.
        """

    async def orders(self) -> Sequence[OrderReport]:
        """Return the account's orders, ours and foreign: those that are open, and today's done."""

    async def executions(self) -> Sequence[Fill]:
        """Return today's fills."""

    async def positions(self) -> Sequence[Position]:
        """Return what the account holds, ours and foreign."""

    def subscribe(self, receiver: Callable[[BrokerNotice], None]) -> None:
        """Call `receiver` with every notice, in the event loop's thread, in order."""
