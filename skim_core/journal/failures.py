"""How a journal's failures are told: what was found, what was expected, what to do."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from skim_core.errors import FenceError, JournalError

if TYPE_CHECKING:
    from skim_core.model.events import Event

_PRIMARY_CODE = 0xFF
"""SQLite's extended result codes carry the primary one in their low byte
(https://www.sqlite.org/rescode.html)."""


def fenced(run_id: str, after: int, last: int) -> FenceError:
    """Return the error for an append after number `after` to a run that ends at `last`."""
    return FenceError(
        f"the journal of {run_id} ends at event {last}, expected {after}: another process has "
        f"written this day. Stop this one; 'skim status' tells who runs the day."
    )


def unwritable(run_id: str, event: Event, error: ValueError) -> JournalError:
    """Return the error for an event that has no JSON form."""
    return JournalError(
        f"a {event.kind} event of {run_id} can't be written as JSON ({error}): "
        f"nothing of this append was kept. Put only JSON values into its free fields."
    )


def unreadable(path: Path, found: str) -> JournalError:
    """Return the error for a stored row that is not what it should be."""
    return JournalError(
        f"the journal {path} is not sound: {found}. Restore it from a backup; don't edit it."
    )


def damaged(path: Path, found: object) -> JournalError:
    """Return the error for a file whose pages don't make a database."""
    return JournalError(
        f"the journal {path} is damaged ({found}) and was left as it is: restore it from "
        f"a backup, or move it and its -wal file away to start with an empty one."
    )


def lost(path: Path) -> JournalError:
    """Return the error for a file that is no longer where it was opened."""
    return JournalError(
        f"the journal {path} was moved, deleted or replaced while it was open: nothing more was "
        f"written. Put it back with its -wal file and start again."
    )


def explain(error: sqlite3.Error, path: Path, waited: timedelta) -> JournalError:
    """Return what an error of SQLite means for whoever operates the journal at `path`.

    `waited` is how long a lock was waited for.
    """
    extended = getattr(error, "sqlite_errorcode", None)
    if isinstance(error, sqlite3.ProgrammingError):
        return JournalError(f"the journal {path} is closed ({error}): open it again.")
    if extended is None:
        # Python's own, not SQLite's: a text that is not UTF-8.
        return damaged(path, error)
    primary = extended & _PRIMARY_CODE
    if primary == sqlite3.SQLITE_NOTADB:
        return JournalError(
            f"{path} is not a journal, or its first page is damaged ({error}). It was left as it "
            f"is: move it away, restore it from a backup or choose another place."
        )
    if primary == sqlite3.SQLITE_CORRUPT:
        return damaged(path, error)
    found, mend = _MEANINGS.get(primary, ("failed", "check the file and its disk"))
    if primary == sqlite3.SQLITE_BUSY:
        found = found.format(seconds=f"{waited.total_seconds():g}")
    return JournalError(f"the journal {path} {found} ({error}): {mend}, then try again.")


_MEANINGS = {
    sqlite3.SQLITE_BUSY: (
        "was locked by another process for more than {seconds} s",
        "end that process or wait for it",
    ),
    sqlite3.SQLITE_FULL: (
        "can't grow because its disk is full, and nothing of this was written",
        "make room on it",
    ),
    sqlite3.SQLITE_READONLY: (
        "can't be written",
        "give this user the right to write the file, its -wal and -shm files and its directory",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "can't be opened",
        "give this user the right to read and write the file and its directory",
    ),
    sqlite3.SQLITE_PERM: (
        "can't be opened",
        "give this user the right to read and write the file and its directory",
    ),
    sqlite3.SQLITE_IOERR: (
        "can't be read or written",
        "check that its disk is sound and has room",
    ),
}
