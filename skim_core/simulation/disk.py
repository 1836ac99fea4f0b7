"""A simulated machine's disk: what a journal wrote there, and what of it a power loss takes."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from threading import RLock
from typing import TypeAlias

from skim_core.errors import JournalError
from skim_core.journal.failures import damaged, explain
from skim_core.model.controls import Control
from skim_core.model.events import DayFinished, Event
from skim_core.ports.journal import ControlRecord, Lease, Record

_BUSY_TIMEOUT = timedelta(seconds=5)
"""How long a real journal waits for a lock; here it fails at once and says so."""


class Contents:
    """What a log folds to."""

    def __init__(self) -> None:
        self.events: dict[str, list[Event]] = {}
        self.finished: set[str] = set()
        self.controls: list[Control] = []
        self.leases: dict[str, Lease] = {}


@dataclass(frozen=True, slots=True)
class Appended:
    """Events were appended to a run."""

    run_id: str
    events: tuple[Event, ...]

    def apply(self, contents: Contents) -> None:
        """Add the events."""
        contents.events.setdefault(self.run_id, []).extend(self.events)
        for event in self.events:
            if isinstance(event, DayFinished):
                contents.finished.add(self.run_id)


@dataclass(frozen=True, slots=True)
class Controlled:
    """A control was appended."""

    control: Control

    def apply(self, contents: Contents) -> None:
        """Add the control."""
        contents.controls.append(self.control)


@dataclass(frozen=True, slots=True)
class Leased:
    """The lease on a run was taken or renewed."""

    lease: Lease

    def apply(self, contents: Contents) -> None:
        """Put the lease in the place of the run's last one."""
        contents.leases[self.lease.run_id] = self.lease


@dataclass(frozen=True, slots=True)
class Released:
    """The lease on a run was given back."""

    run_id: str

    def apply(self, contents: Contents) -> None:
        """Take the lease away."""
        contents.leases.pop(self.run_id, None)


Entry: TypeAlias = Appended | Controlled | Leased | Released
"""One transaction: in the log as a whole or not at all."""


class Disk:
    """Holds one journal as a log of transactions, as SQLite's write-ahead log does.

    A transaction is in the operating system's cache until a sync, which brings it and all
    before it to the platter. A process's death loses nothing of the cache; a power loss may
    lose any number of transactions from the log's end back to the last sync, and never one
    from the middle (https://www.sqlite.org/wal.html).

    The faults are set from outside: `full`, `read_only` and `locked_until` (in the loop's
    seconds) refuse writes, `damaged` refuses everything. Processes share a disk by sharing
    the object, also those of several machines.
    """

    def __init__(self, path: Path = Path("journal.db")) -> None:
        self.path = path
        self.full = False
        self.read_only = False
        self.locked_until = 0.0
        self.damaged = False
        self.contents = Contents()
        # Threads may share a journal. Whoever is told of a death amid a write may read.
        self.lock = RLock()
        self._log: list[Entry] = []
        self._synced = 0
        self._safe: dict[str, int] = {}
        self._safe_controls = 0

    def write(self, entry: Entry) -> None:
        """Add a transaction to the log."""
        self._log.append(entry)
        entry.apply(self.contents)

    def sync(self) -> None:
        """Make the whole log safe from a power loss."""
        for entry in self._log[self._synced :]:
            if isinstance(entry, Appended):
                self._safe[entry.run_id] = self._safe.get(entry.run_id, 0) + len(entry.events)
            elif isinstance(entry, Controlled):
                self._safe_controls += 1
        self._synced = len(self._log)

    def power_loss(self, random: Random) -> int:
        """Lose transactions from the end of the log; return how many.

        `random` decides how many of those that were not synced; what is left is safe. The
        processes of the machine are to be killed first.
        """
        kept = random.randint(self._synced, len(self._log))
        lost = len(self._log) - kept
        if lost:
            del self._log[kept:]
            self.contents = Contents()
            for entry in self._log:
                entry.apply(self.contents)
        self.sync()
        return lost

    @property
    def unsynced(self) -> int:
        """How many transactions a power loss could take now."""
        return len(self._log) - self._synced

    def records(self, run_id: str, after: int = 0) -> list[Record]:
        """Return a run's records with a sequence number above `after`."""
        start = max(after, 0)
        events = self.contents.events.get(run_id, [])[start:]
        return _records(run_id, events, start)

    def controls(self, after: int = 0) -> list[ControlRecord]:
        """Return the controls with a number above `after`."""
        start = max(after, 0)
        return _control_records(self.contents.controls[start:], start)

    def synced(self, run_id: str) -> list[Record]:
        """Return the records of a run that no power loss can take."""
        events = self.contents.events.get(run_id, [])
        return _records(run_id, events[: self._safe.get(run_id, 0)], 0)

    def synced_controls(self) -> list[ControlRecord]:
        """Return the controls that no power loss can take."""
        return _control_records(self.contents.controls[: self._safe_controls], 0)

    def refuse_writing(self, now: float) -> None:
        """Raise JournalError, as SQLite's journal words it, when a fault prevents writing.

        `now` is the loop's time in seconds.
        """
        if not (self.full or self.read_only or self.damaged or now < self.locked_until):
            return
        self.refuse_reading()
        if self.read_only:
            raise self._failed(sqlite3.SQLITE_READONLY, "attempt to write a readonly database")
        if now < self.locked_until:
            raise self._failed(sqlite3.SQLITE_BUSY, "database is locked")
        raise self._failed(sqlite3.SQLITE_FULL, "database or disk is full")

    def refuse_reading(self) -> None:
        """Raise JournalError when the journal is damaged."""
        if self.damaged:
            raise damaged(self.path, "database disk image is malformed")

    def _failed(self, code: int, words: str) -> JournalError:
        error = sqlite3.OperationalError(words)
        error.sqlite_errorcode = code
        return explain(error, self.path, _BUSY_TIMEOUT)


def _control_records(controls: Sequence[Control], start: int) -> list[ControlRecord]:
    return [
        ControlRecord.model_construct(number=number, control=control)
        for number, control in enumerate(controls, start + 1)
    ]


def _records(run_id: str, events: Sequence[Event], start: int) -> list[Record]:
    return [
        Record.model_construct(run_id=run_id, sequence=sequence, event=event)
        for sequence, event in enumerate(events, start + 1)
    ]
