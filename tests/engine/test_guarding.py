"""The guard: no position without its stop, whatever the broker does."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest

from skim_core.model import events as ev
from skim_core.model.controls import Halt, Resume
from skim_core.model.orders import OrderStage, OrderStatus, OrderType, Side
from skim_core.model.phases import Phase
from skim_core.ports.engine import DayEnd


def entered(lab, broker, bracket):
    """Tell of a position of 100 BHP; give its entry's reference."""

    async def happens(ctx, **more):
        state = await ctx.orders.enter(bracket(**more))
        broker.trade(state.order.reference, 100)
        await lab.passes("2s")
        return state.order.reference

    return happens


@pytest.fixture
def holds(lab, broker, bracket):
    return entered(lab, broker, bracket)


def say(lab, kind, **more):
    lab.journal.append_control(
        kind(at=lab.clock.now(), account="paper", by="trader", why="news", **more)
    )


def test_a_position_whose_stop_was_refused_is_sold_within_seconds_and_told(lab, broker, bracket):
    broker.refuses.add("stop")

    async def story(ctx):
        state = await ctx.orders.enter(bracket())
        broker.trade(state.order.reference, 100)
        await lab.passes("3s")
        [flatten] = broker.working("flatten")
        assert (flatten.side, flatten.quantity, flatten.type) == (Side.SELL, 100, OrderType.MARKET)
        broker.trade(flatten.reference, 100, "9.9")
        await lab.passes("1s")
        assert ctx.positions == {}

    lab.tell(story)
    [intended] = [e for e in lab.events("order_intended") if e.order.purpose == "flatten"]
    assert intended.reason == "its stop was refused: off the tick"
    assert lab.events("order_rejected")[0].reason == "off the tick"


def test_a_stop_that_vanished_is_placed_again_in_its_group(lab, broker, holds):
    async def story(ctx):
        reference = await holds(ctx)
        stop = broker.find(reference.replace(".P", ".S"))
        broker.end(stop, OrderStatus.CANCELLED, "who knows")
        await lab.passes("3s")
        [again] = broker.working("stop")
        assert again.reference == reference.replace(".P", ".S2")
        assert (again.oca_group, again.parent) == (reference, None)
        assert (again.quantity, again.stop_price) == (100, Decimal(9))

    lab.tell(story)
    assert not lab.events("protection_lapsed")


def test_a_stop_that_is_not_in_the_brokers_books_any_more_is_placed_again(lab, broker, holds):
    async def story(ctx):
        reference = await holds(ctx)
        stop = broker.find(reference.replace(".P", ".S"))
        broker.kept.remove(stop)
        broker.line(up=False)
        broker.line(up=True)
        await lab.passes("1m")
        [again] = broker.working("stop")
        assert again.reference.endswith(".S2")

    lab.tell(story)


def test_after_a_restart_the_first_thing_sent_is_the_stop_that_is_missing(lab, broker, holds):
    async def first(ctx):
        await holds(ctx)

    lab.tell(first)
    stop = broker.kept[1]
    broker.end(stop, OrderStatus.CANCELLED, "in the night")

    async def second(ctx):
        await lab.passes("1m")
        assert ctx.orders.find("BHP", "stop").stage is OrderStage.ACKNOWLEDGED

    lab.tell(second)
    assert broker.submitted[-1] == (stop.order.reference + "2",)


def test_an_entry_cancelled_after_a_part_traded_leaves_a_stop_of_that_size(lab, broker, bracket):
    async def story(ctx):
        state = await ctx.orders.enter(bracket())
        broker.trade(state.order.reference, 40)
        await lab.passes("5s")
        assert not broker.modified, "the entry may still trade"
        await ctx.orders.cancel("BHP")
        await lab.passes("3s")
        [stop] = broker.working("stop")
        assert stop.quantity == 40

    lab.tell(story)
    assert not lab.events("order_cancelled")[0].reference.endswith(".S")
    assert len(broker.submitted) == 1


