"""A strategy whose days have all that a report must show, texts that would break it included.

Its second scan succeeds, except on days of the month that end in 9, when none does. On even
days it alerts too late, on odd ones the alert fails. It enters three symbols, one of them more
than a limit of two positions lets through, and moves its stops up each half hour.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

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

HOSTILE = (
    "</title></style><script>alert('a')</script><img src=http://x.test/y onerror=alert(1)> & \"q\""
)
AGAIN = Retry(attempts=3, backoff="4m", jitter=0)
_MINUTE = timedelta(minutes=1)
_scans: dict[object, int] = {}


@hooks.phase_graph
def skim_phase_graph() -> PhaseGraph:
    return PhaseGraph(
        Phase("setup"),
        Phase("scan", after="setup", at="open+5m", timeout="30m", retry=AGAIN),
        Phase("track_ranges", after="scan", at="open+11m"),
        Phase("alert", after="scan", at="open+12m", deadline="open+20m", on_failure="continue"),
        Phase("trade", after="track_ranges", at="open+20m"),
        Phase("manage", every="30m", between=("open", "close"), protective=True),
    )


@hooks.setup
async def skim_setup(ctx: Context[None]) -> None:
    await ctx.purge_candidates()


@hooks.scan
async def skim_scan(ctx: Context[None]) -> list[Candidate]:
    tries = _scans[ctx.session.date] = _scans.get(ctx.session.date, 0) + 1
    if tries == 1 or ctx.session.date.day % 10 == 9:
        raise RuntimeError(HOSTILE)
    if ctx.session.date.day % 2 == 0:
        await ctx.clock.sleep_until(ctx.session.open + 21 * _MINUTE)
    rows = await ctx.market.scan(GapScan(minimum_percent=0, limit=3))
    return [Candidate(symbol=row.symbol, reason=HOSTILE) for row in rows]


@hooks.track_ranges
async def skim_track_ranges(ctx: Context[None]) -> list[OpeningRange]:
    start, end = ctx.session.open, ctx.session.open + 10 * _MINUTE
    bars = (await ctx.market.bars(list(ctx.candidates), start)).between(start, end)
    return [
        OpeningRange(
            symbol=symbol,
            high=Decimal(str(round(max(high), 4))),
            low=Decimal(str(round(min(low), 4))),
            start=start,
            end=end,
            bars=len(high),
        )
        for symbol in bars.symbols
        if (high := [price for price in bars.high[bars.row[symbol]] if price == price])  # noqa: PLR0124  not NaN
        and (low := [price for price in bars.low[bars.row[symbol]] if price == price])  # noqa: PLR0124
    ]


@hooks.alert
async def skim_alert(ctx: Context[None]) -> list[Alert]:
    raise ValueError(HOSTILE)


@hooks.trade
async def skim_trade(ctx: Context[None]) -> None:
    for symbol, quote in (await ctx.market.quotes(list(ctx.candidates))).items():
        stop = quote.last * Decimal("0.98")
        await ctx.orders.enter(
            Bracket(symbol=symbol, quantity=300, stop_price=stop, reason=HOSTILE)
        )


@hooks.manage
async def skim_manage(ctx: Context[None]) -> None:
    for symbol in list(ctx.positions):
        if ctx.now >= ctx.session.close - timedelta(hours=1):
            await ctx.orders.exit(symbol, reason=HOSTILE)
            continue
        stop = ctx.orders.find(symbol, "stop")
        quote = (await ctx.market.quotes([symbol]))[symbol]
        wanted = ctx.exchange.round_down(quote.last * Decimal("0.985"))
        if stop is None or (stop.order.stop_price or wanted) < wanted:
            await ctx.orders.move_stop(symbol, wanted, reason=HOSTILE)
