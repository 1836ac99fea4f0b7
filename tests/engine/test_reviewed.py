"""What an adversary found: one thing that goes wrong must not leave money without its stop."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest

from skim_core.errors import BrokerError, JournalError
from skim_core.model.limits import Limits
from skim_core.model.market import Quote
from skim_core.model.orders import OrderStage, OrderStatus, Side
from skim_core.model.phases import Phase, Retry
from skim_core.ports.engine import DayEnd


@pytest.fixture
def holds(lab, broker, bracket):
    """Tell of a position of 100 shares with its stop; give the stop's reference."""

    async def happens(ctx, symbol="BHP", **more):
        state = await ctx.orders.enter(bracket(symbol, **more))
        broker.trade(state.order.reference, 100)
        await lab.passes("2s")
        return state.order.reference.replace(".P", ".S")

    return happens


async def refused(*_: object) -> None:
    msg = "the order can't be changed now."
    raise BrokerError(msg)


async def line_breaks(*_: object) -> None:
    msg = "connection reset by peer"
    raise ConnectionResetError(msg)


# One order that the broker refuses to change


def test_a_change_that_the_broker_refuses_for_ever_does_not_hold_up_an_exit(lab, broker, holds):
    async def story(ctx):
        await holds(ctx)
        broker.modify = refused
        with pytest.raises(BrokerError):
            await ctx.orders.move_stop("BHP", Decimal("9.5"))
        broker.line(up=False)
        broker.line(up=True)
        await lab.passes("1m")
        leaving = await ctx.orders.exit("BHP")
        assert leaving.stage is OrderStage.ACKNOWLEDGED

    lab.tell(story)


def test_a_change_that_did_not_arrive_is_asked_for_again_a_minute_later(lab, broker, holds):
    async def story(ctx):
        stop = await holds(ctx)
        kept, broker.modify = broker.modify, refused
        with pytest.raises(BrokerError):
            await ctx.orders.move_stop("BHP", Decimal("9.5"))
        await lab.passes("20s")
        broker.modify = kept
        await lab.passes("2m")
        assert broker.find(stop).order.stop_price == Decimal("9.5")

    lab.tell(story)


def test_a_symbol_whose_protection_fails_does_not_hold_up_the_others(lab, broker, bracket, holds):
    async def story(ctx):
        broker.modify = refused
        first = await ctx.orders.enter(bracket("AAA"))
        broker.trade(first.order.reference, 40)
        broker.end(broker.find(first.order.reference), OrderStatus.CANCELLED, "by the exchange")
        broker.refuses.add("stop")
        second = await ctx.orders.enter(bracket("BHP"))
        broker.trade(second.order.reference, 100)
        await lab.passes("3s")
        assert [order.symbol for order in broker.working("flatten")] == ["BHP"]

    lab.tell(story)


# Errors that no broker should raise


def test_an_order_whose_sending_broke_with_any_error_is_looked_for(lab, broker, bracket):
    async def breaks(orders):
        broker.take(*orders)
        await line_breaks()

    async def story(ctx):
        broker.submit = breaks
        state = await ctx.orders.enter(bracket())
        assert state.stage is OrderStage.SENDING
        await lab.passes("1m")
        assert ctx.orders.find("BHP").stage is OrderStage.ACKNOWLEDGED

    lab.tell(story)


def test_an_order_whose_sending_the_broker_cancelled_is_looked_for(lab, broker, bracket):
    async def breaks(orders):
        broker.take(*orders)
        raise asyncio.CancelledError

    found = []

    async def story(ctx):
        broker.submit = breaks
        state = await ctx.orders.enter(bracket())
        assert state.stage is OrderStage.SENDING
        await lab.passes("1m")
        found.append(ctx.orders.find("BHP").stage)

    lab.tell(story)
    assert found == [OrderStage.ACKNOWLEDGED]


def test_books_that_could_not_be_compared_for_any_error_are_compared_again(lab, broker, bracket):
    async def story(ctx):
        kept, broker.orders = broker.orders, line_breaks
        broker.line(up=False)
        broker.line(up=True)
        await lab.passes("20s")
        broker.orders = kept
        await lab.passes("20s")
        state = await ctx.orders.enter(bracket())
        assert state.stage is OrderStage.ACKNOWLEDGED

    lab.tell(story)


def test_protection_that_broke_with_any_error_is_tried_again(lab, broker, holds):
    async def story(ctx):
        stop = broker.find(await holds(ctx))
        kept, broker.submit = broker.submit, line_breaks
        broker.end(stop, OrderStatus.CANCELLED, "who knows")
        await lab.passes("3s")
        broker.submit = kept
        await lab.passes("2m")
        assert [order.quantity for order in broker.working("stop")] == [100]

    lab.tell(story)


def test_an_order_that_was_kept_back_as_the_lease_had_run_out_does_not_stay_in_doubt(
    lab, broker, bracket
):
    append = lab.journal.append

    def sleeps(run_id, after, events, **more):
        found = append(run_id, after, events, **more)
        if any(event.kind == "order_sending" for event in events):
            lab.journal.append = append
            lab.clock.skew += timedelta(minutes=1)
        return found

    async def story(ctx):
        lab.journal.append = sleeps
        with pytest.raises(JournalError):
            await ctx.orders.enter(bracket())
        assert not broker.submitted
        await lab.passes("3m")
        assert ctx.orders.find("BHP").stage is OrderStage.ABSENT

    lab.tell(story)