def test_a_stop_is_not_made_smaller_while_the_entrys_cancel_is_on_its_way(lab, broker, bracket):
    async def story(ctx):
        state = await ctx.orders.enter(bracket())
        broker.trade(state.order.reference, 40)
        broker.deaf = True
        await ctx.orders.cancel("BHP")
        await lab.passes("5s")
        assert not broker.modified
        broker.trade(state.order.reference, 60)
        await lab.passes("5s")
        assert ctx.positions["BHP"].quantity == 100

    lab.tell(story)
    assert not broker.modified


def test_a_stop_that_was_cut_just_when_all_of_it_traded_does_not_end_the_day(lab, broker, bracket):
    async def story(ctx):
        state = await ctx.orders.enter(bracket())
        reference = state.order.reference.replace(".P", ".S")
        broker.trade(state.order.reference, 40)
        await ctx.orders.cancel("BHP")
        broker.deaf = True
        await lab.passes("3s")
        assert ctx.orders.find("BHP", "stop").order.quantity == 40
        # The change came too late: the stop sold what it was for, and then the rest.
        broker.trade(reference, 40, "9")
        broker.trade(reference, 60, "9")
        await lab.passes("3s")
        assert ctx.positions["BHP"].quantity == -60
        [flatten] = broker.working("flatten")
        assert (flatten.side, flatten.quantity) == (Side.BUY, 60)

    lab.tell(story)


def test_what_has_nothing_left_to_close_is_cancelled(lab, broker, holds):
    async def story(ctx):
        await holds(ctx)
        leaving = await ctx.orders.exit("BHP")
        broker.find(leaving.order.reference).order = leaving.order.model_copy(
            update={"oca_group": None}
        )
        broker.trade(leaving.order.reference, 100)
        await lab.passes("5s")
        assert not broker.working()

    lab.tell(story)


def test_a_protection_that_lapses_is_told_after_its_limit_and_so_is_its_return(lab, broker, holds):
    async def story(ctx):
        reference = await holds(ctx)
        broker.line(up=False)
        broker.end(broker.find(reference.replace(".P", ".S")), OrderStatus.CANCELLED, "")
        gone = ctx.now
        await lab.passes("59s")
        assert not lab.events("protection_lapsed")
        await lab.passes("2s")
        [lapsed] = lab.events("protection_lapsed")
        assert (lapsed.symbol, lapsed.since) == ("BHP", gone)
        assert lapsed.at == gone + timedelta(minutes=1)
        assert lapsed.reason == "the line to the broker is down"
        broker.line(up=True)
        await lab.passes("30s")
        assert len(lab.events("protection_restored")) == 1

    lab.tell(story)
    assert len(lab.events("protection_lapsed")) == 1


def test_while_nothing_can_be_sent_the_stop_is_placed_as_soon_as_it_can(lab, broker, holds):
    async def story(ctx):
        reference = await holds(ctx)
        broker.answers.extend(["never sent"] * 3)
        broker.end(broker.find(reference.replace(".P", ".S")), OrderStatus.CANCELLED, "")
        await lab.passes("30s")
        [again] = broker.working("stop")
        assert again.quantity == 100

    lab.tell(story)


def test_a_halt_cancels_what_would_open_refuses_what_is_new_and_keeps_the_stops(
    lab, broker, bracket, holds
):
    async def story(ctx):
        await holds(ctx)
        await ctx.orders.enter(bracket("CSL"))
        say(lab, Halt, strategy="told")
        said = ctx.now
        await lab.passes("3s")
        assert lab.events("entries_halted")[0].at - said <= timedelta(seconds=1)
        assert broker.working("entry") == []
        assert [stop.symbol for stop in broker.working("stop")] == ["BHP"]
        refused = await ctx.orders.enter(bracket("RIO"))
        assert refused.stage is OrderStage.REFUSED
        assert refused.reason == "entries are halted by trader: news"
        moved = await ctx.orders.move_stop("BHP", Decimal("9.5"))
        assert moved.order.stop_price == Decimal("9.5")
        assert (await ctx.orders.exit("BHP")).stage is OrderStage.ACKNOWLEDGED

    lab.tell(story)
    assert [event.limit for event in lab.events("order_refused")] == ["halt"]


