"""Faults as real clients meet them over a real socket, and as they are written."""

from __future__ import annotations

import asyncio
import datetime as dt

import ib_async
import pytest
from gateway_orders import placed, told
from gateway_world import BHP, Market, gateway, minute, until
from hypothesis import given
from hypothesis import strategies as st
from skim_gateway.faults.model import Action, Fault, read_fault, read_script
from skim_gateway.faults.striking import Armory, split
from skim_gateway.wire import answers as a

from skim_core.errors import ConfigError
from skim_core.sim import SimOptions

SECOND = dt.timedelta(seconds=1)


def market_order(reference="", quantity=100):
    return ib_async.MarketOrder("BUY", quantity, orderRef=reference)


async def references_at_exchange(world):
    return [report.reference for report in await world.gateway.broker.orders()]


# What strikes a request


@pytest.mark.parametrize(
    ("do", "applied", "connected"),
    [
        ("drop", False, True),
        ("drop_reply", True, True),
        ("reset_before", False, False),
        ("reset_after", True, False),
        ("silence", False, True),
        ("reject", False, True),
    ],
)
def test_an_order_is_struck_by_its_reference(do, applied, connected):
    async def scenario():
        async with gateway() as world, world.ib() as ib:
            world.gateway.faults.add(Fault(do=do, on="place_order", order_ref="sk1-*"))
            other = ib.placeOrder(BHP, ib_async.LimitOrder("BUY", 1, 0.5, orderRef="mine"))
            await until(lambda: other.orderStatus.status == "Submitted")
            struck = ib.placeOrder(BHP, ib_async.LimitOrder("BUY", 1, 0.5, orderRef="sk1-abc.P"))
            await until(lambda: world.gateway.faults.struck)
            await asyncio.sleep(0.05)
            assert ("sk1-abc.P" in await references_at_exchange(world)) is applied
            assert ib.isConnected() is connected
            (done,) = world.gateway.faults.struck
            assert (done.do, done.on, done.client) == (do, "place_order", 1)
            assert done.order_ref == "sk1-abc.P"
            if do == "reject":
                assert (struck.order.orderId, 201) in ib.errors
            elif do == "silence":
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(ib.reqCurrentTimeAsync(), 0.05)
            elif connected:
                assert await ib.reqCurrentTimeAsync() == world.clock.now()

    asyncio.run(scenario())


@pytest.mark.parametrize("version", [173, 178])
def test_a_rejected_order_stays_in_the_books_as_inactive(version):
    async def scenario():
        async with gateway() as world, world.ib(version=version) as ib:
            world.gateway.faults.add(Fault(do="reject", on="place_order", text="too dear"))
            struck = ib.placeOrder(BHP, ib_async.LimitOrder("BUY", 5, 0.5, orderRef="sk1-a.P"))
            await until(lambda: struck.orderStatus.status == "Inactive")
            assert (struck.order.orderId, 201) in ib.errors
            assert struck.order.permId
            assert await ib.reqAllOpenOrdersAsync() == []
            (done,) = await ib.reqCompletedOrdersAsync(apiOnly=False)
            assert (done.order.permId, done.order.orderRef) == (struck.order.permId, "sk1-a.P")
            assert done.orderStatus.status == "Inactive"
            assert await references_at_exchange(world) == []
            again = ib.placeOrder(BHP, ib_async.LimitOrder("BUY", 5, 0.5, orderRef="sk1-a.P"))
            await until(lambda: again.orderStatus.status == "Submitted")
            ib.cancelOrder(struck.order)
            await until(lambda: (struck.order.orderId, 10148) in ib.errors)

    asyncio.run(scenario())


def test_a_rejected_order_is_inactive_after_a_restart_too(tmp_path):
    async def rejected(world, ib):
        world.gateway.faults.add(Fault(do="reject", on="place_order"))
        struck = ib.placeOrder(BHP, ib_async.LimitOrder("BUY", 5, 0.5, orderRef="sk1-a.P"))
        await until(lambda: struck.orderStatus.status == "Inactive")

    async def scenario():
        async with gateway(directory=tmp_path) as world, world.ib() as ib:
            await rejected(world, ib)
        async with gateway(directory=tmp_path) as world, world.ib() as ib:
            (ticket,) = world.gateway.book.tickets
            assert ticket.status == "Inactive"
            assert await ib.reqAllOpenOrdersAsync() == []

    asyncio.run(scenario())


