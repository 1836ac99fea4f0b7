"""The journal's file: made when it is missing, looked at before it is opened.

Whatever is not a sound journal of this version or an older one is refused before a byte
of it is changed.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from skim_core.errors import JournalError
from skim_core.journal.failures import damaged, explain
from skim_core.journal.migrations import LATEST, migrate

APPLICATION_ID = int.from_bytes(b"skim")
"""Marks an SQLite file as skim's, at offset 68 of its header."""

_SQLITE_MAGIC = b"SQLite format 3\x00"
_HEADER_LENGTH = 100
_USER_VERSION = slice(60, 64)
_APPLICATION_ID = slice(68, 72)
# The header's layout: https://www.sqlite.org/fileformat.html#the_database_header

_OLDEST_SQLITE = (3, 37, 0)
"""The first SQLite with STRICT tables."""

_CHECKED_BYTES = 16 * 1024 * 1024
"""Up to this size a file's pages are checked whenever it is opened, at about 1 ms per MB.
A larger one tells of its damage when the damaged page is read."""

_OTHERS_MAY_WRITE = 0o022


def open_connection(path: Path, busy_timeout: timedelta) -> sqlite3.Connection:
    """Open the journal at `path`, made or migrated where needed, ready for appends.

    Raises JournalError for a file that can't be or must not be used; it stays as it was.
    """
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        msg = (
            f"Python's SQLite is {sqlite3.sqlite_version}, the journal needs 3.37 or newer: "
            f"run skim on a Python that was built with one."
        )
        raise JournalError(msg)
    try:
        _make_missing(path)
        _refuse_unsound_file(path)
    except OSError as error:
        msg = (
            f"the journal {path} can't be opened ({error.strerror}: {error.filename}): "
            f"give this user the right to read and write there, or choose another place."
        )
        raise JournalError(msg) from error
    try:
        _refuse_unsound_database(path, busy_timeout)
        connection = _connect(path, "rw", busy_timeout)
        try:
            _make_ready(connection, path)
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        raise explain(error, path, busy_timeout) from error
    return connection


def _make_missing(path: Path) -> None:
    missing = [path] if not path.exists() else []
    missing += [folder for folder in path.parents if not folder.exists()]
    if not missing:
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    # A file survives a power loss only when the entry in its directory does.
    if os.name == "posix":
        for created in missing:
            folder = os.open(created.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)


def _refuse_unsound_file(path: Path) -> None:
    if not path.is_file():
        msg = f"the journal {path} is not a file: move it away, or choose another place."
        raise JournalError(msg)
    mode = path.stat().st_mode
    if os.name == "posix" and mode & _OTHERS_MAY_WRITE:
        msg = (
            f"the journal {path} can be written by other users (mode {mode & 0o777:04o}), and "
            f"orders depend on what it says: look it through, then run 'chmod go-w {path}'."
        )
        raise JournalError(msg)
    with path.open("rb") as file:
        header = file.read(_HEADER_LENGTH)
    if not header:
        return
    if len(header) < _HEADER_LENGTH or not header.startswith(_SQLITE_MAGIC):
        msg = (
            f"{path} is not a journal: found a file that starts with {header[:16]!r}, expected "
            f"an SQLite database. It was left as it is; move it away or choose another place."
        )
        raise JournalError(msg)
    application_id = int.from_bytes(header[_APPLICATION_ID])
    if application_id != APPLICATION_ID:
        msg = (
            f"{path} is a database of another application (id {application_id}, expected "
            f"{APPLICATION_ID}). It was left as it is; choose another place for the journal."
        )
        raise JournalError(msg)
    _refuse_newer(path, int.from_bytes(header[_USER_VERSION]))


def _refuse_newer(path: Path, version: int) -> None:
    if version > LATEST:
        msg = (
            f"the journal {path} was written by a newer skim (format {version}, this one knows "
            f"{LATEST}) and was left as it is: upgrade skim-core."
        )
        raise JournalError(msg)


def _refuse_unsound_database(path: Path, busy_timeout: timedelta) -> None:
    # The last connection to close writes a crashed process's -wal file into the database,
    # unless it may only read; one that may only read leaves an empty -wal file where there
    # was none, unless it may write.
    log = Path(f"{path}-wal")
    mode = "ro" if log.exists() and log.stat().st_size else "rw"
    with closing(_connect(path, mode, busy_timeout)) as connection:
        _refuse_newer(path, _number(connection, "PRAGMA user_version"))
        if path.stat().st_size > _CHECKED_BYTES:
            return
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise damaged(path, verdict)


def _connect(path: Path, mode: str, busy_timeout: timedelta) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=busy_timeout.total_seconds(),
        # Transactions begin and end where the code says so.
        isolation_level=None,
        # The owner keeps threads from one another.
        check_same_thread=False,
    )


def _make_ready(connection: sqlite3.Connection, path: Path) -> None:
    # In this order: the first migration is committed into the file itself, so that a file
    # with anything in it always bears our mark in its header, wherever a crash came.
    migrate(connection, APPLICATION_ID)
    _refuse_newer(path, _number(connection, "PRAGMA user_version"))
    mode = _write_ahead(connection)
    if mode != "wal":
        msg = (
            f"the journal {path} lies on a file system that can't keep a write-ahead log "
            f"(SQLite stays in {mode!r} mode), perhaps a network share: choose a local disk."
        )
        raise JournalError(msg)
    connection.execute("PRAGMA synchronous = NORMAL")


def _write_ahead(connection: sqlite3.Connection) -> object:
    # SQLite doesn't wait for a lock when it changes the mode, so whoever makes the same
    # change at the same time is waited for with an empty transaction.
    for _ in range(20):
        try:
            return connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("COMMIT")
    return connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    return int(connection.execute(pragma).fetchone()[0])
