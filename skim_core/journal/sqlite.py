"""The journal in an SQLite file: the default store of days that trade."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Self

from skim_core.errors import JournalError, SkimError
from skim_core.journal.failures import explain, fenced, lost, unreadable, unwritable
from skim_core.journal.file import open_connection
from skim_core.journal.transactions import transaction
from skim_core.model.controls import Control, control_from_json, control_to_json
from skim_core.model.events import Event, event_from_json, event_to_json
from skim_core.ports.journal import ControlRecord, Lease, Record, RunSummary

_INSERT = "INSERT INTO events (run_id, sequence, at, kind, body) VALUES (?, ?, ?, ?, ?)"

_LAST_CONTROL = "SELECT coalesce(max(number), 0) FROM controls"

_INSERT_CONTROL = "INSERT INTO controls (number, at, kind, body) VALUES (?, ?, ?, ?)"

_CONTROLS = "SELECT number, body FROM controls WHERE number > ? ORDER BY number"

_LAST = "SELECT coalesce(max(sequence), 0) FROM events WHERE run_id = ?"

_READ = "SELECT sequence, body FROM events WHERE run_id = ? AND sequence > ? ORDER BY sequence"

# Steps from run to run along the primary key, and reads two rows of each.
_RUNS = """
WITH RECURSIVE run (run_id) AS (
    SELECT min(run_id) FROM events
    UNION ALL
    SELECT (SELECT min(run_id) FROM events WHERE run_id > run.run_id)
    FROM run WHERE run.run_id IS NOT NULL
)
SELECT run.run_id, first.sequence, first.body, last.sequence, last.body
FROM run
JOIN events AS first ON first.run_id = run.run_id
    AND first.sequence = (SELECT min(sequence) FROM events WHERE run_id = run.run_id)
JOIN events AS last ON last.run_id = run.run_id
    AND last.sequence = (SELECT max(sequence) FROM events WHERE run_id = run.run_id)
