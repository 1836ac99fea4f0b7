"""Single hooks in situations that a simulated day does not reach."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest
from skim_strategy_orh_breakout import plugin
from skim_strategy_orh_breakout.config import OrhConfig

from skim_core import (
    Account,
    Bars,
    Candidate,
    Context,
    GapRow,
    OpeningRange,
    Order,
    OrderStage,
    OrderState,
    Position,
    SkimError,
)
from skim_core.testing import plain_exchange, plain_session

SESSION = plain_session()
LATE = timedelta(milliseconds=50)


def minute(number):
    return SESSION.open + timedelta(minutes=number)


@dataclass
class StandingClock:
    moment: object

    def now(self):
        return self.moment

    async def sleep_until(self, when):
        self.moment = max(self.moment, when)


@dataclass
class Market:
    """Shares that trade at 1.00 until minute 20, and from then on at `later`."""

    clock: StandingClock
    later: float = 1.05
    cash: int = 100_000
    rows: list = field(default_factory=list)
    scanned_at: list = field(default_factory=list)

    async def account(self):
        cash = Decimal(self.cash)
        return Account(number="paper", currency="AUD", cash=cash, net_liquidation=cash)

    async def scan(self, request):
        self.scanned_at.append(self.clock.now())
        up = request.minimum_percent >= 0
        return [row for row in self.rows if (row.gap_percent >= 0) is up]

    async def bars(self, symbols, start=None, end=None):
        prices = np.full((len(symbols), SESSION.minutes), 1.0)
        prices[:, 20:] = self.later
        whole = Bars(tuple(symbols), SESSION.open, *(prices for _ in range(5)))
        now = self.clock.now()
        return whole.between(start or SESSION.open, min(end or now, now))


@dataclass
class Orders:
    """Remembers what it is asked for; an exit of `refused` raises."""

    known: list = field(default_factory=list)
    refused: str = ""
    entered: list = field(default_factory=list)
    exited: list = field(default_factory=list)

    def all(self):
        return tuple(self.known)

    async def enter(self, bracket):
        self.entered.append(bracket)

    async def exit(self, symbol, *, purpose="exit", reason):
        if symbol == self.refused:
            msg = "the broker can't be reached"
            raise SkimError(msg)
        await asyncio.sleep(0.001)  # a broker's answer takes a while
        self.exited.append((symbol, purpose, reason))


@dataclass
class Day:
    candidates: dict = field(default_factory=dict)
    ranges: dict = field(default_factory=dict)
    positions: dict = field(default_factory=dict)


def context(now, *, ranges=(), held=(), rows=(), orders=None, exchange=None, **config):
    clock = StandingClock(now)
    return Context(
        strategy="orh_breakout",
        phase="test",
        attempt=1,
        session=SESSION,
        exchange=exchange or plain_exchange(),
        config=OrhConfig(**config),
        clock=clock,
        market=Market(clock, rows=list(rows)),
        orders=orders or Orders(),
        day=Day(
            candidates={symbol: Candidate(symbol=symbol, reason="gap") for symbol in ranges},
            ranges={symbol: opening_range(symbol) for symbol in ranges},
            positions={symbol: position(symbol) for symbol in held},
        ),
        log=logging.LoggerAdapter(logging.getLogger("test"), {}),
        waiter=lambda answer: answer,
    )


def opening_range(symbol, high="1.02", low="0.98"):
    return OpeningRange(
        symbol=symbol,
        high=Decimal(high),
        low=Decimal(low),
        start=SESSION.open,
        end=minute(5),
        bars=5,
    )


def position(symbol):
    return Position(symbol=symbol, quantity=100, average_price=Decimal("1.00"))


def order(symbol, purpose, stage=OrderStage.ACKNOWLEDGED, *, filled=0):
    sent = Order(
        reference=f"{symbol}-{purpose}", symbol=symbol, side="buy", quantity=100, purpose=purpose
    )
    return OrderState(order=sent, stage=stage, filled=filled)


def entered(ctx):
    asyncio.run(plugin.skim_trade(ctx))
    return [(bracket.symbol, bracket.quantity) for bracket in ctx.orders.entered]


def exited(ctx):
    asyncio.run(plugin.skim_manage(ctx))
    return ctx.orders.exited


@pytest.mark.parametrize("late", [timedelta(0), LATE, timedelta(seconds=59)])
def test_a_tick_that_comes_late_sees_the_minute_that_is_over(late):
    assert entered(context(minute(21) + late, ranges=["AAA"])) == [("AAA", 1428)]


def test_a_tick_does_not_see_the_minute_before_the_last():
    ctx = context(minute(22) + LATE, ranges=["AAA"])
    ctx.market.later = 1.03  # the level, which a close must be above
    assert entered(ctx) == []


@pytest.mark.parametrize(
    ("known", "bought"),
    [
        (order("AAA", "entry", OrderStage.REJECTED), []),
        (order("AAA", "entry", OrderStage.CANCELLED), []),
        # The broker never had it, or may not have: the same decision again is the same order.
        (order("AAA", "entry", OrderStage.ABSENT), [("AAA", 1428)]),
        (order("AAA", "entry", OrderStage.SENDING), [("AAA", 1428)]),
    ],
    ids=["refused", "cancelled", "never sent", "not known to be sent"],
)
def test_only_an_entry_that_the_broker_had_is_not_sent_again(known, bought):
    ctx = context(minute(21), ranges=["AAA"], orders=Orders([known]), positions_maximum=1)
    assert entered(ctx) == bought


def test_what_a_working_entry_may_still_take_is_not_spent_twice():
    working = Orders([order("BBB", "entry", filled=50)])
    ctx = context(minute(21), ranges=["AAA"], orders=working, risk_per_trade=10_000)
    ctx.market.cash = 3000
    assert entered(ctx) == [("AAA", 476)]  # (3000 - 5000 / 2) / 1.05


def test_nothing_is_bought_when_it_is_time_to_sell():
    close = SESSION.minutes - 60
    assert not entered(context(minute(close), ranges=["AAA"], exit_before_close=60))
    assert entered(context(minute(close - 1), ranges=["AAA"], exit_before_close=60))


def test_a_range_low_below_the_first_tick_is_no_stop():
    ctx = context(minute(21), ranges=["AAA"])
    ctx.day.ranges["AAA"] = opening_range("AAA", low="0.005")
    assert not entered(ctx)


def test_an_exit_that_fails_does_not_keep_the_others_in():
    ctx = context(minute(350), held=["AAA", "BBB", "CCC"], orders=Orders(refused="AAA"))
    with pytest.raises(SkimError, match="can't be reached"):
        exited(ctx)
    assert [symbol for symbol, *_ in ctx.orders.exited] == ["BBB", "CCC"]


def test_a_position_is_held_until_it_is_time_to_sell():
    known = [order("AAA", "stop", OrderStage.REJECTED)]
    ctx = context(minute(30), held=["AAA"], orders=Orders(known))
    assert exited(ctx) == []  # to be without a stop is the order desk's business


def test_the_scan_waits_for_the_last_opening_group_and_a_minute_more():
    groups = [{"first_characters": "A", "delay": "0s"}, {"first_characters": "S", "delay": "9m"}]
    exchange = plain_exchange()
    staggered = exchange.model_validate(exchange.model_dump() | {"opening_groups": groups})
    for rules, scanned in ((exchange, minute(1)), (staggered, minute(10))):
        ctx = context(minute(1), exchange=rules)
        asyncio.run(plugin.skim_scan(ctx))
        assert set(ctx.market.scanned_at) == {scanned}


def test_a_candidate_says_what_was_found():
    row = GapRow(
        symbol="BHP",
        open=Decimal("45.00"),
        last=Decimal("45.10"),
        previous_close=Decimal("42.78"),
        gap_percent=Decimal("5.1894"),
        volume=12_345,
    )
    [found] = asyncio.run(plugin.skim_scan(context(minute(1), rows=[row])))
    assert (found.symbol, found.reason, found.volume) == ("BHP", "gaps +5.2 %", 12_345)
    assert (found.open, found.previous_close) == (row.open, row.previous_close)


def test_prices_are_told_with_two_places_at_least():
    ctx = context(minute(6), ranges=["BHP"])
    ctx.day.candidates["BHP"] = Candidate(symbol="BHP", reason="", gap_percent=Decimal("5.189"))
    ctx.day.ranges["BHP"] = opening_range("BHP", high="45.1", low="44.6275")
    [alert] = plugin.skim_alert(ctx)
    assert alert.text == "BHP +5.2 % ORH 45.10 ORL 44.6275"


def test_the_graph_fits_a_full_and_a_half_day():
    for minutes, last in ((360, 329), (250, 219)):
        session = SESSION.model_copy(update={"close": minute(minutes)})
        plugin.GRAPH.check_windows(session)
        ticks = plugin.GRAPH["trade"].ticks(session)
        assert (ticks[0], ticks[-1]) == (minute(15), minute(last))
