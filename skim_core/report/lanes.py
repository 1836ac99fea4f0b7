"""The phases of a day as lanes of a Gantt chart, and their totals over days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from skim_core.decide.explained import Attempt, Explanation, PhaseAccount
from skim_core.model import events as ev
from skim_core.report.model import AttemptSpan, DayPhases, Lane, PhaseTotals, TickRun

_NONE = dt.timedelta(0)


@dataclass(frozen=True, slots=True)
class LanedDay:
    """A day's lanes, and what each phase adds to the totals."""

    day: DayPhases
    totals: tuple[PhaseTotals, ...]


def laned_day(explanation: Explanation, events: Mapping[int, ev.Event]) -> LanedDay | None:
    """Return the lanes of an explained day; None when it never began.

    `events` are the day's, by sequence number.
    """
    began, session = explanation.conditions, explanation.session
    if began is None or session is None:
        return None
    end = explanation.end
    day = DayPhases(
        run_id=explanation.run_id,
        strategy=explanation.strategy,
        date=session.date,
        open=session.open,
        close=session.close,
        timezone=session.timezone,
        began_at=began.at,
        ended_at=max(explanation.last_at or began.at, began.at),
        outcome=end.outcome.value if end else "unfinished",
        reason=end.reason if end else "",
        lanes=tuple(_lane(phase, events) for phase in explanation.phases),
    )
    totals = tuple(_totals(explanation.strategy, phase) for phase in explanation.phases)
    return LanedDay(day, totals)


def tick_runs(starts: Sequence[dt.datetime]) -> list[TickRun]:
    """Join the starts of ticks, in order, to runs of equal steps.

    A run goes on as long as the step stays the same; every tick is in exactly one run.
    """
    runs: list[TickRun] = []
    current: list[dt.datetime] = []
    for start in starts:
        if len(current) > 1 and start - current[-1] != current[1] - current[0]:
            runs.append(_run(current))
            current = []
        current.append(start)
    if current:
        runs.append(_run(current))
    return runs


def add_totals(totals: Iterable[PhaseTotals]) -> list[PhaseTotals]:
    """Add up the totals of the same strategy and phase, in the order in which they came."""
    added: dict[tuple[str, str], PhaseTotals] = {}
    for each in totals:
        key = each.strategy, each.phase
        before = added.get(key)
        added[key] = each if before is None else _sum(before, each)
    return list(added.values())


def _run(starts: Sequence[dt.datetime]) -> TickRun:
    every = next((after - before for before, after in pairwise(starts)), _NONE)
    return TickRun(first=starts[0], last=starts[-1], every=every, count=len(starts))


def _lane(phase: PhaseAccount, events: Mapping[int, ev.Event]) -> Lane:
    end = phase.end
    started = [
        event.at
        for number in (phase.ticks.records if phase.ticks else ())
        if isinstance(event := events[number], ev.PhaseStarted)
    ]
    return Lane(
        phase=phase.phase,
        status=phase.status,
        window_start=phase.window_start,
        window_end=phase.window_end,
        every=phase.every,
        attempts=tuple(_span(attempt) for attempt in phase.attempts),
        ticks=tuple(tick_runs(started)),
        skip_reason=end.skip_reason.value if end and end.skip_reason else None,
        detail=(end.error or end.reason) if end else "",
        shared_from=end.shared_from if end else None,
        ended_at=end.at if end else None,
    )


def _span(attempt: Attempt) -> AttemptSpan:
    return AttemptSpan(
        number=attempt.attempt,
        start=attempt.at,
        end=attempt.ended_at,
        ending=attempt.ending,
        error=attempt.error or "",
    )


def _totals(strategy: str, phase: PhaseAccount) -> PhaseTotals:
    lasted = [attempt.ended_at - attempt.at for attempt in phase.attempts if attempt.ended_at]
    return PhaseTotals(
        strategy=strategy,
        phase=phase.phase,
        days=1,
        completed=int(phase.status == "completed"),
        failed=int(phase.status == "failed"),
        skipped=int(phase.status == "skipped"),
        retries=sum(attempt.retry_at is not None for attempt in phase.attempts),
        ticks=phase.ticks.count if phase.ticks else 0,
        longest=max([*lasted, phase.ticks.longest if phase.ticks else _NONE, _NONE]),
    )


def _sum(one: PhaseTotals, other: PhaseTotals) -> PhaseTotals:
    return PhaseTotals(
        strategy=one.strategy,
        phase=one.phase,
        days=one.days + other.days,
        completed=one.completed + other.completed,
        failed=one.failed + other.failed,
        skipped=one.skipped + other.skipped,
        retries=one.retries + other.retries,
        ticks=one.ticks + other.ticks,
        longest=max(one.longest, other.longest),
    )