WHERE NOT ? OR NOT EXISTS (
    SELECT 1 FROM events WHERE run_id = run.run_id AND kind = 'day_finished'
)
ORDER BY first.at, run.run_id
"""

_ACQUIRE = """
INSERT INTO leases (run_id, owner, expires_at) VALUES (?, ?, ?)
ON CONFLICT (run_id) DO UPDATE SET owner = excluded.owner, expires_at = excluded.expires_at
WHERE leases.owner = excluded.owner OR leases.expires_at <= ?
"""


class SqliteJournal:
    """A journal file that any number of processes and threads share; see `ports.journal`.

    Appends are safe from a crash of the process at once, and from a power loss when they
    are durable: those wait for the disk, and so does all that was appended before them.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path, busy_timeout: timedelta) -> None:
        self._connection = connection
        self._path = path
        self._busy_timeout = busy_timeout
        self._lock = Lock()
        self._durable = False
        self._process = os.getpid()
        self._identity = _identity(path)
        self._ends: dict[tuple[str, bool], tuple[str, Event]] = {}

    @classmethod
    def open(cls, path: Path, *, busy_timeout: timedelta = timedelta(seconds=5)) -> Self:
        """Open the journal at `path`; make it, for this user alone, when it is missing.

        `busy_timeout`: how long another process's write is waited for.

        Raises JournalError, and leaves the file as it is, when it is not a journal, is
        damaged, was written by a newer skim, can be written by other users or can't be
        written by this one.
        """
        return cls(open_connection(path, busy_timeout), path, busy_timeout)

    def append(
        self, run_id: str, after: int, events: Sequence[Event], *, durable: bool = False
    ) -> int:
        """Append `events` to a run whose last sequence number is `after`; return the new last one.

        Raises FenceError when the run ends at another number, and nothing is kept.
        """
        rows = [
            # Events are in UTC already.
            (
                run_id,
                sequence,
                event.at.isoformat(timespec="microseconds"),
                event.kind,
                _to_json(run_id, event),
            )
            for sequence, event in enumerate(events, after + 1)
        ]
        with self._use() as connection:
            self._wait_for_disk(durable=durable)
            with transaction(connection):
                last = _last(connection, run_id)
                if last != after:
                    raise fenced(run_id, after, last)
                connection.executemany(_INSERT, rows)
        return after + len(rows)

    def read(self, run_id: str, after: int = 0) -> Sequence[Record]:
        """Return a run's records with a sequence number above `after`; none for an unknown run."""
        with self._use() as connection:
            rows = connection.execute(_READ, (run_id, after)).fetchall()
        for expected, (sequence, _) in enumerate(rows, max(after, 0) + 1):
            if sequence != expected:
                raise unreadable(self._path, f"event {expected} of {run_id} is missing")
        return [
            # Validated already: once more would try every type of event on each.
            Record.model_construct(
                run_id=run_id, sequence=sequence, event=self._event(run_id, sequence, body)
            )
            for sequence, body in rows
        ]

    def runs(self, *, unfinished: bool = False) -> Sequence[RunSummary]:
        """Return every run, oldest first; with `unfinished` those without a DayFinished."""
        with self._use() as connection:
            rows = connection.execute(_RUNS, (unfinished,)).fetchall()
        return [
            RunSummary.model_construct(
                run_id=run_id,
                events=end,
                first=self._end_of_run(run_id, start, first),
                last=self._end_of_run(run_id, end, last),
            )
            for run_id, start, first, end, last in rows
        ]

    def acquire(self, run_id: str, owner: str, now: datetime, term: timedelta) -> Lease | None:
        """Take or renew the lease on a run; None when another owner holds it."""
        lease = Lease(run_id=run_id, owner=owner, expires_at=(now + term).astimezone(UTC))
        with self._use() as connection:
            self._refuse_lost_file()
            self._wait_for_disk(durable=False)
            taken = connection.execute(
                _ACQUIRE, (run_id, owner, _to_text(lease.expires_at), _to_text(now))
            )
        return lease if taken.rowcount else None

    def release(self, run_id: str, owner: str) -> None:
        """Give the lease back; nothing happens when `owner` does not hold it."""
        with self._use() as connection:
            # A lease that a power loss brings back runs out by itself.
            self._wait_for_disk(durable=False)
            connection.execute("DELETE FROM leases WHERE run_id = ? AND owner = ?", (run_id, owner))

    def lease(self, run_id: str) -> Lease | None:
        """Return the lease on a run, expired or not."""
        with self._use() as connection:
            row = connection.execute(
                "SELECT owner, expires_at FROM leases WHERE run_id = ?", (run_id,)
            ).fetchone()
        if row is None:
            return None
        owner, expires_at = row
        try:
            return Lease(run_id=run_id, owner=owner, expires_at=datetime.fromisoformat(expires_at))
        except (ValueError, TypeError) as error:
            raise unreadable(self._path, f"the lease on {run_id} ends at {expires_at!r}") from error

    def append_control(self, control: Control) -> int:
        """Append a control, durably; return its number."""
        row = (_to_text(control.at), control.kind, control_to_json(control))
        with self._use() as connection:
            self._wait_for_disk(durable=True)
            with transaction(connection):
                (last,) = connection.execute(_LAST_CONTROL).fetchone()
                connection.execute(_INSERT_CONTROL, (last + 1, *row))
        return int(last) + 1

    def controls(self, after: int = 0) -> Sequence[ControlRecord]:
        """Return the controls with a number above `after`, in order."""
        with self._use() as connection:
            rows = connection.execute(_CONTROLS, (after,)).fetchall()
        return [
            ControlRecord(number=number, control=self._control(number, body))
            for number, body in rows
        ]

    def close(self) -> None:
        """Close the file; everything appended is kept. Closing twice is closing once."""
        with self._use() as connection:
            connection.close()

    @contextmanager
    def _use(self) -> Iterator[sqlite3.Connection]:
        # A connection that is used on both sides of a fork damages the file
        # (https://www.sqlite.org/howtocorrupt.html, 2.6); nor may the child wait for the lock.
        if os.getpid() != self._process:
            msg = (
                f"the journal {self._path} was opened by process {self._process} and can't be "
                "used in one forked off it: nothing was done. Open it again here."
            )
            raise JournalError(msg)
        with self._lock:
            try:
                yield self._connection
            except sqlite3.Error as error:
                raise explain(error, self._path, self._busy_timeout) from error

    def _wait_for_disk(self, *, durable: bool) -> None:
        # In WAL mode FULL makes each commit wait until the log is on the disk; NORMAL leaves
        # that to the operating system (https://www.sqlite.org/pragma.html#pragma_synchronous).
        if durable:
            self._refuse_lost_file()
        if durable is not self._durable:
            level = "FULL" if durable else "NORMAL"
            self._connection.execute(f"PRAGMA synchronous = {level}")
            self._durable = durable

    def _refuse_lost_file(self) -> None:
        # SQLite goes on writing to a file that nobody can find again. Looked at where orders
        # depend on it and at each heartbeat, not at each append, which it would slow by a fifth.
        if _identity(self._path) != self._identity:
            raise lost(self._path)

    def _control(self, number: int, body: str) -> Control:
        try:
            return control_from_json(body)
        except ValueError as error:
            found = " ".join(str(error).split())
            what = f"control {number} is not a valid control ({found:.200})"
            raise unreadable(self._path, what) from error

    def _end_of_run(self, run_id: str, sequence: int, body: str) -> Event:
        """Return the first or last event of a run, which is read again only when it is another.

        Every day of an account asks for all its runs, and a first event has the whole graph.
        """
        key = (run_id, sequence == 1)
        known = self._ends.get(key)
        if known is None or known[0] != body:
            known = self._ends[key] = (body, self._event(run_id, sequence, body))
        return known[1]

    def _event(self, run_id: str, sequence: int, body: str) -> Event:
        try:
            return event_from_json(body)
        # A graph that can't be: GraphError, or TypeError for a phase without its name.
        except (ValueError, TypeError, SkimError) as error:
            why = str(error).splitlines()
            found = "; ".join(line.strip() for line in why[:3])
            what = f"event {sequence} of {run_id} is not a valid event ({found})"
            raise unreadable(self._path, what) from error


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _last(connection: sqlite3.Connection, run_id: str) -> int:
    return int(connection.execute(_LAST, (run_id,)).fetchone()[0])


def _to_json(run_id: str, event: Event) -> str:
    try:
        return event_to_json(event)
    except ValueError as error:
        raise unwritable(run_id, event, error) from error


def _to_text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
