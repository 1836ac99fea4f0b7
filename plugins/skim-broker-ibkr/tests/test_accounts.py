"""A login with two accounts: the broker never guesses, and sees and trades only its own."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import ib_async
import pytest
from gateway_play import Market, told
from ibkr_play import buy, make, stop

from skim_core.errors import ConfigError

ONE, TWO = "DU1234567", "DU7654321"
LINKED = {"linked": (TWO,)}
RISING = Market({"BHP": {0: 10.0, 3: 12.0}, "CSL": 20.0})


def test_which_account_is_meant_is_never_guessed(tmp_path):
    @told(tmp_path, connect=False, setup=LINKED)
    async def _(play):
        with pytest.raises(ConfigError) as found:
            await play.broker.connect()
        assert f"2 accounts ({ONE}, {TWO}): set account in [brokers.ibkr]" in str(found.value)
        found = await play.broker.examine()
        (error,) = [one for one in found.findings if one.severity == "error"]
        assert (error.topic, error.mends) == (
            "account",
            "set account in [brokers.ibkr] to the one to trade",
        )
        assert not play.gateway.book.tickets


@pytest.mark.parametrize("how", [{"account": TWO}, {"configured": TWO}])
def test_orders_positions_and_money_are_of_the_account_that_is_configured(tmp_path, how):
    @told(tmp_path, market=RISING, setup=LINKED, **how)
    async def _(play):
        other = ib_async.IB()
        await other.connectAsync(*play.tws.address, clientId=7)
        theirs = other.placeOrder(
            ib_async.Stock("CSL", "ASX", "AUD"), ib_async.MarketOrder("BUY", 50, account=ONE)
        )
        waiting = other.placeOrder(
            ib_async.Stock("CSL", "ASX", "AUD"), ib_async.LimitOrder("BUY", 5, 9, account=ONE)
        )
        await play.broker.submit([buy(limit="10.05"), stop()])
        assert {ticket.order.account for ticket in play.gateway.book.tickets[2:]} == {TWO}
        await play.to(1)
        await play.until(lambda: play.fills and theirs.isDone())
        await play.until(lambda: waiting.orderStatus.status == "Submitted")

        assert [fill.symbol for fill in play.fills] == ["BHP"]
        assert [fill.symbol for fill in await play.broker.executions()] == ["BHP"]
        assert [one.symbol for one in await play.broker.orders()] == ["BHP", "BHP"]
        (held,) = await play.broker.positions()
        assert (held.symbol, held.quantity) == ("BHP", 100)
        await play.to(5)
        account = await play.broker.account()
        assert account.number == TWO
        assert account.cash == 100_000 - 1000 - 6
        assert account.net_liquidation == account.cash + 1200
        assert {one.account for one in await other.reqPositionsAsync()} == {ONE, TWO}
        other.disconnect()


def test_what_another_account_does_is_no_reason_to_read_the_books_again(tmp_path):
    @told(tmp_path, setup=LINKED, account=TWO)
    async def _(play):
        other = ib_async.IB()
        await other.connectAsync(*play.tws.address, clientId=7)
        resting = other.placeOrder(
            ib_async.Stock("CSL", "ASX", "AUD"), ib_async.LimitOrder("BUY", 5, 9, account=ONE)
        )
        await play.until(lambda: resting.orderStatus.status == "Submitted")
        kinds = play.sent_kinds()
        assert await play.broker.orders() == []
        await play.settle()
        assert [kind for _, kind in kinds] == [16, 99]
        assert play.heard == []
        other.disconnect()


def test_two_brokers_trade_two_accounts_of_one_login(tmp_path):
    @told(tmp_path, setup=LINKED, account=TWO)
    async def _(play):
        heard = []
        port = play.tws.address[1]
        second = make(port, play.clock, tmp_path / "second", heard, account=ONE, client_id=2)
        await second.connect()
        await asyncio.gather(
            play.broker.submit([buy("sk1-a.P", quantity=10, limit="10.05")]),
            second.submit([buy("sk1-a.P", quantity=20, limit="10.05")]),
        )
        await play.to(1)
        await play.until(lambda: play.fills and len(heard) > 1)
        assert [one.quantity for one in await play.broker.positions()] == [10]
        assert [one.quantity for one in await second.positions()] == [20]
        assert sum(fill.quantity for fill in play.fills) == 10
        assert (await second.account()).cash == Decimal(100_000 - 200 - 6)
        await second.close()
