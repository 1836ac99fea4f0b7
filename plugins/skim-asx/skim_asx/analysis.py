"""What an end-of-day store tells of a period. Pure: tables in, tables out.

Every function takes all prices, sorted by symbol and date, because what is unusual in a period is
measured against the days before it; and returns rows in the order in which they are shown.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from skim_asx.performance import performance
from skim_asx.periods import Period

BASELINE = 50
"""Rows of a symbol before an event that its volume is measured against; without them it is none."""


def liquid(prices: pl.DataFrame, price: float = 0.2, volume: float = 50_000) -> pl.DataFrame:
    """Return the prices of shares (codes of three characters) that trade well.

    Their last close is at least `price` dollars, and the mean volume of their last 50 rows at
    least `volume` shares.
    """
    latest = prices.group_by("symbol").agg(
        last=pl.col("close").last(), mean=pl.col("volume").tail(BASELINE).mean()
    )
    good = latest.filter(
        (pl.col("symbol").str.len_chars() == 3)  # noqa: PLR2004  shares' codes
        & (pl.col("last") >= price)
        & (pl.col("mean") >= volume)
    )
    return prices.join(good.select("symbol"), on="symbol", how="semi", maintain_order="left")


def top(
    prices: pl.DataFrame, period: Period, price: float = 0.2, volume: float = 50_000
) -> pl.DataFrame:
    """Return what made most in the period, the most first.

    Left out is what cost less than `price` at its start, or traded less than `volume` a day.
    """
    made = performance(prices, period.first, period.last)
    chosen = made.filter((pl.col("start") >= price) & (pl.col("volume") >= volume))
    return chosen.sort("return_percent", "symbol", descending=[True, False]).select(
        "symbol", "return_percent", "start", "end", "volume", "volatility", "days"
    )


def gaps(
    prices: pl.DataFrame,
    period: Period,
    percent: float = 10,
    volume: float = 50_000,
    times: float = 2,
) -> pl.DataFrame:
    """Return the opens at least `percent` above the close before, the widest first.

    Of a volume of at least `volume` shares and `times` the mean of the 50 rows before; without
    those it is not known whether it was much, and the gap is left out.
    """
    marked = _with_baseline(prices).with_columns(
        previous_close=pl.col("close").shift(1).over("symbol")
    )
    found = marked.with_columns(
        gap_percent=((pl.col("open") / pl.col("previous_close") - 1) * 100).round(6),
        volume_times=pl.col("volume") / pl.col("baseline"),
    ).filter(
        _inside(period)
        & (pl.col("gap_percent") >= percent)
        & (pl.col("volume") >= volume)
        & (pl.col("volume_times") >= times)
    )
    return found.sort("gap_percent", "date", "symbol", descending=[True, False, False]).select(
        "symbol", "date", "gap_percent", "previous_close", "open", "close", "volume", "volume_times"
    )


def momentum(prices: pl.DataFrame, period: Period, days: int = 3) -> pl.DataFrame:
    """Return the runs of at least `days` higher closes in a row, the greatest gain first.

    A run is every higher close after the last one that was not; one that began before the
    period counts from its first day in it. The gain is from the close before the run.
    """
    rises = pl.col("close") > pl.col("before")
    marked = (
        _with_baseline(prices)
        .with_columns(before=pl.col("close").shift(1).over("symbol"))
        .filter(_inside(period))
        .with_columns(rises=rises.fill_null(value=False))
        .with_columns(run=(~pl.col("rises")).cum_sum().over("symbol"))
        .filter(pl.col("rises"))
    )
    runs = marked.group_by("symbol", "run", maintain_order=True).agg(
        first=pl.col("date").first(),
        last=pl.col("date").last(),
        days=pl.len(),
        gain_percent=((pl.col("close").last() / pl.col("before").first() - 1) * 100).round(6),
        volume=pl.col("volume").mean(),
        volume_times=pl.col("volume").mean() / pl.col("baseline").first(),
    )
    return (
        runs.filter(pl.col("days") >= days)
        .sort("gain_percent", "first", "symbol", descending=[True, False, False])
        .drop("run")
    )


def consolidation(
    prices: pl.DataFrame,
    period: Period,
    days: int = 5,
    percent: float = 10,
    times: float = 0.5,
) -> pl.DataFrame:
    """Return the quiet spans of the period, the longest first, each told once.

    Quiet are `days` rows in a row whose highest high is at most `percent` above their lowest low
    (of the middle between them), at a mean volume of at most `times` that of the 50 rows before.
    Quiet rows that have days in common are one span, which may go further than they do.
    """
    high = pl.col("high").rolling_max(days).over("symbol")
    low = pl.col("low").rolling_min(days).over("symbol")
    quiet = ((high - low) <= (high + low) / 2 * percent / 100 + 1e-9) & (
        pl.col("volume").rolling_mean(days).over("symbol")
        <= times * pl.col("baseline").shift(days - 1).over("symbol")
    )
    number = pl.int_range(pl.len()).over("symbol")
    marked = _with_baseline(prices).with_columns(row=number, quiet=quiet.fill_null(value=False))
    inside = pl.col("row").filter(_inside(period)).min().over("symbol")
    ends = marked.with_columns(first_inside=inside).filter(
        pl.col("quiet") & _inside(period) & (pl.col("row") - days + 1 >= pl.col("first_inside"))
    )
    apart = (pl.col("row") - pl.col("row").shift(1).over("symbol")).fill_null(days) >= days
    spans = (
        ends.with_columns(span=apart.cum_sum().over("symbol"))
        .group_by("symbol", "span", maintain_order=True)
        .agg(start=pl.col("row").min() - days + 1, stop=pl.col("row").max())
    )
    return (
        marked.join(spans, on="symbol")
        .filter(pl.col("row").is_between(pl.col("start"), pl.col("stop")))
        .group_by("symbol", "span", maintain_order=True)
        .agg(
            first=pl.col("date").first(),
            last=pl.col("date").last(),
            days=pl.len(),
            low=pl.col("low").min(),
            high=pl.col("high").max(),
            volume=pl.col("volume").mean(),
            volume_times=pl.col("volume").mean() / pl.col("baseline").first(),
        )
        .with_columns(
            range_percent=(
                (pl.col("high") - pl.col("low")) / (pl.col("high") + pl.col("low")) * 200
            ).round(6)
        )
        .sort("days", "first", "symbol", descending=[True, False, False])
        .drop("span")
    )


def moves(runs: pl.DataFrame, size: str) -> dict[str, object]:
    """Return figures of runs or spans: their count, their durations, the mean of column `size`."""
    days = runs["days"]
    histogram = runs.group_by("days").len().sort("days")
    return {
        "count": runs.height,
        "days_mean": days.mean(),
        "days_median": days.median(),
        "days_minimum": days.min(),
        "days_maximum": days.max(),
        f"{size}_mean": runs[size].mean(),
        "by_days": {str(length): count for length, count in histogram.iter_rows()},
    }


def _with_baseline(prices: pl.DataFrame) -> pl.DataFrame:
    """Add the mean volume of the 50 rows before each; null where there are fewer, or none traded."""
    before = pl.col("volume").shift(1).rolling_mean(BASELINE).over("symbol")
    return prices.with_columns(baseline=pl.when(before > 0).then(before))


def _inside(period: Period) -> pl.Expr:
    return pl.col("date").is_between(period.first, period.last)


def newest(prices: pl.DataFrame) -> date | None:
    """Return the newest day there is."""
    found = prices["date"].max()
    return found if isinstance(found, date) else None
