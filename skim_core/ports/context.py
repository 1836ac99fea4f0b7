"""What a phase is given: its only way to the world."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from logging import Logger, LoggerAdapter
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from skim_core.model.exchange import Exchange
from skim_core.model.market import Candidate, OpeningRange, Quote
from skim_core.model.orders import Bracket, OrderState, OrderType, Position, TimeInForce
from skim_core.model.session import Session
from skim_core.ports.broker import Account, GapRow, GapScan
from skim_core.ports.clock import Clock

if TYPE_CHECKING:
    from skim_core.ports.bars import Bars

ConfigT = TypeVar("ConfigT")
T = TypeVar("T")


class Market(Protocol):
    """Market data up to now and not a moment beyond."""

    async def account(self) -> Account:
        """Return the account's money."""

    async def quotes(self, symbols: Sequence[str]) -> Mapping[str, Quote]:
        """Return the latest quote of each symbol; one that has not traded today is left out."""

    async def bars(
        self, symbols: Sequence[str], start: datetime | None = None, end: datetime | None = None
    ) -> Bars:
        """Return the session's minute bars from `start` (its open) to `end` (now)."""

    async def scan(self, request: GapScan) -> Sequence[GapRow]:
        """Return the gaps of the session so far."""


class Orders(Protocol):
    """The only way to an order. The same decision made twice is one order.

    A decision is (account, strategy, session, symbol, purpose). What was decided is
    journaled before it is sent. Raises OrderRefusedError for an unsound intent.
    """

    async def enter(self, bracket: Bracket) -> OrderState:
        """Open a position with its stop; return the entry as it stands."""

    async def exit(
        self,
        symbol: str,
        *,
        type: OrderType = OrderType.MARKET,  # noqa: A002  the field's own word
        limit_price: Decimal | None = None,
        time_in_force: TimeInForce = TimeInForce.DAY,
        purpose: str = "exit",
        reason: str = "",
    ) -> OrderState | None:
        """Close what is held of `symbol`, in one group with its stop: one cancels the other.

        None when nothing is held. An entry that still works is cancelled first.
        """

    async def move_stop(self, symbol: str, stop_price: Decimal, *, reason: str = "") -> OrderState:
        """Move the resting stop of `symbol` by modifying it."""

    async def cancel(self, symbol: str, purpose: str = "entry") -> None:
        """Cancel the order made by a decision; nothing happens when it is done or unknown."""

    def find(self, symbol: str, purpose: str = "entry") -> OrderState | None:
        """Return the order that a decision made, or None."""

    def decided(self, purpose: str = "entry") -> AbstractSet[str]:
        """Return the symbols in which this decision was made today, as a view that costs nothing."""

    def all(self) -> Sequence[OrderState]:
        """Return all of today's orders of this strategy, oldest first."""


class Day(Protocol):
    """What a strategy's day has found and holds so far: folds of its events."""

    @property
    def candidates(self) -> Mapping[str, Candidate]:
        """Today's candidates by symbol, in the order they were found."""

    @property
    def ranges(self) -> Mapping[str, OpeningRange]:
        """Today's opening ranges by symbol."""

    @property
    def positions(self) -> Mapping[str, Position]:
        """What the strategy holds, by symbol; flat ones are left out."""

    async def purge_candidates(self) -> None:
        """Forget the candidates and opening ranges found so far today."""


@dataclass(frozen=True)
class Context(Generic[ConfigT]):
    """All that a phase hook needs. `config` is the strategy's own, validated model.

    A hook may be ``async def`` and await, or plain ``def`` and use `wait`:
    ``quotes = ctx.wait(ctx.market.quotes(symbols))``.
    """

    strategy: str
    phase: str
    attempt: int
    session: Session
    exchange: Exchange
    config: ConfigT
    clock: Clock
    market: Market
    orders: Orders
    day: Day
    log: LoggerAdapter[Logger]
    waiter: Callable[[Awaitable[object]], object]

    @property
    def now(self) -> datetime:
        """This instant, aware, in UTC."""
        return self.clock.now()

    @property
    def candidates(self) -> Mapping[str, Candidate]:
        """Today's candidates by symbol, in the order they were found."""
        return self.day.candidates

    @property
    def ranges(self) -> Mapping[str, OpeningRange]:
        """Today's opening ranges by symbol."""
        return self.day.ranges

    @property
    def positions(self) -> Mapping[str, Position]:
        """What the strategy holds, by symbol; flat ones are left out."""
        return self.day.positions

    async def purge_candidates(self) -> None:
        """Forget the candidates and opening ranges found so far today."""
        await self.day.purge_candidates()

    def wait(self, answer: Awaitable[T]) -> T:
        """Wait for an answer inside a plain (not ``async``) hook."""
        return self.waiter(answer)  # type: ignore[return-value]  # the waiter returns what it waited for