def test_a_change_that_is_rejected_leaves_the_order_as_it_was():
    async def scenario():
        async with gateway() as world, world.ib() as ib:
            order = ib_async.LimitOrder("BUY", 5, 0.5)
            trade = ib.placeOrder(BHP, order)
            await until(lambda: trade.orderStatus.status == "Submitted")
            world.gateway.faults.add(Fault(do="reject", on="place_order"))
            order.lmtPrice = 0.6
            ib.placeOrder(BHP, order)
            await until(lambda: (order.orderId, 201) in ib.errors)
            (ticket,) = world.gateway.book.tickets
            assert (ticket.status, str(ticket.terms.limit_price)) == ("Submitted", "0.5")

    asyncio.run(scenario())


def test_a_delayed_order_is_accepted_late_even_when_its_client_is_gone():
    async def scenario():
        async with gateway() as world:
            world.gateway.faults.add(Fault(do="delay", on="place_order", seconds=30))
            async with world.ib() as ib:
                ib.placeOrder(BHP, market_order("late"))
                await until(lambda: world.gateway.faults.struck)
                assert await references_at_exchange(world) == []
            await world.to(minute(1))
            assert await references_at_exchange(world) == ["late"]
            async with world.ib() as ib:
                (fill,) = await ib.reqExecutionsAsync()
                assert fill.execution.orderRef == "late"

    asyncio.run(scenario())


def test_the_nth_message_and_as_many_as_it_says_are_struck():
    async def scenario():
        async with gateway() as world, world.ib() as ib:
            world.gateway.faults.add(
                Fault(do="error", on="place_order", nth=2, times=2, code=135, text="no")
            )
            trades = [ib.placeOrder(BHP, market_order()) for _ in range(4)]
            await until(lambda: trades[3].isDone() and trades[0].isDone())
            numbers = [trade.order.orderId for trade in trades]
            assert [n for n, code in ib.errors if code == 135] == numbers[1:3]
            assert not world.gateway.faults.waiting

    asyncio.run(scenario())


def test_a_request_taken_twice_is_told_as_a_real_gateway_tells_a_used_id():
    async def scenario():
        async with gateway() as world, world.ib() as ib:
            world.gateway.faults.add(Fault(do="duplicate", on="place_order"))
            trade = ib.placeOrder(BHP, ib_async.LimitOrder("BUY", 10, 0.5))
            await until(lambda: trade.orderStatus.status == "Submitted")
            assert len(await references_at_exchange(world)) == 1

    asyncio.run(scenario())


# What strikes an answer


def test_answers_are_lost_repeated_and_told_in_another_order():
    async def scenario():
        async with gateway() as world, world.raw() as client:
            await client.until(a.NextValidId)
            faults = world.gateway.faults
            faults.add(Fault(do="reorder", on="execution_details"))
            faults.add(Fault(do="duplicate", on="commission_report"))
            faults.add(Fault(do="drop", on="open_order", times=99))
            client.send(placed(1))
            await client.until(a.CommissionReport)
            assert told(client.received) == [
                "orderStatus PreSubmitted 0/100",
                "orderStatus Submitted 0/100",
                "orderStatus Filled 100/0",
                "execDetails 100@1.0",
                "commission 6.00",
                "commission 6.00",
            ]

    asyncio.run(scenario())


def test_an_answer_may_come_late_or_break_the_connection():
    async def scenario():
        async with gateway() as world, world.ib() as ib:
            world.gateway.faults.add(Fault(do="delay", on="current_time", seconds=10))
            asked = asyncio.ensure_future(ib.reqCurrentTimeAsync())
            await until(lambda: world.gateway.faults.struck)
            assert not asked.done()
            await world.to(minute(0) + 10 * SECOND)
            assert await asked == minute(0)
            world.gateway.faults.add(Fault(do="reset", on="order_status"))
            trade = ib.placeOrder(BHP, market_order())
            await until(lambda: not ib.isConnected())
            await world.to(minute(1))
            assert not trade.isDone()
            async with world.ib(2) as other:
                (fill,) = await other.reqExecutionsAsync()
                assert fill.execution.shares == 100

    asyncio.run(scenario())


@pytest.mark.parametrize("seconds", [0, 5])
def test_a_fill_is_told_in_parts_that_add_up(seconds):
    async def scenario():
        async with gateway() as world, world.ib() as ib:
            world.gateway.faults.add(
                Fault(
                    do="split",
                    on="execution_details",
                    order_ref="p",
                    parts=(30, 50),
                    seconds=seconds,
                )
            )
            trade = ib.placeOrder(BHP, market_order("p"))
            await until(lambda: trade.fills)
            if seconds:
                await asyncio.sleep(0.05)
                assert [fill.execution.shares for fill in trade.fills] == [30]
                assert (trade.orderStatus.filled, trade.orderStatus.remaining) == (30, 70)
            await world.to(minute(1))
            await until(trade.isDone)
            assert [fill.execution.shares for fill in trade.fills] == [30, 50, 20]
            assert [fill.execution.cumQty for fill in trade.fills] == [30, 80, 100]
            costs = [fill.commissionReport.commission for fill in trade.fills]
            assert sum(costs) == pytest.approx(6)
            (position,) = await ib.reqPositionsAsync()
            assert position.position == 100

    asyncio.run(scenario())


