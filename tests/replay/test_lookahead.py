"""Nothing that a strategy is given, or finds by itself, tells it what has not happened yet."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from skim_core.replay.running import Way, replay
from skim_core.sim.levels import Market, listing
from skim_core.sim.options import Halt
from skim_core.testing.lookahead import find_lookahead
from skim_core.testing.replays import plan_days

LISTED = listing(Market(5, "XASX", 10)).symbols

NOSY = """
    import hashlib
    from datetime import timedelta
    from decimal import Decimal

    from pydantic import BaseModel
    from skim_core import Alert, Bracket, Context, GapScan, Phase, PhaseGraph, hooks

    NOTHING = "nothing"
    LISTED = ()


    @hooks.phase_graph
    def skim_phase_graph() -> PhaseGraph:
        return PhaseGraph(
            Phase("alert", every="1m", between=("open+5m", "open+35m")),
            Phase("trade", every="10m", between=("open+5m", "close")),
            Phase("manage", every="1m", between=("open", "close"), protective=True),
        )


    def peek(ctx):
        return NOTHING

    # PEEK

    async def seen(ctx):
        everything = await ctx.market.scan(GapScan(minimum_percent=Decimal(-1000), limit=1000))
        everything += await ctx.market.scan(GapScan(minimum_percent=Decimal(0), limit=1000))
        symbols = sorted({row.symbol for row in everything} | set(ctx.positions) | {"BHP", "NONE"})
        later = ctx.session.close + timedelta(days=3)
        whole = await ctx.market.bars(symbols, ctx.session.open - timedelta(days=3), later)
        some = await ctx.market.bars(symbols[:2], ctx.now, later)
        every = await ctx.market.bars(LISTED, end=later)
        yield everything, await ctx.market.quotes(symbols), await ctx.market.account()
        yield whole.minutes, whole.end, some.minutes
        for found in (whole, every):
            for column in (found.open, found.high, found.low, found.close, found.volume):
                base = column if column.base is None else column.base
                yield base.size == column.size, base.tobytes()
        yield ctx.candidates, ctx.ranges, ctx.positions, ctx.orders.all(), ctx.now
        yield ctx.exchange, ctx.session, ctx.strategy, peek(ctx)


    async def digest(ctx):
        told = hashlib.sha256()
        async for sight in seen(ctx):
            told.update(repr(sight).encode())
        return told.hexdigest()


    @hooks.alert
    async def skim_alert(ctx: Context) -> list[Alert]:
        return [Alert(symbol="SEEN", text=await digest(ctx))]


    @hooks.trade
    async def skim_trade(ctx: Context) -> None:
        rows = await ctx.market.scan(GapScan(minimum_percent=Decimal(0), limit=3))
        for row in rows:
            if row.symbol not in ctx.positions and peek(ctx) is not None:
                reason = await digest(ctx)
                stop = row.last * Decimal("0.996")
                target = row.last * Decimal("1.01")
                await ctx.orders.enter(
                    Bracket(symbol=row.symbol, quantity=1000, stop_price=stop,
                            target_price=target, reason=reason,
                            purpose=f"entry_{ctx.now:%H%M}")
                )
        if ctx.now < ctx.session.open + timedelta(minutes=6):
            for symbol in LISTED:
                await ctx.orders.enter(
                    Bracket(symbol=symbol, quantity=1, stop_price=Decimal("0.001"),
                            purpose="is_it_there")
                )


    @hooks.manage
    async def skim_manage(ctx: Context) -> None:
        if ctx.now.minute % 30 == 0:
            for symbol in list(ctx.positions):
                await ctx.orders.exit(symbol, reason="half an hour")
"""
"""A digest of all that it can see is its alert each minute, and the reason why it buys."""

FROM_BEHIND = """
    def peek(ctx):
        broker = ctx.market._inside.broker
        data = broker._open.exchange.market.data.bars
        return data.close[:, -1].tolist()
