"""Checks the order of phases by the events alone, apart from the sequencer's own fold."""

from __future__ import annotations

from collections.abc import Iterable

from skim_core.model import events as ev
from skim_core.model.graph import PhaseGraph
from skim_core.model.phases import OnFailure

_ENDS = (ev.PhaseCompleted, ev.PhaseFailed, ev.PhaseSkipped)


class PhasesWatch:
    """Reads one run's events as they are journaled; returns what must not be."""

    def __init__(self) -> None:
        self._graph: PhaseGraph | None = None
        self._ended: dict[str, ev.Event] = {}
        self._dead: set[str] = set()

    def see(self, events: Iterable[ev.Event]) -> list[str]:
        """Take in events; return a line for each that breaks the order."""
        found = []
        for event in events:
            if isinstance(event, ev.DayStarted):
                self._graph = event.graph
            elif isinstance(event, ev.DayResumed):
                self._dead = set(event.interrupted)
            elif isinstance(event, ev.PhaseRequested):
                self._dead.discard(event.phase)
                found += self._requested(event)
            elif isinstance(event, ev.PhaseRetried | ev.PhaseTicked) and event.phase in self._dead:
                found.append(f"{event.phase} was waited for although its process had died")
            elif isinstance(event, _ENDS):
                if event.phase in self._ended:
                    found.append(f"{event.phase} ended twice")
                self._ended[event.phase] = event
        return found

    def _requested(self, event: ev.PhaseRequested) -> list[str]:
        found = []
        if event.phase in self._ended:
            found.append(f"{event.phase} was begun again after it had ended")
        phase = self._graph[event.phase] if self._graph is not None else None
        for name in phase.after if phase is not None else ():
            ended = self._ended.get(name)
            if ended is None:
                found.append(f"{event.phase} was begun before {name} had ended")
            elif not isinstance(ended, ev.PhaseCompleted) and self._stops(name):
                found.append(f"{event.phase} was begun though {name} had not completed")
        return found

    def _stops(self, name: str) -> bool:
        return self._graph is not None and self._graph[name].on_failure is OnFailure.STOP
