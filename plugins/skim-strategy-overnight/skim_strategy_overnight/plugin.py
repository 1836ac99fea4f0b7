"""The strategy's day: its phases, and a hook for each. The rules are in `rules`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from skim_core import (
    Bracket,
    Candidate,
    Context,
    GapScan,
    Phase,
    PhaseGraph,
    Retry,
    hookimpl,
    hooks,
)
from skim_strategy_overnight import hookspecs, rules
from skim_strategy_overnight.config import OvernightConfig

api_version = 1

_AGAIN = Retry(attempts=3, backoff="5s")

# A share that is suspended is refused all day: not by the minute.
_AFTER_REFUSAL = timedelta(minutes=10)

# Exit depends on nothing that happens in the evening: what was carried in is sold whatever fails.
GRAPH = PhaseGraph(
    Phase("exit", every="1m", between=("open", "close"), protective=True),
    Phase("rank", at="close-20m", deadline="close-10m", retry=_AGAIN),
    Phase("enter", after="rank", at="close-15m", deadline="close-5m", retry=_AGAIN),
)


@hooks.hookspecs
def skim_hookspecs() -> list[object]:
    """Return the specifications of the phases' own hooks."""
    return [hookspecs]


@hooks.phase_graph
def skim_phase_graph() -> PhaseGraph:
    """Return the phases of the day."""
    return GRAPH


@hooks.config_model
def skim_config_model() -> type[OvernightConfig]:
    """Return the model of ``[strategy.overnight]``."""
    return OvernightConfig


@hookimpl
async def skim_exit(ctx: Context[OvernightConfig]) -> None:
    """Sell what was held over the night, some minutes after its own open."""
    orders = ctx.orders.all()
    leaving = [
        symbol
        for symbol in rules.carried(ctx.positions, orders)
        if ctx.now >= ctx.exchange.opening(symbol, ctx.session) + ctx.config.exit_delay
        and not rules.refused_since(symbol, orders, ctx.now - _AFTER_REFUSAL)
    ]
    tries = (ctx.orders.exit(symbol, reason="held over the night") for symbol in leaving)
    # One that fails must not keep the others from being sent; then it fails the tick.
    for outcome in await asyncio.gather(*tries, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome


@hookimpl
async def skim_rank(ctx: Context[OvernightConfig]) -> Sequence[Candidate]:
    """Rank what gapped up by where in its day's range it trades."""
    config = ctx.config
    rows = await ctx.market.scan(
        GapScan(
            minimum_percent=config.gap_minimum,
            minimum_price=config.price_minimum,
            minimum_volume=config.volume_minimum,
            limit=config.ranked_maximum,
        )
    )
    if not rows:
        return []
    found = {row.symbol: row for row in rows}
    bars = await ctx.market.bars(list(found), ctx.session.open, rules.minute_of(ctx.now))
    strength = rules.strengths(bars)
    return [
        Candidate(
            symbol=symbol,
            reason=f"at {strength[symbol]:.0f} % of its day's range",
            gap_percent=found[symbol].gap_percent,
            open=found[symbol].open,
            previous_close=found[symbol].previous_close,
            volume=found[symbol].volume,
        )
        for symbol in rules.ranked(strength, config.strength_minimum)
    ]


@hookimpl
async def skim_enter(ctx: Context[OvernightConfig]) -> None:
    """Buy the first of the ranks at market, each with a stop that stands over the night."""
    config, orders = ctx.config, ctx.orders.all()
    kept = rules.carried(ctx.positions, orders)
    chosen = rules.chosen(ctx.candidates, kept, config.positions_maximum)
    # After a crash this runs again: what the broker had by then is not decided anew.
    wanted = [symbol for symbol in chosen if symbol not in rules.bought_today(orders)]
    if not wanted:
        return
    cash = (await ctx.market.account()).cash - rules.set_aside(orders, config.position_value)
    quotes = await ctx.market.quotes(wanted)
    for symbol in wanted:
        if symbol not in quotes:
            ctx.log.info("%s is strong, but has no quote", symbol)
            continue
        price = quotes[symbol].last
        commission = ctx.exchange.commission.charge(rules.size(price, config.position_value), price)
        quantity = rules.size(price, min(config.position_value, cash - commission))
        if quantity < 1:
            ctx.log.info("%s is strong, but a share at %s is too much", symbol, price)
            continue
        cash -= quantity * price + commission
        await ctx.orders.enter(
            Bracket(
                symbol=symbol,
                quantity=quantity,
                stop_price=rules.stop_price(price, config.stop_distance),
                reason=ctx.candidates[symbol].reason,
            )
        )
