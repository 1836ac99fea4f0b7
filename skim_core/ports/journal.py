"""The append-only record of trading days, as any store must keep it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from skim_core.model.base import Model, UtcDatetime
from skim_core.model.controls import Control
from skim_core.model.events import Event


class Record(Model):
    """One journaled event of a run; `sequence` counts from 1 without a gap."""

    run_id: str
    sequence: int
    event: Event


class Lease(Model):
    """Who runs a day, and until when nobody else may."""

    run_id: str
    owner: str
    expires_at: UtcDatetime


class ControlRecord(Model):
    """One control that a person (or a watchdog) gave; `number` counts from 1 without a gap."""

    number: int
    control: Control


class RunSummary(Model):
    """One run that the journal holds: its first and last word."""

    run_id: str
    events: int
    first: Event
    last: Event


class Journal(Protocol):
    """Appends and reads events; grants leases. Every method may raise JournalError.

    Contract, checked by `skim_core.testing.journal_contract`:

    - (run id, sequence) is unique: of two writers of one sequence number the second gets
      FenceError, and nothing of what it appended is kept.
    - An append is all or nothing, and after it returned a crash of the process loses
      nothing; with ``durable=True`` a power loss doesn't either.
    - What was appended is read back unchanged, in order.
    - At most one owner holds an unexpired lease on a run.
    """

    def append(
        self, run_id: str, after: int, events: Sequence[Event], *, durable: bool = False
    ) -> int:
        """Append `events` to a run whose last sequence number is `after`; return the new last one."""

    def read(self, run_id: str, after: int = 0) -> Sequence[Record]:
        """Return a run's records with a sequence number above `after`; none for an unknown run."""

    def runs(self, *, unfinished: bool = False) -> Sequence[RunSummary]:
        """Return every run, oldest first; with `unfinished` those without a DayFinished."""

    def acquire(self, run_id: str, owner: str, now: datetime, term: timedelta) -> Lease | None:
        """Take or renew the lease on a run; None when another owner holds it."""

    def release(self, run_id: str, owner: str) -> None:
        """Give the lease back; nothing happens when `owner` does not hold it."""

    def lease(self, run_id: str) -> Lease | None:
        """Return the lease on a run, expired or not."""

    def append_control(self, control: Control) -> int:
        """Append a control, durably, whoever else does so at the same time; return its number."""

    def controls(self, after: int = 0) -> Sequence[ControlRecord]:
        """Return the controls with a number above `after`, of every account, in order."""

    def close(self) -> None:
        """Close the store; everything appended is kept."""
