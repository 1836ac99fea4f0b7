"""The journal as one simulated process sees it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from skim_core.journal.failures import fenced
from skim_core.model.controls import Control
from skim_core.model.events import Event
from skim_core.ports.journal import ControlRecord, Lease, Record, RunSummary
from skim_core.simulation.disk import (
    Appended,
    Controlled,
    Disk,
    Entry,
    Leased,
    Released,
)
from skim_core.simulation.process import Process


class DiskJournal:
    """Keeps the journal of `process` on a disk that others may share; see `ports.journal`.

    Each write has write points of the process: before it, after it, and for a durable one
    between the writing and the sync. A dead process gets Killed from everything but `close`.
    Events are kept themselves: no JSON.
    """

    def __init__(self, disk: Disk, process: Process) -> None:
        self._disk = disk
        self._process = process

    def append(
        self, run_id: str, after: int, events: Sequence[Event], *, durable: bool = False
    ) -> int:
        """Append `events` to a run whose last sequence number is `after`; return the new last one.

        Raises FenceError when the run ends at another number, and nothing is kept.
        """
        disk = self._disk
        self._process.at_write("before append")
        with disk.lock:
            disk.refuse_writing(self._process.loop.time())
            last = len(disk.contents.events.get(run_id, ()))
            if last != after:
                raise fenced(run_id, after, last)
            # SQLite does not sync a transaction that wrote nothing.
            if events:
                self._write(Appended(run_id, tuple(events)), "append", durable=durable)
        self._process.at_write("after append")
        return after + len(events)

    def append_control(self, control: Control) -> int:
        """Append a control, durably; return its number."""
        disk = self._disk
        self._process.at_write("before control")
        with disk.lock:
            disk.refuse_writing(self._process.loop.time())
            self._write(Controlled(control), "control", durable=True)
            number = len(disk.contents.controls)
        self._process.at_write("after control")
        return number

    def acquire(self, run_id: str, owner: str, now: datetime, term: timedelta) -> Lease | None:
        """Take or renew the lease on a run; None when another owner holds it."""
        disk = self._disk
        self._process.at_write("before lease")
        with disk.lock:
            disk.refuse_writing(self._process.loop.time())
            held = disk.contents.leases.get(run_id)
            if held is not None and held.owner != owner and held.expires_at > now:
                return None
            ends = (now + term).astimezone(UTC)
            lease = Lease.model_construct(run_id=run_id, owner=owner, expires_at=ends)
            self._write(Leased(lease), "lease", durable=False)
        self._process.at_write("after lease")
        return lease

    def release(self, run_id: str, owner: str) -> None:
        """Give the lease back; nothing happens when `owner` does not hold it."""
        disk = self._disk
        self._process.at_write("before release")
        with disk.lock:
            disk.refuse_writing(self._process.loop.time())
            held = disk.contents.leases.get(run_id)
            if held is None or held.owner != owner:
                return
            self._write(Released(run_id), "release", durable=False)
        self._process.at_write("after release")

    def read(self, run_id: str, after: int = 0) -> Sequence[Record]:
        """Return a run's records with a sequence number above `after`; none for an unknown run."""
        disk = self._readable()
        with disk.lock:
            return disk.records(run_id, after)

    def controls(self, after: int = 0) -> Sequence[ControlRecord]:
        """Return the controls with a number above `after`, in order."""
        disk = self._readable()
        with disk.lock:
            return disk.controls(after)

    def runs(self, *, unfinished: bool = False) -> Sequence[RunSummary]:
        """Return every run, oldest first; with `unfinished` those without a DayFinished."""
        disk = self._readable()
        with disk.lock:
            finished = disk.contents.finished if unfinished else ()
            summaries = [
                RunSummary.model_construct(
                    run_id=run_id, events=len(events), first=events[0], last=events[-1]
                )
                for run_id, events in disk.contents.events.items()
                if run_id not in finished
            ]
        return sorted(summaries, key=lambda run: (run.first.at, run.run_id))

    def lease(self, run_id: str) -> Lease | None:
        """Return the lease on a run, expired or not."""
        disk = self._readable()
        with disk.lock:
            return disk.contents.leases.get(run_id)

    def close(self) -> None:
        """Do nothing: the disk keeps what was written."""

    def _readable(self) -> Disk:
        self._process.check()
        self._disk.refuse_reading()
        return self._disk

    def _write(self, entry: Entry, kind: str, *, durable: bool) -> None:
        self._disk.write(entry)
        if durable:
            self._process.at_write(f"before sync of {kind}")
            self._disk.sync()
