"""The strategy's day; the rules are those of the README."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import numpy as np

from skim_core import Bracket, Context, OpeningRange, Phase, PhaseGraph, hooks
from skim_strategy_orb_reference.config import OrbConfig

_QUANTITY = 100
_BUFFER = 0.01
_TOLERANCE = 1e-9
_MINUTE = timedelta(minutes=1)
_RANGE = 5 * _MINUTE

GRAPH = PhaseGraph(
    Phase("track_ranges", at="open+5m", deadline="open+10m"),
    Phase("trade", after="track_ranges", every="1m", between=("open+16m", "close-90s")),
    Phase("manage", every="1m", between=("close-1m", "close"), protective=True),
)


@hooks.phase_graph
def skim_phase_graph() -> PhaseGraph:
    """Return the phases of the day."""
    return GRAPH


@hooks.config_model
def skim_config_model() -> type[OrbConfig]:
    """Return the model of ``[strategy.orb_reference]``."""
    return OrbConfig


@hooks.track_ranges
async def skim_track_ranges(ctx: Context[OrbConfig]) -> list[OpeningRange]:
    """Measure the first five minutes of every symbol."""
    start = ctx.session.open
    bars = await ctx.market.bars(ctx.config.symbols, start, start + _RANGE)
    highs, lows = bars.high.max(axis=1).tolist(), bars.low.min(axis=1).tolist()
    return [
        OpeningRange(
            symbol=symbol,
            high=_exact(high),
            low=_exact(low),
            start=start,
            end=start + _RANGE,
            bars=bars.minutes,
        )
        for symbol, high, low in zip(bars.symbols, highs, lows, strict=True)
    ]


@hooks.trade
async def skim_trade(ctx: Context[OrbConfig]) -> None:
    """Buy what closed above its range in the last minute, once a session each."""
    symbols, start = ctx.config.symbols, ctx.session.open
    first = await ctx.market.bars(symbols, start, start + _RANGE)
    bars = await ctx.market.bars(symbols, ctx.now - _MINUTE, ctx.now)
    levels = first.high.max(axis=1) + _BUFFER + _TOLERANCE
    entered, ranges = ctx.orders.decided(), ctx.ranges
    for row in np.flatnonzero(bars.close[:, -1] > levels).tolist():
        symbol = bars.symbols[row]
        if symbol not in entered:
            stop = ranges[symbol].low
            await ctx.orders.enter(Bracket(symbol=symbol, quantity=_QUANTITY, stop_price=stop))


@hooks.manage
async def skim_manage(ctx: Context[OrbConfig]) -> None:
    """Sell what is held at the open of the last minute."""
    for symbol in list(ctx.positions):
        await ctx.orders.exit(symbol, purpose="end")


def _exact(price: float) -> Decimal:
    return Decimal(str(round(price, 2)))
