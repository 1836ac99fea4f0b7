"""Files of recorded market data as typed tables: Parquet, or CSV with the same columns."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

import polars as pl

from skim_core.errors import DataError
from skim_core.sim.parquet import read_parquet
from skim_core.sim.trial import first_line

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ROW = "row"
"""The column that `read_table` adds: each row's number in the file, from 1, a CSV's header
not counted."""

_ISO = "%Y-%m-%dT%H:%M:%S%.f%#z"


class Kind(Enum):
    """What a column holds; the value says how a file writes it."""

    TEXT = "text"
    NUMBER = "a number"
    DATE = "a date, such as 2026-01-05"
    INSTANT = (
        "an instant with its zone, such as 2026-01-05T23:00:00Z, or whole nanoseconds since 1970"
    )


BAR_COLUMNS: Mapping[str, Kind] = {
    "symbol": Kind.TEXT,
    "ts": Kind.INSTANT,
    "open": Kind.NUMBER,
    "high": Kind.NUMBER,
    "low": Kind.NUMBER,
    "close": Kind.NUMBER,
    "volume": Kind.NUMBER,
}
"""A file of minute bars: `ts` is the start of the minute."""

CLOSE_COLUMNS: Mapping[str, Kind] = {
    "symbol": Kind.TEXT,
    "date": Kind.DATE,
    "close": Kind.NUMBER,
}
"""What is read of a file of daily bars."""


def read_table(
    path: Path, columns: Mapping[str, Kind], remembered_in: Path | None = None
) -> pl.DataFrame:
    """Read `columns` of a file, with each row's number as `ROW`.

    Text comes as String, numbers as Float64 (to six decimals, as prices are kept), dates
    as Date, instants as Datetime in UTC to the nanosecond; there is no null in them.
    `remembered_in` is the folder that remembers which Parquet files are sound.

    Raises DataError naming the file and, where it is about a row, the row: for a file that
    is not what its suffix says, that is empty or lacks a column, for a column of another
    type and for an empty or unreadable cell.
    """
    is_text = path.suffix == ".csv"
    frame = _read_text(path) if is_text else read_parquet(path, remembered_in=remembered_in)
    _require_columns(path, frame, columns)
    if frame.is_empty():
        msg = f"{path} has no rows: record the session again, or remove the file."
        raise DataError(msg)
    frame = frame.select(*columns).with_row_index(ROW, offset=1)
    for name, kind in columns.items():
        _require_no_null(path, frame, name, kind)
        column = _parse(frame[name], kind) if is_text else frame[name]
        _require_parsed(path, frame, column, kind)
        frame = frame.with_columns(_typed(path, column, kind))
    return frame


def _read_text(path: Path) -> pl.DataFrame:
    try:
        return pl.read_csv(path, infer_schema=False)
    except pl.exceptions.NoDataError as error:
        msg = f"{path} is empty: expected a line with the names of the columns, then the rows."
        raise DataError(msg) from error
    except (pl.exceptions.PolarsError, OSError) as error:
        msg = f"{path} can't be read as CSV ({first_line(error)}): write it again."
        raise DataError(msg) from error


def _require_columns(path: Path, frame: pl.DataFrame, columns: Mapping[str, Kind]) -> None:
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        msg = (
            f"{path} has no column {', '.join(repr(name) for name in missing)}: "
            f"expected {', '.join(columns)}, found {', '.join(frame.columns) or 'none'}. "
            "Rename or add it."
        )
        raise DataError(msg)


def _require_no_null(path: Path, frame: pl.DataFrame, name: str, kind: Kind) -> None:
    if frame[name].null_count():
        row = frame.filter(pl.col(name).is_null())[ROW][0]
        msg = (
            f"{path}, row {row}: {name} is empty, expected {kind.value}. "
            "Fill it, or leave the whole row out."
        )
        raise DataError(msg)


def _parse(column: pl.Series, kind: Kind) -> pl.Series:
    """Read a CSV's text; null where it can't be read."""
    match kind:
        case Kind.TEXT:
            return column
        case Kind.NUMBER:
            return column.cast(pl.Float64, strict=False)
        case Kind.DATE:
            return column.str.to_date("%Y-%m-%d", strict=False)
        case Kind.INSTANT:
            count = column.cast(pl.Int64, strict=False)
            if count.null_count() == 0:
                return count
            return column.str.replace(" ", "T").str.to_datetime(
                _ISO, time_unit="ns", time_zone="UTC", strict=False
            )


def _require_parsed(path: Path, frame: pl.DataFrame, column: pl.Series, kind: Kind) -> None:
    if column.null_count():
        row, found = frame.filter(column.is_null()).select(ROW, column.name).row(0)
        msg = f"{path}, row {row}: {column.name} is {found!r}, expected {kind.value}. Correct it."
        raise DataError(msg)


def _typed(path: Path, column: pl.Series, kind: Kind) -> pl.Series:
    """Return the column in the one type of its kind; refuse a file that stores another."""
    match kind, column.dtype:
        case Kind.TEXT, pl.String() | pl.Categorical() | pl.Enum():
            return column.cast(pl.String)
        case Kind.NUMBER, dtype if dtype.is_numeric():
            return column.cast(pl.Float64).round(6)
        case Kind.DATE, pl.Date():
            return column
        case Kind.INSTANT, pl.Datetime(time_zone=zone) if zone is not None:
            return column.dt.cast_time_unit("ns").dt.convert_time_zone("UTC")
        case Kind.INSTANT, dtype if dtype.is_integer():
            return column.cast(pl.Int64).cast(pl.Datetime("ns", "UTC"))
    msg = (
        f"{path}, row 1: column {column.name!r} is of type {column.dtype}, "
        f"expected {kind.value}. Convert the column."
    )
    raise DataError(msg)
