"""After anything that may have hidden something: what is true is found out, or a person is asked."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from skim_core.model import events as ev
from skim_core.model.controls import Resolution
from skim_core.model.orders import OrderStage, OrderStatus, order_reference
from skim_core.ports.engine import DayEnd


def resolve(lab, reference, outcome, **more):
    lab.journal.append_control(
        Resolution(
            at=lab.clock.now(),
            account="paper",
            by="trader",
            why="the broker's statement",
            run_id=lab.day().run_id,
            reference=reference,
            outcome=outcome,
            **more,
        )
    )


def unknown_entry(lab, broker, bracket):
    """Tell of an entry that vanished while the account's position changed."""

    async def happens(ctx):
        state = await ctx.orders.enter(bracket())
        broker.hidden.add(state.order.reference)
        broker.trade(state.order.reference, 100, tell=False)
        broker.line(up=False)
        broker.line(up=True)
        await lab.passes("1m")
        assert ctx.orders.find("BHP").stage is OrderStage.UNKNOWN
        return state.order.reference

    return happens


def test_nothing_is_sent_before_two_looks_apart_in_time_agreed(lab, broker, bracket):
    async def story(ctx):
        begun = lab.events("day_started")[0].at
        while (await ctx.orders.enter(bracket())).stage is OrderStage.REFUSED:
            await lab.passes("100ms")
        assert broker.looks >= 2
        assert lab.events("order_sending")[0].at >= begun + timedelta(seconds=2)

    broker.kept.clear()
    lab.clock.skew = timedelta(minutes=1)
    lab.tell(story)
    [first, *_] = lab.events("reconciled")
    assert first.reason == "the day begins"
    assert first.passes >= 2


def test_an_order_that_vanished_while_the_position_changed_is_unknown_and_blocks_its_symbol(
    lab, broker, bracket
):
    vanish = unknown_entry(lab, broker, bracket)

    async def story(ctx):
        reference = await vanish(ctx)
        refused = await ctx.orders.enter(bracket(purpose="second"))
        assert refused.reason == f"what became of {reference} is unknown"
        other = await ctx.orders.enter(bracket("CSL"))
        assert other.stage is OrderStage.ACKNOWLEDGED
        await lab.passes("5m")
        assert ctx.orders.find("BHP").stage is OrderStage.UNKNOWN

    lab.tell(story)
    [unknown] = lab.events("order_unknown")
    assert "holds 100 BHP where the known fills make 0" in unknown.finding
    assert len(broker.submitted) == 2
    assert not broker.cancels


def test_a_persons_word_settles_an_unknown_order_and_the_day_goes_on(lab, broker, bracket):
    vanish = unknown_entry(lab, broker, bracket)

    async def story(ctx):
        reference = await vanish(ctx)
        resolve(lab, reference, "filled", quantity=100, price=10)
        await lab.passes("1s")
        assert ctx.positions["BHP"].quantity == 100
        assert ctx.orders.find("BHP").stage is OrderStage.FILLED
        leaving = await ctx.orders.exit("BHP")
        assert leaving.order.quantity == 100

    lab.tell(story)
    [resolved] = lab.events("order_resolved")
    assert (resolved.by, resolved.why) == ("trader", "the broker's statement")
    kinds = lab.kinds("order_resolved", "order_filled", "position_opened")
    assert kinds == ["order_resolved", "order_filled", "position_opened"]


def test_an_order_resolved_as_absent_frees_its_symbol(lab, broker, bracket):
    vanish = unknown_entry(lab, broker, bracket)

    async def story(ctx):
        reference = await vanish(ctx)
        resolve(lab, reference, "absent")
        await lab.passes("1s")
        assert ctx.orders.find("BHP").stage is OrderStage.ABSENT
        assert (await ctx.orders.enter(bracket())).stage is OrderStage.ABSENT
        second = await ctx.orders.enter(bracket(purpose="second"))
        assert second.stage is OrderStage.ACKNOWLEDGED

    lab.tell(story)


def test_an_unknown_order_that_shows_again_is_known_without_a_person(lab, broker, bracket):
    vanish = unknown_entry(lab, broker, bracket)

    async def story(ctx):
        await vanish(ctx)
        broker.hidden.clear()
        await lab.passes("2m")
        assert ctx.orders.find("BHP").stage is OrderStage.FILLED
        assert ctx.positions["BHP"].quantity == 100

    lab.tell(story)
    assert not lab.events("order_resolved")


def test_fills_of_a_gap_are_found_when_the_line_is_up_again(lab, broker, bracket):
    async def story(ctx):
        state = await ctx.orders.enter(bracket())
        broker.line(up=False)
        broker.trade(state.order.reference, 60, tell=False)
        await lab.passes("1m")
        assert ctx.positions == {}
        broker.line(up=True, data_lost=True)
        await lab.passes("10s")
        assert ctx.positions["BHP"].quantity == 60

    lab.tell(story)
    assert lab.events("connection_changed")[-1].data_lost


def test_a_line_that_is_lost_again_in_the_middle_starts_the_comparing_anew(lab, broker, bracket):
    async def story(ctx):
        await ctx.orders.enter(bracket())
        for _ in range(3):
            broker.line(up=False)
            await lab.passes("1s")
            broker.line(up=True)
            await lab.passes("1s")
        refused = await ctx.orders.enter(bracket("CSL"))
        assert refused.stage is OrderStage.REFUSED
        await lab.passes("20s")
        entered = await ctx.orders.enter(bracket("CSL"))
        assert entered.stage is OrderStage.ACKNOWLEDGED

    lab.tell(story)


