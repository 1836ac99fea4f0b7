"""The journal in memory: for replays and tests, gone with the process."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from threading import Lock

from skim_core.journal.failures import fenced
from skim_core.model.controls import Control
from skim_core.model.events import DayFinished, Event
from skim_core.ports.journal import ControlRecord, Lease, Record, RunSummary


class MemoryJournal:
    """Keeps the events themselves: no JSON, no disk. Threads may share it; see `ports.journal`."""

    def __init__(self) -> None:
        self._events: dict[str, list[Event]] = {}
        self._finished: set[str] = set()
        self._leases: dict[str, Lease] = {}
        self._controls: list[Control] = []
        self._lock = Lock()

    def append(
        self,
        run_id: str,
        after: int,
        events: Sequence[Event],
        *,
        durable: bool = False,  # noqa: ARG002  memory is as durable as it gets
    ) -> int:
        """Append `events` to a run whose last sequence number is `after`; return the new last one.

        Raises FenceError when the run ends at another number, and nothing is kept.
        """
        with self._lock:
            kept = self._events.get(run_id, [])
            if len(kept) != after:
                raise fenced(run_id, after, len(kept))
            if events:
                kept.extend(events)
                self._events[run_id] = kept
                if any(type(event) is DayFinished for event in events):
                    self._finished.add(run_id)
            return len(kept)

    def read(self, run_id: str, after: int = 0) -> Sequence[Record]:
        """Return a run's records with a sequence number above `after`; none for an unknown run."""
        start = max(after, 0)
        with self._lock:
            events = self._events.get(run_id, [])[start:]
        return [
            Record.model_construct(run_id=run_id, sequence=sequence, event=event)
            for sequence, event in enumerate(events, start + 1)
        ]

    def events(self, run_id: str) -> Sequence[Event]:
        """Return a run's events, none for an unknown run: as `read` does, without its records."""
        with self._lock:
            return tuple(self._events.get(run_id, ()))

    def runs(self, *, unfinished: bool = False) -> Sequence[RunSummary]:
        """Return every run, oldest first; with `unfinished` those without a DayFinished."""
        with self._lock:
            summaries = [
                RunSummary.model_construct(
                    run_id=run_id, events=len(events), first=events[0], last=events[-1]
                )
                for run_id, events in self._events.items()
                if not (unfinished and run_id in self._finished)
            ]
        return sorted(summaries, key=lambda run: (run.first.at, run.run_id))

    def acquire(self, run_id: str, owner: str, now: datetime, term: timedelta) -> Lease | None:
        """Take or renew the lease on a run; None when another owner holds it."""
        with self._lock:
            held = self._leases.get(run_id)
            if held is not None and held.owner != owner and held.expires_at > now:
                return None
            lease = Lease(run_id=run_id, owner=owner, expires_at=(now + term).astimezone(UTC))
            self._leases[run_id] = lease
            return lease

    def release(self, run_id: str, owner: str) -> None:
        """Give the lease back; nothing happens when `owner` does not hold it."""
        with self._lock:
            held = self._leases.get(run_id)
            if held is not None and held.owner == owner:
                del self._leases[run_id]

    def lease(self, run_id: str) -> Lease | None:
        """Return the lease on a run, expired or not."""
        with self._lock:
            return self._leases.get(run_id)

    def append_control(self, control: Control) -> int:
        """Append a control; return its number."""
        with self._lock:
            self._controls.append(control)
            return len(self._controls)

    def controls(self, after: int = 0) -> Sequence[ControlRecord]:
        """Return the controls with a number above `after`, in order."""
        start = max(after, 0)
        with self._lock:
            controls = self._controls[start:]
        return [
            ControlRecord(number=number, control=control)
            for number, control in enumerate(controls, start + 1)
        ]

    def close(self) -> None:
        """Do nothing: what was appended stays here to be read."""