def test_an_order_whose_answer_could_not_be_journaled_does_not_stay_in_doubt(lab, broker, bracket):
    append = lab.journal.append

    def is_full(run_id, after, events, **more):
        if any(event.kind == "order_acknowledged" for event in events):
            lab.journal.append = append
            msg = "the disk is full."
            raise JournalError(msg)
        return append(run_id, after, events, **more)

    async def story(ctx):
        lab.journal.append = is_full
        with pytest.raises(JournalError):
            await ctx.orders.enter(bracket())
        await lab.passes("1m")
        assert ctx.orders.find("BHP").stage is OrderStage.ACKNOWLEDGED

    lab.tell(story)


def test_a_journal_that_fails_as_one_day_begins_does_not_end_the_others(lab, broker, holds):
    controls, calls = lab.journal.controls, []

    def locked(after=0):
        calls.append(after)
        if len(calls) == 1:
            msg = "the database is locked."
            raise JournalError(msg)
        return controls(after)

    async def idle(_):
        await lab.passes("5s")

    async def story(ctx):
        await lab.passes("10s")
        await holds(ctx)
        lab.engine.stop()

    lab.journal.controls = locked
    broken, stopped = lab.run(lab.assignment(idle, "first"), lab.assignment(story))
    assert (broken.end, stopped.end) == (DayEnd.BROKEN, DayEnd.STOPPED)
    assert lab.journal.acquire(broken.day.run_id, "other", lab.clock.now(), timedelta(1))


# The night


def test_a_stop_is_not_cancelled_when_its_entry_traded_after_the_day_was_left(lab, broker, bracket):
    async def enters(ctx):
        await lab.passes("5s")
        await ctx.orders.enter(bracket())

    lab.tell(enters)
    entry = broker.kept[0]
    broker.trade(entry.order.reference, 100, tell=False)
    broker.fills.clear()
    broker.kept.remove(entry)
    lab.next_day()

    async def looks(_):
        await lab.passes("2m")
        assert len(broker.working("stop")) == 1

    lab.tell(looks)
    assert lab.events("order_unknown")


# Clocks


def test_a_brokers_clock_that_is_ahead_does_not_put_off_protection(lab, broker, bracket):
    broker.refuses.add("stop")
    told = broker.tell

    def ahead(notice):
        told(notice.model_copy(update={"at": notice.at + timedelta(hours=10)}))

    async def story(ctx):
        broker.tell = ahead
        state = await ctx.orders.enter(bracket())
        broker.trade(state.order.reference, 100)
        await lab.passes("5s")
        assert len(broker.working("flatten")) == 1

    lab.tell(story)


def test_a_stop_that_was_lost_in_a_gap_is_missed_though_the_brokers_clock_is_ahead(
    lab, broker, bracket
):
    told = broker.tell

    def ahead(notice):
        told(notice.model_copy(update={"at": notice.at + timedelta(hours=10)}))

    async def story(ctx):
        broker.answers.append("takes silently")
        broker.tell = ahead
        entering = asyncio.create_task(ctx.orders.enter(bracket()))
        await lab.passes("1s")
        entry, stop = broker.kept
        broker.tell(broker.report(entry))
        broker.tell(broker.report(stop))
        await entering
        broker.tell = told
        broker.trade(entry.order.reference, 100)
        broker.line(up=False)
        broker.end(stop, OrderStatus.CANCELLED, "in the gap", tell=False)
        broker.line(up=True)
        await lab.passes("1m")
        assert [order.quantity for order in broker.working("stop")] == [100]

    lab.tell(story)


# Two of one reference


def test_the_twin_of_an_order_that_has_traded_is_cancelled(lab, broker, bracket):
    broker.answers.append("takes")

    async def story(ctx):
        state = await ctx.orders.enter(bracket())
        broker.take(broker.find(state.order.reference).order)
        broker.trade(state.order.reference, 100)
        await lab.passes("2s")
        broker.line(up=False)
        broker.line(up=True)
        await lab.passes("1m")
        assert not broker.working("entry")
        assert [order.quantity for order in broker.working("stop")] == [100]

    lab.tell(story)


# The line


def test_after_a_second_outage_orders_may_be_sent_as_soon_as_after_the_first(lab, broker, bracket):
    async def story(ctx):
        broker.answers.append("loses")
        await ctx.orders.enter(bracket("CSL"))
        await lab.passes("6s")
        broker.line(up=False)
        broker.line(up=True)
        await lab.passes("5s")
        state = await ctx.orders.enter(bracket())
        assert state.stage is OrderStage.ACKNOWLEDGED

    lab.tell(story)


# Limits


