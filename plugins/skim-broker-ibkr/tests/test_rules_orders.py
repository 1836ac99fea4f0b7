"""The rules about orders and trades, each against a TWS that does what real ones were seen doing."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest
from ibkr_play import buy, make, playing, stop, story
from scripted_tws import Placed, ScriptedTws, contract_of
from skim_gateway.wire import answers as a
from skim_gateway.wire import requests as r
from skim_gateway.wire.orders import Order as WireOrder

from skim_core import OrderStatus
from skim_core.errors import BrokerError, NotSentError

# 1 and 2: the connection is lost, and with it all that ib_async knew


@story()
async def test_after_a_lost_connection_statuses_and_fills_are_heard_again(play):
    await play.broker.submit([buy()])
    play.tws.peer.reset()
    await play.reconnected()
    play.tws.fill("sk1-a.P", price="10.005")
    await play.until(lambda: play.fills)
    assert [fill.price for fill in play.fills] == [Decimal("10.005")]
    await play.until(lambda: play.statuses("sk1-a.P")[-1] == "filled")


@story()
async def test_an_order_can_be_cancelled_and_changed_after_the_line_was_lost(play):
    await play.broker.submit([buy()])
    play.tws.peer.reset()
    await play.reconnected()
    await play.broker.modify(buy(quantity=50, limit="10.02"))
    (report,) = await play.broker.orders()
    assert (report.quantity, report.limit_price) == (50, Decimal("10.02"))
    await play.broker.cancel("sk1-a.P")
    await play.until(lambda: play.statuses("sk1-a.P")[-1] == "cancelled")


@story()
async def test_what_was_asked_for_is_known_after_the_line_was_lost(play):
    # IBKR has it on its tick: without what was asked for it would look like another price.
    await play.broker.submit([buy(limit="10.013")])
    play.tws.peer.reset()
    await play.reconnected()
    (report,) = await play.broker.orders()
    assert report.limit_price == Decimal("10.013")
    assert play.tws.find("sk1-a.P").order.lmt_price == Decimal("10.01")


@story()
async def test_an_order_that_was_lost_on_its_way_and_sent_again_can_be_cancelled(play):
    play.tws.on(r.PlaceOrder, lambda peer, _: peer.reset())
    with pytest.raises(BrokerError):
        await play.broker.submit([buy()])
    play.tws.handlers.clear()
    await play.reconnected()
    assert not await play.broker.orders()
    await play.broker.submit([buy()])
    await play.broker.submit([buy()])
    assert len(play.tws.orders) == 1
    await play.broker.cancel("sk1-a.P")
    await play.until(lambda: play.statuses("sk1-a.P")[-1] == "cancelled")


@story()
async def test_fills_of_a_gap_are_told_once_when_the_line_is_up_again(play):
    await play.broker.submit([buy()])
    play.tws.fill("sk1-a.P", quantity=40, price="10")
    await play.until(lambda: play.fills)
    play.tws.peer.reset()
    await play.settle()
    play.tws.fill("sk1-a.P", quantity=60, price="10.01", told=False)
    await play.reconnected()
    await play.until(lambda: len(play.fills) > 1)
    assert [(fill.quantity, fill.commission) for fill in play.fills] == [
        (40, Decimal("6.6")),
        (60, Decimal("6.6")),
    ]
    assert len(await play.broker.executions()) == 2
    await play.settle()
    assert len(play.fills) == 2


@story()
async def test_a_fill_is_told_before_the_line_is_told_to_be_up(play):
    await play.broker.submit([buy()])
    play.tws.peer.reset()
    await play.settle()
    play.tws.fill("sk1-a.P", told=False)
    await play.reconnected()
    up = max(play.heard.index(line) for line in play.lines if line.up)
    assert play.heard.index(play.fills[0]) < up


@story()
async def test_a_fill_that_was_told_to_nobody_is_found_though_the_line_stood(play):
    await play.broker.submit([buy()])
    play.tws.fill("sk1-a.P", price="10", told=False)
    await play.settle()
    assert not play.fills
    await play.clock.advance(181)
    await play.until(lambda: play.fills)
    await play.until(lambda: play.statuses("sk1-a.P")[-1] == "filled")


@story()
async def test_the_books_are_not_read_again_when_no_order_lives(play):
    await play.warm_up()
    await play.broker.cancel("sk1-first.P")
    await play.until(lambda: play.statuses("sk1-first.P")[-1] == "cancelled")
    play.tws.received.clear()
    await play.clock.advance(600)
    assert not play.tws.count(r.RequestAllOpenOrders)


@story()
async def test_an_execution_told_twice_or_corrected_counts_once(play):
    await play.broker.submit([buy()])
    details = play.tws.fill("sk1-a.P", price="10")
    await play.until(lambda: play.fills)
    commission = play.tws.executions[0][1]
    corrected = replace(
        details, execution_id=details.execution_id[:-2] + "02", price=Decimal("9.99")
    )
    play.tws.peer.send(details, commission, corrected)
    await play.settle()
    await play.clock.advance(1.1)
    assert len(play.fills) == 1
    assert len(await play.broker.executions()) == 1


@story()
async def test_a_status_that_counts_a_trade_is_told_after_it(play):
    await play.broker.submit([buy()])
    play.tws.fill("sk1-a.P")
    await play.until(lambda: play.statuses("sk1-a.P")[-1] == "filled")
    filled = next(
        index
        for index, one in enumerate(play.heard)
        if getattr(one, "status", None) is OrderStatus.FILLED
    )
    assert play.heard.index(play.fills[0]) < filled


@story()
async def test_a_status_whose_trade_never_comes_is_told_all_the_same(play):
    await play.broker.submit([buy()])
    placed = play.tws.find("sk1-a.P")
    placed.status, placed.filled = "Filled", 100
    play.tws.peer.send(placed.status_message())
    await play.settle()
    assert play.statuses("sk1-a.P") == ["working"]
    await play.clock.advance(1.1)
    assert play.statuses("sk1-a.P") == ["working", "filled"]


@story()
async def test_a_trade_without_its_commission_is_told_after_a_second(play):
    await play.broker.submit([buy()])
    details = play.tws.fill("sk1-a.P", told=False)
    play.tws.peer.send(details)
    await play.settle()
    assert not play.fills
    await play.clock.advance(1.1)
    assert [fill.commission for fill in play.fills] == [Decimal(0)]


# 3: ids are labels of one connection


def test_ids_go_on_above_what_was_used_when_tws_gives_them_again(tmp_path):
    async def run():
        async with playing(tmp_path) as play:
            await play.broker.submit([buy()])
            first = play.tws.of(r.PlaceOrder)[-1].order_id
        forgetful = ScriptedTws()
        async with playing(tmp_path, tws=forgetful) as play:
            await play.broker.submit([buy("sk1-b.P")])
            return first, play.tws.of(r.PlaceOrder)[-1].order_id

    first, second = asyncio.run(run())
    assert second > first


@story()
async def test_an_id_that_is_given_again_does_not_acknowledge_our_order(play):
    def other_order(peer, request):
        other = replace(request.order, order_id=request.order_id, order_ref="somebody-else")
        peer.send(Placed(77, peer.client_id, other, request.contract).open_message())

    play.tws.on(r.PlaceOrder, other_order)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(play.broker.submit([buy()]), 0.2)
    assert "sk1-a.P" not in {report.reference for report in await play.broker.orders()}


@story()
async def test_a_status_with_our_id_and_another_permanent_id_is_not_ours(play):
    await play.broker.submit([buy()])
    ours = play.tws.find("sk1-a.P")
    play.tws.peer.send(replace(ours.status_message(), perm_id=4711, status="Cancelled"))
    await play.settle()
    assert play.statuses("sk1-a.P") == ["working"]


@story()
async def test_each_submission_has_an_id_of_its_own(play):
    await play.broker.submit([buy("sk1-a.P"), stop("sk1-a.S")])
    await play.broker.submit([buy("sk1-b.P")])
    ids = [request.order_id for request in play.tws.of(r.PlaceOrder)]
    assert len(set(ids)) == len(ids) == 3


# 4: an error is a question


@pytest.mark.parametrize("code", [103, 104, 201, 10148, 10349, 399, 110, 4711])
def test_an_error_about_a_working_order_does_not_end_it(tmp_path, code):
    async def run():
        async with playing(tmp_path) as play:
            await play.broker.submit([buy()])
            number = play.tws.find("sk1-a.P").order.order_id
            play.tws.peer.error(code, "something", number)
            await play.settle()
            assert set(play.statuses("sk1-a.P")) == {"working"}
            play.tws.fill("sk1-a.P")
            await play.until(lambda: play.fills)

    asyncio.run(run())


@story()
async def test_a_cancel_that_follows_an_error_is_told(play):
    await play.broker.submit([buy()])
    placed = play.tws.find("sk1-a.P")
    play.tws.peer.error(202, "Order Canceled - reason:", placed.order.order_id)
    play.tws.end(placed)
    await play.until(lambda: play.statuses("sk1-a.P")[-1] == "cancelled")


@story(answer_timeout="300ms")
async def test_a_cancel_that_gets_lost_is_not_taken_for_done(play):
    await play.broker.submit([buy()])
    play.tws.on(r.CancelOrder, lambda *_: None)
    with pytest.raises(BrokerError, match="didn't confirm the cancel of sk1-a"):
        await play.broker.cancel("sk1-a.P")
    play.tws.usual(r.CancelOrder)
    await play.broker.cancel("sk1-a.P")
    assert play.statuses("sk1-a.P")[-1] == "cancelled"


@story()
async def test_a_cancel_that_is_answered_with_an_error_is_not_taken_for_done(play):
    await play.broker.submit([buy()])
    play.tws.on(r.CancelOrder, lambda peer, asked: peer.error(10147, "", asked.order_id))
    with pytest.raises(BrokerError, match="didn't cancel sk1-a"):
        await play.broker.cancel("sk1-a.P")
    assert [str(report.status) for report in await play.broker.orders()] == ["working"]


@story()
async def test_an_order_that_is_refused_is_told_once_the_books_do_not_show_it(play):
    refused = "Order rejected - reason:No trading permissions"
    play.tws.on(r.PlaceOrder, lambda peer, request: peer.error(201, refused, request.order_id))
    await play.broker.submit([buy()])
    await play.settle()
    assert play.tws.count(r.RequestAllOpenOrders) > 1
    (report,) = [one for one in play.heard if getattr(one, "reference", "") == "sk1-a.P"]
    assert report.status is OrderStatus.REJECTED
    assert "No trading permissions" in report.reason


@story()
async def test_an_order_that_is_refused_and_shown_all_the_same_works(play):
    def complain(peer, request):
        peer.error(103, "Duplicate order id", request.order_id)
        return True

    play.tws.on(r.PlaceOrder, complain)
    await play.broker.submit([buy()])
    await play.settle()
    assert play.statuses("sk1-a.P") == ["working"]


@story()
async def test_of_a_bracket_with_a_refused_stop_nothing_stays(play):
    def refuse_stop(peer, request):
        if request.order.order_type == "STP":
            peer.error(201, "Order rejected - reason:stop", request.order_id)
            return False
        return True

    play.tws.on(r.PlaceOrder, refuse_stop)
    # The target is the leg that transmits, so the entry works without its stop.
    target = stop("sk1-a.T", price="12")
    target = target.model_copy(
        update={"type": "limit", "limit_price": Decimal(12), "stop_price": None}
    )
    await play.broker.submit([buy(), stop(), target])
    await play.until(lambda: play.statuses("sk1-a.P")[-1] == "cancelled")
    assert play.statuses("sk1-a.S") == ["rejected"]


@story()
async def test_a_change_that_is_refused_raises_and_leaves_the_order(play):
    await play.broker.submit([buy()])
    play.tws.on(
        r.PlaceOrder,
        lambda peer, request: peer.error(201, "Order rejected - reason:no", request.order_id),
    )
    with pytest.raises(BrokerError, match=r"didn't change sk1-a\.P.*no"):
        await play.broker.modify(buy(quantity=50))
    (report,) = await play.broker.orders()
    assert (report.status, report.quantity) == (OrderStatus.WORKING, 100)


# 6: orders of other clients


async def _with_a_foreign_order(tws):
    order = WireOrder(
        order_id=9,
        action="BUY",
        order_type="LMT",
        lmt_price=Decimal(5),
        total_quantity=Decimal(10),
        tif="DAY",
        account="DU1234567",
        order_ref="by hand!",
    )
    tws.orders.append(Placed(555, 99, order, contract_of("WOW")))


@story()
async def test_orders_of_other_clients_are_shown_and_not_touched(play):
    await _with_a_foreign_order(play.tws)
    (report,) = await play.broker.orders()
    assert (report.reference, report.symbol, report.quantity) == ("ibkr-555", "WOW", 10)
    with pytest.raises(BrokerError, match="client_id = 99"):
        await play.broker.cancel("ibkr-555")
    with pytest.raises(BrokerError, match="client id 99"):
        await play.broker.modify(buy("ibkr-555", symbol="WOW"))
    assert not play.tws.count(r.CancelOrder)
    assert not play.tws.count(r.PlaceOrder)


@story()
async def test_all_open_orders_are_asked_for_not_only_our_own(play):
    await play.broker.orders()
    assert play.tws.count(r.RequestAllOpenOrders) >= 2
    assert not play.tws.count(r.RequestOpenOrders)


# 7: nothing waits where a lost line drops it


@story()
async def test_a_burst_of_200_orders_loses_none_and_stays_under_the_limit(play):
    await play.warm_up()
    times = play.sent_times()
    orders = [buy(f"sk1-{number}.P") for number in range(200)]
    sending = asyncio.gather(*(play.broker.submit([order]) for order in orders))
    while not sending.done():
        await play.clock.advance(0.2)
    await sending
    arrived = [request.order.order_ref for request in play.tws.of(r.PlaceOrder)]
    assert sorted(arrived) == sorted(order.reference for order in orders)
    assert all(sum(0 <= (other - at).total_seconds() < 1 for other in times) <= 40 for at in times)
    assert len(times) == 200
    assert (times[-1] - times[0]).total_seconds() < 5


@story()
async def test_an_order_leaves_at_once_or_says_that_it_did_not(play):
    async def one(order):
        try:
            await play.broker.submit([order])
        except NotSentError:
            return "not sent"
        except BrokerError:
            return "in doubt"
        return "sent"

    await play.warm_up()
    orders = [buy(f"sk1-{number}.P") for number in range(60)]
    sending = asyncio.gather(*(one(order) for order in orders))
    await play.until(lambda: play.tws.count(r.PlaceOrder) >= 40)
    play.tws.peer.reset()
    await play.settle()
    await play.clock.advance(1.1)
    outcomes = await sending
    arrived = {request.order.order_ref for request in play.tws.of(r.PlaceOrder)}
    for order, outcome in zip(orders, outcomes, strict=True):
        if outcome == "not sent":
            assert order.reference not in arrived
        if outcome == "sent":
            assert order.reference in arrived
    assert outcomes.count("not sent") == 20


@story()
async def test_an_order_that_would_wait_too_long_is_not_sent(play):
    orders = [buy(f"sk1-{number}.P") for number in range(220)]
    sending = asyncio.gather(
        *(play.broker.submit([order]) for order in orders), return_exceptions=True
    )
    while not sending.done():
        await play.clock.advance(0.2)
    unsent = [one for one in await sending if one is not None]
    assert unsent
    assert all(type(error) is NotSentError for error in unsent)
    assert play.tws.count(r.PlaceOrder) + len(unsent) == 220


@story()
async def test_orders_do_not_wait_for_other_requests(play):
    asked = asyncio.gather(*(play.broker.account() for _ in range(60)), return_exceptions=True)
    quoted = asyncio.gather(play.broker.quotes([f"S{number}" for number in range(60)]))
    await play.settle()
    await asyncio.wait_for(play.broker.submit([buy()]), 1)
    asked.cancel()
    quoted.cancel()
    await asyncio.gather(asked, quoted, return_exceptions=True)


# 8: questions about the books, one at a time


@story()
async def test_who_asks_for_the_books_at_once_is_answered_each(play):
    await play.broker.submit([buy()])
    looks = await asyncio.gather(*(play.broker.orders() for _ in range(5)))
    assert all([report.reference for report in look] == ["sk1-a.P"] for look in looks)


@story()
async def test_the_books_are_not_asked_again_before_they_have_answered(play):
    open_questions, most = 0, 0

    async def slowly(peer, request):
        nonlocal open_questions, most
        open_questions += 1
        most = max(most, open_questions)

        async def answer():
            nonlocal open_questions
            await asyncio.sleep(0.02)
            open_questions -= 1
            play.tws.completed_orders(peer, request)

        _tasks.append(asyncio.create_task(answer()))

    _tasks = []
    play.tws.on(r.RequestCompletedOrders, slowly)
    await asyncio.gather(*(play.broker.orders() for _ in range(3)))
    assert most == 1


@story()
async def test_completed_orders_that_nobody_asked_for_do_no_harm(play):
    await play.broker.submit([buy()])
    play.tws.fill("sk1-a.P")
    placed = play.tws.find("sk1-a.P")
    play.tws.peer.send(placed.completed_message(), a.CompletedOrdersEnd())
    await play.settle()
    (report,) = await play.broker.orders()
    assert report.status is OrderStatus.FILLED


@story()
async def test_a_done_order_is_known_by_its_reference_though_it_has_no_ids(play):
    await play.broker.submit([buy()])
    placed = play.tws.find("sk1-a.P")
    play.tws.end(placed, told=False)
    (report,) = await play.broker.orders()
    assert (report.reference, report.status) == ("sk1-a.P", OrderStatus.CANCELLED)


@story()
async def test_an_order_of_which_only_the_list_of_done_ones_tells_is_taken(play):
    def silently(_, request):
        order = replace(request.order, order_id=request.order_id)
        placed = Placed(77, 1, order, request.contract)
        play.tws.orders.append(placed)
        play.tws.end(placed, told=False)

    play.tws.on(r.PlaceOrder, silently)
    sending = asyncio.create_task(play.broker.submit([buy()]))
    await play.until(lambda: play.tws.orders)
    (report,) = await play.broker.orders()
    assert (report.reference, report.broker_id) == ("sk1-a.P", "77")
    await asyncio.wait_for(sending, 1)


@story(answer_timeout="300ms")
async def test_books_that_do_not_answer_are_asked_over_a_new_connection(play):
    play.tws.on(r.RequestCompletedOrders, lambda *_: None)
    with pytest.raises(BrokerError, match="completed orders"):
        await play.broker.orders()
    play.tws.usual(r.RequestCompletedOrders)
    await play.reconnected()
    assert list(await play.broker.orders()) == []


@story()
async def test_what_the_books_do_not_show_is_left_out(play):
    await play.broker.submit([buy()])
    play.tws.orders.clear()
    assert list(await play.broker.orders()) == []


# A process that starts anew


def test_a_new_process_takes_its_orders_over_by_reference(tmp_path):
    async def run():
        async with playing(tmp_path) as play:
            await play.broker.submit([buy(), stop()])
            play.tws.fill("sk1-a.P", quantity=30)
            await play.until(lambda: play.fills)
            await play.broker.close()
            heard = []
            second = make(play.tws.port, play.clock, tmp_path, heard)
            await second.connect()
            try:
                reports = {one.reference: one for one in await second.orders()}
                assert reports["sk1-a.P"].filled == 30
                await second.submit([buy(), stop()])
                assert play.tws.count(r.PlaceOrder) == 2
                await second.modify(stop(quantity=30))
                await second.cancel("sk1-a.S")
                await play.until(
                    lambda: any(getattr(one, "status", "") == "cancelled" for one in heard)
                )
            finally:
                await second.close()

    asyncio.run(run())


@story()
async def test_two_orders_of_one_reference_are_told_apart(play):
    await play.broker.submit([buy()])
    first = play.tws.find("sk1-a.P")
    twin = Placed(first.perm_id + 1000, 1, replace(first.order, order_id=5000), first.contract)
    twin.status = "Submitted"
    play.tws.orders.append(twin)
    reports = await play.broker.orders()
    assert sorted(report.broker_id for report in reports) == [
        str(first.perm_id),
        str(twin.perm_id),
    ]
    await play.broker.cancel("sk1-a.P", str(twin.perm_id))
    await play.until(lambda: twin.done)
    assert not first.done
