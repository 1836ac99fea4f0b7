"""What was skipped, refused, halted or went wrong on a day, and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from skim_core.decide.explained import Explanation
from skim_core.decide.explained_steps import Decision, Doubt, Over
from skim_core.model.events import Outcome
from skim_core.report.model import Incident

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "left_out": "Sessions left out",
        "day": "Days that failed or are not finished",
        "halt": "Entries halted",
        "phase_failed": "Phases that failed",
        "phase_skipped": "Phases skipped",
        "attempt": "Attempts that failed",
        "refused": "Entries refused",
        "rejected": "Orders the broker rejected",
        "doubt": "Orders in doubt",
        "protection": "Positions without a stop",
        "line": "The line to the broker",
        "books": "Differences from the broker's books",
        "other": "Records that fit nothing",
    }
)
"""Every kind of incident, the gravest first, and its title."""


def left_out(dates: Iterable[tuple[dt.date, str]]) -> list[Incident]:
    """Return the sessions that were left out, each with its reason."""
    return [
        Incident(date=date, at=None, strategy="", kind="left_out", what="", symbol="", why=why)
        for date, why in dates
    ]


def incidents(explanation: Explanation) -> list[Incident]:
    """Return the incidents of an explained day, by time; none of a day that never began."""
    if explanation.session is None:
        return []
    fixed: dict[str, Any] = {
        "date": explanation.session.date,
        "strategy": explanation.strategy,
        "what": "",
        "symbol": "",
    }
    found = [
        Incident(**(fixed | told))
        for part in (_day, _phases, _orders, _circumstances)
        for told in part(explanation)
    ]
    return sorted(found, key=_by_time)


def _by_time(incident: Incident) -> tuple[dt.date, dt.datetime]:
    return incident.date, incident.at or dt.datetime.min.replace(tzinfo=dt.UTC)


def _day(explanation: Explanation) -> Iterator[dict[str, Any]]:
    end = explanation.end
    if end is None:
        why = "the journal ends before the day did"
        yield {"at": explanation.last_at, "kind": "day", "what": "unfinished", "why": why}
    elif end.outcome is Outcome.FAILED:
        yield {"at": end.at, "kind": "day", "what": "failed", "why": end.reason}
    for halt in explanation.halts:
        why = f"{halt.why} (by {halt.by})"
        what = "halted, and sold" if halt.flatten else "halted"
        yield {"at": halt.at, "kind": "halt", "what": what, "why": why}


def _phases(explanation: Explanation) -> Iterator[dict[str, Any]]:
    for phase in explanation.phases:
        name, end = phase.phase, phase.end
        for attempt in phase.attempts:
            if attempt.retry_at is not None or attempt.ending == "interrupted":
                why = attempt.error or "the process that ran it was gone"
                yield {"at": attempt.at, "kind": "attempt", "what": name, "why": why}
        if end is not None and end.error is not None:
            yield {"at": end.at, "kind": "phase_failed", "what": name, "why": end.error}
        if end is not None and end.skip_reason is not None:
            why = ": ".join(part for part in (end.skip_reason.value, end.reason) if part)
            yield {"at": end.at, "kind": "phase_skipped", "what": name, "why": why}


def _orders(explanation: Explanation) -> Iterator[dict[str, Any]]:
    for refusal in explanation.refusals:
        yield {
            "at": refusal.at,
            "kind": "refused",
            "what": refusal.limit,
            "symbol": refusal.symbol,
            "why": refusal.reason,
        }
    for decision in explanation.decisions:
        for told in _order(decision):
            yield {"symbol": decision.order.symbol, "what": decision.order.purpose} | told


def _order(decision: Decision) -> Iterator[dict[str, Any]]:
    for step in decision.steps:
        if isinstance(step, Over) and step.what == "rejected":
            yield {"at": step.at, "kind": "rejected", "why": step.reason}
        if isinstance(step, Doubt):
            settled = f"; settled: {step.settled_by}" if step.settled_by else "; not settled"
            yield {"at": step.at, "kind": "doubt", "why": f"{step.finding}{settled}"}


def _circumstances(explanation: Explanation) -> Iterator[dict[str, Any]]:
    for lapse in explanation.protection:
        yield {"at": lapse.at, "kind": "protection", "symbol": lapse.symbol, "why": lapse.reason}
    for outage in explanation.connection:
        what = "data lost" if outage.data_lost else "down"
        yield {"at": outage.at, "kind": "line", "what": what, "why": outage.reason}
    for comparison in explanation.reconciliations:
        for difference in comparison.differences:
            yield {"at": comparison.at, "kind": "books", "why": difference}
    for other in explanation.other:
        why = "it belongs to nothing else in the journal"
        yield {"at": other.at, "kind": "other", "what": other.kind, "why": why}
