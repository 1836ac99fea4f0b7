"""A session whose every bar is written by hand, and a clock that is moved by hand."""

import heapq
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from types import SimpleNamespace

import numpy as np
import pytest

from skim_core.model.exchange import CommissionSchedule, Exchange, OpeningGroup, TickBand
from skim_core.model.orders import Fill, Order, OrderType, Side
from skim_core.model.session import Session
from skim_core.ports.bars import Bars
from skim_core.ports.broker import BrokerSetup, OrderReport
from skim_core.sim.broker import SimBroker
from skim_core.sim.data import SessionData
from skim_core.sim.exchange import SimulatedExchange
from skim_core.sim.instructions import CallHalt, Cancel, EndHalt, Modify, Opening, Submit
from skim_core.sim.options import read_options

OPEN = datetime(2026, 1, 5, 10, tzinfo=UTC)
QUIET = (10.0, 10.0, 10.0, 10.0, 10_000)
FREE = CommissionSchedule(name="free", source="by hand")


def at(minute, second=0):
    return OPEN + timedelta(minutes=minute, seconds=second)


def make_session(minutes, day=0):
    start = OPEN + timedelta(days=day)
    return Session(
        exchange="XTST",
        date=date(2026, 1, 5) + timedelta(days=day),
        open=start,
        close=start + timedelta(minutes=minutes),
        timezone="UTC",
    )


def make_rules(commission=FREE, closing_auction=None, opening_groups=()):
    return Exchange(
        mic="XTST",
        name="by hand",
        timezone="UTC",
        currency="AUD",
        sources=("by hand",),
        ticks=(
            TickBand(from_price=Decimal(0), tick=Decimal("0.001")),
            TickBand(from_price=Decimal("0.1"), tick=Decimal("0.005")),
            TickBand(from_price=Decimal(2), tick=Decimal("0.01")),
        ),
        opening_groups=tuple(
            OpeningGroup(first_characters=first, delay=delay) for first, delay in opening_groups
        ),
        closing_auction=closing_auction,
        commission=commission,
    )


def make_data(bars, session=None, previous_close=10.0):
    """Bars by symbol: (open, high, low, close, volume), a single price, or None for no trade."""
    minutes = max(len(rows) for rows in bars.values())
    session = session or make_session(minutes)
    columns = np.full((5, len(bars), session.minutes), np.nan)
    columns[4] = 0
    for row, minutes_of in enumerate(bars.values()):
        for column, bar in enumerate(minutes_of):
            if bar is not None:
                full = bar if isinstance(bar, tuple) else (bar, bar, bar, bar, 10_000)
                columns[:, row, column] = full
    return SessionData(
        session=session,
        bars=Bars(tuple(bars), session.open, *columns),
        previous_close=np.full(len(bars), previous_close),
    )


def make_order(side, reference, quantity=100, *, limit=None, stop=None, symbol="BHP", **more):
    kinds = {
        (False, False): OrderType.MARKET,
        (True, False): OrderType.LIMIT,
        (False, True): OrderType.STOP,
        (True, True): OrderType.STOP_LIMIT,
    }
    return Order(
        reference=reference,
        symbol=symbol,
        side=side,
        quantity=quantity,
        type=kinds[limit is not None, stop is not None],
        limit_price=None if limit is None else Decimal(str(limit)),
        stop_price=None if stop is None else Decimal(str(stop)),
        **more,
    )


def buy(reference, quantity=100, **more):
    return make_order(Side.BUY, reference, quantity, **more)


def sell(reference, quantity=100, **more):
    return make_order(Side.SELL, reference, quantity, **more)