# What happens to all


@pytest.mark.parametrize(("data_lost", "code"), [(True, 1101), (False, 1102)])
def test_lost_connectivity_keeps_orders_back_and_may_lose_subscriptions(data_lost, code):
    async def scenario():
        rising = Market({"BHP": {0: 1.0, 1: 1.1, 2: 1.2}})
        async with gateway(rising) as world, world.ib() as ib:
            resting = ib.placeOrder(BHP, ib_async.StopOrder("BUY", 10, 1.05))
            ticker = ib.reqMktData(BHP)
            await world.to(minute(0) + 5 * SECOND)
            await until(lambda: ticker.last == 1.0)
            world.gateway.faults.add(Fault(do="lose", seconds=90, data_lost=data_lost))
            await until(lambda: (-1, 1100) in ib.errors)
            late = ib.placeOrder(BHP, market_order("late"))
            await world.to(minute(1) + 10 * SECOND)
            # Fills are told even then, prices are not.
            await until(resting.isDone)
            assert ticker.last == 1.0
            assert "late" not in await references_at_exchange(world)
            await world.to(minute(2))
            await until(lambda: (-1, code) in ib.errors)
            await until(late.isDone)
            await world.to(minute(2) + 10 * SECOND)
            assert (ticker.last == 1.0) is data_lost

    asyncio.run(scenario())


def test_a_farm_that_flaps_stops_what_streams():
    async def scenario():
        rising = Market({"BHP": {0: 1.0, 1: 1.1}})
        async with gateway(rising) as world, world.ib() as ib:
            ticker = ib.reqMktData(BHP)
            await world.to(minute(0) + 5 * SECOND)
            await until(lambda: ticker.last == 1.0)
            world.gateway.faults.add(Fault(do="farm", seconds=120))
            await world.to(minute(1) + 10 * SECOND)
            assert ticker.last == 1.0
            codes = [code for _, code in ib.errors]
            assert codes[-2:] == [2103, 2105]
            await world.to(minute(2) + 10 * SECOND)
            await until(lambda: ticker.last == 1.1)
            assert [code for _, code in ib.errors][-2:] == [2104, 2106]

    asyncio.run(scenario())


@pytest.mark.parametrize("book", [True, False])
def test_a_restart_drops_everybody_and_keeps_the_book_or_not(book):
    async def scenario():
        async with gateway() as world:
            async with world.ib() as ib:
                trade = ib.placeOrder(BHP, market_order("before"))
                await until(trade.isDone)
                world.gateway.faults.add(Fault(do="restart", seconds=60, book=book, by=1))
                await until(lambda: not ib.isConnected())
            with pytest.raises((TimeoutError, ConnectionError)):
                await ib_async.IB().connectAsync(*world.server.address, clientId=1, timeout=0.2)
            await world.to(minute(2))
            async with world.ib() as ib:
                fills = await ib.reqExecutionsAsync()
                assert [fill.execution.orderRef for fill in fills] == (["before"] if book else [])
                (position,) = await ib.reqPositionsAsync()
                assert position.position == 100
                # The id of the filled order is handed out again, as some restarts do; or all are.
                assert world.gateway.book.next_id(1) == (trade.order.orderId if book else 1)
                assert trade.order.orderId > 1

    asyncio.run(scenario())


def test_what_a_restart_without_the_book_forgets_is_gone_and_may_be_sent_again(tmp_path):
    def order():
        return ib_async.LimitOrder("BUY", 100, 0.9, orderRef="sk1-a.P")

    async def scenario():
        # It would have bought in the third minute; what is sent again buys in the seventh.
        falling = Market({"BHP": {0: 1.0, 3: 0.8, 4: 1.0, 7: 0.8}})
        async with gateway(falling, directory=tmp_path) as world:
            async with world.ib() as ib:
                ib.placeOrder(BHP, order())
                await until(world.gateway.book.open_tickets)
                world.gateway.faults.add(Fault(do="restart", book=False))
                await until(lambda: not ib.isConnected())
            await world.to(minute(5))
            async with world.ib() as ib:
                assert await ib.reqAllOpenOrdersAsync() == []
                assert await ib.reqPositionsAsync() == []
                again = ib.placeOrder(BHP, order())
                await until(lambda: again.orderStatus.status == "Submitted")
        async with gateway(falling, minute(8), directory=tmp_path) as world, world.ib():
            (ticket,) = world.gateway.book.tickets
            assert ticket.perm_id == again.order.permId
            assert ticket.filled == 100

    asyncio.run(scenario())


