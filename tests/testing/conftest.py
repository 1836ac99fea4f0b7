"""A strategy that buys breaks of the first minutes' high, for days that the kit plays."""

from __future__ import annotations

import sys
from textwrap import dedent

import pytest

pytest_plugins = ["pytester"]

STRATEGY = """
    from datetime import timedelta
    from decimal import Decimal

    from skim_core import Bracket, Candidate, Context, GapScan, OpeningRange, Phase, PhaseGraph, hooks

    api_version = 1

    @hooks.phase_graph
    def skim_phase_graph() -> PhaseGraph:
        return PhaseGraph(
            Phase("scan", at="open+10m"),
            Phase("track_ranges", after="scan", at="open+15m"),
            Phase("trade", after="track_ranges", every="1m", between=("open+15m", "close-30m")),
            Phase("manage", every="1m", protective=True),
        )

    @hooks.scan
    async def skim_scan(ctx: Context[object]) -> list[Candidate]:
        rows = await ctx.market.scan(GapScan(minimum_percent=3))
        return [Candidate(symbol=row.symbol, reason="gap") for row in rows]

    @hooks.track_ranges
    async def skim_track_ranges(ctx: Context[object]) -> list[OpeningRange]:
        start, end = ctx.session.open, ctx.now
        bars = await ctx.market.bars(list(ctx.candidates), start, end)
        return [
            OpeningRange(
                symbol=symbol,
                high=Decimal(str(bars.high[row][bars.high[row] > 0].max())),
                low=Decimal(str(bars.low[row][bars.low[row] > 0].min())),
                start=start, end=end, bars=15,
            )
            for row, symbol in enumerate(bars.symbols)
        ]

    @hooks.trade
    def skim_trade(ctx: Context[object]) -> None:
        for symbol, quote in ctx.wait(ctx.market.quotes(list(ctx.ranges))).items():
            if quote.last > ctx.ranges[symbol].high:
                bracket = Bracket(symbol=symbol, quantity=100, stop_price=ctx.ranges[symbol].low)
                ctx.wait(ctx.orders.enter(bracket))

    @hooks.manage
    async def skim_manage(ctx: Context[object]) -> None:
        if ctx.now >= ctx.session.close - timedelta(minutes=10):
            for symbol in list(ctx.positions):
                await ctx.orders.exit(symbol, reason="before the close")
"""


@pytest.fixture(scope="module")
def put(tmp_path_factory):
    """Install a strategy: ``put("breaks", code)`` gives its name."""
    site = tmp_path_factory.mktemp("site")
    sys.path.insert(0, str(site))

    def installed(name, code=STRATEGY):
        (site / f"kit_{name}.py").write_text(dedent(code))
        info = site / f"kit_{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: kit-{name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[skim.strategies]\n{name} = kit_{name}\n")
        return name

    yield installed
    sys.path.remove(str(site))
    for module in [name for name in sys.modules if name.startswith("kit_")]:
        del sys.modules[module]


@pytest.fixture(scope="module")
def breaks(put):
    """Give the name of the strategy above, installed."""
    return put("breaks")


@pytest.fixture(scope="session")
def source():
    """Give its source."""
    return STRATEGY
