"""What phases did, and what they found."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field

from skim_core.model.base import Name, Symbol, UtcDatetime
from skim_core.model.events.base import _Event
from skim_core.model.market import Alert, Candidate, OpeningRange


class SkipReason(StrEnum):
    """Why a phase did not run."""

    BLOCKED = "blocked"
    """A phase before it failed or was skipped."""
    LATE = "late"
    """Its deadline, or the end of its window, had passed."""
    NO_WINDOW = "no_window"
    """Its window does not open in this session, a half day."""


class _PhaseEvent(_Event):
    """A fact of one phase."""

    phase: Name


class PhaseRequested(_PhaseEvent):
    """The sequencer decided that an attempt (or a tick) is due.

    `due` is the instant at which it was to start, `attempt` counts from 1 (for a
    repeating phase: its ticks).
    """

    kind: Literal["phase_requested"] = "phase_requested"
    attempt: Annotated[int, Field(ge=1)]
    due: UtcDatetime


class PhaseStarted(_PhaseEvent):
    """The phase's hook is being called."""

    kind: Literal["phase_started"] = "phase_started"
    attempt: Annotated[int, Field(ge=1)]


class PhaseTicked(_PhaseEvent):
    """One tick of a repeating phase is done; the next will follow while its window is open."""

    kind: Literal["phase_ticked"] = "phase_ticked"
    attempt: Annotated[int, Field(ge=1)]


class PhaseRetried(_PhaseEvent):
    """An attempt or a tick failed and another follows at `retry_at`."""

    kind: Literal["phase_retried"] = "phase_retried"
    attempt: Annotated[int, Field(ge=1)]
    error: str
    retry_at: UtcDatetime


class PhaseCompleted(_PhaseEvent):
    """The phase is done for today.

    `result` is what its hook returned when that is a model of the strategy's own, as
    JSON. `shared_from` is the run whose result this is, for a shared phase that another
    strategy ran.
    """

    kind: Literal["phase_completed"] = "phase_completed"
    reason: str = ""
    result: Any = None
    shared_from: str | None = None


class PhaseFailed(_PhaseEvent):
    """The phase failed for good; `error` says why."""

    kind: Literal["phase_failed"] = "phase_failed"
    error: str


class PhaseSkipped(_PhaseEvent):
    """The phase will not run today."""

    kind: Literal["phase_skipped"] = "phase_skipped"
    reason: SkipReason
    detail: str = ""


class CandidatesPurged(_Event):
    """The candidates and opening ranges found so far are forgotten."""

    kind: Literal["candidates_purged"] = "candidates_purged"
    symbols: tuple[Symbol, ...] | None = None


class CandidatesJoined(_PhaseEvent):
    """Scanners and filters had their say on what a phase found.

    `found`: how many candidates each scanner had, by its name. `failed`: why a scanner has
    none, by its name. `dropped`: which filter dropped a symbol, and why.
    """

    kind: Literal["candidates_joined"] = "candidates_joined"
    found: dict[Name, Annotated[int, Field(ge=0)]] = Field(default_factory=dict)
    failed: dict[Name, str] = Field(default_factory=dict)
    dropped: dict[Symbol, str] = Field(default_factory=dict)


class CandidatesScanned(_PhaseEvent):
    """A phase found these candidates; they join those of the day."""

    kind: Literal["candidates_scanned"] = "candidates_scanned"
    candidates: tuple[Candidate, ...]


class OpeningRangesTracked(_PhaseEvent):
    """A phase measured these opening ranges."""

    kind: Literal["opening_ranges_tracked"] = "opening_ranges_tracked"
    ranges: tuple[OpeningRange, ...]


class CandidatesAlerted(_PhaseEvent):
    """A phase has something to tell the trader."""

    kind: Literal["candidates_alerted"] = "candidates_alerted"
    alerts: tuple[Alert, ...]
