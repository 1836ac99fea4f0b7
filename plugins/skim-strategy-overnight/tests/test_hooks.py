"""Single hooks in situations that simulated days do not reach."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

import pytest
from skim_strategy_overnight import plugin
from skim_strategy_overnight.config import OvernightConfig

from skim_core import (
    Account,
    Candidate,
    Context,
    Order,
    OrderStage,
    OrderState,
    Position,
    Quote,
    SkimError,
)
from skim_core.testing import plain_exchange, plain_session

SESSION = plain_session()


def minute(number):
    return SESSION.open + timedelta(minutes=number)


@dataclass
class StandingClock:
    moment: object

    def now(self):
        return self.moment


@dataclass
class Market:
    """Shares that trade at 10.00; `silent` ones have no quote."""

    clock: StandingClock
    cash: int = 100_000
    silent: tuple = ()

    async def account(self):
        cash = Decimal(self.cash)
        return Account(number="paper", currency="AUD", cash=cash, net_liquidation=cash)

    async def quotes(self, symbols):
        return {
            symbol: Quote(symbol=symbol, at=self.clock.now(), last=Decimal(10))
            for symbol in symbols
            if symbol not in self.silent
        }


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
    positions: dict = field(default_factory=dict)


def context(now, *, ranks=(), held=(), known=(), refused="", **config):
    clock = StandingClock(now)
    return Context(
        strategy="overnight",
        phase="test",
        attempt=1,
        session=SESSION,
        exchange=plain_exchange(),
        config=OvernightConfig(**config),
        clock=clock,
        market=Market(clock),
        orders=Orders(list(known), refused),
        day=Day(
            {symbol: Candidate(symbol=symbol, reason="strong") for symbol in ranks},
            {
                symbol: Position(symbol=symbol, quantity=100, average_price=Decimal(9))
                for symbol in held
            },
        ),
        log=logging.LoggerAdapter(logging.getLogger("test"), {}),
        waiter=lambda answer: answer,
    )


def order(symbol, purpose="entry", stage=OrderStage.ACKNOWLEDGED, *, filled=0):
    sent = Order(
        reference=f"{symbol}-{purpose}", symbol=symbol, side="buy", quantity=100, purpose=purpose
    )
    return OrderState(order=sent, stage=stage, filled=filled, changed_at=minute(0))


def entered(ctx):
    asyncio.run(plugin.skim_enter(ctx))
    return [(bracket.symbol, bracket.quantity) for bracket in ctx.orders.entered]


def exited(ctx):
    asyncio.run(plugin.skim_exit(ctx))
    return ctx.orders.exited


def test_an_exit_that_fails_does_not_keep_the_others_in():
    ctx = context(minute(5), held=["AAA", "BBB", "CCC"], refused="AAA")
    with pytest.raises(SkimError, match="can't be reached"):
        exited(ctx)
    assert ctx.orders.exited == ["BBB", "CCC"]


def test_before_its_time_nothing_is_sold():
    assert exited(context(minute(5) - timedelta(milliseconds=1), held=["AAA"])) == []


def test_enter_that_runs_again_after_a_crash_decides_nothing_anew():
    stopped_out = order("AAA", stage=OrderStage.FILLED, filled=100)
    ctx = context(
        minute(345), ranks=["AAA", "BBB", "CCC"], known=[stopped_out], positions_maximum=2
    )
    assert entered(ctx) == [("BBB", 500)]  # and not CCC, though AAA is sold already


@pytest.mark.parametrize("stage", [OrderStage.ABSENT, OrderStage.SENDING, OrderStage.REFUSED])
def test_an_entry_that_never_arrived_is_sent_again(stage):
    assert entered(context(minute(345), ranks=["AAA"], known=[order("AAA", stage=stage)]))


def test_what_a_working_entry_may_still_take_is_not_spent_twice():
    ctx = context(minute(345), ranks=["AAA", "BBB"], known=[order("BBB", filled=50)])
    ctx.market.cash = 3000
    assert entered(ctx) == [("AAA", 50)]  # (3000 - 5000 / 2) / 10


def test_what_has_no_quote_is_left_alone():
    ctx = context(minute(345), ranks=["AAA", "BBB"])
    ctx.market.silent = ("AAA",)
    assert entered(ctx) == [("BBB", 500)]


def test_without_cash_nothing_is_bought():
    ctx = context(minute(345), ranks=["AAA", "BBB"])
    ctx.market.cash = 5009
    assert entered(ctx) == [("AAA", 500)]  # 9 is no share


def test_the_exit_hangs_on_nothing_that_may_fail():
    exits = plugin.GRAPH["exit"]
    assert exits.protective
    assert exits.after == ()


def test_the_graph_fits_a_full_and_a_half_day():
    for minutes in (360, 250):
        session = SESSION.model_copy(update={"close": minute(minutes)})
        plugin.GRAPH.check_windows(session)
        assert plugin.GRAPH["rank"].window(session)[0] == minute(minutes - 20)
        assert plugin.GRAPH["enter"].window(session)[0] == minute(minutes - 15)
