"""What is held overnight is the next day's from its first moment on."""

from __future__ import annotations

from decimal import Decimal

from skim_core.model.orders import OrderStage, OrderStatus


def holds_overnight(lab, broker, bracket):
    """Run a day that leaves a position of 100 BHP with its stop; return the stop's reference."""

    async def opens(ctx):
        await lab.passes("5s")
        state = await ctx.orders.enter(bracket())
        broker.trade(state.order.reference, 100)
        await ctx.orders.enter(bracket("CSL"))
        await lab.passes("5s")

    lab.tell(opens)
    return broker.kept[1].order.reference


def test_a_position_held_overnight_and_its_stop_are_the_next_days(lab, broker, bracket):
    stop = holds_overnight(lab, broker, bracket)
    lab.next_day()

    async def goes_on(ctx):
        await lab.passes("5s")
        assert ctx.positions["BHP"].quantity == 100
        assert ctx.positions["BHP"].average_price == Decimal(10)
        moved = await ctx.orders.move_stop("BHP", Decimal("9.5"))
        assert moved.order.reference == stop
        broker.trade(stop, 100, "9.5")
        await lab.passes("2s")
        assert ctx.positions == {}

    lab.tell(goes_on)
    kinds = lab.kinds("day_started", "position_carried", "order_carried", "reconciled")
    assert kinds[:2] == ["day_started", "position_carried"]
    assert "order_carried" in kinds[:4]
    [closed] = lab.events("position_closed")
    assert closed.profit == Decimal(-50)
    assert closed.opened_at < lab.session.open
    assert not lab.events("protection_lapsed")


def test_a_days_order_that_stood_only_for_the_day_is_over_once_the_books_were_compared(
    lab, broker, bracket
):
    holds_overnight(lab, broker, bracket)
    broker.kept[:] = [kept for kept in broker.kept if kept.order.symbol != "CSL"]
    lab.next_day()

    async def looks(ctx):
        await lab.passes("2m")
        assert ctx.orders.find("CSL").stage is OrderStage.CANCELLED
        assert ctx.orders.find("BHP", "stop").live

    lab.tell(looks)


def test_a_carried_position_whose_stop_is_gone_gets_one_again(lab, broker, bracket):
    stop = holds_overnight(lab, broker, bracket)
    broker.kept[:] = [kept for kept in broker.kept if kept.order.reference != stop]
    lab.next_day()

    async def waits(ctx):
        await lab.passes("1m")
        [again] = [order for order in broker.working("stop") if order.symbol == "BHP"]
        assert again.reference == f"{stop}2"
        assert (again.quantity, again.stop_price) == (100, Decimal(9))

    lab.tell(waits)


def test_a_stop_that_traded_in_the_night_is_found(lab, broker, bracket):
    stop = holds_overnight(lab, broker, bracket)
    broker.trade(stop, 100, "8", tell=False)
    lab.next_day()

    async def looks(ctx):
        await lab.passes("10s")
        assert ctx.positions == {}
        assert ctx.orders.find("BHP", "stop").stage is OrderStage.FILLED

    lab.tell(looks)
    assert lab.kinds("stop_hit", "position_closed") == ["stop_hit", "position_closed"]


def test_the_same_decision_on_the_next_day_is_another_order(lab, broker, bracket):
    holds_overnight(lab, broker, bracket)
    before = {reference for sent in broker.submitted for reference in sent}
    lab.next_day()

    async def enters(ctx):
        await lab.passes("10s")
        state = await ctx.orders.enter(bracket("CSL"))
        assert state.order.reference not in before

    lab.tell(enters)


def test_a_carried_stop_that_the_broker_rejected_since_is_followed_by_a_sale(lab, broker, bracket):
    stop = holds_overnight(lab, broker, bracket)
    broker.end(broker.find(stop), OrderStatus.REJECTED, "not allowed", tell=False)
    lab.next_day()

    async def waits(ctx):
        await lab.passes("1m")
        [flatten] = broker.working("flatten")
        assert (flatten.symbol, flatten.quantity) == ("BHP", 100)

    lab.tell(waits)


def test_what_was_flat_in_the_evening_carries_nothing(lab, broker, bracket):
    async def trades(ctx):
        await lab.passes("5s")
        state = await ctx.orders.enter(bracket())
        broker.trade(state.order.reference, 100)
        broker.trade(broker.kept[1].order.reference, 100, "9")
        await lab.passes("5s")

    lab.tell(trades)
    lab.next_day()

    async def looks(ctx):
        assert ctx.positions == {}

    lab.tell(looks)
    assert not lab.kinds("position_carried", "order_carried")
