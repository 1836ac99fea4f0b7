"""Limits hold entries back, and nothing else."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest

from skim_core.model.limits import Limits
from skim_core.model.market import Quote
from skim_core.model.orders import OrderStage, Side

REFUSED, ACKNOWLEDGED = OrderStage.REFUSED, OrderStage.ACKNOWLEDGED


@pytest.fixture
def quoted(lab, broker):
    """Let symbols have traded just now."""

    def put(last, *symbols, **more):
        for symbol in symbols:
            broker.prices[symbol] = Quote(
                symbol=symbol, at=lab.clock.now(), last=Decimal(last), **more
            )

    return put


def told(lab, *, ready="10s"):
    """Let a story begin once the books were compared."""

    def tell(story, **more):
        async def later(ctx):
            await lab.passes(ready)
            await story(ctx)

        return lab.tell(later, **more)

    return tell


def test_a_refused_entry_says_why_and_leaves_nothing_behind(lab, broker, bracket):
    lab.limits = Limits(order_quantity=50)

    async def story(ctx):
        state = await ctx.orders.enter(bracket())
        assert (state.stage, state.reason) == (
            REFUSED,
            "the order would be 100, above the limit of 50",
        )
        assert ctx.orders.find("BHP") is None
        assert ctx.orders.all() == ()

    told(lab)(story)
    assert not broker.submitted
    [refused] = lab.events("order_refused")
    assert (refused.symbol, refused.purpose, refused.limit) == ("BHP", "entry", "order_quantity")
    assert refused.reading.value == 1000


def test_the_same_refusal_each_minute_is_one_fact_and_another_one_is_another(lab, bracket):
    lab.limits = Limits(order_quantity=50, symbols=("BHP",))

    async def story(ctx):
        for _ in range(5):
            await ctx.orders.enter(bracket())
            await ctx.orders.enter(bracket("CSL"))
            await lab.passes("1m")

    told(lab)(story)
    refused = [(event.symbol, event.limit) for event in lab.events("order_refused")]
    assert refused == [("BHP", "order_quantity"), ("CSL", "symbols")]


def test_an_entry_that_was_refused_is_let_through_once_it_fits(lab, bracket):
    lab.limits = Limits(orders_per_minute=1)

    async def story(ctx):
        assert (await ctx.orders.enter(bracket())).stage is ACKNOWLEDGED
        assert (await ctx.orders.enter(bracket("CSL"))).stage is REFUSED
        await lab.passes("59s")
        assert (await ctx.orders.enter(bracket("CSL"))).stage is REFUSED
        await lab.passes("1s")
        assert (await ctx.orders.enter(bracket("CSL"))).stage is ACKNOWLEDGED

    told(lab)(story)
    [_, _, entry, _] = lab.events("order_intended")
    assert entry.reading.orders_last_minute == 0
    assert entry.reading.orders_today == 1


def test_there_is_one_position_a_symbol_and_one_entry_on_its_way(lab, broker, bracket):
    async def story(ctx):
        first = await ctx.orders.enter(bracket())
        second = await ctx.orders.enter(bracket(purpose="more"))
        assert (second.stage, second.reason) == (REFUSED, "another entry of BHP works already")
        broker.trade(first.order.reference, 100)
        await lab.passes("2s")
        third = await ctx.orders.enter(bracket(purpose="still_more"))
        assert third.stage is REFUSED
        assert third.reason == "BHP is held already: one position a symbol"

    told(lab)(story)
    assert [refused.limit for refused in lab.events("order_refused")] == ["held", "held"]


def test_no_limit_holds_an_exit_or_a_stop_up(lab, broker, bracket, quoted):
    """The day has lost too much, the session is nearly over, and all is full."""

    async def opens(ctx):
        state = await ctx.orders.enter(bracket())
        broker.trade(state.order.reference, 100)
        await lab.passes("5s")

    told(lab)(opens)
    quoted("5", "BHP", delayed=True)
    nothing = Limits(
        position_value=Decimal(1),
        positions=0,
        order_value=Decimal(1),
        order_quantity=0,
        price_distance=Decimal("0.01"),
        orders_per_minute=0,
        orders_per_day=0,
        loss_per_day=Decimal(1),
        drawdown=Decimal(1),
        symbols=(),
        before_close=timedelta(hours=12),
        quote_age=timedelta(milliseconds=1),
    )
    lab.limits = lab.account_limits = nothing

    async def closes(ctx):
        assert (await ctx.orders.enter(bracket("CSL"))).stage is REFUSED
        moved = await ctx.orders.move_stop("BHP", Decimal("9.5"))
        assert moved.order.stop_price == Decimal("9.5")
        broker.kept[1].reason = "vanishes"
        broker.end(broker.kept[1], broker.kept[1].status.CANCELLED)
        await lab.passes("5s")
        assert [stop.quantity for stop in broker.working("stop")] == [100]
        assert (await ctx.orders.exit("BHP")).stage is ACKNOWLEDGED

    told(lab)(closes)
    assert len(lab.events("order_refused")) == 1


def test_nothing_is_entered_in_a_halted_symbol_and_its_stop_stays(lab, broker, bracket, quoted):
    async def story(ctx):
        quoted("10", "CSL", halted=True)
        refused = await ctx.orders.enter(bracket("CSL"))
        assert (refused.stage, refused.reason) == (REFUSED, "trading in CSL is halted")
        state = await ctx.orders.enter(bracket())
        broker.trade(state.order.reference, 100)
        quoted("10", "BHP", halted=True)
        await lab.passes("5s")
        assert [stop.quantity for stop in broker.working("stop")] == [100]
        assert (await ctx.orders.exit("BHP")).stage is ACKNOWLEDGED

    told(lab)(story)
    [refused] = lab.events("order_refused")
    assert (refused.limit, refused.reading.halted) == ("trading_halt", True)


def test_the_loss_of_the_day_counts_what_is_held_at_its_last_trade(lab, broker, bracket, quoted):
    lab.limits = Limits(loss_per_day=Decimal(300))

    async def story(ctx):
        state = await ctx.orders.enter(bracket())
        broker.trade(state.order.reference, 100)
        await lab.passes("2s")
        quoted("7.01", "BHP", "CSL")
        assert (await ctx.orders.enter(bracket("CSL", stop_price="6"))).stage is ACKNOWLEDGED
        quoted("7.00", "BHP")
        refused = await ctx.orders.enter(bracket("RIO"))
        assert refused.reason == "the day has lost 300.00, the limit is 300"

    told(lab)(story)


@pytest.mark.parametrize(
    ("last", "more", "reason"),
    [
        ("9", {}, "its stop at 9 is not below the last price, 9, and would trade at once: "),
        ("8.9", {}, "its stop at 9 is not below the last price, 8.9, and would trade at once: "),
        (
            "12",
            {"target_price": Decimal("11.5")},
            "its target at 11.5 is not above the last price, 12, and would trade at once: ",
        ),
        (
            "10",
            {"side": Side.SELL, "limit_price": "8", "stop_price": "9.5"},
            "its stop at 9.5 is not above the last price, 10, and would trade at once: ",
        ),
    ],
)
def test_an_entry_whose_stop_or_target_would_trade_at_once_is_refused(
    lab, broker, bracket, quoted, last, more, reason
):
    async def story(ctx):
        quoted(last, "BHP")
        refused = await ctx.orders.enter(bracket(**more))
        assert (refused.stage, refused.reason.startswith(reason)) == (REFUSED, True)
        assert broker.kept == []

    told(lab)(story)
    [event] = lab.events("order_refused")
    assert event.limit == reason.split()[1]


def test_the_accounts_limits_look_at_all_its_strategies(lab, broker, bracket):
    lab.account_limits = Limits(positions=2)
    stages = {}

    def enters(name, symbol):
        async def story(ctx):
            await lab.passes("10s")
            stages[name] = await ctx.orders.enter(bracket(symbol))
            await lab.passes("10s")
            if name == "third":
                lab.engine.stop()

        return lab.assignment(story, name)

    lab.run(enters("first", "BHP"), enters("second", "CSL"), enters("third", "RIO"))
    assert lab.error is None
    found = sorted(state.stage for state in stages.values())
    assert found == ["acknowledged", "acknowledged", "refused"]
    [reason] = [state.reason for state in stages.values() if state.stage is REFUSED]
    assert reason == "the account: the number of positions would be 3, above the limit of 2"


def test_another_processs_days_count_for_the_account(lab, broker, bracket):
    lab.account_limits = Limits(orders_per_day=1)

    async def enters(ctx):
        await ctx.orders.enter(bracket())

    told(lab)(enters, strategy="early")

    async def late(ctx):
        assert (await ctx.orders.enter(bracket("CSL"))).stage is REFUSED

    told(lab)(late, strategy="late")


def test_of_entries_decided_at_once_only_as_many_leave_as_fit(lab, broker, bracket):
    lab.limits = Limits(positions=1)

    async def story(ctx):
        intents = [bracket(symbol) for symbol in ("BHP", "CSL", "RIO", "WES")]
        states = await asyncio.gather(*(ctx.orders.enter(intent) for intent in intents))
        assert [state.stage for state in states].count(ACKNOWLEDGED) == 1

    told(lab)(story)
    assert len(broker.submitted) == 1


def test_a_halt_that_comes_while_an_entry_is_checked_still_stops_it(lab, broker, bracket):
    from skim_core.model.controls import Halt

    quotes = broker.quotes

    async def halts_and_quotes(symbols):
        lab.journal.append_control(
            Halt(at=lab.clock.now(), account="paper", by="trader", why="now")
        )
        return await quotes(symbols)

    async def story(ctx):
        broker.quotes = halts_and_quotes
        state = await ctx.orders.enter(bracket())
        assert state.reason == "entries are halted by trader: now"

    told(lab)(story)
    assert not broker.submitted
