"""Recorded bars from a folder: the simulated exchange's feed for real days.

The folder's layout::

    bars_1m/<MIC>/<YYYY-MM-DD>.parquet   symbol, ts, open, high, low, close, volume
    bars_1d/<MIC>.parquet                symbol, date, open, high, low, close, volume

`ts` is the start of the minute, in UTC nanoseconds; a minute without a trade has no row;
regular hours only. `.csv` with the same columns does as well, its `ts` an ISO time with
its zone or whole nanoseconds; where both are there, the Parquet file is read. Prices are
in quote currency, volumes in shares.
"""

from __future__ import annotations

import datetime as dt
import os
from importlib.util import find_spec
from typing import TYPE_CHECKING

from skim_core.errors import ConfigError, DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from skim_core.model.exchange import Exchange
    from skim_core.model.session import Session
    from skim_core.sim.data import SessionData
    from skim_core.sim.recording import Recording

_SUFFIXES = (".parquet", ".csv")
_NEAREST = 3


class RecordedFeed:
    """Sessions as they were recorded in `folder`, laid out as this module says.

    A symbol's previous close is its last daily close of the ten days before the session,
    else its last price in the latest recorded session of those days; an older one would
    make a gap of what is none. Symbols without any are NaN in the data and named in a
    warning; a session in which no symbol has one is refused, because no gap could be told.

    A Parquet file is tried in a process apart before it is read, because some damaged ones end
    the process that reads them. `remembered_in` is a folder that remembers which were sound:
    they are tried only once.

    Raises ConfigError when polars, which reads the files, is not installed, and DataError
    for a folder that is not there or holds no recorded bars.
    """

    def __init__(self, folder: Path, remembered_in: Path | None = None) -> None:
        if find_spec("polars") is None:
            msg = (
                "recorded bars are read with polars, which is not installed: "
                "run: pip install 'skim-core[data]'"
            )
            raise ConfigError(msg)
        self._minutes = folder / "bars_1m"
        self._daily = folder / "bars_1d"
        self._remembered_in = remembered_in
        self._known: tuple[object, Recording] | None = None
        if not self._minutes.is_dir():
            why = "has no folder bars_1m" if folder.is_dir() else "is not a folder"
            msg = (
                f"{folder} {why}: expected recorded bars in bars_1m/<MIC>/<YYYY-MM-DD>.parquet "
                "(or .csv) below it. Give the folder that holds bars_1m."
            )
            raise DataError(msg)

    def sessions(self, mic: str) -> list[dt.date]:
        """Return the dates recorded for exchange `mic`, in order; none for one not recorded."""
        return list(self._files(mic))

    def load(self, session: Session, exchange: Exchange) -> SessionData:  # noqa: ARG002  the protocol's
        """Return the session's data; its symbols are those of the file, alphabetical.

        Raises DataError naming the file and the row (from 1, a CSV's header not counted)
        for a file that is missing, is not what its suffix says or lacks a column, for bars
        that are unsorted within a symbol, twice there, not numbers, impossible, not on a
        whole minute or outside the session's hours, and when no symbol has a previous close.
        """
        mic, date = session.exchange, session.date
        if date not in (minutes := self._files(mic)):
            raise DataError(self._missing(mic, date))
        return self._recording(mic, minutes).read(session)

    def faults(self, mic: str, sessions: Iterable[Session]) -> dict[dt.date, str]:
        """Return why sessions of exchange `mic` can't be loaded, by their dates.

        Each reason names the file and the row, as `load` would; sound sessions are left out.
        It takes a third of the time of loading them, in the order of their dates.
        """
        minutes = self._files(mic)
        found = {
            session.date: self._recording(mic, minutes).fault(session)
            if session.date in minutes
            else self._missing(mic, session.date)
            for session in sessions
        }
        return {date: fault for date, fault in found.items() if fault}

    def _files(self, mic: str) -> dict[dt.date, Path]:
        """Return the files of minute bars by their dates, in order."""
        folder = self._minutes / mic
        found: dict[dt.date, Path] = {}
        if not folder.is_dir():
            return found
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if entry.is_file()]
        # Parquet after CSV, so that it is the one that stands.
        for name in sorted(names):
            stem, _, suffix = name.rpartition(".")
            date = _date(stem)
            if date is not None and f".{suffix}" in _SUFFIXES:
                found[date] = folder / name
        return found

    def _recording(self, mic: str, minutes: Mapping[dt.date, Path]) -> Recording:
        # With the first session, not with this module: polars takes long to import.
        from skim_core.sim.recording import Recording  # noqa: PLC0415

        files = (minutes, _existing(self._daily / mic))
        if self._known is None or self._known[0] != files:
            self._known = files, Recording(*files, self._remembered_in)
        return self._known[1]

    def _missing(self, mic: str, date: dt.date) -> str:
        file = self._minutes / mic / f"{date}.parquet"
        recorded = self.sessions(mic)
        if not recorded:
            known = ", ".join(sorted(path.name for path in self._minutes.iterdir())) or "none"
            return (
                f"no recorded session {file} (or .csv): nothing is recorded for {mic}, "
                f"the exchanges there are: {known}. Choose one of them."
            )
        nearest = sorted(recorded, key=lambda day: abs(day - date))[:_NEAREST]
        return (
            f"no recorded session {file} (or .csv): "
            f"the nearest are {', '.join(map(str, sorted(nearest)))}. Choose one of them."
        )


def _existing(stem: Path) -> Path | None:
    """Return the file of that name with the first suffix that is there."""
    candidates = (stem.with_name(stem.name + suffix) for suffix in _SUFFIXES)
    return next((path for path in candidates if path.is_file()), None)


def _date(text: str) -> dt.date | None:
    try:
        date = dt.date.fromisoformat(text)
    except ValueError:
        return None
    # Python 3.11 reads other ISO spellings too, by which no file would be found again.
    return date if date.isoformat() == text else None
