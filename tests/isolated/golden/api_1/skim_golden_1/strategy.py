"""The strategy: each hook of a day, one of its own, plain and async ones."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from skim_core import (
    MINUTE,
    Alert,
    Bracket,
    Candidate,
    Context,
    GapScan,
    OpeningRange,
    OrderStage,
    OrderState,
    Phase,
    PhaseGraph,
    Position,
    Quote,
    Retry,
    Shared,
    Side,
    SkimError,
    TradingDay,
    hookimpl,
    hooks,
)
from skim_core.errors import BrokerError, OrderRefusedError
from skim_core.events import DayFinished, Event, OrderFilled, PositionClosed
from skim_golden_1 import hookspecs
from skim_golden_1.config import Config

api_version = 1

_AGAIN = Retry(attempts=3, backoff="5s", factor=2.0, jitter=0.0)

GRAPH = PhaseGraph(
    Phase("setup", deadline="open"),
    Phase(
        "scan",
        at="open+10m",
        deadline="open+30m",
        retry=_AGAIN,
        shared=Shared(key="golden_gaps", settings=("gap_minimum",)),
        timeout="2m",
    ),
    Phase("rank", after="scan", hook="skim_rank", deadline="open+35m"),
    Phase("track_ranges", after="rank", deadline="open+40m", timeout="75m", retry=_AGAIN),
    Phase("alert", after=("rank", "track_ranges"), on_failure="continue"),
    Phase(
        "trade",
        after="track_ranges",
        every="1m",
        between=("open+10m", "close-30m"),
        give_up_after=5,
    ),
    Phase("manage", every="1m", between=("open", "close"), protective=True),
)


@hooks.hookspecs
def skim_hookspecs() -> list[object]:
    """Return the specification of the strategy's own phase."""
    return [hookspecs]


@hooks.config_model
def skim_config_model() -> type[Config]:
    """Return the model of the settings."""
    return Config


@hooks.phase_graph
def skim_phase_graph() -> PhaseGraph:
    """Return the phases of the day."""
    return GRAPH


@hooks.setup
async def skim_setup(ctx: Context[Config]) -> None:
    """Forget what was found before, and say what is held."""
    await ctx.purge_candidates()
    held: list[Position] = list(ctx.positions.values())
    account = await ctx.market.account()
    ctx.log.info("%s: %s %s, holding %s", ctx.phase, account.cash, account.currency, held)


@hooks.scan
def find_gaps(ctx: Context[Config]) -> list[Candidate]:
    """Find what gapped up; plain, so it waits through the context."""
    rows = ctx.wait(ctx.market.scan(GapScan(minimum_percent=ctx.config.gap_minimum, limit=20)))
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


@hookimpl
async def skim_rank(ctx: Context[Config]) -> Sequence[Candidate]:
    """Put what trades most first."""
    ranked = sorted(ctx.candidates.values(), key=lambda found: (-(found.volume or 0), found.symbol))
    await ctx.purge_candidates()
    return ranked


@hooks.track_ranges
async def skim_track_ranges(ctx: Context[Config]) -> list[OpeningRange]:
    """Measure each candidate's first minutes, from its own open."""
    if not ctx.candidates:
        return []
    starts = {symbol: ctx.exchange.opening(symbol, ctx.session) for symbol in ctx.candidates}
    await ctx.clock.sleep_until(max(starts.values()) + ctx.config.range_length + MINUTE)
    bars = await ctx.market.bars(list(starts))
    ranges = []
    for symbol, start in starts.items():
        end = start + ctx.config.range_length
        first = bars.between(start, end)
        row = first.row[symbol]
        traded = [column for column in range(first.minutes) if first.volume[row, column] > 0]
        if traded:
            high = max(float(first.high[row, column]) for column in traded)
            low = min(float(first.low[row, column]) for column in traded)
            ranges.append(
                OpeningRange(
                    symbol=symbol,
                    high=Decimal(repr(round(high, 6))),
                    low=Decimal(repr(round(low, 6))),
                    start=start,
                    end=end,
                    bars=len(traded),
                )
            )
    return ranges


