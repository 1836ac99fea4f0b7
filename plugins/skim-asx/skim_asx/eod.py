"""End-of-day rows as CoolTrader writes them, read and verified. Pure: bytes in, a table out.

A row is ``ticker, DD/MM/YYYY, open, high, low, close, volume``; there is no header, and a file
has one day's rows of all tickers. Prices are in dollars, volumes in shares.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date

import polars as pl

from skim_core.errors import DataError

SCHEMA = {
    "symbol": pl.String,
    "date": pl.Date,
    "open": pl.Float64,
    "high": pl.Float64,
    "low": pl.Float64,
    "close": pl.Float64,
    "volume": pl.Float64,
}
"""The columns of `bars_1d/XASX.parquet`, which the simulated exchange reads too."""

_NUMBERS = ("open", "high", "low", "close", "volume")
_SYMBOL = r"^[A-Z0-9][A-Z0-9.\-]{0,11}$"
_SPOILT = 0.02
"""The share of unsound rows from which on a file is not believed."""

_FEWEST = 0.5
"""The share of the usual number of rows below which a file is taken for half of one."""


class SpoiltFileError(DataError):
    """A file is not what it should be: half, of another day, or no prices at all."""


@dataclass(frozen=True)
class Rows:
    """Sound rows, sorted by symbol and date, and how many others were left out."""

    frame: pl.DataFrame
    unsound: int = 0


def read_rows(content: bytes, source: str) -> Rows:
    """Read rows of any days. `source` is what messages call them.

    Left out are rows with a symbol, date, price or volume that is none, a price that is not
    above zero, and a high or low that the others exceed; of two rows of a symbol and date the
    later counts. Raises SpoiltFileError when it is no such file, or more than 2 % of it is unsound.
    """
    text = _frame(content, source)
    if text.width != len(SCHEMA):
        first = ",".join(str(value) for value in text.row(0))
        msg = (
            f"{source}, row 1: {text.width} columns, expected {len(SCHEMA)} "
            f"({', '.join(SCHEMA)}): {first[:80]!r}."
        )
        raise SpoiltFileError(msg)
    frame = text.rename(dict(zip(text.columns, SCHEMA, strict=True))).with_columns(
        pl.col("symbol").str.strip_chars(),
        pl.col("date").str.strip_chars().str.to_date("%d/%m/%Y", strict=False),
        *(pl.col(name).str.strip_chars().cast(pl.Float64, strict=False) for name in _NUMBERS),
    )
    sound = frame.filter(_is_sound())
    unsound = frame.height - sound.height
    if unsound > _SPOILT * frame.height:
        bad = frame.with_row_index("row", offset=1).filter(~_is_sound())["row"][0]
        msg = f"{source}: {unsound} of {frame.height} rows are no prices, the first is row {bad}."
        raise SpoiltFileError(msg)
    unique = sound.unique(["symbol", "date"], keep="last").sort("symbol", "date")
    return Rows(unique.cast(SCHEMA), unsound)  # type: ignore[arg-type]  # its types are invariant


def read_day(content: bytes, day: date, usual: int | None = None) -> Rows:
    """Read the file of one day; `usual` is how many rows a day has of late.

    Raises SpoiltFileError as `read_rows` does, for rows of another day, and when there are
    fewer than half as many rows as usual: the file was cut.
    """
    source = f"the file of {day}"
    rows = read_rows(content, source)
    others = rows.frame.filter(pl.col("date") != day)
    if others.height:
        msg = f"{source} has rows of {others['date'][0]}: it is not that day's."
        raise SpoiltFileError(msg)
    if usual is not None and rows.frame.height < _FEWEST * usual:
        msg = (
            f"{source} has {rows.frame.height} rows, and a day has {usual} of late: it is not "
            "whole. Try again later."
        )
        raise SpoiltFileError(msg)
    return rows


def _frame(content: bytes, source: str) -> pl.DataFrame:
    try:
        content.decode("utf-8")
        return pl.read_csv(io.BytesIO(content), has_header=False, infer_schema=False)
    except UnicodeDecodeError:
        why = "it is not text"
    except pl.exceptions.NoDataError:
        why = "it is empty"
    except pl.exceptions.PolarsError as error:
        why = str(error).splitlines()[0].rstrip(".:")
    msg = f"{source} is no file of prices: {why}."
    raise SpoiltFileError(msg)


def _is_sound() -> pl.Expr:
    prices = ("open", "high", "low", "close")
    known = pl.all_horizontal(pl.col(name).is_not_null() for name in SCHEMA)
    finite = pl.all_horizontal(pl.col(name).is_finite() for name in _NUMBERS)
    positive = pl.all_horizontal(pl.col(name) > 0 for name in prices)
    within = (pl.col("high") >= pl.max_horizontal("open", "close", "low")) & (
        pl.col("low") <= pl.min_horizontal("open", "close")
    )
    sound = (
        known
        & finite
        & positive
        & within
        & (pl.col("volume") >= 0)
        & pl.col("symbol").str.contains(_SYMBOL)
    )
    return sound.fill_null(value=False)
