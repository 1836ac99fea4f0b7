"""Eight minutes in which there is something at stake at any moment.

Two brackets at market, of which the second's stop is near; a limit that comes to nothing and is
cancelled; a stop that is moved; everything sold in the eighth minute, or later where that fails.
Each tick decides all of it anew: the desk makes one order of it.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from skim_core import Bracket, Context, Phase, PhaseGraph, hooks

SHARES = 1000
HELD, NEAR, FAR = "KEE", "EWE", "MNT"

GRAPH = PhaseGraph(
    Phase("trade", every="1m", between=("open+11m", "open+16m")),
    Phase("manage", every="1m", between=("open+11m", "open+25m"), protective=True),
)


@hooks.phase_graph
def skim_phase_graph() -> PhaseGraph:
    """Return the phases of the day."""
    return GRAPH


@hooks.trade
async def skim_trade(ctx: Context[object]) -> None:
    """Enter what is due, again and again; cancel what came to nothing."""
    since = ctx.now - ctx.session.open - timedelta(minutes=11)
    wanted = {HELD: ("0.90", None), NEAR: ("0.995", None), FAR: ("0.80", "0.90")}
    for number, (symbol, (stop, limit)) in enumerate(wanted.items()):
        if since < timedelta(minutes=number) or symbol in ctx.orders.decided():
            continue
        last = (await ctx.market.quotes([symbol]))[symbol].last
        await ctx.orders.enter(
            Bracket(
                symbol=symbol,
                quantity=SHARES,
                stop_price=_part(last, stop),
                limit_price=None if limit is None else _part(last, limit),
                reason="its minute has come",
            )
        )
    if since >= timedelta(minutes=4):
        await ctx.orders.cancel(FAR)


@hooks.manage
async def skim_manage(ctx: Context[object]) -> None:
    """Let a stop follow; sell everything in the end."""
    since = ctx.now - ctx.session.open - timedelta(minutes=11)
    if since >= timedelta(minutes=7):
        for symbol in sorted(ctx.positions):
            await ctx.orders.exit(symbol, reason="the time is up")
    elif since >= timedelta(minutes=3) and HELD in ctx.positions:
        last = (await ctx.market.quotes([HELD]))[HELD].last
        await ctx.orders.move_stop(HELD, _part(last, "0.95"), reason="it follows")


def _part(price: Decimal, part: str) -> Decimal:
    return (price * Decimal(part)).quantize(Decimal("0.01"))
