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
from skim_strategy_orh_breakout import rules
from skim_strategy_orh_breakout.config import OrhConfig

api_version = 1

_AGAIN = Retry(attempts=3, backoff="5s")

# One scan of both sides for every strategy with these settings; each takes its own side. Key,
# settings and what the hook returns must be those of skim-strategy-gap-fade.
_GAP_SCAN = Shared(
    key="gap_scan",
    settings=("gap_minimum", "price_minimum", "volume_minimum", "candidates_maximum"),
)

# scan and track_ranges wait in the clock, and their timeouts hold for the longest wait: for
# symbols that open nine minutes late, and a range of an hour.
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
async def skim_track_ranges(ctx: Context[OrhConfig]) -> list[OpeningRange]:
    """Measure the first minutes of each candidate that gapped up, from its own open."""
    windows = {
        symbol: rules.opening_window(
            ctx.exchange.opening(symbol, ctx.session), ctx.config.range_minutes
        )
        for symbol in rules.risen(ctx.candidates.values())
    }
    if not windows:
        return []
    # A broker streams what is asked for: at the windows' end nothing has to be begun.
    await ctx.market.bars(list(windows))
    await ctx.clock.sleep_until(max(end for _, end in windows.values()))
    bars = await ctx.market.bars(list(windows))
    measured = (rules.measure_range(bars, symbol, *window) for symbol, window in windows.items())
    return [found for found in measured if found is not None]


@hooks.alert
def skim_alert(ctx: Context[OrhConfig]) -> list[Alert]:
    """Say what is watched, and the range that it has to break."""
    return [
        Alert(
            symbol=symbol,
            text=f"{symbol} {ctx.candidates[symbol].gap_percent or 0:+.1f} % "
            f"ORH {rules.shown(found.high)} ORL {rules.shown(found.low)}",
        )
        for symbol, found in ctx.ranges.items()
    ]


@hooks.trade
async def skim_trade(ctx: Context[OrhConfig]) -> None:
    """Buy what closed above its range in the last minute, once a session each."""
    decided = rules.decided(ctx.orders.all())
    watched = [found for found in ctx.ranges.values() if found.symbol not in decided]
    if not watched or _closing(ctx):
        return
    # The wall is always a little past the tick: only from the full minute on is the bar whole.
    minute = rules.minute_of(ctx.now)
    symbols = [found.symbol for found in watched]
    bars = await ctx.market.bars(symbols, minute - timedelta(minutes=1), minute)
    if not bars.minutes:
        return
    buffer = ctx.config.buffer_ticks
    levels = [float(found.high + buffer * ctx.exchange.tick(found.high)) for found in watched]
    for row in rules.broken_out(bars.close[:, -1], np.array(levels)):
        await _enter(ctx, watched[row], rules.exact(bars.close[row, -1]))


async def _enter(ctx: Context[OrhConfig], found: OpeningRange, price: Decimal) -> None:
    config, orders = ctx.config, ctx.orders.all()
    taken = rules.places_taken(ctx.positions, orders) - {found.symbol}
    if len(taken) >= config.positions_maximum:
        ctx.log.info("%s broke out, but %s positions are held", found.symbol, len(taken))
        return
    value = config.position_value_maximum
    commission = ctx.exchange.commission.charge(int(value / price), price)
    cash = (await ctx.market.account()).cash - rules.set_aside(orders, value) - commission
    stop = ctx.exchange.round_down(found.low)
    quantity = rules.size(price, stop, config.risk_per_trade, min(value, cash))
    if quantity < 1:
        ctx.log.info("%s broke out, but a share at %s is too much", found.symbol, price)
        return
    high = rules.shown(found.high)
    reason = f"closed at {rules.shown(price)} above its opening range's {high}"
    await ctx.orders.enter(
        Bracket(symbol=found.symbol, quantity=quantity, stop_price=stop, reason=reason)
    )


@hooks.manage
async def skim_manage(ctx: Context[OrhConfig]) -> None:
    """Sell everything before the close. Until then the stops at the exchange are enough."""
    if not _closing(ctx):
        return
    leaving = rules.exits(ctx.positions, ctx.orders.all())
    tries = (ctx.orders.exit(symbol, reason="before the close") for symbol in leaving)
    # One that fails must not keep the others from being sent; then it fails the tick.
    for outcome in await asyncio.gather(*tries, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome


def _closing(ctx: Context[OrhConfig]) -> bool:
    return ctx.now >= ctx.session.close - ctx.config.exit_lead