"""
"""The last prices of the day, by names that are nobody's business."""

FROM_TIMERS = """
    def peek(ctx):
        return sorted(when for when, *_ in ctx.clock._inside._timers)
"""
"""When its own orders will trade."""

REMEMBERED = """
    KNOWN = {}

    def peek(ctx):
        # What was there before now, when this session was run before.
        KNOWN.setdefault(ctx.session.date, []).append(ctx.now)
        return len(KNOWN[ctx.session.date])
"""
"""How often it was called: on the second run more often than on the first."""

NEXT_MINUTE = """
    def peek(ctx):
        bars = ctx.market._inside.broker._open.exchange.market.data.bars
        column = (ctx.now - bars.start) // timedelta(minutes=1)
        return bars.close[:, column].tolist() if 0 <= column < bars.minutes else None
"""
"""The close of the minute that has just begun: one minute too early."""

OPEN_DOORS = """
    def peek(ctx):
        found = [
            getattr(part, name, None)
            for part in (ctx.market, ctx.orders, ctx.day, ctx.clock)
            for name in ("broker", "recorder", "clock", "session", "_desk", "_timers", "__dict__")
        ]
        assert not any(found), found
        return NOTHING
"""
"""What the engine's parts are made of, by names that are anybody's."""


@pytest.fixture
def planned(install, tmp_path):
    """Give the plan of two sessions of a strategy: ``planned("name", PEEK, halts=...)``."""

    def made(name, peek="", first="2025-04-07", **options):
        code = NOSY.replace("    # PEEK\n", peek).replace("LISTED = ()", f"LISTED = {LISTED}")
        strategy = install(name, code)
        market = {"symbols": 10, "seed": 5, "cash": 200_000, "participation": 0.01}
        plan = plan_days(strategy, first, "2025-04-07", tmp_path, exchange="XASX", broker=market)
        return plan.model_copy(update={"options": plan.options.model_copy(update=options)})

    return made


def test_all_that_a_strategy_can_see_hangs_on_the_past_alone(planned, tmp_path):
    plan = planned("nosy", first="2025-04-04")
    assert [str(peek) for peek in find_lookahead(plan, cuts=3)] == []
    summary = replay(plan, tmp_path / "replay", Way())
    assert (summary["failed"], summary["halted"]) == ([], [])
    assert summary["trades"] > 5
    assert {"stop", "target", "exit"} <= {trade["exit_reason"] for trade in trades_in(tmp_path)}


def test_latency_and_halts_tell_nothing_of_what_comes(planned):
    halt = Halt.model_validate({"symbol": LISTED[0], "from": "open+1h", "to": "open+2h"})
    plan = planned("delayed", halts=(halt,), latency=timedelta(seconds=1))
    assert [str(peek) for peek in find_lookahead(plan, cuts=3)] == []


@pytest.mark.parametrize(
    ("name", "peek"),
    [("behind", FROM_BEHIND), ("timers", FROM_TIMERS), ("early", NEXT_MINUTE)],
    ids=["behind", "timers", "early"],
)
def test_a_strategy_that_looks_ahead_is_found(planned, name, peek):
    [found] = find_lookahead(planned(name, peek), cuts=4)
    assert found.expected != found.found
    assert "candidates_alerted" in str(found) or "order_intended" in str(found)
    assert found.cut.rest != "the same"


def test_a_strategy_that_remembers_another_run_is_found(planned):
    [found] = find_lookahead(planned("remembers", REMEMBERED), cuts=1)
    assert found.cut.rest == "the same"


def test_the_parts_of_the_engine_lead_no_further_than_the_contract(planned, tmp_path):
    summary = replay(planned("doors", OPEN_DOORS), tmp_path / "replay", Way())
    assert (summary["failed"], summary["halted"]) == ([], [])


def trades_in(folder):
    return json.loads((folder / "replay" / "trades.json").read_text())
