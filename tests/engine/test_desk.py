"""The desk: one decision, one order, whatever becomes of the answer."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest

from skim_core.errors import BrokerError, OrderRefusedError
from skim_core.model import events as ev
from skim_core.model.orders import OrderStage, OrderType, order_reference


def test_an_entry_leaves_with_its_stop_and_is_journaled_before_it_leaves(lab, broker, bracket):
    seen = []
    submit = broker.submit

    async def look_and_submit(orders):
        seen.extend(lab.kinds("order_intended", "order_sending", "order_acknowledged"))
        await submit(orders)

    broker.submit = look_and_submit

    async def story(ctx):
        state = await ctx.orders.enter(bracket())
        assert state.stage is OrderStage.ACKNOWLEDGED

    lab.tell(story)
    assert seen == ["order_intended"] * 2 + ["order_sending"] * 2
    entry = order_reference(lab.day(), "BHP", "entry")
    assert broker.submitted == [(entry, entry.replace(".P", ".S"))]
    stop = broker.find(entry.replace(".P", ".S")).order
    assert (stop.parent, stop.oca_group, stop.stop_price) == (entry, entry, Decimal(9))


def test_the_same_decision_made_again_is_the_same_order(lab, broker, bracket):
    async def story(ctx):
        first = await ctx.orders.enter(bracket())
        again = await ctx.orders.enter(bracket(quantity=999, limit_price="12"))
        assert again.order == first.order
        other = await ctx.orders.enter(bracket(symbol="CSL"))
        assert other.order.reference != first.order.reference

    lab.tell(story)
    assert len(broker.submitted) == 2


def test_the_same_decision_made_at_the_same_time_is_one_order(lab, broker, bracket):
    broker.answers.append("takes slowly")

    async def story(ctx):
        states = await asyncio.gather(*(ctx.orders.enter(bracket()) for _ in range(5)))
        assert len({state.order.reference for state in states}) == 1
        assert {state.stage for state in states} == {OrderStage.ACKNOWLEDGED}
        broker.trade(states[0].order.reference, 100)
        await lab.passes("1s")
        exits = await asyncio.gather(*(ctx.orders.exit("BHP") for _ in range(5)))
        assert len({state.order.reference for state in exits}) == 1

    lab.tell(story)
    assert len(broker.submitted) == 2


def test_a_decision_of_the_process_before_is_not_made_again(lab, broker, bracket):
    async def story(ctx):
        await ctx.orders.enter(bracket())

    lab.tell(story)
    lab.tell(story)
    assert len(broker.submitted) == 1


def test_a_limit_entry_that_never_arrived_may_be_sent_again_with_its_reference(
    lab, broker, bracket
):
    broker.answers.append("loses")

    async def story(ctx):
        started = ctx.now
        state = await ctx.orders.enter(bracket())
        assert state.stage is OrderStage.SENDING
        assert ctx.now == started + timedelta(seconds=5)
        assert (await ctx.orders.enter(bracket())).stage is OrderStage.SENDING
        await lab.passes("8s")
        assert ctx.orders.find("BHP").stage is OrderStage.SENDING, "it may not be shown yet"
        await lab.passes("40s")
        assert ctx.orders.find("BHP").stage is OrderStage.ABSENT
        again = await ctx.orders.enter(bracket(limit_price="11"))
        assert again.stage is OrderStage.ACKNOWLEDGED
        assert again.order.limit_price == Decimal(10), "it is the same decision"

    lab.tell(story)
    assert broker.submitted[0] == broker.submitted[1]
    assert len(broker.submitted) == 2
    assert len(lab.events("order_intended")) == 2
    [absent, _] = lab.events("order_absent")
    assert not absent.certain


def test_a_market_entry_that_never_arrived_is_not_sent_again(lab, broker, bracket):
    broker.answers.append("loses")

    async def story(ctx):
        await ctx.orders.enter(bracket(limit_price=None))
        await lab.passes("1m")
        again = await ctx.orders.enter(bracket(limit_price=None))
        assert again.stage is OrderStage.ABSENT

    lab.tell(story)
    assert len(broker.submitted) == 1


def test_what_was_certainly_not_sent_may_be_sent_again_at_once(lab, broker, bracket):
    broker.answers.append("never sent")

    async def story(ctx):
        first = await ctx.orders.enter(bracket(limit_price=None))
        assert first.stage is OrderStage.ABSENT
        again = await ctx.orders.enter(bracket(limit_price=None))
        assert again.stage is OrderStage.ACKNOWLEDGED

    lab.tell(story)
    assert broker.submitted[0] == broker.submitted[1]
    assert all(event.certain for event in lab.events("order_absent"))


def test_an_order_that_was_not_answered_and_is_found_working_is_ours(lab, broker, bracket):
    broker.answers.append("takes silently")

    async def story(ctx):
        state = await ctx.orders.enter(bracket())
        assert state.stage is OrderStage.SENDING
        await lab.passes("10s")
        assert ctx.orders.find("BHP").stage is OrderStage.ACKNOWLEDGED
        assert ctx.orders.find("BHP").broker_id == "1"
        broker.trade(state.order.reference, 100)
        await lab.passes("1s")
        assert ctx.positions["BHP"].quantity == 100

    lab.tell(story)
    assert len(broker.submitted) == 1


def test_an_order_that_was_not_answered_and_is_found_executed_is_recorded(lab, broker, bracket):
    broker.answers.append("takes silently")

    async def story(ctx):
        waiting = asyncio.create_task(ctx.orders.enter(bracket()))
        await lab.passes("1s")
        broker.trade(order_reference(lab.day(), "BHP", "entry"), 100, tell=False)
        await waiting
        await lab.passes("15s")
        assert ctx.positions["BHP"].quantity == 100
        assert ctx.orders.find("BHP").stage is OrderStage.FILLED

    lab.tell(story)
    assert len(lab.events("order_filled")) == 1


def test_a_lost_line_in_the_middle_of_a_send_leaves_the_order_in_doubt(lab, broker, bracket):
    broker.answers.append("loses the line")

    async def story(ctx):
        state = await ctx.orders.enter(bracket())
        assert state.stage is OrderStage.SENDING
        other = await ctx.orders.enter(bracket(purpose="second"))
        assert other.stage is OrderStage.REFUSED
        assert "is in doubt" in other.reason

    lab.tell(story)
    assert len(broker.submitted) == 1


def test_whoever_asked_may_go_away_and_what_was_begun_is_finished(lab, broker, bracket):
    broker.answers.append("takes slowly")

    async def story(ctx):
        asked = asyncio.create_task(ctx.orders.enter(bracket()))
        await lab.passes("1s")
        asked.cancel()
        await lab.passes("3s")
        assert ctx.orders.find("BHP").stage is OrderStage.ACKNOWLEDGED

    lab.tell(story)


def test_while_the_line_is_down_entries_are_refused_and_exits_raise(lab, broker, bracket):
    async def story(ctx):
        state = await ctx.orders.enter(bracket())
        broker.trade(state.order.reference, 100)
        broker.line(up=False)
        await lab.passes("1s")
        refused = await ctx.orders.enter(bracket("CSL"))
        assert refused.stage is OrderStage.REFUSED
        assert "the line to the broker is down" in refused.reason
        for ask in (
            ctx.orders.exit("BHP"),
            ctx.orders.move_stop("BHP", Decimal("9.5")),
        ):
            with pytest.raises(BrokerError, match="Stops at the broker stand"):
                await ask
        broker.line(up=True)
        assert (await ctx.orders.enter(bracket("CSL"))).stage is OrderStage.REFUSED
        await lab.passes("10s")
        entered = await ctx.orders.enter(bracket("CSL"))
        assert entered.stage is OrderStage.ACKNOWLEDGED

    lab.tell(story)
    assert lab.kinds("order_refused") == ["order_refused"], "the same refusal is one fact"
    assert [event.up for event in lab.events("connection_changed")] == [False, True]


def test_a_fill_during_a_lost_connection_is_taken_in_at_once(lab, broker, bracket):
    async def story(ctx):
        state = await ctx.orders.enter(bracket())
        broker.line(up=False)
        broker.trade(state.order.reference, 100)
        await lab.passes("1s")
        assert ctx.positions["BHP"].quantity == 100

    lab.tell(story)


def test_an_exit_is_in_one_group_with_its_stop_and_takes_the_entry_away(lab, broker, bracket):
    async def story(ctx):
        state = await ctx.orders.enter(bracket())
        broker.trade(state.order.reference, 40)
        await lab.passes("1s")
        leaving = await ctx.orders.exit(
            "BHP", type=OrderType.LIMIT, limit_price=Decimal("10.505"), reason="enough"
        )
        assert leaving.order.quantity == 40
        assert leaving.order.oca_group == state.order.reference
        assert leaving.order.limit_price == Decimal("10.51"), "not worse than was asked for"
        await lab.passes("1s")
        assert ctx.orders.find("BHP").stage is OrderStage.CANCELLED
        broker.trade(leaving.order.reference, 40, "10.6")
        await lab.passes("10s")
        assert ctx.positions == {}
        assert not broker.working()
        assert await ctx.orders.exit("BHP") is None

    lab.tell(story)


def test_a_second_exit_after_the_first_was_refused_has_a_reference_of_its_own(lab, broker, bracket):
    broker.refuses.add("exit")

    async def story(ctx):
        state = await ctx.orders.enter(bracket())
        broker.trade(state.order.reference, 100)
        await lab.passes("1s")
        first = await ctx.orders.exit("BHP")
        await lab.passes("10s")
        broker.refuses.clear()
        second = await ctx.orders.exit("BHP")
        assert second.order.reference != first.order.reference
        assert ctx.orders.find("BHP", "exit").order == second.order

    lab.tell(story)
    assert len(broker.submitted) == 3


def test_a_stop_is_moved_by_changing_it(lab, broker, bracket):
    async def story(ctx):
        with pytest.raises(OrderRefusedError, match="no resting stop of BHP"):
            await ctx.orders.move_stop("BHP", Decimal("9.5"))
        state = await ctx.orders.enter(bracket())
        broker.trade(state.order.reference, 100)
        await lab.passes("1s")
        moved = await ctx.orders.move_stop("BHP", Decimal("9.507"), reason="it rose")
        assert moved.order.stop_price == Decimal("9.5"), "away from the entry, on the tick"
        await ctx.orders.move_stop("BHP", Decimal("9.504"))
        await lab.passes("10s")

    lab.tell(story)
    assert [order.stop_price for order in broker.modified] == [Decimal("9.5")]
    assert not broker.cancels
    [event] = lab.events("order_modified")
    assert event.reason == "it rose"


def test_a_change_that_the_broker_never_got_is_asked_for_again(lab, broker, bracket):
    async def story(ctx):
        state = await ctx.orders.enter(bracket())
        broker.trade(state.order.reference, 100)
        await lab.passes("1s")
        broker.answering = False
        with pytest.raises(BrokerError, match="did not answer within 5 s"):
            await ctx.orders.move_stop("BHP", Decimal("9.5"))
        broker.answering = True
        await lab.passes("1m")
        [stop] = broker.working("stop")
        assert stop.stop_price == Decimal("9.5")

    lab.tell(story)


def test_an_entry_is_cancelled_by_its_decision(lab, broker, bracket):
    async def story(ctx):
        await ctx.orders.cancel("BHP")
        await ctx.orders.enter(bracket())
        await ctx.orders.cancel("BHP")
        await lab.passes("1s")
        assert ctx.orders.find("BHP").stage is OrderStage.CANCELLED
        await ctx.orders.cancel("BHP")
        assert not broker.working()

    lab.tell(story)
    assert len(broker.cancels) == 1


def test_an_unsound_intent_is_refused_and_not_journaled(lab, broker, bracket):
    async def story(ctx):
        with pytest.raises(OrderRefusedError, match=r"BHP.*unsound"):
            await ctx.orders.enter(bracket(stop_price="0.004"))

    lab.tell(story)
    assert not broker.submitted
    assert not lab.events("order_intended")


def test_a_fill_that_is_told_twice_and_found_again_counts_once(lab, broker, bracket):
    async def story(ctx):
        state = await ctx.orders.enter(bracket())
        fill = broker.trade(state.order.reference, 60)
        broker.tell(fill)
        await lab.passes("1s")
        broker.line(up=False)
        broker.line(up=True)
        await lab.passes("10s")
        broker.tell(fill)
        await lab.passes("1s")
        assert ctx.positions["BHP"].quantity == 60

    lab.tell(story)
    assert len(lab.events("order_filled")) == 1


def test_more_fills_than_were_ordered_do_not_end_the_day(lab, broker, bracket):
    async def story(ctx):
        state = await ctx.orders.enter(bracket())
        broker.trade(state.order.reference, 100)
        await lab.passes("1s")
        broker.trade(state.order.reference, 50)
        await lab.passes("10s")
        assert ctx.positions["BHP"].quantity == 150
        [stop] = broker.working("stop")
        assert stop.quantity == 150

    lab.tell(story)


def test_a_stopped_engine_sends_nothing_more(lab, broker, bracket):
    kept = []

    async def story(ctx):
        kept.append(ctx.orders)

    lab.tell(story)

    async def late():
        with pytest.raises(OrderRefusedError, match="is over"):
            await kept[0].enter(bracket())

    lab.loop.run_until_complete(late())
    assert not broker.submitted
    assert not [event for event in lab.events() if isinstance(event, ev.OrderIntended)]
