"""The broker ``sim``: skim's door to the simulated exchange."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from skim_core.errors import BrokerError, nearest
from skim_core.model.base import sound
from skim_core.model.market import Quote
from skim_core.model.orders import Fill, Order, Position
from skim_core.model.reports import OrderReport
from skim_core.ports.bars import Bars
from skim_core.ports.broker import (
    Account,
    BrokerNotice,
    BrokerSetup,
    GapRow,
    GapScan,
)
from skim_core.ports.clock import Timer
from skim_core.sim.account_sessions import BEFORE_OPEN, AccountSessions, OpenSession
from skim_core.sim.data import Feed
from skim_core.sim.exchange import SimulatedExchange
from skim_core.sim.halts import CalledHalt, without_halts
from skim_core.sim.instructions import CallHalt, Cancel, EndHalt, Instruction, Modify, Submit
from skim_core.sim.market import Market
from skim_core.sim.options import SimOptions

_SUBMIT = sound(Submit)
_CHANGEABLE = frozenset({"quantity", "limit_price", "stop_price"})


class SimBroker:
    """The simulated exchange, seen by one account; implements the port `Broker`.

    Of the setup's sessions the current one is the last that opens within 12 hours; its
    orders and fills are today's. Orders are in the account's book, in the setup's
    directory, before `submit` returns, and a broker made anew over that directory goes on
    where the last one was.
    """

    def __init__(self, setup: BrokerSetup, options: SimOptions, feed: Feed) -> None:
        self._setup = setup
        self._options = options
        self._clock = setup.clock
        self._sessions = AccountSessions(setup, options, feed)
        self._open: OpenSession | None = None
        self._receivers: list[Callable[[BrokerNotice], None]] = []
        self._timer: tuple[datetime, Timer] | None = None

    @property
    def quiet_time(self) -> timedelta:
        """None at all: the exchange is in the process, and shows every order at once."""
        return timedelta(0)

    # Being there

    async def connect(self) -> None:
        """Be where the account's book says that it is by now.

        Raises BrokerError for a damaged book, ConfigError for one that was begun under
        other rules, DataError for unsound market data.
        """
        if self._open is not None:
            return
        now = self._clock.now()
        self._open = self._sessions.enter(self._sessions.at(now))
        exchange = self._open.exchange
        exchange.run(now)
        # Whoever connects asks for orders and executions; these notices were told before.
        exchange.notices.clear()
        self._schedule(now)

    async def close(self) -> None:
        """Let go of the book and the timer. Resting orders stand."""
        self._cancel_timer()
        if self._open is not None:
            self._open.close()
        self._open = None

    def subscribe(self, receiver: Callable[[BrokerNotice], None]) -> None:
        """Call `receiver` with every notice, in order."""
        self._receivers.append(receiver)

    # Market data

    async def symbols(self) -> Sequence[str]:
        """Return the symbols that can be asked about."""
        return self._settled().market.data.bars.symbols

    async def quotes(self, symbols: Sequence[str]) -> Mapping[str, Quote]:
        """Return each symbol's last finished minute as a quote, bid and ask a tick around it."""
        return self._settled().market.quotes(symbols, self._clock.now())

    async def bars(self, symbols: Sequence[str], start: datetime, end: datetime) -> Bars:
        """Return the bars of the session that `start` lies in, the current one at the latest."""
        market, now = self._settled().market, self._clock.now()
        asked = self._sessions.at(start)
        if asked.open < market.data.session.open:
            data = without_halts(self._sessions.data(asked), self._options.halts)
            market = Market(data, self._setup.exchange)
        return market.bars(symbols, start, end, now)

    async def scan(self, request: GapScan) -> Sequence[GapRow]:
        """Return the gaps of the symbols that have traded so far."""
        return self._settled().market.scan(request, self._clock.now())

    # The account

    async def account(self) -> Account:
        """Return the account's money, positions at their last prices."""
        exchange, now = self._settled(), self._clock.now()
        value = Decimal(0)
        for held in exchange.ledger.positions():
            last = exchange.market.last_price(held.symbol, now)
            value += held.quantity * (held.average_price if last is None else last)
        return Account(
            number=self._setup.account,
            currency=self._setup.exchange.currency,
            cash=exchange.ledger.cash,
            net_liquidation=(exchange.ledger.cash + value).quantize(Decimal("0.000001")),
        )

    async def orders(self) -> Sequence[OrderReport]:
        """Return the current session's orders, and those that stand from before."""
        return self._settled().reports()

    async def executions(self) -> Sequence[Fill]:
        """Return the current session's fills."""
        return tuple(self._settled().fills)

    async def positions(self) -> Sequence[Position]:
        """Return what the account holds."""
        return self._settled().ledger.positions()

    # Orders

    async def submit(self, orders: Sequence[Order]) -> None:
        """Send orders, all or none; those that the exchange has already are not sent again.

        Raises BrokerError when a reference is known with another content, or when the
        account's book can't be written: nothing was sent then.
        """
        exchange = self._settled()
        fresh = []
        for order in orders:
            known = exchange.sent(order.reference)
            if known is None:
                fresh.append(order)
            elif known != order:
                msg = (
                    f"the order {order.reference!r} is known already and differs from this one "
                    f"({_difference(known, order)}): use modify, or another reference."
                )
                raise BrokerError(msg)
        if fresh:
            at, turn = exchange.place(self._clock.now())
            self._instruct(_SUBMIT(at=at, turn=turn, orders=tuple(fresh)))

    async def modify(self, order: Order) -> None:
        """Change quantity or prices of a resting order; it arrives anew.

        Raises BrokerError for an unknown order, a change of anything else, or a price off
        the tick. One that is done by then is reported again.
        """
        exchange = self._settled()
        known = exchange.current(order.reference)
        if known is None:
            raise _unknown(order.reference)
        fixed = _difference(known, order, leave_out=_CHANGEABLE)
        if fixed:
            msg = (
                f"the order {order.reference!r} can change its quantity and prices, not more: "
                f"{fixed}. Cancel it and send another."
            )
            raise BrokerError(msg)
        off_tick = exchange.off_tick(order)
        if off_tick:
            msg = f"the order {order.reference!r} can't be changed: {off_tick}."
            raise BrokerError(msg)
        at, turn = exchange.place(self._clock.now())
        self._instruct(Modify(at=at, turn=turn, order=order))

    async def cancel(self, reference: str, broker_id: str | None = None) -> None:  # noqa: ARG002
        """Ask for a cancel; an order that is done by then is reported again.

        Raises BrokerError for an unknown order.
        """
        exchange = self._settled()
        if exchange.current(reference) is None:
            raise _unknown(reference)
        at, turn = exchange.place(self._clock.now())
        self._instruct(Cancel(at=at, turn=turn, reference=reference))

    # Halts

    def halt(self, symbol: str) -> None:
        """Let nothing trade in `symbol` until `end_halt`, or the end of the session.

        Orders in it wait, those that arrive too. Raises BrokerError for an unknown symbol, or
        when the account's book can't be written.
        """
        exchange = self._knowing(symbol)
        at, turn = exchange.place_at_once(self._clock.now())
        self._instruct(CallHalt(at=at, turn=turn, symbol=symbol))

    def end_halt(self, symbol: str) -> None:
        """Let `symbol` trade again, from the next minute on.

        Raises BrokerError for a symbol that `halt` didn't halt, or when the account's book
        can't be written.
        """
        exchange = self._knowing(symbol)
        if all(halt.symbol != symbol or halt.end for halt in exchange.halts.called):
            planned = ", but by the option halts" if self.is_halted(symbol) else ""
            msg = f"{symbol} was not halted by anybody{planned}: halt it first."
            raise BrokerError(msg)
        at, turn = exchange.place_at_once(self._clock.now())
        self._instruct(EndHalt(at=at, turn=turn, symbol=symbol))

    def is_halted(self, symbol: str) -> bool:
        """Whether `symbol` is halted now, by `halt` or by the option ``halts``."""
        return self._settled().halts.is_halted(symbol, self._clock.now())

    @property
    def called_halts(self) -> Sequence[CalledHalt]:
        """The halts of the current session that were called by `halt`, over or not."""
        return tuple(self._settled().halts.called)

    def _knowing(self, symbol: str) -> SimulatedExchange:
        exchange = self._settled()
        known = exchange.market.data.bars.symbols
        if symbol not in known:
            msg = f"the exchange has no symbol {symbol!r}{nearest(symbol, known)}."
            raise BrokerError(msg)
        return exchange

    def _instruct(self, instruction: Instruction) -> None:
        opened, now = self._current(), self._clock.now()
        opened.instruct(instruction)
        opened.exchange.settle(now)
        self._schedule(now)

    # Time

    def _settled(self) -> SimulatedExchange:
        """Return the current exchange as it is before an instruction of this instant."""
        exchange, now = self._current().exchange, self._clock.now()
        exchange.settle(now)
        if exchange.notices:
            self._schedule(now)
        return exchange

    def _wake(self) -> None:
        self._timer = None
        exchange, now = self._current().exchange, self._clock.now()
        exchange.run(now)
        while exchange.notices:
            notice = exchange.notices.popleft()
            for receiver in self._receivers:
                receiver(notice)
        self._schedule(now)

    def _schedule(self, now: datetime) -> None:
        """Wake up when something is due next: at once when there is something to tell.

        Notices are told by the clock, so that nobody hears of an order inside the call
        that sends it.
        """
        opened = self._current()
        exchange = opened.exchange
        due = now if exchange.notices else exchange.next_due()
        following = self._sessions.after(opened.session)
        if due is None and following is not None and exchange.has_live_orders:
            due = following.open - BEFORE_OPEN
        if self._timer is not None:
            if self._timer[0] == due:
                return
            self._cancel_timer()
        if due is not None:
            self._timer = due, self._clock.call_at(due, self._wake)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer[1].cancel()
            self._timer = None

    def _current(self) -> OpenSession:
        """Return the session that is current by now; those before it are brought to their end."""
        opened = self._open
        if opened is None:
            msg = "the simulated exchange is not connected: call connect first."
            raise BrokerError(msg)
        target = self._sessions.at(self._clock.now())
        while opened.session.open < target.open:
            following = self._sessions.after(opened.session)
            assert following is not None  # the target is one
            opened.exchange.finish()
            opened.close()
            untold = opened.exchange.notices
            opened = self._open = self._sessions.enter(following, opened.exchange.closing())
            opened.exchange.notices.extendleft(reversed(untold))
        return opened


def _unknown(reference: str) -> BrokerError:
    return BrokerError(f"the exchange has no order {reference!r} in this session: submit it first.")


def _difference(known: Order, order: Order, leave_out: frozenset[str] = frozenset()) -> str:
    """Return the first field in which two orders differ, as text; '' for none."""
    for field in Order.model_fields:
        before, after = getattr(known, field), getattr(order, field)
        if before != after and field not in leave_out:
            return f"{field} is {before}, found {after}"
    return ""
