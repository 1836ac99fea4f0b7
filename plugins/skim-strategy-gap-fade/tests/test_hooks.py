"""Single hooks in situations that a simulated day does not reach."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest
from skim_strategy_gap_fade import plugin
from skim_strategy_gap_fade.config import FadeConfig

from skim_core import (
    Account,
    Bars,
    Candidate,
    Context,
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
    """Shares that trade at 0.85 until minute 20, and from then on at `later`."""

    clock: StandingClock
    later: float = 0.92
    cash: int = 100_000
    asked: list = field(default_factory=list)

    async def account(self):
        cash = Decimal(self.cash)
        return Account(number="paper", currency="AUD", cash=cash, net_liquidation=cash)

    async def scan(self, request):
        self.asked.append((self.clock.now(), request))
        return []

    async def bars(self, symbols, start=None, end=None):
        prices = np.full((len(symbols), SESSION.minutes), 0.85)
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
        self.exited.append(symbol)


@dataclass
class Day:
    candidates: dict = field(default_factory=dict)
    ranges: dict = field(default_factory=dict)
    positions: dict = field(default_factory=dict)


def context(now, *, ranges=(), held=(), known=(), refused="", exchange=None, **config):
    clock = StandingClock(now)
    return Context(
        strategy="gap_fade",
        phase="test",
        attempt=1,
        session=SESSION,
        exchange=exchange or plain_exchange(),
        config=FadeConfig(**config),
        clock=clock,
        market=Market(clock),
        orders=Orders(list(known), refused),
        day=Day(
            candidates={symbol: candidate(symbol) for symbol in ranges},
            ranges={symbol: opening_range(symbol) for symbol in ranges},
            positions={
                symbol: Position(symbol=symbol, quantity=100, average_price=Decimal("0.9"))
                for symbol in held
            },
        ),
        log=logging.LoggerAdapter(logging.getLogger("test"), {}),
        waiter=lambda answer: answer,
    )


def candidate(symbol):
    return Candidate(
        symbol=symbol,
        reason="gap",
        gap_percent=Decimal(-10),
        open=Decimal("0.90"),
        previous_close=Decimal("1.00"),
    )


def opening_range(symbol):
    return OpeningRange(
        symbol=symbol,
        high=Decimal("0.94"),
        low=Decimal("0.86"),
        start=SESSION.open,
        end=minute(15),
        bars=15,
    )


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


BOUGHT = [("AAA", 1250)]
"""What loses 100 between 0.92 and the stop, a tick below the day's low of 0.85."""


@pytest.mark.parametrize("late", [timedelta(0), LATE, timedelta(seconds=59)])
def test_a_tick_that_comes_late_sees_the_minute_that_is_over(late):
    assert entered(context(minute(21) + late, ranges=["AAA"])) == BOUGHT


def test_the_bracket_has_its_stop_and_its_target():
    ctx = context(minute(21), ranges=["AAA"])
    entered(ctx)
    [bracket] = ctx.orders.entered
    assert (bracket.stop_price, bracket.target_price) == (Decimal("0.84"), Decimal("0.95"))


@pytest.mark.parametrize(
    ("known", "bought"),
    [
        (order("AAA", "entry", OrderStage.REJECTED), []),
        (order("AAA", "entry", OrderStage.CANCELLED), []),
        # The broker never had it, or may not have: the same decision again is the same order.
        (order("AAA", "entry", OrderStage.ABSENT), BOUGHT),
        (order("AAA", "entry", OrderStage.SENDING), BOUGHT),
    ],
    ids=["refused", "cancelled", "never sent", "not known to be sent"],
)
def test_only_an_entry_that_the_broker_had_is_not_sent_again(known, bought):
    ctx = context(minute(21), ranges=["AAA"], known=[known], positions_maximum=1)
    assert entered(ctx) == bought


def test_what_a_working_entry_may_still_take_is_not_spent_twice():
    working = [order("BBB", "entry", filled=50)]
    ctx = context(minute(21), ranges=["AAA"], known=working, risk_per_trade=10_000)
    ctx.market.cash = 3000
    assert entered(ctx) == [("AAA", 543)]  # (3000 - 5000 / 2) / 0.92


def test_a_candidate_without_its_gaps_prices_is_left_alone():
    ctx = context(minute(21), ranges=["AAA"])
    ctx.day.candidates["AAA"] = Candidate(symbol="AAA", reason="news", gap_percent=Decimal(-10))
    assert not entered(ctx)


def test_nothing_is_bought_when_it_is_time_to_sell():
    close = SESSION.minutes - 60
    assert not entered(context(minute(close), ranges=["AAA"], exit_before_close=60))
    assert entered(context(minute(close - 1), ranges=["AAA"], exit_before_close=60))


def test_an_exit_that_fails_does_not_keep_the_others_in():
    ctx = context(minute(350), held=["AAA", "BBB", "CCC"], refused="AAA")
    with pytest.raises(SkimError, match="can't be reached"):
        exited(ctx)
    assert ctx.orders.exited == ["BBB", "CCC"]


def test_a_position_is_held_until_it_is_time_to_sell():
    assert exited(context(minute(350) - LATE, held=["AAA"])) == []


def test_the_scan_asks_for_both_sides_after_the_last_opening_group():
    groups = [{"first_characters": "A", "delay": "0s"}, {"first_characters": "S", "delay": "9m"}]
    exchange = plain_exchange()
    staggered = exchange.model_validate(exchange.model_dump() | {"opening_groups": groups})
    for rules, due in ((exchange, minute(1)), (staggered, minute(10))):
        ctx = context(minute(1), exchange=rules)
        asyncio.run(plugin.skim_scan(ctx))
        asked = [(at, request.minimum_percent) for at, request in ctx.market.asked]
        assert asked == [(due, 3), (due, -3)]


def test_the_scan_is_shared_by_all_that_it_is_asked_for():
    shared = plugin.GRAPH["scan"].shared
    assert shared is not None
    assert shared.key == "gap_scan"
    ctx = context(minute(1))
    asyncio.run(plugin.skim_scan(ctx))
    _, request = ctx.market.asked[0]
    assert {getattr(ctx.config, name) for name in shared.settings} == {
        request.minimum_percent,
        request.minimum_price,
        request.minimum_volume,
        request.limit,
    }


def test_the_graph_fits_a_full_and_a_half_day():
    for minutes, last in ((360, 329), (250, 219)):
        session = SESSION.model_copy(update={"close": minute(minutes)})
        plugin.GRAPH.check_windows(session)
        ticks = plugin.GRAPH["trade"].ticks(session)
        assert (ticks[0], ticks[-1]) == (minute(2), minute(last))
