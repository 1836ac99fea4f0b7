"""The strategy's day: its phases, and a hook for each. The rules are in `rules`."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal

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
    Shared,
    hooks,
)
from skim_strategy_gap_fade import rules
from skim_strategy_gap_fade.config import FadeConfig

api_version = 1

_AGAIN = Retry(attempts=3, backoff="5s")

# One scan of both sides for every strategy with these settings; each takes its own side. Key,
# settings and what the hook returns must be those of skim-strategy-orh-breakout.
_GAP_SCAN = Shared(
    key="gap_scan",
    settings=("gap_minimum", "price_minimum", "volume_minimum", "candidates_maximum"),
)

# scan and track_ranges wait in the clock, and their timeouts hold for the longest wait: for
# symbols that open nine minutes late, and first minutes of an hour.
GRAPH = PhaseGraph(
    Phase("setup"),
    Phase(
        "scan",
        after="setup",
        at="open+1m",
        deadline="open+30m",
        timeout="15m",
        retry=_AGAIN,
        shared=_GAP_SCAN,
    ),
    Phase("track_ranges", after="scan", deadline="open+30m", timeout="75m", retry=_AGAIN),
    Phase("alert", after="track_ranges", on_failure="continue"),
    Phase("trade", after="track_ranges", every="1m", between=("open+2m", "close-30m")),
    Phase("manage", every="1m", between=("open", "close"), protective=True),
)


@hooks.phase_graph
def skim_phase_graph() -> PhaseGraph:
    """Return the phases of the day."""
    return GRAPH


@hooks.config_model
def skim_config_model() -> type[FadeConfig]:
    """Return the model of ``[strategy.gap_fade]``."""
    return FadeConfig


@hooks.setup
async def skim_setup(ctx: Context[FadeConfig]) -> None:
    """Forget yesterday's candidates."""
    await ctx.purge_candidates()


@hooks.scan
async def skim_scan(ctx: Context[FadeConfig]) -> list[Candidate]:
    """Find what gaps, up and down, once the last group of symbols has traded a minute."""
    delays = [group.delay for group in ctx.exchange.opening_groups]
    last_open = ctx.session.open + max(delays, default=timedelta(0))
    await ctx.clock.sleep_until(last_open + timedelta(minutes=1))
    config = ctx.config
    rows = [
        row
        for minimum in (config.gap_minimum, -config.gap_minimum)
        for row in await ctx.market.scan(
            GapScan(
                minimum_percent=minimum,
                minimum_price=config.price_minimum,
                minimum_volume=config.volume_minimum,
                limit=config.candidates_maximum,
            )
        )
    ]
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
async def skim_track_ranges(ctx: Context[FadeConfig]) -> list[OpeningRange]:
    """Measure the first minutes of each candidate that gapped down, from its own open."""
    windows = {
        symbol: rules.first_window(
            ctx.exchange.opening(symbol, ctx.session), ctx.config.wait_minutes
        )
        for symbol in rules.fallen(ctx.candidates.values())
    }
    if not windows:
        return []
    # A broker streams what is asked for: at the windows' end nothing has to be begun.
    await ctx.market.bars(list(windows))
    await ctx.clock.sleep_until(max(end for _, end in windows.values()))
    bars = await ctx.market.bars(list(windows))
    measured = (rules.measure(bars, symbol, *window) for symbol, window in windows.items())
    return [found for found in measured if found is not None]


@hooks.alert
def skim_alert(ctx: Context[FadeConfig]) -> list[Alert]:
    """Say what is watched, and the price above which it has to close."""
    return [
        Alert(
            symbol=symbol,
            text=f"{symbol} {ctx.candidates[symbol].gap_percent or 0:+.1f} % "
            f"above {rules.shown(rules.level(found, ctx.config.recovery))}",
        )
        for symbol, found in ctx.ranges.items()
    ]


@hooks.trade
async def skim_trade(ctx: Context[FadeConfig]) -> None:
    """Buy what closed far enough above its first minutes' low in the last minute, once each."""
    decided = rules.decided(ctx.orders.all())
    watched = [found for found in ctx.ranges.values() if found.symbol not in decided]
    if not watched or _closing(ctx):
        return
    # The wall is always a little past the tick: only from the full minute on is the bar whole.
    minute = rules.minute_of(ctx.now)
    bars = await ctx.market.bars([found.symbol for found in watched], ctx.session.open, minute)
    if bars.end < minute:
        return
    levels = [float(rules.level(found, ctx.config.recovery)) for found in watched]
    for row in rules.recovered(bars.close[:, -1], np.array(levels)):
        low = rules.lowest(bars, row)
        await _enter(ctx, watched[row].symbol, rules.exact(bars.close[row, -1]), low)


async def _enter(ctx: Context[FadeConfig], symbol: str, price: Decimal, low: Decimal) -> None:
    config, orders = ctx.config, ctx.orders.all()
    target = rules.target(ctx.candidates[symbol], config.target_fill)
    if target is None or ctx.exchange.round_up(target) <= price:
        ctx.log.info("%s came back, but its gap is filled that far already", symbol)
        return
    taken = rules.places_taken(ctx.positions, orders) - {symbol}
    if len(taken) >= config.positions_maximum:
        ctx.log.info("%s came back, but %s positions are held", symbol, len(taken))
        return
    value = config.position_value_maximum
    commission = ctx.exchange.commission.charge(int(value / price), price)
    cash = (await ctx.market.account()).cash - rules.set_aside(orders, value) - commission
    stop = ctx.exchange.round_down(low) - ctx.exchange.tick(low)
    quantity = rules.size(price, stop, config.risk_per_trade, min(value, cash))
    if quantity < 1:
        ctx.log.info("%s came back, but a share at %s is too much", symbol, price)
        return
    reason = f"closed at {rules.shown(price)}, back from {rules.shown(low)}"
    await ctx.orders.enter(
        Bracket(
            symbol=symbol, quantity=quantity, stop_price=stop, target_price=target, reason=reason
        )
    )


@hooks.manage
async def skim_manage(ctx: Context[FadeConfig]) -> None:
    """Sell everything before the close. Until then stop and target at the exchange are enough."""
    if not _closing(ctx):
        return
    leaving = rules.exits(ctx.positions, ctx.orders.all())
    tries = (ctx.orders.exit(symbol, reason="before the close") for symbol in leaving)
    # One that fails must not keep the others from being sent; then it fails the tick.
    for outcome in await asyncio.gather(*tries, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome


def _closing(ctx: Context[FadeConfig]) -> bool:
    return ctx.now >= ctx.session.close - ctx.config.exit_lead
