"""Copies of the journal: made while days run, proven to be whole, put back when it is lost."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from skim_core.decide.book import Book
from skim_core.decide.state import DayState
from skim_core.decide.transitions import evolve
from skim_core.errors import ConfigError, JournalError, SequenceError
from skim_core.journal.failures import damaged
from skim_core.journal.file import BESIDE, open_connection, wait_for_disk
from skim_core.journal.sqlite import SqliteJournal

if TYPE_CHECKING:
    from collections.abc import Iterator

_PATIENCE = timedelta(seconds=5)


@dataclass(frozen=True)
class Holds:
    """What a journal holds: days and events, and when the last of them happened."""

    days: int
    events: int
    last_at: datetime | None


def back_up(journal: Path, target: Path) -> Holds:
    """Copy the journal to `target`, one file, for this user alone; return what it holds.

    Other processes go on writing meanwhile: the copy is the journal of one instant. It is
    proven and on the disk before it is put in its place. Raises JournalError when it can't
    be, and leaves no part of it behind; also when `target` is there already.
    """
    if not journal.is_file():
        msg = f"there is no journal {journal} to be copied: nothing was run yet."
        raise JournalError(msg)
    if target.exists():
        msg = f"{target} is there already, and was left as it is: choose another name."
        raise JournalError(msg)
    with _aside(target) as copy:
        os.close(os.open(copy, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with (
            closing(open_connection(journal, _PATIENCE)) as source,
            closing(sqlite3.connect(copy, isolation_level=None)) as made,
        ):
            source.backup(made)
            # One file, without what a write-ahead log keeps beside it.
            made.execute("PRAGMA journal_mode = DELETE")
        holds = look_through(copy)
        _put(copy, target)
    return holds


def look_through(journal: Path) -> Holds:
    """Read all that a journal holds, and fold every day of it; return what it holds.

    Raises JournalError for one that is damaged, or of which a day's events don't fit together.
    """
    with closing(open_connection(journal, _PATIENCE)) as connection:
        (verdict,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if verdict != "ok":
        raise damaged(journal, verdict)
    events, last_at = 0, None
    with closing(SqliteJournal.open(journal)) as store:
        runs = store.runs()
        for run in runs:
            state: DayState | None = None
            book = Book()
            for record in store.read(run.run_id):
                try:
                    state = evolve(state, record.event)
                    book.apply(record.event)
                except (SequenceError, KeyError) as error:
                    raise damaged(journal, f"{run.run_id}: {error}") from error
                events += 1
                last_at = max(last_at or record.event.at, record.event.at)
        store.controls()
    return Holds(len(runs), events, last_at)


def restore(backup: Path, journal: Path, now: datetime) -> tuple[Holds, Path | None]:
    """Put a copy in the journal's place; return what it holds, and where the old one is now.

    The journal that was there is moved aside with the files beside it, damaged or not; None
    when there was none. Raises ConfigError when there is no such copy, JournalError for an
    unsound one: nothing is changed then. No process may use the journal meanwhile.
    """
    if not backup.is_file():
        msg = f"there is no file {backup}: name a copy that 'skim backup' made."
        raise ConfigError(msg)
    with _aside(journal) as copy:
        # The copy is never opened itself: it may lie where nothing can be written.
        for suffix in ("", *BESIDE):
            file = Path(f"{backup}{suffix}")
            if file.exists():
                shutil.copyfile(file, f"{copy}{suffix}")
                Path(f"{copy}{suffix}").chmod(0o600)
        try:
            with closing(open_connection(copy, _PATIENCE)) as made:
                made.execute("DELETE FROM leases")
            holds = look_through(copy)
        except (JournalError, sqlite3.Error) as error:
            msg = f"{backup} was not restored: {error}".replace(str(copy), "the copy in it")
            raise JournalError(msg) from error
        before = _move_aside(journal, now)
        _put(copy, journal)
    return holds, before


def _move_aside(journal: Path, now: datetime) -> Path | None:
    if not journal.exists():
        return None
    before = journal.with_name(f"{journal.name}.before-{now:%Y%m%dT%H%M%SZ}")
    for suffix in ("", *BESIDE):
        file = Path(f"{journal}{suffix}")
        if file.exists():
            file.rename(f"{before}{suffix}")
    return before


@contextmanager
def _aside(target: Path) -> Iterator[Path]:
    """Give a place beside `target` for what is to be put there."""
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-") as folder:
            yield Path(folder) / target.name
    except OSError as error:
        msg = (
            f"{target} can't be written ({error.strerror}): make room, give this user the right "
            "to write there, or choose another place."
        )
        raise JournalError(msg) from error


def _put(copy: Path, target: Path) -> None:
    wait_for_disk(copy)
    wait_for_disk(copy.parent)
    copy.rename(target)
    wait_for_disk(target.parent)
