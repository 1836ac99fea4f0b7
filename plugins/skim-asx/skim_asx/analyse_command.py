"""The work of ``skim analyse …``: the store, a question, and its answer as a table or as JSON."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from skim_asx import analysis
from skim_asx.chart import Candle, page, svg
from skim_asx.performance import performance
from skim_asx.periods import Period, parse_period
from skim_asx.places import load_config
from skim_asx.store import Store
from skim_core.cli import Wanted, echo, print_json, table
from skim_core.errors import ConfigError, DataError, ExitCode, nearest

Question = Callable[[pl.DataFrame, Period], pl.DataFrame]

_PLACES = {"percent": 1, "volatility": 1, "times": 1, "volume": 0, "days": 1}
"""Decimal places by what a column is called, the first that fits."""


@dataclass(frozen=True)
class View:
    """How an answer is given: of which shares, how many rows, from which folder."""

    wanted: Wanted
    limit: int
    every: bool = False
    data: Path | None = None


def answer(view: View, period: str, question: Question) -> int:
    """Ask a question about a period and show the answer; return the exit code.

    Raises DataError when there are no prices, ConfigError for no period.
    """
    prices = _prices(view.wanted, view.data)
    asked = parse_period(period, _newest(prices))
    rows = question(prices if view.every else analysis.liquid(prices), asked)
    shown = rows.head(view.limit)
    if view.wanted.as_json:
        print_json({**_span(asked), "found": rows.height, "rows": _json_rows(shown)})
        return ExitCode.DONE
    if rows.is_empty():
        echo(f"Nothing was found from {asked.first} to {asked.last}.")
        return ExitCode.DONE
    _print(shown)
    more = f" of {rows.height}" if rows.height > shown.height else ""
    echo(f"{shown.height}{more} found from {asked.first} to {asked.last}.")
    return ExitCode.DONE


def figures(view: View, period: str) -> int:
    """Show figures of all runs and quiet spans of a period; return the exit code."""
    prices = _prices(view.wanted, view.data)
    asked = parse_period(period, _newest(prices))
    if not view.every:
        prices = analysis.liquid(prices)
    told: Mapping[str, Mapping[str, object]] = {
        "momentum": analysis.moves(analysis.momentum(prices, asked), "gain_percent"),
        "consolidation": analysis.moves(analysis.consolidation(prices, asked), "range_percent"),
    }
    if view.wanted.as_json:
        print_json({**_span(asked), **told})
        return ExitCode.DONE
    for name, found in told.items():
        echo(name, "title")
        by_days = found["by_days"]
        rows = [(key, _shown(key, value)) for key, value in found.items() if key != "by_days"]
        table(("", ""), rows)
        if isinstance(by_days, Mapping):
            table(("days", "count"), list(by_days.items()))
    return ExitCode.DONE


def one_share(view: View, symbol: str, period: str) -> int:
    """Show what one share did in a period: its performance, its runs and its quiet spans."""
    prices = _of(_prices(view.wanted, view.data), symbol)
    asked = parse_period(period, _newest(prices))
    parts = {
        "performance": performance(prices, asked.first, asked.last),
        "gaps": analysis.gaps(prices, asked),
        "momentum": analysis.momentum(prices, asked),
        "consolidation": analysis.consolidation(prices, asked),
    }
    if view.wanted.as_json:
        rows = {name: _json_rows(found.head(view.limit)) for name, found in parts.items()}
        print_json({"symbol": prices["symbol"][0], **_span(asked), **rows})
        return ExitCode.DONE
    for name, found in parts.items():
        echo(f"{name}: {found.height or 'none'}", "title")
        if found.height:
            _print(found.head(view.limit))
    return ExitCode.DONE


def draw(view: View, symbol: str, period: str | None, out: Path) -> int:
    """Draw a share's candles into a file, .svg or .html; return the exit code.

    Of a period, else the newest days, as many as the limit. Raises ConfigError for a file of
    another kind or a folder that is not there, DataError for a share without prices.
    """
    if out.suffix not in {".svg", ".html"}:
        msg = f"--out {out} is neither .svg nor .html: name a file of one of these kinds."
        raise ConfigError(msg)
    prices = _of(_prices(view.wanted, view.data), symbol)
    if period is None:
        shown = prices.tail(view.limit)
    else:
        asked = parse_period(period, _newest(prices))
        shown = prices.filter(pl.col("date").is_between(asked.first, asked.last))
    if shown.is_empty():
        msg = f"{symbol} has no prices in {period!r}: they are of {prices['date'][0]} and later."
        raise DataError(msg)
    name = str(shown["symbol"][0])
    candles = [Candle(*row) for row in shown.drop("symbol").iter_rows()]
    try:
        out.write_text((svg if out.suffix == ".svg" else page)(name, candles), encoding="utf-8")
    except OSError as error:
        msg = f"{out} can't be written ({error.strerror}): name a file in a folder of yours."
        raise ConfigError(msg) from None
    first, last = candles[0].day, candles[-1].day
    if view.wanted.as_json:
        print_json(
            {"symbol": name, "file": out, "days": len(candles), "first": first, "last": last}
        )
    else:
        echo(f"{name}, {len(candles)} days from {first} to {last}: {out}")
    return ExitCode.DONE


def _prices(wanted: Wanted, data: Path | None) -> pl.DataFrame:
    config, directory = load_config(wanted)
    store = Store(data or config.data_folder(directory))
    prices = store.frame()
    if prices.is_empty():
        msg = f"there are no prices in {store.parquet}: run 'skim download_data --from DATE'."
        raise DataError(msg)
    return prices.sort("symbol", "date")


def _of(prices: pl.DataFrame, symbol: str) -> pl.DataFrame:
    found = prices.filter(pl.col("symbol") == symbol.upper())
    if found.is_empty():
        known = prices["symbol"].unique().to_list()
        msg = (
            f"there are no prices of {symbol!r}{nearest(symbol.upper(), known)}: correct the code."
        )
        raise DataError(msg)
    return found


def _newest(prices: pl.DataFrame) -> date:
    found = analysis.newest(prices)
    assert found is not None, "there are prices"
    return found


def _span(period: Period) -> dict[str, object]:
    return {"first": period.first, "last": period.last}


def _json_rows(rows: pl.DataFrame) -> list[dict[str, object]]:
    return [
        {
            key: (round(value, 6) if math.isfinite(value) else None)
            if isinstance(value, float)
            else value
            for key, value in row.items()
        }
        for row in rows.iter_rows(named=True)
    ]


def _print(rows: pl.DataFrame) -> None:
    names = [name.replace("_percent", " %").replace("_", " ") for name in rows.columns]
    table(
        names,
        [
            [_shown(name, value) for name, value in zip(rows.columns, row, strict=True)]
            for row in rows.iter_rows()
        ],
    )


def _shown(name: str, value: object) -> str:
    if not isinstance(value, float):
        return "" if value is None else str(value)
    places = next((places for part, places in _PLACES.items() if part in name), None)
    return f"{value:g}" if places is None else f"{value:,.{places}f}"
