"""Brings the store up to date: what is not there is fetched, verified, kept and merged."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

import polars as pl

from skim_asx.eod import SCHEMA, SpoiltFileError, read_day
from skim_asx.store import Store
from skim_core.errors import DataError


class Source(Protocol):
    """Where files come from."""

    async def file(self, day: date) -> bytes | None:
        """Return the file of a day; None when there is none."""


@dataclass
class Report:
    """What became of each day that was asked for; `left_out` rows were unsound."""

    downloaded: list[date] = field(default_factory=list)
    already: list[date] = field(default_factory=list)
    absent: list[date] = field(default_factory=list)
    failed: dict[date, str] = field(default_factory=dict)
    left_out: dict[date, int] = field(default_factory=dict)
    rows: int = 0

    @property
    def complete(self) -> bool:
        """Whether every day is there now."""
        return not self.absent and not self.failed


async def download(
    days: Iterable[date],
    source: Source,
    store: Store,
    *,
    again: bool = False,
    told: Callable[[date], None] = lambda _day: None,
) -> Report:
    """Bring the store up to date for `days`; those that are there are not fetched, unless `again`.

    A day that fails costs no other. What was fetched is kept at once, and merged in the end,
    also when it is broken off: the next time goes on from there. Raises ConfigError when the
    source lets nobody in.
    """
    run = _Run(source, store, store.usual_rows(), store.dates(), again=again)
    frames: list[pl.DataFrame] = []
    try:
        for day in days:
            try:
                frames.append(await run.rows_of(day))
            except DataError as error:
                run.report.failed[day] = str(error)
            told(day)
    finally:
        run.report.rows = store.merge(frames)
    return run.report


@dataclass
class _Run:
    """One download: `there` are the days of the Parquet file, `usual` the rows of a day."""

    source: Source
    store: Store
    usual: int | None
    there: frozenset[date]
    again: bool
    report: Report = field(default_factory=Report)

    async def rows_of(self, day: date) -> pl.DataFrame:
        """Return the rows of a day that are to be merged. Raises DataError."""
        raw = self.store.raw(day)
        if raw.is_file() and not self.again:
            if day in self.there:
                self.report.already.append(day)
                return _NOTHING
            # Fetched by a run that was broken off: it need not be fetched again, if it is sound.
            with suppress(SpoiltFileError):
                found = self._read(raw.read_bytes(), day)
                self.report.already.append(day)
                return found
        content = await self.source.file(day)
        if content is None:
            self.report.absent.append(day)
            return _NOTHING
        found = self._read(content, day)
        self.store.keep_raw(day, content)
        self.report.downloaded.append(day)
        return found

    def _read(self, content: bytes, day: date) -> pl.DataFrame:
        rows = read_day(content, day, self.usual)
        if rows.unsound:
            self.report.left_out[day] = rows.unsound
        return rows.frame


_NOTHING = pl.DataFrame(schema=SCHEMA)