@hooks.alert
def skim_alert(ctx: Context[Config]) -> list[Alert]:
    """Say above which price each is bought."""
    return [
        Alert(symbol=symbol, text=f"{symbol} is bought above {found.high:f}")
        for symbol, found in ctx.ranges.items()
    ]


@hooks.trade
async def skim_trade(ctx: Context[Config]) -> None:
    """Buy what trades above its range, while there is a place."""
    places = ctx.config.places - len(ctx.orders.decided())
    quotes = await ctx.market.quotes(list(ctx.ranges))
    for symbol, quote in quotes.items():
        found = ctx.ranges[symbol]
        if places < 1 or quote.last <= found.high or ctx.orders.find(symbol) is not None:
            continue
        state = await ctx.orders.enter(_bracket(ctx, quote, found))
        places -= 1
        if state.stage is OrderStage.REFUSED:
            ctx.log.info("%s was refused: %s", symbol, state.reason)


def _bracket(ctx: Context[Config], quote: Quote, found: OpeningRange) -> Bracket:
    return Bracket(
        symbol=quote.symbol,
        quantity=ctx.config.shares,
        side=Side.BUY,
        limit_price=ctx.exchange.round_down(quote.last * Decimal("1.01")),
        stop_price=ctx.exchange.round_down(found.low),
        target_price=ctx.exchange.round_down(quote.last * Decimal("1.5")),
        reason=f"{quote.last:f} is above {found.high:f}",
    )


@hooks.manage
async def skim_manage(ctx: Context[Config]) -> None:
    """Cancel entries that rest, raise stops to the entry, and sell before the close."""
    for state in ctx.orders.all():
        if _rests_too_long(state, ctx):
            await ctx.orders.cancel(state.order.symbol)
    if ctx.now < ctx.session.close - ctx.config.exit_lead:
        await _raise_stops(ctx)
        return
    exits = (ctx.orders.exit(symbol, reason="before the close") for symbol in list(ctx.positions))
    for outcome in await asyncio.gather(*exits, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome


def _rests_too_long(state: OrderState, ctx: Context[Config]) -> bool:
    entry = ctx.orders.find(state.order.symbol)
    sent = state.sent_at
    return (
        entry is not None
        and entry.order.reference == state.order.reference
        and state.live
        and state.open_quantity > 0
        and sent is not None
        and ctx.now - sent > timedelta(minutes=30)
    )


async def _raise_stops(ctx: Context[Config]) -> None:
    quotes = await ctx.market.quotes(list(ctx.positions)) if ctx.positions else {}
    for symbol, quote in quotes.items():
        held = ctx.positions[symbol]
        stop = ctx.orders.find(symbol, "stop")
        entry = ctx.exchange.round_down(held.average_price)
        risen = quote.last > held.average_price * Decimal("1.02")
        if risen and stop is not None and (stop.order.stop_price or entry) < entry:
            try:
                await ctx.orders.move_stop(symbol, entry, reason="nothing is to be lost")
            except OrderRefusedError as refusal:
                ctx.log.info("the stop of %s stays: %s", symbol, refusal)
            except BrokerError as error:
                raise SkimError(str(error)) from error


TOLD: list[str] = []
"""What the strategy heard of its own days; its tests look at it."""


@hooks.on_event
def skim_on_event(event: Event, day: TradingDay) -> None:
    """Note what became of the day."""
    match event:
        case OrderFilled(fill=fill):
            TOLD.append(f"{day.session.date} {fill.side} {fill.symbol}")
        case PositionClosed(symbol=symbol):
            TOLD.append(f"{day.session.date} closed {symbol}")
        case DayFinished(outcome=outcome):
            TOLD.append(f"{day.session.date} {outcome}")