def test_what_a_forgotten_order_trades_before_it_is_gone_is_held():
    async def scenario():
        falling = Market({"BHP": {0: 1.0, 2: 0.8}})
        options = SimOptions(latency=30 * SECOND)
        async with gateway(falling, options=options) as world:
            async with world.ib() as ib:
                ib.placeOrder(BHP, ib_async.LimitOrder("BUY", 100, 0.9, orderRef="sk1-a.P"))
                await until(world.gateway.book.open_tickets)
                await world.to(minute(2) - 10 * SECOND)
                world.gateway.faults.add(Fault(do="restart", book=False))
                await until(lambda: not ib.isConnected())
            await world.to(minute(5))
            async with world.ib() as ib:
                assert await ib.reqExecutionsAsync() == []
                (position,) = await ib.reqPositionsAsync()
                assert position.position == 100

    asyncio.run(scenario())


def test_something_happens_at_its_time():
    async def scenario():
        async with gateway() as world, world.ib() as ib:
            world.gateway.faults.add(read_fault({"do": "farm", "seconds": 5, "at": "open+1m"}))
            await world.to(minute(0) + 59 * SECOND)
            assert (-1, 2103) not in ib.errors
            await world.to(minute(1))
            await until(lambda: (-1, 2103) in ib.errors)

    asyncio.run(scenario())


# As they are written


def test_a_script_is_read(tmp_path):
    path = tmp_path / "faults.toml"
    path.write_text(
        """
        seed = 7
        [[fault]]
        do = "reset_after"
        on = "place_order"
        order_ref = "*.P"
        nth = 2
        [[fault]]
        do = "lose"
        seconds = 30
        at = "open+5m"
        [[halt]]
        symbol = "BHP"
        from = "open+10m"
        to = "open+20m"
        """
    )
    script = read_script(path)
    assert script.seed == 7
    assert [fault.do for fault in script.faults] == [Action.RESET_AFTER, Action.LOSE]
    assert script.halts[0].symbol == "BHP"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[[fault]]\ndo = "explode"', "fault 1: do: Input should be"),
        ('[[fault]]\ndo = "drop"', "fault 1: drop needs 'on'"),
        ('[[fault]]\ndo = "drop"\non = "place_ordre"', "did you mean 'place_order'"),
        ('[[fault]]\ndo = "drop"\non = "place_order"\nwhen = 1', "a fault has no 'when'"),
        ('[[fault]]\ndo = "drop"\non = "place_order"\ncode = 5', "drop does not take code"),
        ('[[fault]]\ndo = "delay"\non = "place_order"', "delay needs seconds"),
        ('[[fault]]\ndo = "reject"\non = "cancel_order"', "found 'cancel_order'"),
        ('[[fault]]\ndo = "reset_before"\non = "order_status"', "found 'order_status'"),
        ('[[fault]]\ndo = "farm"\nseconds = 1\nat = "noon"', "'noon' is not a session time"),
        ("[fault]\ndo = 1", "write [[fault]], with two brackets"),
        ("[[fautl]]", "has 'fautl'"),
        ("[[halt]]\nsymbol = 'BHP'", "halt 1: from: Field required"),
        ("seed = 'x'", "seed is 'x'"),
        ("seed = ", "is not TOML"),
    ],
)
def test_a_script_that_is_wrong_is_refused_by_the_line_that_is(tmp_path, text, says):
    path = tmp_path / "faults.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as found:
        read_script(path)
    assert says in str(found.value)
    assert str(path) in str(found.value)


def test_the_same_seed_strikes_the_same_messages():
    def struck(seed):
        armory = Armory(seed)
        armory.add(Fault(do="drop", on="place_order", chance=0.3, times=1000))
        return [bool(armory.strike("place_order", 1, "")) for _ in range(200)]

    assert struck(1) == struck(1)
    assert struck(1) != struck(2)
    assert 30 < sum(struck(1)) < 90


@given(st.integers(1, 500), st.lists(st.integers(1, 300), min_size=1, max_size=6))
def test_parts_add_up_to_the_whole(quantity, parts):
    found = split(quantity, parts)
    assert sum(found) == quantity
    assert all(part > 0 for part in found)
    if sum(parts) <= quantity:
        assert found[: len(parts)] == parts