def test_an_entry_that_meets_a_halt_first_does_not_keep_it_from_being_carried_out(
    lab, broker, bracket
):
    async def story(ctx):
        await ctx.orders.enter(bracket("CSL"))
        await lab.passes("2s")
        say(lab, Halt, strategy="told")
        assert (await ctx.orders.enter(bracket("RIO"))).stage is OrderStage.REFUSED
        await lab.passes("5s")
        assert broker.working("entry") == []

    lab.tell(story)
    assert len(lab.events("entries_halted")) == 1


def test_entries_go_on_once_the_halt_was_taken_back(lab, broker, bracket):
    async def story(ctx):
        say(lab, Halt)
        await lab.passes("1s")
        assert (await ctx.orders.enter(bracket())).stage is OrderStage.REFUSED
        say(lab, Resume)
        await lab.passes("1s")
        assert (await ctx.orders.enter(bracket())).stage is OrderStage.ACKNOWLEDGED

    lab.tell(story)
    assert lab.kinds("entries_halted", "entries_resumed") == ["entries_halted", "entries_resumed"]


def test_a_halt_of_another_strategy_means_nothing_here(lab, broker, bracket):
    async def story(ctx):
        say(lab, Halt, strategy="other")
        await lab.passes("1s")
        assert (await ctx.orders.enter(bracket())).stage is OrderStage.ACKNOWLEDGED

    lab.tell(story)
    assert not lab.events("entries_halted")


def test_a_halt_that_flattens_leaves_nothing_open(lab, broker, bracket, holds):
    async def story(ctx):
        await holds(ctx)
        await ctx.orders.enter(bracket("CSL"))
        say(lab, Halt, flatten=True)
        await lab.passes("5s")
        [flatten] = broker.working("flatten")
        assert broker.working("stop"), "the stop stands until it is sold"
        broker.trade(flatten.reference, 100)
        await lab.passes("5s")
        assert ctx.positions == {}
        assert not broker.working()

    lab.tell(story)


def test_a_sale_of_a_halt_that_was_refused_is_tried_again(lab, broker, holds):
    broker.refuses.add("flatten")

    async def story(ctx):
        await holds(ctx)
        say(lab, Halt, flatten=True)
        await lab.passes("5s")
        broker.refuses.clear()
        await lab.passes("1m")
        [flatten] = broker.working("flatten")
        assert flatten.quantity == 100

    lab.tell(story)
    attempts = [e for e in lab.events("order_intended") if e.order.purpose == "flatten"]
    assert len(attempts) == 2


def test_a_strategy_that_fails_again_and_again_is_halted_and_its_stop_works_on(
    lab, broker, bracket
):
    ticks = []

    async def fails(ctx):
        ticks.append(ctx.now)
        if len(ticks) == 1:
            state = await ctx.orders.enter(bracket())
            broker.trade(state.order.reference, 100)
            return
        if len(ticks) == 8:
            lab.engine.stop()
        msg = "no data"
        raise RuntimeError(msg)

    policy = Phase("trade", every="1m", between=("open", "close"), give_up_after=20)
    [result] = lab.run(lab.assignment(fails, phase=policy))
    assert result.end is DayEnd.STOPPED
    [halted] = lab.events("entries_halted")
    assert halted.by == "skim"
    why = r"trade failed 3 times in a row: RuntimeError: no data \(test_guarding\.py:\d+\)"
    assert re.fullmatch(why, halted.why)
    failures = [event for event in lab.events() if isinstance(event, ev.PhaseRetried)]
    assert halted.at == failures[2].at
    assert [stop.symbol for stop in broker.working("stop")] == ["BHP"]
    [record] = lab.journal.controls()
    assert record.control.strategy == "told"


def test_nothing_is_done_in_a_symbol_with_an_unknown_order(lab, broker, holds):
    async def story(ctx):
        reference = await holds(ctx)
        stop = broker.find(reference.replace(".P", ".S"))
        broker.kept.remove(stop)
        broker.shares["BHP"] = 60
        broker.line(up=False)
        broker.line(up=True)
        await lab.passes("5m")
        assert ctx.orders.find("BHP", "stop").stage is OrderStage.UNKNOWN

    lab.tell(story)
    assert len(broker.submitted) == 1
    [lapsed] = lab.events("protection_lapsed")
    assert "skim resolve" in lapsed.reason
