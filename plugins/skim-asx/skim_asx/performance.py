"""What shares made over some days, from end-of-day prices. Pure: tables in, tables out."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl


def performance(prices: pl.DataFrame, first: date, last: date) -> pl.DataFrame:
    """Return what each symbol made from its first to its last close between two days.

    Columns: symbol, days (rows), start and end (closes), return_percent, volume (the mean, in
    shares), volatility (the standard deviation of the daily changes, in per cent). Symbols with
    fewer than two rows have made nothing and are left out.
    """
    change = (pl.col("close") / pl.col("close").shift(1) - 1) * 100
    return (
        prices.lazy()
        .filter(pl.col("date").is_between(first, last))
        .sort("symbol", "date")
        .group_by("symbol", maintain_order=True)
        .agg(
            days=pl.len(),
            start=pl.col("close").first(),
            end=pl.col("close").last(),
            volume=pl.col("volume").mean(),
            volatility=change.std(),
        )
        .filter((pl.col("days") > 1) & (pl.col("start") > 0))
        .with_columns(
            return_percent=((pl.col("end") / pl.col("start") - 1) * 100).round(6),
        )
        .select("symbol", "days", "start", "end", "return_percent", "volume", "volatility")
        .collect()
    )


def until(prices: pl.DataFrame, newest: date, days: int) -> pl.DataFrame:
    """Return the performance of the `days` calendar days that end on `newest`."""
    return performance(prices, newest - timedelta(days=days), newest)
