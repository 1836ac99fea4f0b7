"""Phases that several strategies have in common: run once, told to all."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from skim_core.model import events as ev
from skim_core.model.events import Event
from skim_core.model.phases import Phase, Shared
from skim_core.model.session import Session
from skim_core.ports.journal import Journal

Identity: TypeAlias = str


@dataclass(frozen=True, slots=True)
class SharedResult:
    """What a shared phase gave: the events that record it, its result, and whose run it was."""

    run_id: str
    events: tuple[Event, ...]
    result: Any = None


@dataclass(frozen=True, slots=True)
class SharedFailure:
    """The shared attempt that one waited for failed."""

    error: str


Told: TypeAlias = Callable[[SharedResult | SharedFailure], None]


@dataclass(slots=True)
class _Work:
    leader: str | None = None
    result: SharedResult | None = None
    followers: list[Told] = field(default_factory=list)


def identity(shared: Shared, phase: Phase, config: Mapping[str, Any]) -> Identity:
    """Return what makes two shared phases the same work.

    That is the key, the named settings' values, and what has a say in the findings.
    """
    values = {name: config.get(name) for name in shared.settings}
    joins = (phase.scanners, phase.filters, phase.match)
    return f"{shared.key}:{json.dumps([values, joins], sort_keys=True, default=str)}"


class SharedPhases:
    """The shared work of one session in this process."""

    def __init__(self) -> None:
        self._works: dict[Identity, _Work] = {}

    def load(self, journal: Journal, session: Session) -> None:
        """Take over what earlier runs of this session, in any process, have already done."""
        for summary in journal.runs():
            started = summary.first
            if not isinstance(started, ev.DayStarted) or started.session != session:
                continue
            shared = {phase.name: phase for phase in started.graph if phase.shared}
            if shared:
                self._load_run(journal, started, shared)

    def _load_run(
        self, journal: Journal, started: ev.DayStarted, shared: Mapping[str, Phase]
    ) -> None:
        found: dict[str, list[Event]] = {name: [] for name in shared}
        for record in journal.read(started.run_id):
            event = record.event
            if isinstance(event, _RESULTS) and event.phase in found:
                found[event.phase].append(event)
            elif isinstance(event, ev.PhaseCompleted) and event.phase in found:
                phase = shared[event.phase]
                assert phase.shared is not None, "these are the shared ones"
                work = self._work(identity(phase.shared, phase, started.config))
                run_id = event.shared_from or started.run_id
                work.result = SharedResult(run_id, tuple(found[event.phase]), event.result)

    def claim(self, work: Identity, run_id: str, told: Told) -> bool:
        """Ask for shared work: True when `run_id` must do it itself, and `settle` it.

        Otherwise `told` is called with what came of it: now when that is known.
        """
        entry = self._work(work)
        if entry.result is not None:
            told(entry.result)
            return False
        if entry.leader is None or entry.leader == run_id:
            entry.leader = run_id
            return True
        entry.followers.append(told)
        return False

    def settle(self, work: Identity, run_id: str, outcome: SharedResult | SharedFailure) -> None:
        """Tell all who wait what came of the work; after a failure anyone may try again."""
        entry = self._work(work)
        if entry.leader != run_id:
            return
        entry.leader = None
        if isinstance(outcome, SharedResult):
            entry.result = outcome
        followers, entry.followers = entry.followers, []
        for told in followers:
            told(outcome)

    def abandon(self, run_id: str) -> None:
        """Tell all who wait for work that `run_id` leads that it will not be done there."""
        for work in [name for name, entry in self._works.items() if entry.leader == run_id]:
            self.settle(work, run_id, SharedFailure(f"{run_id} ran it and was stopped"))

    def _work(self, work: Identity) -> _Work:
        return self._works.setdefault(work, _Work())


_RESULTS = (ev.CandidatesScanned, ev.OpeningRangesTracked, ev.CandidatesAlerted)
