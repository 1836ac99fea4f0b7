"""What one attempt of a phase is given, and loses when it is cancelled."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, cast

from skim_core.decide.sequencer import StartPhase
from skim_core.engine.desk import OrderDesk
from skim_core.engine.doors import Door, face_of
from skim_core.engine.recorder import Recorder
from skim_core.engine.threads import waiter
from skim_core.errors import OrderRefusedError
from skim_core.model.events import CandidatesPurged
from skim_core.model.market import Candidate, OpeningRange, Quote
from skim_core.model.orders import Bracket, OrderState, OrderType, Position, TimeInForce
from skim_core.model.session import Session
from skim_core.ports.bars import Bars
from skim_core.ports.broker import Account, Broker, GapRow, GapScan
from skim_core.ports.clock import Clock
from skim_core.ports.context import Context, Day, Market, Orders
from skim_core.ports.engine import Assignment, EngineSetup

_CLOCK, _MARKET, _ORDERS, _DAY = (face_of(part) for part in (Clock, Market, Orders, Day))


class Permit:
    """An attempt's right to act: taken away when it is cancelled or its day stops."""

    def __init__(self, phase: str, attempt: int) -> None:
        self.phase = phase
        self._what = f"attempt {attempt} of phase {phase!r}"
        self._valid = True

    def revoke(self) -> None:
        """Let nothing more through."""
        self._valid = False

    def check(self) -> None:
        """Raise OrderRefusedError when the attempt is over."""
        if not self._valid:
            msg = f"{self._what} is over: what it still asks for is not done."
            raise OrderRefusedError(msg)


class PermittedOrders:
    """The order desk, as long as the attempt may act; `give_way` lets earlier days enter first."""

    def __init__(
        self, desk: OrderDesk, permit: Permit, give_way: Callable[[], Awaitable[None]]
    ) -> None:
        self._desk = desk
        self._permit = permit
        self._give_way = give_way

    async def enter(self, bracket: Bracket) -> OrderState:
        self._permit.check()
        # Not inside the desk, which stops and exits wait for.
        await self._give_way()
        return await self._desk.enter(bracket, self._permit.phase, self._permit.check)

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
        self._permit.check()
        return await self._desk.exit(
            symbol,
            type=type,
            limit_price=limit_price,
            time_in_force=time_in_force,
            purpose=purpose,
            reason=reason,
            by=self._permit.phase,
        )

    async def move_stop(self, symbol: str, stop_price: Decimal, *, reason: str = "") -> OrderState:
        self._permit.check()
        return await self._desk.move_stop(symbol, stop_price, reason=reason, by=self._permit.phase)

    async def cancel(self, symbol: str, purpose: str = "entry") -> None:
        self._permit.check()
        await self._desk.cancel(symbol, purpose, self._permit.phase)

    def find(self, symbol: str, purpose: str = "entry") -> OrderState | None:
        return self._desk.find(symbol, purpose)

    def decided(self, purpose: str = "entry") -> AbstractSet[str]:
        return self._desk.decided(purpose)

    def all(self) -> Sequence[OrderState]:
        return self._desk.all()


@dataclass(frozen=True)
class SessionMarket:
    """A broker's market data, with the session as the default span."""

    broker: Broker
    session: Session
    clock: Clock

    async def account(self) -> Account:
        return await self.broker.account()

    async def quotes(self, symbols: Sequence[str]) -> Mapping[str, Quote]:
        return await self.broker.quotes(symbols)

    async def bars(
        self, symbols: Sequence[str], start: datetime | None = None, end: datetime | None = None
    ) -> Bars:
        return await self.broker.bars(symbols, start or self.session.open, end or self.clock.now())

    async def scan(self, request: GapScan) -> Sequence[GapRow]:
        return await self.broker.scan(request)


@dataclass(frozen=True)
class BookView:
    """What the day has found and holds, as a strategy sees it."""

    recorder: Recorder
    clock: Clock

    @property
    def candidates(self) -> Mapping[str, Candidate]:
        return self.recorder.book.candidates

    @property
    def ranges(self) -> Mapping[str, OpeningRange]:
        return self.recorder.book.ranges

    @property
    def positions(self) -> Mapping[str, Position]:
        return self.recorder.book.positions

    async def purge_candidates(self) -> None:
        if self.recorder.book.candidates:
            self.recorder.record(CandidatesPurged(at=self.clock.now()))


class Contexts:
    """Makes the contexts of one day's attempts: all of the engine's behind doors.

    That a door has what it leads to, no type can say.
    """

    def __init__(self, assignment: Assignment, setup: EngineSetup, recorder: Recorder) -> None:
        day = assignment.day
        self._assignment = assignment
        self._exchange = setup.exchange
        self._clock = Door(setup.clock, _CLOCK)
        market = SessionMarket(setup.broker, day.session, setup.clock)
        self._market = Door(market, _MARKET)
        self._day = Door(BookView(recorder, setup.clock), _DAY)
        self._logger = logging.getLogger(f"skim.strategy.{day.strategy}")
        self._waiter = waiter(asyncio.get_running_loop())

    def make(self, command: StartPhase, orders: PermittedOrders) -> Context[Any]:
        """Return the context of one attempt."""
        day = self._assignment.day
        return Context(
            strategy=day.strategy,
            phase=command.phase,
            attempt=command.attempt,
            session=day.session,
            exchange=self._exchange,
            config=self._assignment.config,
            clock=cast("Clock", self._clock),
            market=cast("Market", self._market),
            orders=cast("Orders", Door(orders, _ORDERS)),
            day=cast("Day", self._day),
            log=logging.LoggerAdapter(self._logger, {"run_id": day.run_id, "phase": command.phase}),
            waiter=self._waiter,
        )