def test_a_broker_that_does_not_answer_is_asked_again_until_it_does(lab, broker, bracket):
    async def story(ctx):
        broker.answering = False
        broker.line(up=False)
        broker.line(up=True)
        await lab.passes("5m")
        assert (await ctx.orders.enter(bracket())).stage is OrderStage.REFUSED
        broker.answering = True
        await lab.passes("1m")
        assert (await ctx.orders.enter(bracket())).stage is OrderStage.ACKNOWLEDGED

    lab.tell(story)


def test_an_order_that_is_at_the_broker_twice_is_there_once_soon(lab, broker, bracket):
    async def story(ctx):
        state = await ctx.orders.enter(bracket())
        broker.take(state.order)
        broker.line(up=False)
        broker.line(up=True)
        await lab.passes("30s")
        assert [kept.broker_id for kept in broker.kept if kept.open] == ["1", "2"]
        assert ctx.orders.find("BHP").stage is OrderStage.ACKNOWLEDGED

    lab.tell(story)
    assert (broker.kept[0].order.reference, "3") in broker.cancels


def test_of_two_that_were_taken_in_doubt_the_older_one_is_adopted(lab, broker, bracket):
    broker.answers.append("takes silently")

    async def story(ctx):
        waiting = asyncio.create_task(ctx.orders.enter(bracket()))
        await lab.passes("1s")
        broker.take(broker.kept[0].order)
        await waiting
        await lab.passes("30s")
        assert [kept.broker_id for kept in broker.kept if kept.open] == ["1", "2"]
        assert ctx.orders.find("BHP").broker_id == "1"

    lab.tell(story)


def test_foreign_orders_and_positions_are_named_and_never_touched(
    lab, broker, bracket, foreign_order
):
    broker.take(foreign_order())
    broker.shares["WES"] = 70

    async def story(ctx):
        state = await ctx.orders.enter(bracket("WES"))
        broker.trade(state.order.reference, 100)
        await lab.passes("1s")
        broker.take(foreign_order("manual-2", "RIO"))
        broker.shares["RIO"] = -5
        broker.line(up=False)
        broker.line(up=True)
        await lab.passes("30s")
        assert ctx.positions["WES"].quantity == 100
        leaving = await ctx.orders.exit("WES")
        assert leaving.order.quantity == 100

    lab.tell(story)
    first, last = lab.events("reconciled")[0], lab.events("reconciled")[-1]
    assert first.foreign_orders == ("sell 7 CSL (manual-1)",)
    assert first.foreign_positions == {"WES": 70}
    assert first.differences == ()
    assert last.foreign_positions == {"WES": 70, "RIO": -5}
    assert any("manual-2" in text for text in last.differences)
    assert any(text.startswith("RIO: the account holds -5") for text in last.differences)
    assert all("manual" not in reference for reference, _ in broker.cancels)
    assert {order.reference for order in broker.working()} >= {"manual-1", "manual-2"}


def test_a_refusal_that_was_only_an_errors_side_effect_is_taken_back(lab, broker, bracket):
    async def story(ctx):
        state = await ctx.orders.enter(bracket())
        wrong = broker.report(broker.find(state.order.reference))
        broker.tell(wrong.model_copy(update={"status": OrderStatus.REJECTED, "reason": "103"}))
        await lab.passes("30s")
        assert ctx.orders.find("BHP").stage is OrderStage.ACKNOWLEDGED

    lab.tell(story)
    assert lab.kinds("order_rejected", "order_acknowledged")[-2:] == [
        "order_rejected",
        "order_acknowledged",
    ]


def test_another_process_that_goes_on_adopts_what_the_first_left_unanswered(lab, broker, bracket):
    broker.answers.append("takes silently")

    async def dies(ctx):
        entering = asyncio.create_task(ctx.orders.enter(bracket()))
        await lab.passes("1s")
        lab.engine.stop()
        await entering

    [result] = lab.run(lab.assignment(dies))
    assert result.end is DayEnd.STOPPED
    reference = order_reference(lab.day(), "BHP", "entry")
    broker.trade(reference, 100, tell=False)

    async def goes_on(ctx):
        await lab.passes("1m")
        assert ctx.positions["BHP"].quantity == 100
        assert (await ctx.orders.enter(bracket())).stage is OrderStage.FILLED

    lab.tell(goes_on)
    assert len(broker.submitted) == 1
    assert [event.reason for event in lab.events("reconciled")][-1] == (
        "another process goes on with the day"
    )


def test_a_cancel_that_the_broker_never_got_is_asked_for_again(lab, broker, bracket):
    async def story(ctx):
        await ctx.orders.enter(bracket())
        broker.deaf = True
        await ctx.orders.cancel("BHP")
        broker.deaf = False
        broker.line(up=False)
        broker.line(up=True)
        await lab.passes("30s")
        assert ctx.orders.find("BHP").stage is OrderStage.CANCELLED

    lab.tell(story)
    assert len(lab.events("order_cancelling")) == 1
    assert isinstance(lab.events("order_cancelled")[0], ev.OrderCancelled)


def test_a_broker_that_shows_everything_settles_a_doubt_with_one_look(lab, broker, bracket):
    broker.quiet_time = timedelta(0)
    broker.answers.append("loses the line")

    async def story(ctx):
        await ctx.orders.enter(bracket(limit_price=None))
        await lab.passes("1s")
        again = await ctx.orders.enter(bracket(limit_price=None))
        assert again.stage is OrderStage.ACKNOWLEDGED

    lab.tell(story)
    assert [event.passes for event in lab.events("reconciled")] == [1, 1]
