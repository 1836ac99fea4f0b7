"""Whether the recorded sessions of a replay can be read, all of them, before the first runs."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date
from importlib import metadata
from pathlib import Path

from skim_core.errors import DataError
from skim_core.model.session import Session
from skim_core.sim.parquet import SOUND
from skim_core.sim.recorded import RecordedFeed

_KNOWN = "sound_recordings"
_REMEMBERED = 200
_NAMED = 20


def faults(
    folder: Path, sessions: Sequence[Session], digest: str, directory: Path
) -> Mapping[date, str]:
    """Return why recorded sessions of one exchange can't be read, by date; none for sound ones.

    `digest` is that of the files; what was found sound once is remembered by it in
    `directory`, and not looked at again.
    """
    # Another polars may find another file bad.
    about = (digest.encode(), metadata.version("polars").encode(), *map(_written, sessions))
    key = hashlib.sha256(b"".join(about)).hexdigest()
    known = _remembered(directory)
    if key in known:
        # Each file was found sound then, and none is tried again when it is read.
        SOUND.recall(directory)
        return {}
    found = RecordedFeed(folder, directory).faults(sessions[0].exchange, sessions)
    if not found:
        _remember(directory, [*known[1 - _REMEMBERED :], key])
    return found


def refuse(found: Mapping[date, str], of: int) -> None:
    """Raise DataError naming the bad sessions among `of` of them, if there are any."""
    if not found:
        return
    lines = [f"  {day}: {why}" for day, why in list(found.items())[:_NAMED]]
    if len(found) > _NAMED:
        lines.append(f"  and {len(found) - _NAMED} more")
    mend = "Mend them, or choose other dates."
    if len(found) < of:
        mend = "Mend them, or leave these sessions out with --skip-bad."
    msg = "\n".join([f"{len(found)} of {of} sessions can't be replayed:", *lines, mend])
    raise DataError(msg)


def _written(session: Session) -> bytes:
    return session.model_dump_json().encode()


def _remembered(directory: Path) -> list[str]:
    try:
        return (directory / _KNOWN).read_text("ascii").split()
    except (OSError, UnicodeDecodeError):
        return []


def _remember(directory: Path, keys: Sequence[str]) -> None:
    """Write the file anew. That it can't be costs time alone."""
    with suppress(OSError):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        written = directory / f".{_KNOWN}.{os.getpid()}"
        written.write_text("".join(f"{key}\n" for key in keys), "ascii")
        written.replace(directory / _KNOWN)
