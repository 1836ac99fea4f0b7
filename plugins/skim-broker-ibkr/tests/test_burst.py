"""Bursts of orders over a real gateway that counts messages as IBKR does."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from gateway_play import Market, told
from ibkr_play import buy, make
from skim_gateway.setup import Limits

from skim_core.errors import BrokerError, NotSentError

COUNTED = {"limits": Limits(by_clock=True)}
PLACE, QUOTE, DETAILS = 3, 1, 9
STEP = timedelta(milliseconds=50)


def in_any_second(times):
    return max(sum(0 <= (other - at).total_seconds() < 1 for other in times) for at in times)


async def driven(play, sending, kinds):
    """Drive time on until all is sent, and never beyond what the gateway has got by then."""
    begun = len(play.gateway.book.tickets)

    def arrived():
        sent = sum(kind == PLACE for _, kind in kinds)
        return len(play.gateway.book.tickets) == begun + sent

    while not sending.done():
        await play.clock.advance(play.clock.now() + STEP)
        await play.until(arrived)
        # Those that have arrived were answered.
        for _ in range(20):
            await asyncio.sleep(0)


@pytest.mark.parametrize("most", [40, 50])
def test_200_orders_keep_the_limit_and_none_is_lost_or_doubled(tmp_path, most):
    @told(tmp_path, setup=COUNTED, messages_per_second=most)
    async def _(play):
        await play.broker.submit([buy("sk1-first.P", quantity=1, limit="10.05")])
        await play.clock.advance(play.clock.now() + timedelta(seconds=2))
        kinds = play.sent_kinds()
        orders = [buy(f"sk1-{number}.P", quantity=1, limit="10.05") for number in range(200)]
        sending = asyncio.gather(*(play.broker.submit([order]) for order in orders))
        await driven(play, sending, kinds)
        await sending

        times = [at for at, _ in kinds]
        assert Counter(kind for _, kind in kinds) == {PLACE: 200}
        assert in_any_second(times) <= most
        assert (times[-1] - times[0]).total_seconds() < 200 / most
        placed = Counter(ticket.order.order_ref for ticket in play.gateway.book.tickets)
        assert placed == {"sk1-first.P": 1, **{order.reference: 1 for order in orders}}

        await play.to(2)
        await play.until(lambda: len(play.fills) == 201)
        filled = Counter(fill.reference for fill in play.fills)
        assert filled == placed
        assert play.lines == []
        assert len(await play.broker.executions()) == 201
        (held,) = await play.broker.positions()
        assert held.quantity == 201


def test_the_same_200_orders_sent_again_after_a_crash_are_not_sent_twice(tmp_path):
    @told(tmp_path, setup=COUNTED, submit_wait="30s")
    async def _(play):
        kinds = play.sent_kinds()
        orders = [buy(f"sk1-{number}.P", quantity=1, limit="9.5") for number in range(200)]
        sending = asyncio.gather(
            *(play.broker.submit([order]) for order in orders), return_exceptions=True
        )
        while len(play.gateway.book.tickets) < 60:
            await play.clock.advance(play.clock.now() + STEP)
            await play.settle(0.01)
        await play.broker.close()
        await play.clock.advance(play.clock.now() + timedelta(seconds=2))
        outcomes = await sending
        await play.settle()
        arrived = len(play.gateway.book.tickets)
        assert 60 <= arrived < 200
        # Those that were kept back say that they have not left.
        assert sum(isinstance(one, NotSentError) for one in outcomes) == 200 - arrived
        assert sum(kind == PLACE for _, kind in kinds) == arrived

        again = make(play.tws.address[1], play.clock, tmp_path / "again", submit_wait="30s")
        await again.connect()
        sending = asyncio.gather(*(again.submit([order]) for order in orders))
        while not sending.done():
            await play.clock.advance(play.clock.now() + STEP)
            await play.settle(0.01)
        await sending
        await again.close()
        placed = Counter(ticket.order.order_ref for ticket in play.gateway.book.tickets)
        assert placed == {order.reference: 1 for order in orders}


def test_orders_go_before_the_questions_that_were_asked_earlier(tmp_path):
    prices = {"BHP": 10.0} | {f"S{number}": 20.0 for number in range(150)}

    @told(tmp_path, setup=COUNTED, market=Market(prices), messages_per_second=50)
    async def _(play):
        await play.broker.submit([buy("sk1-first.P", quantity=1)])
        await play.clock.advance(play.clock.now() + timedelta(seconds=2))
        kinds = play.sent_kinds()
        quoting = asyncio.create_task(play.broker.quotes(list(prices)))
        await play.settle(0.01)
        assert kinds
        orders = [buy(f"sk1-{number}.P", quantity=1) for number in range(60)]
        sending = asyncio.gather(*(play.broker.submit([order]) for order in orders))
        await driven(play, sending, kinds)
        await sending
        assert not quoting.done()

        questions = [at for at, kind in kinds if kind in {DETAILS, QUOTE}]
        placed = [at for at, kind in kinds if kind == PLACE]
        assert len(placed) == 60
        assert in_any_second([*questions, *placed]) <= 50
        assert in_any_second(questions) <= 35
        # The lane that is kept for orders: 15 in the first second, whatever was asked before.
        assert sum(at - placed[0] < timedelta(seconds=1) for at in placed) >= 15
        assert (placed[-1] - placed[0]).total_seconds() < 60 / 15
        quoting.cancel()
        with pytest.raises((asyncio.CancelledError, BrokerError)):
            await quoting
