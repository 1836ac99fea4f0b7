"""What became of each phase, told from a day's records."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar

from skim_core.decide.explained import Attempt, PhaseAccount, PhaseEnd, Ticks, between
from skim_core.model import events as ev


class PhasesTeller:
    """Folds the events of phases."""

    def __init__(self) -> None:
        self.phases: dict[str, PhaseAccount] = {}
        self._current: dict[str, Attempt] = {}

    def begin(self, event: ev.DayStarted) -> None:
        """Take in the phases that the day has."""
        for phase in event.graph:
            start, end = phase.window(event.session)
            self.phases[phase.name] = PhaseAccount(
                phase=phase.name,
                after=phase.after,
                every=phase.every,
                window_start=start,
                window_end=end,
                ticks=Ticks() if phase.repeats else None,
            )

    def interrupt(self, at: datetime) -> None:
        """Take in that the process that ran the phases was gone by `at`."""
        for name, attempt in self._current.items():
            attempt.ending, attempt.ended_at = "interrupted", at
            self.phases[name].status = "pending"
        self._current.clear()

    def take(self, number: int, event: ev.Event) -> bool:
        """Take in a record; False when it is not a phase's, or fits nothing that was told."""
        teller = self._tellers.get(type(event))
        return teller is not None and teller(self, number, event)

    def _phase(self, name: str) -> PhaseAccount:
        return self.phases.setdefault(name, PhaseAccount(phase=name))

    def _request(self, number: int, event: ev.PhaseRequested) -> bool:
        phase = self._phase(event.phase)
        attempt = Attempt(records=[number], attempt=event.attempt, due=event.due, at=event.at)
        phase.attempts.append(attempt)
        phase.status = "running"
        self._current[event.phase] = attempt
        return True

    def _start(self, number: int, event: ev.PhaseStarted) -> bool:
        attempt = self._current.get(event.phase)
        if attempt is None:
            return False
        attempt.records.append(number)
        attempt.at = event.at
        return True

    def _tick(self, number: int, event: ev.PhaseTicked) -> bool:
        phase, attempt = self._phase(event.phase), self._current.pop(event.phase, None)
        if attempt is None:
            return False
        phase.status = "pending"
        phase.attempts.pop()
        ticks = phase.ticks = phase.ticks or Ticks()
        ticks.records += [*attempt.records, number]
        ticks.count += 1
        ticks.first_at = ticks.first_at or attempt.at
        ticks.last_at = attempt.at
        ticks.longest = max(ticks.longest, between(attempt.at, event.at))
        ticks.latest = max(ticks.latest, between(attempt.due, attempt.at))
        return True

    def _retry(self, number: int, event: ev.PhaseRetried) -> bool:
        attempt = self._current.pop(event.phase, None)
        if attempt is None:
            return False
        attempt.records.append(number)
        attempt.ending, attempt.ended_at = "failed", event.at
        attempt.error, attempt.retry_at = event.error, event.retry_at
        self._phase(event.phase).status = "pending"
        return True

    def _complete(self, number: int, event: ev.PhaseCompleted) -> bool:
        end = PhaseEnd(
            records=[number],
            at=event.at,
            reason=event.reason,
            result=event.result,
            shared_from=event.shared_from,
        )
        return self._end(event.phase, "completed", end)

    def _fail(self, number: int, event: ev.PhaseFailed) -> bool:
        end = PhaseEnd(records=[number], at=event.at, error=event.error)
        return self._end(event.phase, "failed", end)

    def _skip(self, number: int, event: ev.PhaseSkipped) -> bool:
        end = PhaseEnd(records=[number], at=event.at, skip_reason=event.reason, reason=event.detail)
        return self._end(event.phase, "skipped", end)

    def _end(self, name: str, status: str, end: PhaseEnd) -> bool:
        phase, attempt = self._phase(name), self._current.pop(name, None)
        if phase.end is not None:
            return False
        phase.status, phase.end = status, end
        if attempt is not None:
            attempt.ended_at, attempt.error = end.at, end.error
            attempt.ending = "failed" if end.error is not None else "done"
        return True

    _tellers: ClassVar[dict[type[ev.Event], Callable[[PhasesTeller, int, Any], bool]]] = {
        ev.PhaseRequested: _request,
        ev.PhaseStarted: _start,
        ev.PhaseTicked: _tick,
        ev.PhaseRetried: _retry,
        ev.PhaseCompleted: _complete,
        ev.PhaseFailed: _fail,
        ev.PhaseSkipped: _skip,
    }
