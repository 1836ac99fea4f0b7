"""The strategy's day: its phases, and a hook for each. The rules are in `rules`."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from skim_core import (
    Alert,
    Bracket,
    Candidate,
    Context,
    GapScan,
    OpeningRange,
    Phase,
    PhaseGraph,
    Retry,
    hooks,
)
from skim_strategy_orh_breakout.config import OrhConfig
from skim_strategy_orh_breakout.rules import (
    broken_out,
    exact,
    measure_range,
    opening_window,
    size,
)

GRAPH = PhaseGraph(
    Phase("setup"),
    Phase(
        "scan",
        after="setup",
        at="open+1m",
        deadline="open+30m",
        timeout="15m",
        retry=Retry(attempts=3, backoff="5s"),
    ),
    Phase("track_ranges", after="scan", deadline="open+30m", timeout="75m"),
    Phase("alert", after="track_ranges", on_failure="continue"),
    Phase("trade", after="track_ranges", every="1m", between=("open+15m", "close-30m")),
    Phase("manage", every="1m", between=("open", "close"), protective=True),
)


@hooks.phase_graph
def skim_phase_graph() -> PhaseGraph:
    """Return the phases of the day."""
    return GRAPH


@hooks.config_model
def skim_config_model() -> type[OrhConfig]:
    """Return the model of ``[strategy.orh_breakout]``."""
    return OrhConfig


@hooks.setup
async def skim_setup(ctx: Context[OrhConfig]) -> None:
    """Forget yesterday's candidates."""
    await ctx.purge_candidates()


@hooks.scan
async def skim_scan(ctx: Context[OrhConfig]) -> list[Candidate]:
    """Find what gaps up, once the last group of symbols has opened and traded a minute."""
    delays = [group.delay for group in ctx.exchange.opening_groups]
    last_open = ctx.session.open + max(delays, default=timedelta(0))
    await ctx.clock.sleep_until(last_open + timedelta(minutes=1))
    config = ctx.config
    rows = await ctx.market.scan(
        GapScan(
            minimum_percent=config.gap_minimum,
            minimum_price=config.price_minimum,
            minimum_volume=config.volume_minimum,
            limit=config.candidates_maximum,
        )
    )
    return [
        Candidate(
            symbol=row.symbol,
            reason=f"gaps {row.gap_percent:+.1f} %",
            gap_percent=row.gap_percent,
            open=row.open,
            previous_close=row.previous_close,
            volume=row.volume,
        )
        for row in rows
    ]


@hooks.track_ranges
async def skim_track_ranges(ctx: Context[OrhConfig]) -> list[OpeningRange]:
    """Measure each candidate's first minutes, from its own open."""
    if not ctx.candidates:
        return []
    windows = {
        symbol: opening_window(ctx.exchange.opening(symbol, ctx.session), ctx.config.range_minutes)
        for symbol in ctx.candidates
    }
    await ctx.clock.sleep_until(max(end for _, end in windows.values()))
    bars = await ctx.market.bars(list(windows))
    measured = (measure_range(bars, symbol, *window) for symbol, window in windows.items())
    return [found for found in measured if found is not None]


@hooks.alert
def skim_alert(ctx: Context[OrhConfig]) -> list[Alert]:
    """Say what is watched, and the range that it has to break."""
    return [
        Alert(
            symbol=symbol,
            text=f"{symbol} {candidate.gap_percent:+.1f} % "
            f"ORH {ctx.ranges[symbol].high:f} ORL {ctx.ranges[symbol].low:f}",
        )
        for symbol, candidate in ctx.candidates.items()
        if symbol in ctx.ranges and candidate.gap_percent is not None
    ]


@hooks.trade
async def skim_trade(ctx: Context[OrhConfig]) -> None:
    """Buy what closed above its range in the last minute, once a session each."""
    watched = [found for found in ctx.ranges.values() if ctx.orders.find(found.symbol) is None]
    if not watched:
        return
    # A tick may come a moment late: what counts is the last minute that is over.
    over = ctx.now.replace(second=0, microsecond=0)
    symbols = [found.symbol for found in watched]
    bars = await ctx.market.bars(symbols, over - timedelta(minutes=1), over)
    if not bars.minutes:
        return
    buffer = ctx.config.buffer_ticks
    levels = [float(found.high + buffer * ctx.exchange.tick(found.high)) for found in watched]
    for row in broken_out(bars.close[:, -1], np.array(levels)):
        await _enter(ctx, watched[row], float(bars.close[row, -1]))


async def _enter(ctx: Context[OrhConfig], found: OpeningRange, close: float) -> None:
    working = {state.order.symbol for state in ctx.orders.all() if state.live} | set(ctx.positions)
    if len(working) >= ctx.config.positions_maximum:
        ctx.log.info("%s broke out, but %s positions are held", found.symbol, len(working))
        return
    price = exact(close)
    account = await ctx.market.account()
    value = min(ctx.config.position_value_maximum, account.cash)
    quantity = size(price, found.low, ctx.config.risk_per_trade, value)
    if quantity < 1:
        ctx.log.info("%s broke out, but a share at %s is too much to risk", found.symbol, price)
        return
    reason = f"closed at {price:f} above its opening range's {found.high:f}"
    await ctx.orders.enter(
        Bracket(symbol=found.symbol, quantity=quantity, stop_price=found.low, reason=reason)
    )


@hooks.manage
async def skim_manage(ctx: Context[OrhConfig]) -> None:
    """Sell everything before the close; until then the stops rest at the exchange."""
    if ctx.now < ctx.session.close - ctx.config.exit_lead:
        return
    held = set(ctx.positions) | {state.order.symbol for state in ctx.orders.all() if state.live}
    for symbol in sorted(held):
        await ctx.orders.exit(symbol, reason="before the close")
