"""The journal's file: made when it is missing, looked at before it is opened.

Whatever is not a sound journal of this version or an older one is refused before a byte
of it is changed. The file is looked at through SQLite alone: on POSIX, closing a file
descriptor of one's own takes away all locks that the process has on that file
(https://www.sqlite.org/howtocorrupt.html, 2.2).
"""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path

from skim_core.errors import JournalError
from skim_core.journal.failures import damaged, explain
from skim_core.journal.migrations import LATEST, migrate

APPLICATION_ID = int.from_bytes(b"skim")
"""Marks an SQLite file as skim's (https://www.sqlite.org/pragma.html#pragma_application_id)."""

_OLDEST_SQLITE = (3, 37, 0)
"""The first SQLite with STRICT tables."""

_SMALLEST_DATABASE = 512
"""Bytes of the smallest page: SQLite takes some shorter files for empty databases."""

_CHECKED_BYTES = 16 * 1024 * 1024
"""Up to this size a file's pages are checked whenever it is opened, at about 1 ms per MB.
A larger one tells of its damage when the damaged page is read."""

_OTHERS_MAY_WRITE = 0o022

BESIDE = ("-wal", "-shm", "-journal")
"""The endings of the files that SQLite keeps beside a database, and believes."""


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
        _refuse_folder_that_all_may_write(path)
        if not path.exists():
            _make(path, busy_timeout)
        _refuse_unsound_file(path)
        _refuse_unsound_database(path, busy_timeout)
        return _ready(path, busy_timeout)
    except OSError as error:
        msg = (
            f"the journal {path} can't be opened ({error.strerror}: {error.filename}): "
            f"give this user the right to read and write there, or choose another place."
        )
        raise JournalError(msg) from error
    except sqlite3.Error as error:
        raise explain(error, path, busy_timeout) from error


def _make(path: Path, busy_timeout: timedelta) -> None:
    # Only here: a journal is made once.
    from tempfile import TemporaryDirectory  # noqa: PLC0415

    missing = [folder for folder in path.parents if not folder.exists()]
    # mkdir's own `parents` would let others into those above.
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)
    # Made aside and put in its place complete: neither a crash nor another process that
    # makes it at the same time can leave or meet a part of it.
    with TemporaryDirectory(dir=path.parent, prefix=f".{path.name}-") as aside:
        made = Path(aside) / path.name
        os.close(os.open(made, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        _ready(made, busy_timeout).close()
        with suppress(FileExistsError):
            os.link(made, path)
    if os.name == "posix":
        # A file outlives a power loss only when the entry in its folder does.
        for folder in (path.parent, *(created.parent for created in missing)):
            wait_for_disk(folder)


def wait_for_disk(path: Path) -> None:
    """Return when a file, or the entries of a folder, would outlive a power loss."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refuse_unsound_file(path: Path) -> None:
    if not path.is_file():
        msg = f"the journal {path} is not a file: move it away, or choose another place."
        raise JournalError(msg)
    status = path.stat()
    if status.st_size < _SMALLEST_DATABASE:
        msg = (
            f"{path} is not a journal: found a file of {status.st_size} bytes, too few for a "
            f"database. It was left as it is: remove it or choose another place."
        )
        raise JournalError(msg)
    if os.name != "posix":
        return
    _refuse_what_others_may_write(path)
    # SQLite would open it for reading and tell at the first append.
    for place in (path, path.parent):
        effective = os.access in os.supports_effective_ids
        if not os.access(place, os.R_OK | os.W_OK, effective_ids=effective):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(place))


def _refuse_what_others_may_write(path: Path) -> None:
    for file in (path, *(Path(f"{path}{suffix}") for suffix in BESIDE)):
        mode = _mode(file)
        if mode & _OTHERS_MAY_WRITE:
            what = (
                f"the journal {path}" if file == path else f"{file}, which is part of the journal,"
            )
            msg = (
                f"{what} can be written by other users (mode {mode:04o}), and orders depend on "
                f"what it says: look it through, then run 'chmod go-w {file}'."
            )
            raise JournalError(msg)


def _refuse_folder_that_all_may_write(path: Path) -> None:
    if os.name != "posix":
        return
    for folder in (path.parent, path.resolve().parent):
        mode = _mode(folder)
        # In a sticky one, such as /tmp, each may replace their own files alone.
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            msg = (
                f"the journal {path} lies in a folder that every user can write (mode {mode:04o}), "
                f"so that anybody can put another in its place, and orders depend on what it "
                f"says: look it through, then run 'chmod o-w {folder}'."
            )
            raise JournalError(msg)


def _mode(path: Path) -> int:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return 0


def _refuse_unsound_database(path: Path, busy_timeout: timedelta) -> None:
    # Whoever closes last writes what a crashed process left in the -wal file into the
    # database, unless it may only read; who may only read leaves an empty -wal file where
    # there was none.
    crashed = any(_size(Path(f"{path}{suffix}")) for suffix in ("-wal", "-journal"))
    with closing(_connect(path, "ro" if crashed else "rw", busy_timeout)) as connection:
        application_id = _number(connection, "PRAGMA application_id")
        if application_id != APPLICATION_ID:
            msg = (
                f"{path} is a database of another application (id {application_id}, expected "
                f"{APPLICATION_ID}) and was left as it is: choose another place for the journal."
            )
            raise JournalError(msg)
        _refuse_newer(path, connection)
        if path.stat().st_size > _CHECKED_BYTES:
            return
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise damaged(path, verdict)


def _refuse_newer(path: Path, connection: sqlite3.Connection) -> None:
    version = _number(connection, "PRAGMA user_version")
    if version > LATEST:
        msg = (
            f"the journal {path} was written by a newer skim (format {version}, this one knows "
            f"{LATEST}) and was left as it is: upgrade skim-core."
        )
        raise JournalError(msg)


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


def _ready(path: Path, busy_timeout: timedelta) -> sqlite3.Connection:
    connection = _connect(path, "rw", busy_timeout)
    try:
        migrate(connection, APPLICATION_ID)
        # Another process may have migrated it since it was looked at.
        _refuse_newer(path, connection)
        _write_ahead(path, connection)
        connection.execute("PRAGMA synchronous = NORMAL")
    except BaseException:
        connection.close()
        raise
    return connection


def _write_ahead(path: Path, connection: sqlite3.Connection) -> None:
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        msg = (
            f"the journal {path} lies on a file system that can't keep a write-ahead log "
            f"(SQLite stays in {mode!r} mode), perhaps a network share: choose a local disk."
        )
        raise JournalError(msg)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    return int(connection.execute(pragma).fetchone()[0])
