"""The state of a trading day as far as its phases go: what the sequencer decides on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from skim_core.model.events import Outcome, SkipReason
from skim_core.model.graph import PhaseGraph
from skim_core.model.session import Session


class PhaseStatus(StrEnum):
    """Where a phase is in its life."""

    PENDING = "pending"
    """Not yet due, or waiting for its next attempt or tick."""
    RUNNING = "running"
    """Handed to an engine."""
    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"

    @property
    def ended(self) -> bool:
        """Whether the phase is over for today."""
        return self is not PhaseStatus.PENDING and self is not PhaseStatus.RUNNING


class PhaseState(NamedTuple):
    """One phase of one strategy's day.

    `attempt` counts the attempts (or ticks) begun, `failures` those that failed in a row,
    `retry_count` all that failed and were followed by another, `deaths` the attempts in a row
    in which the process died. `due` is when the last
    requested attempt was due, `not_before` when the next one is (None: as its policy says).
    """

    strategy: str
    phase: str
    status: PhaseStatus = PhaseStatus.PENDING
    attempt: int = 0
    failures: int = 0
    retry_count: int = 0
    deaths: int = 0
    due: datetime | None = None
    not_before: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    skip_reason: SkipReason | None = None
    error: str | None = None


class DayState(NamedTuple):
    """A strategy's day: its phases, and what of it may still be open at the broker.

    `exposure` names every order that is not done and every symbol that is held.
    """

    run_id: str
    strategy: str
    session: Session
    graph: PhaseGraph
    started_at: datetime
    phases: Mapping[str, PhaseState]
    windows: Mapping[str, tuple[datetime | None, datetime | None]]
    exposure: frozenset[str] = frozenset()
    outcome: Outcome | None = None

    @property
    def finished(self) -> bool:
        """Whether the day is over."""
        return self.outcome is not None
