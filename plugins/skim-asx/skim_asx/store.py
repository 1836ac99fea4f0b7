"""The end-of-day store: raw files as they came, and one Parquet file of all of them.

The folder's layout::

    raw/cooltrader/<YYYYMMDD>.csv    what CoolTrader sent, byte for byte
    bars_1d/XASX.parquet             symbol, date, open, high, low, close, volume
    sound_files                      the digests of those that were found sound

The second is what the simulated exchange reads previous closes from. Files are written aside
and put in their place whole, so a process that dies leaves none half.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import polars as pl

from skim_asx.eod import SCHEMA
from skim_core.sim import read_parquet

_LATELY = 10
"""How many of the latest days say how many rows a day usually has."""


class Store:
    """The end-of-day prices in a folder, which is made when something is put there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.parquet = folder / "bars_1d" / "XASX.parquet"
        self._raw = folder / "raw" / "cooltrader"

    def frame(self) -> pl.DataFrame:
        """Return all rows, sorted by symbol and date; none when there is no file.

        Raises DataError when the file is damaged or lacks a column.
        """
        if not self.parquet.is_file():
            return pl.DataFrame(schema=SCHEMA)
        mend = "move it away, and 'skim download_data' makes it anew of the raw files"
        return read_parquet(self.parquet, list(SCHEMA), remembered_in=self.folder, mend=mend)

    def dates(self) -> frozenset[date]:
        """Return the days of which there are rows."""
        return frozenset(self.frame()["date"].unique().to_list())

    def usual_rows(self) -> int | None:
        """Return how many rows a day has of late; None before there are any."""
        counts = self.frame().group_by("date").len().sort("date").tail(_LATELY)["len"]
        median = counts.median()
        return int(median) if isinstance(median, int | float) else None

    def raw(self, day: date) -> Path:
        """Return where the raw file of a day is, or would be."""
        return self._raw / f"{day:%Y%m%d}.csv"

    def keep_raw(self, day: date, content: bytes) -> None:
        """Keep a day's file as it came."""
        path = self.raw(day)
        path.parent.mkdir(parents=True, exist_ok=True)
        with _aside(path) as partial:
            partial.write_bytes(content)

    def merge(self, frames: Sequence[pl.DataFrame]) -> int:
        """Add rows; of a symbol and date that is there already the new one counts.

        Returns how many rows there are that were not there before.
        """
        if not frames:
            return 0
        self.parquet.parent.mkdir(parents=True, exist_ok=True)
        with self._locked():
            before = self.frame()
            merged = (
                pl.concat([before, *frames])
                .unique(["symbol", "date"], keep="last", maintain_order=True)
                .sort("symbol", "date")
            )
            if not merged.equals(before):
                with _aside(self.parquet) as partial:
                    merged.write_parquet(partial)
            return merged.height - before.height

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Let one process at a time change the Parquet file."""
        with (self.parquet.parent / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


@contextmanager
def _aside(path: Path) -> Iterator[Path]:
    """Give a file beside `path` to write, and put it in its place when that succeeded."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield partial
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
