"""Trading halts: what the broker shows of them, and what becomes of orders, over a real gateway."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from gateway_play import Market, told
from ibkr_play import buy, stop, story

FALLING = {"BHP": {0: 10.0, 3: 9.0, 6: 8.0}, "CSL": 20.0}
TRADED = {1: "10.49", 2: "10.51", 4: "10.5", 9: "10", 14: "10.2", 8: 5000}


def test_a_quote_says_that_its_symbol_is_halted(tmp_path):
    @told(tmp_path)
    async def _(play):
        async def halted():
            quotes = await play.broker.quotes(["BHP", "CSL"])
            return {symbol: quote.halted for symbol, quote in quotes.items()}

        await play.to(2)
        assert await halted() == {"BHP": False, "CSL": False}
        play.fault("halt", symbol="BHP")
        await play.settle()
        assert await halted() == {"BHP": True, "CSL": False}
        await play.to(5)
        assert await halted() == {"BHP": True, "CSL": False}
        play.fault("resume", symbol="BHP")
        await play.settle()
        assert await halted() == {"BHP": False, "CSL": False}


def test_a_stop_waits_in_a_halt_and_trades_after_it(tmp_path):
    @told(tmp_path, market=Market(FALLING))
    async def _(play):
        await play.broker.submit([buy(limit="10.05"), stop()])
        await play.to(1)
        assert [fill.reference for fill in play.fills] == ["sk1-a.P"]
        play.fault("halt", symbol="BHP")
        await play.to(5)
        assert len(play.fills) == 1
        (kept,) = [one for one in await play.broker.orders() if one.reference == "sk1-a.S"]
        assert (str(kept.status), kept.remaining) == ("working", 100)
        play.fault("resume", symbol="BHP")
        await play.to(6)
        await play.until(lambda: len(play.fills) == 2)
        assert play.fills[-1].price == 9


def test_an_exit_that_is_sent_in_a_halt_waits(tmp_path):
    @told(tmp_path, market=Market(FALLING))
    async def _(play):
        await play.broker.submit([buy(limit="10.05")])
        await play.to(1)
        play.fault("halt", symbol="BHP")
        await play.broker.submit([stop(parent=None)])
        await play.to(5)
        assert play.statuses("sk1-a.S") == ["working"]
        play.fault("resume", symbol="BHP")
        await play.to(6)
        await play.until(lambda: play.statuses("sk1-a.S")[-1] == "filled")


def test_an_order_that_is_refused_in_a_halt_is_known_to_be(tmp_path):
    @told(tmp_path)
    async def _(play):
        play.fault("halt", symbol="BHP", refuse=True)
        sending = asyncio.create_task(play.broker.submit([buy()]))
        await play.until(lambda: "rejected" in play.statuses("sk1-a.P"))
        await sending
        (known,) = await play.broker.orders()
        assert (known.reference, str(known.status)) == ("sk1-a.P", "rejected")
        assert not play.gateway.book.open_tickets()


@story()
async def test_a_halt_for_volatility_is_one_and_what_is_not_told_is_none(play):
    cases = {"BHP": (49, "2", True), "CSL": (49, "0", False), "WOW": (49, "-1", False)}
    cases["RIO"] = (90, "1", True)
    for symbol, (kind, told_value, halted) in cases.items():
        play.tws.ticks[symbol] = {**TRADED, kind: told_value}
        quote = (await play.broker.quotes([symbol]))[symbol]
        assert (quote.halted, quote.last) == (halted, Decimal("10.5"))
