"""The day that is killed: four entries, a stop that follows, a cancel, a stop, a target, an exit.

Each tick decides everything anew that was decided before: the desk makes one order of it.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from skim_core import (
    Bracket,
    Candidate,
    Context,
    GapScan,
    OpeningRange,
    Phase,
    PhaseGraph,
    hooks,
)

GRAPH = PhaseGraph(
    Phase("scan", at="open+1m"),
    Phase("track_ranges", after="scan", at="open+2m"),
    Phase("trade", after="track_ranges", every="1m", between=("open+2m", "open+9m")),
    Phase("manage", every="2m", between=("open+4m", "open+19m"), protective=True),
)

_ENTRIES = {
    # Symbol: from which minute, and how far from the last price its limit, stop and target are.
    "ALP": (2, None, "-0.30", None),
    "ARC": (3, None, "-0.15", None),
    "BEN": (4, "-0.50", "-1.00", None),
    "BOW": (5, None, "-0.50", "0.30"),
}
_SHARES = 1000
_CANCEL, _EXIT = timedelta(minutes=8), timedelta(minutes=15)
_TRAIL = Decimal("0.25")


@hooks.phase_graph
def skim_phase_graph() -> PhaseGraph:
    """Return the phases of the day."""
    return GRAPH


@hooks.scan
async def skim_scan(ctx: Context[object]) -> list[Candidate]:
    """Find the four shares."""
    rows = await ctx.market.scan(GapScan(minimum_percent=Decimal(1)))
    return [Candidate(symbol=row.symbol, reason="gaps", open=row.open) for row in rows]


@hooks.track_ranges
async def skim_track_ranges(ctx: Context[object]) -> list[OpeningRange]:
    """Measure what they traded at so far."""
    bars = await ctx.market.bars(sorted(ctx.candidates))
    return [
        OpeningRange(
            symbol=symbol,
            high=Decimal(str(round(bars.high[row].max(), 2))),
            low=Decimal(str(round(bars.low[row].min(), 2))),
            start=bars.start,
            end=bars.end,
            bars=bars.minutes,
        )
        for symbol, row in bars.row.items()
    ]


@hooks.trade
async def skim_trade(ctx: Context[object]) -> None:
    """Enter what is due, again and again; cancel the entry that came to nothing."""
    since = ctx.now - ctx.session.open
    quotes = await ctx.market.quotes(sorted(ctx.ranges))
    for symbol, (minute, limit, stop, target) in _ENTRIES.items():
        if since < timedelta(minutes=minute):
            continue
        last = quotes[symbol].last
        bracket = Bracket(
            symbol=symbol,
            quantity=_SHARES,
            limit_price=None if limit is None else last + Decimal(limit),
            stop_price=last + Decimal(stop),
            target_price=None if target is None else last + Decimal(target),
            reason="its minute has come",
        )
        await ctx.orders.enter(bracket)
    if since >= _CANCEL:
        await ctx.orders.cancel("BEN")


@hooks.manage
async def skim_manage(ctx: Context[object]) -> None:
    """Let the stop follow; sell everything in the end."""
    if ctx.now - ctx.session.open >= _EXIT:
        for symbol in sorted(ctx.positions):
            await ctx.orders.exit(symbol, reason="the time is up")
        return
    if "ALP" in ctx.positions:
        [quote] = (await ctx.market.quotes(["ALP"])).values()
        stop = ctx.orders.find("ALP", "stop")
        wanted = quote.last - _TRAIL
        if stop is not None and wanted > (stop.order.stop_price or 0):
            await ctx.orders.move_stop("ALP", wanted, reason="it rose")
