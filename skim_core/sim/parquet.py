"""The one door to Parquet files, none of which ends the process that reads it here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from skim_core.errors import DataError
from skim_core.sim.apart import Apart
from skim_core.sim.sound_files import SoundFiles

if TYPE_CHECKING:
    import polars as pl

SOUND = SoundFiles()
"""What this process knows of files."""

_APART = Apart()
_TRIES = 3


def read_parquet(
    path: Path,
    columns: Sequence[str] | None = None,
    *,
    remembered_in: Path | None = None,
    mend: str = "write it again",
) -> pl.DataFrame:
    """Return a Parquet file's table, or some of its columns.

    A file that is not known to be sound is tried in a process apart first: some damaged ones
    end the process that reads them. `remembered_in` is a folder that remembers sound files,
    so that later processes try none of them again; `mend` says what to do about a bad one.

    Raises DataError with the file, why it can't be read, and `mend`. Needs polars.
    """
    # With the first file, not with this module: polars takes long to import.
    import polars as pl  # noqa: PLC0415

    from skim_core.sim.trial import first_line  # noqa: PLC0415

    cause: BaseException | None = None
    try:
        why = _fault(path, pl.__version__, remembered_in)
        if not why:
            return pl.read_parquet(path, columns=list(columns) if columns else None, glob=False)
    # Polars panics on some damaged files; its panic is no Exception.
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        why, cause = first_line(error), error
    msg = f"{path} is not a sound Parquet file ({why}): {mend}."
    raise DataError(msg) from cause


def _fault(path: Path, version: str, remembered_in: Path | None) -> str:
    for _ in range(_TRIES):
        digest = SOUND.digest(path)
        if SOUND.is_sound(digest, version, remembered_in):
            return ""
        why = _APART.fault(path)
        if why:
            return why
        # What was tried is what the digest is of, unless it was written meanwhile.
        if SOUND.digest(path) == digest:
            SOUND.add(digest, version, remembered_in)
            return ""
    return "it changes while it is read"
