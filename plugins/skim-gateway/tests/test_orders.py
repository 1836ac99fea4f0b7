"""Orders of real clients over a real socket: placed, filled, changed, cancelled, refused."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal

import ib_async
import pytest
from gateway_orders import STOCK, placed, told
from gateway_world import BHP, Market, gateway, minute, until
from skim_gateway.wire import answers as a
from skim_gateway.wire import requests as r
from skim_gateway.wire.orders import Order

from skim_core.sim import SimOptions

# In the order of recordings


@pytest.mark.parametrize("version", [173, 178])
def test_a_market_order_is_told_in_the_order_that_recordings_show(version):
    async def scenario():
        async with gateway() as world, world.raw(client_id=100, version=version) as client:
            await client.until(a.NextValidId)
            client.send(placed(1, order_ref="mine"))
            received = await client.until(a.CommissionReport)
            assert told(received) == [
                "openOrder PreSubmitted",
                "orderStatus PreSubmitted 0/100",
                "openOrder Submitted",
                "orderStatus Submitted 0/100",
                "execDetails 100@1.0",
                "openOrder Filled",
                "orderStatus Filled 100/0",
                "openOrder Filled 6.00",
                "commission 6.00",
            ]
            (execution,) = (one for one in received if isinstance(one, a.ExecutionDetails))
            assert (execution.req_id, execution.order_id, execution.client_id) == (-1, 1, 100)
            assert (execution.side, execution.order_ref) == ("BOT", "mine")
            assert execution.time == "20250618 10:00:00 Australia/Sydney"
            opened = [fields for fields in client.fields if fields[0] == "5"]
            assert {len(fields) for fields in opened} == {135 if version == 178 else 136}
            assert "None" in opened[0]  # the delta-neutral type, and eight fields after it

    asyncio.run(scenario())


def test_executions_can_be_without_a_zone_as_older_gateways_have_them():
    async def scenario():
        async with gateway(zoned_executions=False) as world, world.raw() as client:
            await client.until(a.NextValidId)
            client.send(placed(1))
            await client.until(a.ExecutionDetails)
            (execution,) = (one for one in client.received if isinstance(one, a.ExecutionDetails))
            assert execution.time == "20250618  10:00:00"

    asyncio.run(scenario())


def test_a_status_is_now_and_then_told_twice():
    async def scenario():
        async with gateway(repeated=1.0) as world, world.raw() as client:
            await client.until(a.NextValidId)
            client.send(placed(1))
            received = await client.until(a.CommissionReport)
            statuses = [one for one in received if isinstance(one, a.OrderStatus)]
            assert statuses[::2] == statuses[1::2]

    asyncio.run(scenario())


def test_partial_fills_add_up():
    async def scenario():
        async with gateway(Market(volume=400)) as world, world.ib() as ib:
            trade = ib.placeOrder(BHP, ib_async.MarketOrder("BUY", 100))
            await until(lambda: trade.fills)
            await world.to(minute(1))
            await world.to(minute(2))
            await until(trade.isDone)
            assert [fill.execution.shares for fill in trade.fills] == [40, 40, 20]
            assert [fill.execution.cumQty for fill in trade.fills] == [40, 80, 100]
            assert trade.filled() == 100
            assert sum(fill.commissionReport.commission for fill in trade.fills) == 6
            ids = {fill.execution.execId for fill in trade.fills}
            assert len(ids) == 3

    asyncio.run(scenario())


@pytest.mark.parametrize("version", [173, 178])
def test_a_limit_order_waits_is_changed_and_fills(version):
    async def scenario():
        market = Market({"BHP": {0: 1.0, 5: 0.9}})
        async with gateway(market) as world, world.ib(version=version) as ib:
            order = ib_async.LimitOrder("BUY", 100, 0.8, orderRef="lim")
            trade = ib.placeOrder(BHP, order)
            await until(lambda: trade.orderStatus.status == "Submitted")
            await world.to(minute(6))
            assert trade.orderStatus.status == "Submitted"
            order.lmtPrice = 0.95
            ib.placeOrder(BHP, order)
            await world.to(minute(7))
            await until(trade.isDone)
            assert trade.orderStatus.status == "Filled"
            assert trade.fills[0].execution.price == 0.9
            assert trade.fills[0].execution.orderRef == "lim"
            assert {code for _, code in ib.errors} == {2104, 2106, 2158}

    asyncio.run(scenario())


def test_a_cancelled_order_is_pending_then_cancelled_with_202():
    async def scenario():
        async with gateway() as world, world.raw() as client:
            await client.until(a.NextValidId)
            client.send(placed(1, order_type="LMT", lmt_price=Decimal("0.5")))
            await client.until(a.OpenOrder)
            client.send(r.CancelOrder(order_id=1))
            await client.until(a.ErrorMessage)
            while told(client.received)[-1] != "error 202":
                await client.until(a.ErrorMessage)
            assert told(client.received)[-3:] == [
                "orderStatus PendingCancel 0/100",
                "orderStatus Cancelled 0/100",
                "error 202",
            ]

    asyncio.run(scenario())


# Refusals

REFUSED = {
    200: {"contract": replace(STOCK, symbol="XYZ")},
    201: {"order_type": "LMT", "lmt_price": Decimal(1), "total_quantity": Decimal(10**6)},
    321: {"total_quantity": Decimal(0)},
    387: {"order_type": "TRAIL"},
    110: {"order_type": "LMT", "lmt_price": Decimal("1.0001")},
    10052: {"tif": "FOK"},
    10243: {"total_quantity": Decimal("1.5")},
}


@pytest.mark.parametrize("code", REFUSED)
def test_an_order_that_cannot_be_taken_gets_the_error_of_a_real_gateway(code):
    async def scenario():
        async with gateway() as world, world.raw() as client:
            await client.until(a.NextValidId)
            given = dict(REFUSED[code])
            contract = given.pop("contract", STOCK)
            client.send(replace(placed(1, **given), contract=contract))
            while not any(one.startswith("error") for one in told(client.received)):
                await client.until(a.ErrorMessage)
            errors = [one for one in client.received if isinstance(one, a.ErrorMessage)]
            assert (errors[-1].req_id, errors[-1].code) == (1, code)
            client.send(r.RequestAllOpenOrders())
            received = await client.until(a.OpenOrderEnd)
            assert not [one for one in received if isinstance(one, a.OpenOrder)]

    asyncio.run(scenario())


def test_ids_are_used_once_and_grow():
    async def scenario():
        async with gateway() as world, world.raw() as client:
            await client.until(a.NextValidId)
            client.send(placed(5))
            await client.until(a.CommissionReport)
            client.send(placed(5))
            assert told(await client.until(a.ErrorMessage)) == ["error 104"]
            client.send(placed(4))
            assert told(await client.until(a.ErrorMessage)) == ["error 103"]
            client.send(r.RequestIds())
            (answer,) = await client.until(a.NextValidId)
            assert answer.order_id == 6

    asyncio.run(scenario())


def test_a_change_of_what_cannot_change_is_refused_and_the_order_stands():
    async def scenario():
        async with gateway() as world, world.raw() as client:
            await client.until(a.NextValidId)
            resting = {"order_type": "LMT", "lmt_price": Decimal("0.5")}
            client.send(placed(1, **resting))
            await client.until(a.OpenOrder)
            client.send(placed(1, **resting, action="SELL"))
            while "error 105" not in told(client.received):
                await client.until(a.ErrorMessage)
            client.send(r.RequestOpenOrders())
            received = await client.until(a.OpenOrderEnd)
            (order,) = {one.order.action for one in received if isinstance(one, a.OpenOrder)}
            assert order == "BUY"

    asyncio.run(scenario())


def test_orders_that_cannot_be_cancelled_say_why():
    async def scenario():
        async with gateway() as world, world.ib() as ib:
            trade = ib.placeOrder(BHP, ib_async.MarketOrder("BUY", 100))
            await until(trade.isDone)
            number = trade.order.orderId
            ib.client.cancelOrder(number)
            ib.client.cancelOrder(999)
            await until(lambda: (999, 10147) in ib.errors)
            assert (number, 10148) in ib.errors

    asyncio.run(scenario())


def test_what_a_day_order_has_not_filled_is_cancelled_at_the_close():
    async def scenario():
        async with gateway() as world, world.ib() as ib:
            day = ib.placeOrder(BHP, ib_async.LimitOrder("BUY", 100, 0.5))
            gtc = ib.placeOrder(BHP, ib_async.LimitOrder("BUY", 100, 0.5, tif="GTC"))
            await until(lambda: gtc.orderStatus.status == "Submitted")
            await world.to(minute(361))
            await until(day.isDone)
            assert day.orderStatus.status == "Cancelled"
            assert (day.order.orderId, 202) in ib.errors
            assert gtc.isActive()

    asyncio.run(scenario())


# Brackets and groups


def bracket(ib, entry=1.0, target=1.2, stop=0.8):
    return [
        ib.placeOrder(BHP, order)
        for order in ib.bracketOrder("BUY", 100, entry, target, stop, orderRef="b")
    ]


def test_a_bracket_is_held_until_its_last_order_is_transmitted():
    async def scenario():
        async with gateway() as world, world.ib() as ib:
            orders = ib.bracketOrder("BUY", 100, 1.0, 1.2, 0.8)
            parent = ib.placeOrder(BHP, orders[0])
            target = ib.placeOrder(BHP, orders[1])
            await ib.reqCurrentTimeAsync()
            await world.to(minute(2))
            assert not parent.fills
            assert world.gateway.broker._settled().reports() == []
            stop = ib.placeOrder(BHP, orders[2])
            await world.to(minute(3))
            await until(lambda: parent.isDone() and target.orderStatus.status == "Submitted")
            assert parent.orderStatus.status == "Filled"
            assert stop.orderStatus.status == "PreSubmitted"
            assert stop.orderStatus.parentId == parent.order.orderId

    asyncio.run(scenario())


def test_children_wait_for_their_parent_and_one_of_them_cancels_the_other():
    async def scenario():
        market = Market({"BHP": {0: 1.0, 5: 0.9, 10: 1.3}})
        async with gateway(market) as world, world.ib() as ib:
            parent, target, stop = bracket(ib, entry=0.95)
            await until(lambda: stop.orderStatus.whyHeld == "child,trigger")
            assert target.orderStatus.whyHeld == "child"
            assert {parent.orderStatus.status, target.orderStatus.status} == {
                "Submitted",
                "PreSubmitted",
            }
            await world.to(minute(6))
            await until(parent.isDone)
            await until(lambda: target.orderStatus.status == "Submitted")
            async with world.ib(2) as other:
                groups = {one.order.ocaGroup for one in await other.reqAllOpenOrdersAsync()}
            assert groups == {str(parent.order.permId)}
            await world.to(minute(11))
            await until(lambda: target.isDone() and stop.isDone())
            assert (target.orderStatus.status, stop.orderStatus.status) == ("Filled", "Cancelled")
            assert target.fills[0].commissionReport.realizedPNL == pytest.approx(28)
            # Closed again: the position is told as none.
            assert await ib.reqPositionsAsync() == []

    asyncio.run(scenario())


def test_cancelling_a_parent_cancels_its_children_with_202():
    async def scenario():
        async with gateway() as world, world.ib() as ib:
            trades = bracket(ib, entry=0.95)
            await until(lambda: trades[0].orderStatus.status == "Submitted")
            ib.cancelOrder(trades[0].order)
            await until(lambda: all(trade.isDone() for trade in trades))
            assert {trade.orderStatus.status for trade in trades} == {"Cancelled"}
            assert [code for _, code in ib.errors].count(202) == 3

    asyncio.run(scenario())


def test_a_bracket_that_was_never_transmitted_can_be_cancelled():
    async def scenario():
        async with gateway() as world, world.ib() as ib:
            order = ib_async.LimitOrder("BUY", 100, 1.0, transmit=False)
            trade = ib.placeOrder(BHP, order)
            (found,) = await ib.reqAllOpenOrdersAsync()
            assert found.orderStatus.status == "PendingSubmit"
            ib.cancelOrder(order)
            await until(trade.isDone)
            assert trade.orderStatus.status == "Cancelled"

    asyncio.run(scenario())


def test_one_fill_cancels_the_others_of_its_group():
    async def scenario():
        market = Market({"BHP": {0: 1.0, 5: 0.9}})
        async with gateway(market) as world, world.ib() as ib:
            orders = [ib_async.LimitOrder("BUY", 100, price) for price in (0.95, 0.5)]
            ib.oneCancelsAll(orders, "either this or that", 1)
            first, second = (ib.placeOrder(BHP, order) for order in orders)
            await world.to(minute(6))
            await until(lambda: first.isDone() and second.isDone())
            assert (first.orderStatus.status, second.orderStatus.status) == ("Filled", "Cancelled")

    asyncio.run(scenario())


# Who hears what


def test_a_client_sees_its_own_orders_and_all_only_when_it_asks():
    async def scenario():
        async with gateway() as world, world.ib(1) as one, world.ib(2) as two:
            trade = one.placeOrder(BHP, ib_async.LimitOrder("BUY", 100, 0.5))
            await until(lambda: trade.orderStatus.status == "Submitted")
            assert await two.reqOpenOrdersAsync() == []
            (found,) = await two.reqAllOpenOrdersAsync()
            assert (found.order.clientId, found.order.permId) == (1, trade.order.permId)
            two.client.cancelOrder(trade.order.orderId)
            await until(lambda: (trade.order.orderId, 10147) in two.errors)
            one.cancelOrder(trade.order)
            await until(trade.isDone)
            # The snapshot stays as it was: nobody told client 2.
            await two.reqCurrentTimeAsync()
            assert found.orderStatus.status == "Submitted"

    asyncio.run(scenario())


def test_the_master_client_hears_of_every_order():
    async def scenario():
        async with gateway(master_client=9) as world, world.ib(1) as one, world.ib(9) as master:
            trade = one.placeOrder(BHP, ib_async.MarketOrder("BUY", 100))
            await until(trade.isDone)
            await until(master.fills)
            (seen,) = master.trades()
            assert seen.order.permId == trade.order.permId

    asyncio.run(scenario())


def test_a_global_cancel_cancels_the_orders_of_all_clients():
    async def scenario():
        async with gateway() as world, world.ib(1) as one, world.ib(2) as two:
            trades = [ib.placeOrder(BHP, ib_async.LimitOrder("BUY", 100, 0.5)) for ib in (one, two)]
            await until(lambda: all(t.orderStatus.status == "Submitted" for t in trades))
            two.reqGlobalCancel()
            await until(lambda: all(trade.isDone() for trade in trades))
            assert {trade.orderStatus.status for trade in trades} == {"Cancelled"}

    asyncio.run(scenario())


def test_only_client_0_may_bind_orders():
    async def scenario():
        async with gateway() as world, world.ib(1) as ib, world.ib(0) as owner:
            ib.reqAutoOpenOrders(True)  # noqa: FBT003
            await until(lambda: (-1, 321) in ib.errors)
            owner.reqAutoOpenOrders(True)  # noqa: FBT003
            await owner.reqCurrentTimeAsync()
            assert (-1, 321) not in owner.errors

    asyncio.run(scenario())


def by_hand(**order):
    given = {"action": "BUY", "total_quantity": Decimal(10), "order_type": "LMT"}
    return Order(**given | {"lmt_price": Decimal("0.5")} | order)


def test_client_0_owns_what_is_placed_by_hand_once_it_binds():
    async def scenario():
        async with gateway() as world, world.ib(1) as other:
            await world.gateway.place_by_hand("BHP", by_hand())
            await world.gateway.place_by_hand("BHP", by_hand(total_quantity=Decimal(20)))
            assert {one.order.orderId for one in await other.reqAllOpenOrdersAsync()} == {0}
            # As client 0 ib_async binds when it connects.
            async with world.ib(0) as owner:
                await until(lambda: len(owner.trades()) == 2)
                assert {trade.order.orderId for trade in owner.trades()} == {-1, -2}
                await world.gateway.place_by_hand("BHP", by_hand(order_type="MKT"))
                await until(lambda: len(owner.trades()) == 3)
                (third,) = [trade for trade in owner.trades() if trade.order.orderId == -3]
                await until(third.isDone)
                assert third.fills[0].execution.orderId == -3
                first = owner.openTrades()[0]
                owner.cancelOrder(first.order)
                await until(first.isDone)
                assert await other.reqOpenOrdersAsync() == []

    asyncio.run(scenario())


def test_nobody_hears_of_what_is_placed_by_hand_but_by_asking():
    async def scenario():
        async with gateway() as world, world.raw(client_id=0) as owner, world.ib(1) as other:
            await world.gateway.place_by_hand("BHP", by_hand(order_type="MKT"))
            await until(lambda: world.gateway.book.executions)
            owner.send(r.RequestCurrentTime())
            assert told(await owner.until(a.CurrentTime)) == []
            assert other.trades() == []
            (done,) = await other.reqCompletedOrdersAsync(apiOnly=False)
            assert done.order.filledQuantity == 10
            owner.send(r.RequestCompletedOrders(api_only=True))
            await owner.until(a.CompletedOrdersEnd)
            assert not any(isinstance(one, a.CompletedOrder) for one in owner.received)

    asyncio.run(scenario())


# What was


@pytest.mark.parametrize("version", [173, 178])
def test_done_orders_have_no_ids_and_no_quantity(version):
    async def scenario():
        async with gateway() as world, world.ib(version=version) as ib:
            trade = ib.placeOrder(BHP, ib_async.MarketOrder("BUY", 100, orderRef="mine"))
            await until(trade.isDone)
            async with world.ib(2, version) as other:
                (done,) = await other.reqCompletedOrdersAsync(apiOnly=False)
            assert (done.order.orderId, done.order.clientId) == (0, 0)
            assert (done.order.totalQuantity, done.order.filledQuantity) == (0, 100)
            assert (done.order.permId, done.order.orderRef) == (trade.order.permId, "mine")
            assert done.orderStatus.status == "Filled"

    asyncio.run(scenario())


def test_executions_are_those_of_the_day_that_pass_the_filter():
    async def scenario():
        async with gateway() as world, world.ib(1) as one, world.ib(2) as two:
            for ib, side in ((one, "BUY"), (two, "BUY"), (one, "SELL")):
                trade = ib.placeOrder(BHP, ib_async.MarketOrder(side, 100))
                await until(trade.isDone)
                await world.to(world.clock.now() + (minute(1) - minute(0)))
            fills = await two.reqExecutionsAsync()
            # Its own ib_async has from before, with what they cost.
            costs = [
                fill.commissionReport.commission for fill in fills if fill.execution.clientId == 1
            ]
            assert costs == [6, 6]

            async def found(**wanted):
                fills = await two.reqExecutionsAsync(ib_async.ExecutionFilter(**wanted))
                return [(fill.execution.clientId, fill.execution.side) for fill in fills]

            assert await found(clientId=1) == [(1, "BOT"), (1, "SLD")]
            assert await found(side="SELL") == [(1, "SLD")]
            assert await found(symbol="CBA") == []
            assert await found(time="20250618 10:00:30") == [(2, "BOT"), (1, "SLD")]
            assert await found(exchange="NYSE") == []

    asyncio.run(scenario())


def test_what_if_says_what_an_order_would_cost_and_places_nothing():
    async def scenario():
        async with gateway() as world, world.ib() as ib:
            state = await ib.whatIfOrderAsync(BHP, ib_async.LimitOrder("BUY", 1000, 2.0))
            assert state.commission == 6
            assert state.commissionCurrency == "AUD"
            assert float(state.initMarginChange) == 2000
            assert await ib.reqAllOpenOrdersAsync() == []

    asyncio.run(scenario())


def test_a_refused_order_is_told_as_inactive_with_201():
    async def scenario():
        options = SimOptions(reject_rate=1.0)
        async with gateway(options=options) as world, world.ib() as ib:
            trade = ib.placeOrder(BHP, ib_async.MarketOrder("BUY", 100))
            await until(lambda: (trade.order.orderId, 201) in ib.errors)
            (done,) = await ib.reqCompletedOrdersAsync(apiOnly=False)
            assert done.orderStatus.status == "Inactive"

    asyncio.run(scenario())


def test_two_orders_of_one_reference_are_two_orders():
    async def scenario():
        async with gateway() as world, world.ib() as ib:
            trades = [
                ib.placeOrder(BHP, ib_async.MarketOrder("BUY", 100, orderRef="same"))
                for _ in range(2)
            ]
            await until(lambda: all(trade.isDone() for trade in trades))
            fills = await ib.reqExecutionsAsync()
            assert [fill.execution.orderRef for fill in fills] == ["same", "same"]

    asyncio.run(scenario())


def test_a_burst_of_orders_loses_none():
    async def scenario():
        async with gateway(Market(volume=10**7)) as world, world.ib() as ib:
            ib.client.MaxRequests = 45
            trades = [ib.placeOrder(BHP, ib_async.MarketOrder("BUY", 1)) for _ in range(60)]
            await until(lambda: all(trade.isDone() for trade in trades))
            assert len({trade.fills[0].execution.execId for trade in trades}) == 60

    asyncio.run(scenario())