def test_an_entry_at_market_without_a_quote_is_not_worth_nothing(lab, broker, bracket):
    lab.limits = Limits(order_value=Decimal(500))

    async def story(ctx):
        await lab.passes("5s")
        state = await ctx.orders.enter(bracket(limit_price=None))
        assert state.stage is OrderStage.REFUSED

    lab.tell(story)


def test_a_short_sale_is_worth_what_it_trades_at_and_not_its_lowest_price(lab, broker, bracket):
    lab.limits = Limits(order_value=Decimal(500))

    async def story(ctx):
        await lab.passes("5s")
        now = lab.clock.now()
        last = Decimal(10)
        broker.prices["BHP"] = Quote(symbol="BHP", bid=last, ask=last, last=last, volume=1, at=now)
        short = bracket(side=Side.SELL, limit_price="1", stop_price="11")
        state = await ctx.orders.enter(short)
        assert state.stage is OrderStage.REFUSED

    lab.tell(story)


def test_yesterdays_profit_of_another_strategy_does_not_make_up_for_todays_loss(
    lab, broker, bracket
):
    async def earns(ctx):
        await lab.passes("5s")
        state = await ctx.orders.enter(bracket())
        broker.trade(state.order.reference, 100)
        broker.trade(state.order.reference.replace(".P", ".S"), 100, "30")

    async def loses(ctx):
        await lab.passes("5s")
        state = await ctx.orders.enter(bracket())
        broker.trade(state.order.reference, 100)
        broker.trade(state.order.reference.replace(".P", ".S"), 100, "3")
        await lab.passes("5s")
        again = await ctx.orders.enter(bracket("CSL"))
        assert again.stage is OrderStage.REFUSED

    lab.tell(earns, "other")
    lab.next_day()
    lab.account_limits = Limits(loss_per_day=Decimal(500))
    lab.tell(loses)


# Entries and exits beside one another


def test_a_second_exit_at_market_is_the_first_one(lab, broker, bracket):
    broker.refuses.add("stop")

    async def story(ctx):
        state = await ctx.orders.enter(bracket())
        broker.trade(state.order.reference, 100)
        await lab.passes("3s")
        assert len(broker.working("flatten")) == 1
        await ctx.orders.exit("BHP")
        assert sum(order.quantity for order in broker.working() if order.closes) == 100

    lab.tell(story)


def test_a_phase_of_yesterday_is_not_begun_again_today(lab, broker, bracket):
    async def waits(_):
        await lab.passes("1m")

    lab.tell(waits)
    before = lab.session
    lab.next_day()
    lab.session = before
    began = []

    async def enters(ctx):
        began.append(ctx.clock.now())
        await lab.passes("10s")
        await ctx.orders.enter(bracket())
        lab.engine.stop()

    lab.run(lab.assignment(enters))
    assert not broker.submitted


def test_waiting_for_the_accounts_turn_does_not_hold_up_protection(lab, broker, bracket, holds):
    lab.account_limits = Limits(positions=9)

    async def story(ctx):
        stop = await holds(ctx)
        hour = timedelta(hours=1)
        assert lab.journal.acquire("entries/paper", "another", lab.clock.now(), hour)
        entering = asyncio.create_task(ctx.orders.enter(bracket("CSL")))
        await lab.passes("1s")
        broker.end(broker.find(stop), OrderStatus.CANCELLED, "who knows")
        await lab.passes("30s")
        assert [order.quantity for order in broker.working("stop")] == [100]
        entering.cancel()

    lab.tell(story)


def test_an_entry_of_an_attempt_that_is_over_is_not_sent(lab, broker, bracket):
    quotes = broker.quotes
    over = []

    async def slowly(symbols):
        await lab.passes("4s")
        return await quotes(symbols)

    async def story(ctx):
        broker.quotes = slowly
        entering = asyncio.create_task(ctx.orders.enter(bracket()))
        over.append(entering)
        await lab.passes("1s")
        msg = "the phase is over"
        raise ValueError(msg)

    async def goes_on(ctx):
        await lab.passes("30s")
        lab.engine.stop()

    phase = Phase("trade", at="open", retry=Retry(attempts=2, backoff="1m"))
    lab.run(lab.assignment(story, phase=phase), lab.assignment(goes_on, "other"))
    assert lab.events("phase_retried")
    assert not broker.submitted


def test_what_another_process_decides_while_quotes_are_asked_for_counts(lab, broker, bracket):
    async def begins(ctx):
        await lab.passes("5s")
        await ctx.orders.enter(bracket("AAA"))

    lab.tell(begins, "other")
    [first, *_] = lab.events("order_intended", "other")
    run_id = lab.day("other").run_id
    asked = []

    async def quotes(_):
        asked.append(len(asked))
        if len(asked) == 2:
            order = first.order.model_copy(update={"reference": "elsewhere", "symbol": "BBB"})
            after = len(lab.events(strategy="other"))
            decided = first.model_copy(update={"order": order})
            lab.journal.append(run_id, after, [decided])
        return {}

    async def story(ctx):
        await lab.passes("5s")
        broker.quotes = quotes
        state = await ctx.orders.enter(bracket())
        assert state.stage is OrderStage.REFUSED

    lab.account_limits = Limits(positions=2)
    lab.tell(story)