class Hall:
    """The simulated exchange with hand-made bars of BHP (or several symbols)."""

    def __init__(self, bars, *, rules=None, previous_close=10.0, opening=None, **options):
        if not isinstance(bars, dict):
            bars = {"BHP": bars}
        options = {"participation": "none", "allow_short": True, **options}
        self.rules = rules or make_rules()
        self.data = make_data(bars, previous_close=previous_close)
        self.exchange = SimulatedExchange(
            self.data,
            self.rules,
            read_options(options),
            opening or Opening(cash=Decimal(options.get("cash", 1_000_000))),
        )
        self.said = []

    def submit(self, when, *orders):
        place, turn = self.exchange.place(when)
        self.exchange.take(Submit(at=place, turn=turn, orders=orders))
        self.exchange.settle(when)

    def modify(self, when, order):
        place, turn = self.exchange.place(when)
        self.exchange.take(Modify(at=place, turn=turn, order=order))
        self.exchange.settle(when)

    def cancel(self, when, reference):
        place, turn = self.exchange.place(when)
        self.exchange.take(Cancel(at=place, turn=turn, reference=reference))
        self.exchange.settle(when)

    def halt(self, when, symbol="BHP"):
        place, turn = self.exchange.place_at_once(when)
        self.exchange.take(CallHalt(at=place, turn=turn, symbol=symbol))
        self.exchange.settle(when)

    def end_halt(self, when, symbol="BHP"):
        place, turn = self.exchange.place_at_once(when)
        self.exchange.take(EndHalt(at=place, turn=turn, symbol=symbol))
        self.exchange.settle(when)

    def run(self, when=None):
        """Let time come to `when`, or to the end of the session."""
        if when is None:
            self.exchange.finish()
        else:
            self.exchange.run(when)
        return self

    def trades(self, reference=None):
        """(quantity, price, when) of each fill."""
        return [
            (fill.quantity, float(fill.price), fill.at)
            for fill in self.exchange.fills
            if reference is None or fill.reference == reference
        ]

    def status(self, reference):
        return next(
            str(report.status)
            for report in self.exchange.reports()
            if report.reference == reference
        )

    def reason(self, reference):
        return next(
            report.reason for report in self.exchange.reports() if report.reference == reference
        )

    def told(self):
        """Return what was told, in order: ('fill', reference) or (status, reference)."""
        return [
            ("fill" if isinstance(notice, Fill) else str(notice.status), notice.reference)
            for notice in self.exchange.notices
        ]


class HandClock:
    """A clock that `advance` moves; timers run in their order on the way."""

    def __init__(self, start):
        self._now = start
        self._timers = []
        self._numbers = count()

    def now(self):
        return self._now

    def call_at(self, when, callback):
        timer = SimpleNamespace(callback=callback)
        timer.cancel = lambda: setattr(timer, "callback", None)
        heapq.heappush(self._timers, (max(when, self._now), next(self._numbers), timer))
        return timer

    def advance(self, to):
        while self._timers and self._timers[0][0] <= to:
            when, _, timer = heapq.heappop(self._timers)
            if timer.callback is not None:
                self._now = when
                timer.callback()
        self._now = max(self._now, to)

    def pending(self):
        return [
            when
            for when, _, timer in sorted(self._timers, key=lambda item: item[:2])
            if timer.callback is not None
        ]


class HandFeed:
    """A feed of sessions given beforehand; counts how often one is asked for."""

    def __init__(self, *days):
        self._days = {day.session.date: day for day in days}
        self.loads = 0

    def load(self, session, exchange):
        self.loads += 1
        return self._days[session.date]


class Desk:
    """A connected SimBroker over hand-made days, each call run to its end."""

    def __init__(self, directory, *days, start=None, sessions=None, rules=None, **options):
        options = {"participation": "none", "allow_short": True, **options}
        self.clock = HandClock(start or OPEN - timedelta(hours=1))
        self.feed = HandFeed(*days)
        self.broker = SimBroker(
            BrokerSetup(
                account="paper",
                clock=self.clock,
                exchange=rules or make_rules(),
                sessions=tuple(sessions or (day.session for day in days)),
                directory=directory,
                options=options,
            ),
            read_options(options),
            self.feed,
        )
        self.heard = []
        self.broker.subscribe(self.heard.append)
        self.do(self.broker.connect())

    @staticmethod
    def do(answer):
        """Run a call that waits for nothing, without the cost of an event loop."""
        try:
            answer.send(None)
        except StopIteration as end:
            return end.value
        msg = "the broker waits for something"
        raise AssertionError(msg)

    def submit(self, *orders):
        self.do(self.broker.submit(orders))

    def truth(self):
        """All that the broker knows, to be compared with another's."""
        return (
            self.do(self.broker.orders()),
            self.do(self.broker.executions()),
            self.do(self.broker.positions()),
            self.do(self.broker.account()),
        )

    def status(self, reference):
        return next(
            str(report.status)
            for report in self.do(self.broker.orders())
            if report.reference == reference
        )

    def told(self):
        return [
            (str(notice.status) if isinstance(notice, OrderReport) else "fill", notice.reference)
            for notice in self.heard
        ]


@pytest.fixture(scope="session")
def by_hand():
    """Return the tools of this file, by name."""
    return SimpleNamespace(
        OPEN=OPEN,
        QUIET=QUIET,
        Desk=Desk,
        HandClock=HandClock,
        Hall=Hall,
        at=at,
        buy=buy,
        make_data=make_data,
        make_order=make_order,
        make_rules=make_rules,
        make_session=make_session,
        sell=sell,
    )
