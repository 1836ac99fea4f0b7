"""Two installed strategies in one process: neither sees the other's failures."""

from __future__ import annotations

from textwrap import dedent

import pytest

from skim_core.model.events import DayFinished, Outcome

SESSION = ("--session", "2026-11-24")
BOTH = ("start_trading_day", "--strategy", "orh_breakout", "--strategy", "second", *SESSION)
FIRST, SECOND = (f"{name}/XASX/2026-11-24/paper" for name in ("orh_breakout", "second"))

STRATEGY = """
    from datetime import timedelta
    from decimal import Decimal

    from skim_core import Bracket, Candidate, Context, Phase, PhaseGraph, hooks

    @hooks.phase_graph
    def skim_phase_graph() -> PhaseGraph:
        return PhaseGraph(
            Phase("scan", at="open+5m"),
            Phase("trade", after="scan", every="1h", between=("open+30m", "open+1h")),
            Phase("manage", every="5m", between=("open", "close"), protective=True),
        )

    @hooks.scan
    async def skim_scan(ctx: Context[object]) -> list[Candidate]:
        return [Candidate(symbol="OLL", reason="is watched every day")]

    @hooks.trade
    async def skim_trade(ctx: Context[object]) -> None:
        for symbol, quote in (await ctx.market.quotes(list(ctx.candidates))).items():
            stop = quote.last / 2
            await ctx.orders.enter(Bracket(symbol=symbol, quantity=100, stop_price=stop))

    @hooks.manage
    async def skim_manage(ctx: Context[object]) -> None:
        if ctx.now >= ctx.session.close - timedelta(minutes=30):
            for symbol in list(ctx.positions):
                await ctx.orders.exit(symbol)
"""

RAISING = """
    from skim_core import Candidate, Context, Phase, PhaseGraph, hooks

    @hooks.phase_graph
    def skim_phase_graph() -> PhaseGraph:
        return PhaseGraph(Phase("scan", at="open+5m"))

    @hooks.scan
    async def skim_scan(ctx: Context[object]) -> list[Candidate]:
        raise RuntimeError("the news feed sent nothing")
"""


@pytest.fixture
def skim(skim_in, tmp_path):
    """Give a ``Skim`` beside orh_breakout with the strategy ``second`` of this code."""

    def installed(code):
        (tmp_path / "second_strategy.py").write_text(dedent(code))
        directory = tmp_path / "skim_strategy_second-1.0.dist-info"
        directory.mkdir()
        (directory / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: skim-strategy-second\nVersion: 1.0\n"
        )
        (directory / "entry_points.txt").write_text("[skim.strategies]\nsecond = second_strategy\n")
        return skim_in(tmp_path)

    return installed


@pytest.fixture(scope="module")
def alone(skim_in):
    """Run orh_breakout by itself; give its events."""
    skim = skim_in()
    code, said = skim.run("start_trading_day", "--strategy", "orh_breakout", *SESSION)
    assert code == 0, said
    return skim.events(FIRST)


def fills_of(events):
    return [event.fill for event in events if event.kind == "order_filled"]


def test_each_of_two_strategies_trades_its_own_day(skim, alone):
    both = skim(STRATEGY)
    code, said = both.run(*BOTH)
    assert code == 0, said
    first, second = both.events(FIRST), both.events(SECOND)
    assert {fill.symbol for fill in fills_of(second)} == {"OLL"}
    assert sum(fill.quantity * fill.side.sign for fill in fills_of(second)) == 0
    ours = {fill.reference for fill in fills_of(first)}
    assert not ours & {fill.reference for fill in fills_of(second)}
    closed = [event for event in first if event.kind == "position_closed"]
    assert [(trade.symbol, trade.quantity) for trade in closed] == [
        (trade.symbol, trade.quantity) for trade in alone if trade.kind == "position_closed"
    ]


def test_a_strategy_that_raises_leaves_the_other_alone(skim, alone):
    both = skim(RAISING)
    code, said = both.run(*BOTH)
    assert code == 1
    assert "RuntimeError: the news feed sent nothing" in said
    assert "Traceback" not in said
    first, second = both.events(FIRST), both.events(SECOND)
    assert fills_of(first) == fills_of(alone)
    assert isinstance(first[-1], DayFinished)
    assert first[-1].outcome is Outcome.COMPLETED
    assert isinstance(second[-1], DayFinished)
    assert second[-1].outcome is Outcome.FAILED
    assert "scan" in second[-1].reason
