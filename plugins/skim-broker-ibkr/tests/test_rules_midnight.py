"""Rule 9: TWS tells executions, and orders that are done, of the present day only."""

from __future__ import annotations

from datetime import timedelta

from ibkr_play import buy, story

NIGHT = timedelta(hours=24)


def midnight(tws):
    """Let TWS forget what it tells of the present day only."""
    tws.executions.clear()
    tws.completed.clear()
    tws.orders = [placed for placed in tws.orders if not placed.done]


@story()
async def test_of_a_trade_over_a_midnight_nobody_saw_the_position_alone_tells(play):
    await play.broker.submit([buy()])
    play.tws.peer.reset()
    await play.settle()
    play.tws.fill("sk1-a.P", told=False)
    midnight(play.tws)
    play.tws.positions = [("BHP", 100, "10")]
    await play.reconnected()
    # Nothing is made up of it: the order is neither filled nor cancelled, and not there.
    assert not play.fills
    assert play.statuses("sk1-a.P") == ["working"]
    assert list(await play.broker.orders()) == []
    assert list(await play.broker.executions()) == []
    (position,) = await play.broker.positions()
    assert (position.symbol, position.quantity) == ("BHP", 100)


@story()
async def test_what_was_done_the_day_before_is_no_order_of_today(play):
    await play.broker.submit([buy()])
    await play.broker.cancel("sk1-a.P")
    await play.until(lambda: play.statuses("sk1-a.P")[-1] == "cancelled")
    assert [str(report.status) for report in await play.broker.orders()] == ["cancelled"]
    midnight(play.tws)
    await play.clock.advance(NIGHT.total_seconds())
    assert list(await play.broker.orders()) == []


@story()
async def test_what_traded_the_day_before_is_not_told_as_a_trade_of_today(play):
    await play.broker.submit([buy()])
    play.tws.fill("sk1-a.P")
    await play.until(lambda: play.fills)
    midnight(play.tws)
    assert list(await play.broker.executions()) == []
    assert len(play.fills) == 1
