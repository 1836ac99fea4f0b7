"""The account as real clients see it."""

from __future__ import annotations

import asyncio

import ib_async
import pytest
from gateway_world import BHP, Market, gateway, minute, until

from skim_core.errors import BrokerError

RISING = Market({"BHP": {0: 1.0, 5: 1.2}})


async def buy(ib, quantity=100, side="BUY"):
    trade = ib.placeOrder(BHP, ib_async.MarketOrder(side, quantity))
    await until(trade.isDone)
    return trade


@pytest.mark.parametrize("version", [173, 178])
def test_positions_and_values_follow_the_fills(version):
    async def scenario():
        async with gateway(RISING) as world, world.ib(version=version) as ib:
            await buy(ib)
            await world.to(minute(6))
            (position,) = await ib.reqPositionsAsync()
            # With the commission of 6.
            assert (position.position, position.avgCost) == (100, 1.06)
            rows = {row.tag: row.value for row in await ib.accountSummaryAsync()}
            assert rows["NetLiquidation"] == "100014.00"
            assert rows["TotalCashValue"] == "99894.00"
            assert rows["GrossPositionValue"] == "120.00"
            assert rows["AccountType"] == "INDIVIDUAL"
            ib.client.reqAccountUpdates(0, "DU1234567")
            await ib.reqAccountUpdatesAsync("DU1234567")
            (item,) = ib.portfolio()
            assert (item.marketPrice, item.marketValue, item.unrealizedPNL) == (1.2, 120, 14)
            values = {value.tag: value.value for value in ib.accountValues()}
            assert values["UnrealizedPnL"] == "14.00"

    asyncio.run(scenario())


def test_profit_and_loss_are_told_as_they_change():
    async def scenario():
        async with gateway(RISING) as world, world.ib() as ib:
            await buy(ib)
            (details,) = await ib.reqContractDetailsAsync(BHP)
            pnl = ib.reqPnL("DU1234567")
            single = ib.reqPnLSingle("DU1234567", "", details.contract.conId)
            await until(lambda: single.position == 100)
            assert (pnl.unrealizedPnL, pnl.realizedPnL) == (-6, 0)
            await world.to(minute(6))
            await until(lambda: pnl.unrealizedPnL == 14)
            assert (single.unrealizedPnL, single.value) == (14, 120)
            await buy(ib, side="SELL")
            await world.to(minute(7))
            await until(lambda: pnl.realizedPnL == 8)
            await until(lambda: single.position == 0)
            assert pnl.dailyPnL == 8

    asyncio.run(scenario())


def test_a_third_summary_is_one_too_many():
    async def scenario():
        async with gateway() as world, world.ib() as ib:
            for number in (101, 102, 103):
                ib.client.reqAccountSummary(number, "All", "NetLiquidation")
            await until(lambda: (103, 322) in ib.errors)
            assert (102, 322) not in ib.errors

    asyncio.run(scenario())


def test_an_account_that_is_not_ours_is_refused():
    async def scenario():
        async with gateway() as world, world.ib() as ib:
            ib.client.reqPnL(101, "DU9", "")
            ib.client.reqPositionsMulti(102, "DU9", "")
            ib.placeOrder(BHP, ib_async.MarketOrder("BUY", 1, account="DU9"))
            await until(lambda: [code for _, code in ib.errors].count(321) == 3)

    asyncio.run(scenario())


def test_positions_are_carried_into_the_next_session():
    async def scenario():
        async with gateway(RISING) as world, world.ib() as ib:
            await buy(ib)
            await world.to(minute(24 * 60 + 1))
            (position,) = await ib.reqPositionsAsync()
            assert position.position == 100
            assert await ib.reqExecutionsAsync() == []

    asyncio.run(scenario())


def test_a_gateway_that_is_started_again_knows_accounts_orders_and_executions(tmp_path):
    async def scenario():
        async with gateway(RISING, directory=tmp_path) as world, world.ib() as ib:
            bought = await buy(ib)
            resting = ib.placeOrder(BHP, ib_async.LimitOrder("BUY", 100, 0.5, orderRef="rest"))
            held = ib.placeOrder(
                BHP, ib_async.LimitOrder("BUY", 100, 0.6, orderRef="held", transmit=False)
            )
            await until(lambda: resting.orderStatus.status == "Submitted")
            resting.order.lmtPrice = 0.55
            ib.placeOrder(BHP, resting.order)
            await ib.reqCurrentTimeAsync()
        again = {"directory": tmp_path, "start": minute(1)}
        async with gateway(RISING, **again) as world, world.ib() as ib:
            (position,) = await ib.reqPositionsAsync()
            assert (position.position, position.avgCost) == (100, 1.06)
            (fill,) = await ib.reqExecutionsAsync()
            assert fill.execution.permId == bought.order.permId
            found = {trade.order.orderRef: trade for trade in await ib.reqAllOpenOrdersAsync()}
            assert set(found) == {"rest", "held"}
            assert found["rest"].order.permId == resting.order.permId
            assert found["rest"].order.lmtPrice == 0.55
            assert found["held"].orderStatus.status == "PendingSubmit"
            assert ib.client.getReqId() > held.order.orderId
            ib.cancelOrder(found["rest"].order)
            await until(found["rest"].isDone)

    asyncio.run(scenario())


def test_a_damaged_file_of_tickets_is_named(tmp_path):
    (tmp_path / "tickets-DU1234567.jsonl").write_text('{"perm_id": 1}\n')

    async def scenario():
        async with gateway(directory=tmp_path):
            pass

    with pytest.raises(BrokerError, match="line 1 is damaged"):
        asyncio.run(scenario())
