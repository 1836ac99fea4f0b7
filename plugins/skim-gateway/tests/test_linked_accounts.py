"""A login with two accounts: each has its own money, orders, positions and profit."""

from __future__ import annotations

import asyncio

import ib_async
import pytest
from gateway_world import BHP, Market, gateway, minute, until
from skim_gateway.running import Wanted, plan

from skim_core.errors import ConfigError

ONE, TWO = "DU1234567", "DU7654321"
RISING = Market({"BHP": {0: 1.0, 3: 1.2}, "ANZ": {0: 2.0}})


def buy(quantity, account, price=None, **more):
    if price is None:
        return ib_async.MarketOrder("BUY", quantity, account=account, **more)
    return ib_async.LimitOrder("BUY", quantity, price, account=account, **more)


@pytest.mark.parametrize("version", [173, 178])
def test_orders_money_positions_and_profit_are_of_their_account(version):
    async def scenario():
        async with gateway(RISING, linked=(TWO,)) as world, world.ib(version=version) as ib:
            assert ib.managedAccounts() == [ONE, TWO]
            first = ib.placeOrder(BHP, buy(100, ONE, orderRef="a"))
            second = ib.placeOrder(BHP, buy(300, TWO, orderRef="a"))
            await world.to(minute(1))
            await until(lambda: first.isDone() and second.isDone() and len(ib.fills()) == 2)
            assert [(fill.execution.acctNumber, fill.execution.shares) for fill in ib.fills()] == [
                (ONE, 100),
                (TWO, 300),
            ]
            held = {one.account: one.position for one in await ib.reqPositionsAsync()}
            assert held == {ONE: 100, TWO: 300}
            summary = await ib.accountSummaryAsync()
            cash = {one.account: one.value for one in summary if one.tag == "TotalCashValue"}
            assert {number: round(float(value)) for number, value in cash.items()} == {
                ONE: 100_000 - 100 - 6,
                TWO: 100_000 - 300 - 6,
            }
            await world.to(minute(4))
            profits = {number: ib.reqPnL(number) for number in (ONE, TWO)}
            await until(lambda: all(pnl.unrealizedPnL > 0 for pnl in profits.values()))
            assert {number: round(pnl.unrealizedPnL) for number, pnl in profits.items()} == {
                ONE: 14,
                TWO: 54,
            }
            single = ib.reqPnLSingle(TWO, "", BHP.conId)
            await until(lambda: single.position == 300)

    asyncio.run(scenario())


def test_an_order_has_to_name_one_of_the_accounts():
    async def scenario():
        async with gateway(linked=(TWO,)) as world, world.ib() as ib:
            unnamed = ib.placeOrder(BHP, buy(1, "", 0.5))
            await until(lambda: (unnamed.order.orderId, 435) in ib.errors)
            wrong = ib.placeOrder(BHP, buy(1, "DU1", 0.5))
            await until(lambda: (wrong.order.orderId, 321) in ib.errors)
            order = buy(1, TWO, 0.5)
            trade = ib.placeOrder(BHP, order)
            await until(lambda: trade.orderStatus.status == "Submitted")
            order.account = ONE
            ib.placeOrder(BHP, order)
            await until(lambda: (order.orderId, 105) in ib.errors)
            (ticket,) = world.gateway.book.tickets
            assert ticket.order.account == TWO

    asyncio.run(scenario())


def test_both_accounts_go_on_after_a_restart_and_halts_hold_in_both(tmp_path):
    async def scenario():
        async with gateway(RISING, linked=(TWO,), directory=tmp_path) as world, world.ib() as ib:
            trade = ib.placeOrder(BHP, buy(300, TWO))
            resting = ib.placeOrder(BHP, buy(5, ONE, 0.5))
            await world.to(minute(1))
            await until(trade.isDone)
            world.gateway.halts.call("BHP")
            halted = ib.placeOrder(BHP, buy(5, TWO, 2.0))
            await world.to(minute(2))
            assert (halted.filled(), resting.filled()) == (0, 0)
        async with (
            gateway(RISING, linked=(TWO,), directory=tmp_path, start=minute(2)) as world,
            world.ib() as ib,
        ):
            held = {one.account: one.position for one in await ib.reqPositionsAsync()}
            assert held == {TWO: 300}
            accounts = {one.order.account for one in await ib.reqAllOpenOrdersAsync()}
            assert accounts == {ONE, TWO}
            world.gateway.halts.end("BHP")
            await world.to(minute(4))
            await until(lambda: len(ib.openTrades()) == 1)

    asyncio.run(scenario())


def test_a_wrong_number_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="--linked is 'DU 1'"):
        plan(Wanted(linked=("DU 1",)), tmp_path)
    assert plan(Wanted(linked=(TWO,)), tmp_path).setup.linked == (TWO,)
