"""A broker that does what real ones were seen doing: it refuses, forgets to answer, goes away."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from skim_core.errors import BrokerError, NotSentError
from skim_core.model.market import Quote
from skim_core.model.orders import Fill, Order, OrderStatus, Position
from skim_core.model.reports import OrderReport
from skim_core.model.session import Session
from skim_core.ports.bars import Bars
from skim_core.ports.broker import Account, Broker, BrokerNotice, Connection, GapRow, GapScan
from skim_core.ports.clock import Clock


@dataclass(frozen=True)
class Faults:
    """What goes wrong between a strategy and its broker, for `simulate_day`.

    `rejects`: orders of these symbols, or of these purposes (``"entry"``, ``"stop"``,
    ``"target"``, ``"exit"``), are refused. `line_down`: from and to local times between which
    nothing gets through and nothing is told. `lost_answers` and `lost_requests`: the numbers,
    from 1, of the submissions that arrive but are not answered, and of those that never
    arrive. `tells_twice`: every notice comes again. `tells_late`: how long after it happened
    a notice comes. For partial fills give the broker ``{"participation": 0.01}``.
    """

    rejects: tuple[str, ...] = ()
    line_down: tuple[tuple[str, str], ...] = ()
    lost_answers: tuple[int, ...] = ()
    lost_requests: tuple[int, ...] = ()
    tells_twice: bool = False
    tells_late: timedelta = timedelta(0)


class FaultyBroker:
    """A broker that has faults, in front of a sound one; implements the port `Broker`."""

    def __init__(self, broker: Broker, faults: Faults, clock: Clock, session: Session) -> None:
        self._broker = broker
        self._faults = faults
        self._clock = clock
        self._session = session
        self._receivers: list[Callable[[BrokerNotice], None]] = []
        self._refused: dict[str, OrderReport] = {}
        self._submissions = 0

    @property
    def quiet_time(self) -> timedelta:
        """As long as that of the broker behind it."""
        return self._broker.quiet_time

    async def connect(self) -> None:
        """Connect, and set the times at which the line goes down and up."""
        self._up()
        await self._broker.connect()
        self._broker.subscribe(self._hear)
        for start, end in self._faults.line_down:
            for time, up in ((start, False), (end, True)):
                moment = self._moment(time)
                if moment > self._clock.now():
                    self._clock.call_at(moment, self._switch(moment, up=up))

    async def close(self) -> None:
        """Let go of everything."""
        await self._broker.close()

    def subscribe(self, receiver: Callable[[BrokerNotice], None]) -> None:
        """Call `receiver` with every notice that comes through."""
        self._receivers.append(receiver)

    async def account(self) -> Account:
        """Return the account's money."""
        self._up()
        return await self._broker.account()

    async def symbols(self) -> Sequence[str]:
        """Return the symbols that can be asked about."""
        self._up()
        return await self._broker.symbols()

    async def quotes(self, symbols: Sequence[str]) -> Mapping[str, Quote]:
        """Return the latest quotes."""
        self._up()
        return await self._broker.quotes(symbols)

    async def bars(self, symbols: Sequence[str], start: datetime, end: datetime) -> Bars:
        """Return the minute bars."""
        self._up()
        return await self._broker.bars(symbols, start, end)

    async def scan(self, request: GapScan) -> Sequence[GapRow]:
        """Return the gaps."""
        self._up()
        return await self._broker.scan(request)

    async def submit(self, orders: Sequence[Order]) -> None:
        """Send the orders that are not refused, as far as they get."""
        self._up()
        self._submissions += 1
        if self._submissions in self._faults.lost_requests:
            msg = "the request was lost on its way."
            raise BrokerError(msg)
        accepted = [order for order in orders if not self._refuse(order)]
        if accepted:
            await self._broker.submit(accepted)
        if self._submissions in self._faults.lost_answers:
            msg = "the answer was lost on its way."
            raise BrokerError(msg)

    async def modify(self, order: Order) -> None:
        """Change a resting order."""
        self._up()
        await self._broker.modify(order)

    async def cancel(self, reference: str, broker_id: str | None = None) -> None:
        """Cancel a resting order."""
        self._up()
        await self._broker.cancel(reference, broker_id)

    async def orders(self) -> Sequence[OrderReport]:
        """Return the orders, those that were refused among them."""
        self._up()
        return [*await self._broker.orders(), *self._refused.values()]

    async def executions(self) -> Sequence[Fill]:
        """Return today's fills."""
        self._up()
        return await self._broker.executions()

    async def positions(self) -> Sequence[Position]:
        """Return what the account holds."""
        self._up()
        return await self._broker.positions()

    def _moment(self, time: str) -> datetime:
        hour, minute = map(int, time.split(":"))
        local = self._session.local(self._session.open)
        return local.replace(hour=hour, minute=minute, second=0, microsecond=0)

    def _is_down(self) -> bool:
        now = self._clock.now()
        return any(
            self._moment(start) <= now < self._moment(end) for start, end in self._faults.line_down
        )

    def _up(self) -> None:
        if self._is_down():
            msg = "the line to the broker is down."
            raise NotSentError(msg)

    def _switch(self, moment: datetime, *, up: bool) -> Callable[[], None]:
        reason = "" if up else "the line went down"

        def tell() -> None:
            self._tell(Connection(up=up, reason=reason, at=moment))

        return tell

    def _refuse(self, order: Order) -> bool:
        named = order.symbol in self._faults.rejects or order.purpose in self._faults.rejects
        orphaned = order.parent in self._refused
        if not (named or orphaned):
            return order.reference in self._refused
        report = OrderReport(
            reference=order.reference,
            status=OrderStatus.CANCELLED if orphaned else OrderStatus.REJECTED,
            filled=0,
            remaining=0 if orphaned else order.quantity,
            reason="its parent was refused" if orphaned else "refused by the test",
            at=self._clock.now(),
        )
        self._refused[order.reference] = report
        self._clock.call_at(self._clock.now(), lambda: self._hear(report))
        return True

    def _hear(self, notice: BrokerNotice) -> None:
        if self._is_down():
            return
        for _ in range(2 if self._faults.tells_twice else 1):
            if self._faults.tells_late:
                when = self._clock.now() + self._faults.tells_late
                self._clock.call_at(when, lambda: self._tell(notice))
            else:
                self._tell(notice)

    def _tell(self, notice: BrokerNotice) -> None:
        for receiver in self._receivers:
            receiver(notice)
