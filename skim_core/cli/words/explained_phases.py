"""What became of a day's phases, in words."""

from __future__ import annotations

from datetime import datetime, timedelta

from skim_core.cli.words.page import Page
from skim_core.cli.words.wording import count, listed, price, span
from skim_core.decide.explained import (
    Attempt,
    Explanation,
    Finding,
    PhaseAccount,
    PhaseEnd,
    Ticks,
)
from skim_core.model.events import CandidatesJoined, SkipReason
from skim_core.model.market import Candidate

_SKIPPED = {
    SkipReason.BLOCKED: "a phase before it did not succeed",
    SkipReason.LATE: "it was too late",
    SkipReason.NO_WINDOW: "its window does not open in this session",
}


_Row = tuple[int, datetime | None, str, str, list[int]]
"""A statement: what it is sorted by, when, the text, its tone and its records."""


def write_phases(page: Page, explanation: Explanation) -> None:
    """Write each phase with its attempts, what it found and how it ended."""
    zone = f", times in {explanation.session.timezone}" if explanation.session else ""
    page.section(f"Phases{zone}", [*(each.phase for each in explanation.phases), "by hand"])
    for phase in explanation.phases:
        found = [each for each in explanation.findings if each.phase == phase.phase]
        _write_phase(page, phase, found)
    known = {phase.phase for phase in explanation.phases}
    for finding in explanation.findings:
        if finding.phase not in known:
            page.row(_found(finding), finding.at, label=finding.phase, records=finding.records)
    for purge in explanation.purges:
        what = listed(purge.symbols) if purge.symbols else "all candidates and opening ranges"
        page.row(f"Forgotten: {what}.", purge.at, label="by hand", records=purge.records)


def _write_phase(page: Page, phase: PhaseAccount, findings: list[Finding]) -> None:
    label = phase.phase
    rows: list[_Row] = []
    for attempt in phase.attempts:
        if attempt.ending == "done" and phase.end is not None:
            continue
        tone = "active" if attempt.ending == "running" else "warning"
        text = _attempted(page, phase, attempt)
        rows.append((attempt.records[0], attempt.at, text, tone, attempt.records))
    if phase.ticks is not None and phase.ticks.count:
        ticks = phase.ticks
        text = _ticked(page, phase, ticks)
        rows.append((ticks.records[0], ticks.first_at, text, "", ticks.records))
    rows += [(each.records[0], each.at, _found(each), "", each.records) for each in findings]
    if phase.end is not None:
        done = next((each for each in phase.attempts if each.ending == "done"), None)
        records = [*(done.records if done else ()), *phase.end.records]
        text, tone = _ended(page, phase, phase.end, done)
        rows.append((records[-1], phase.end.at, text, tone, records))
    if not rows:
        rows.append((0, None, f"Did not run{_due(page, phase)}.", "aside", []))
    for _, at, text, tone, records in sorted(rows, key=lambda row: row[0]):
        page.row(text, at, label=label, tone=tone, records=records)
        label = ""


def _attempted(page: Page, phase: PhaseAccount, attempt: Attempt) -> str:
    noun = "Tick" if phase.every is not None else "Attempt"
    text = f"{noun} {attempt.attempt}{_lateness(page, attempt)}"
    if attempt.ending == "running" or attempt.ended_at is None:
        return f"{text}: still running."
    lasted = span(max(attempt.ended_at - attempt.at, timedelta(0)))
    if attempt.ending != "failed":
        return f"{text}: {attempt.ending} after at most {lasted}."
    again = f" Again at {page.time(attempt.retry_at)}." if attempt.retry_at else ""
    return f"{text}: failed after {lasted}: {attempt.error}.{again}"


def _ticked(page: Page, phase: PhaseAccount, ticks: Ticks) -> str:
    text = count(ticks.count, "tick")
    if phase.every is not None:
        text += f", due every {span(phase.every)}"
    if ticks.count > 1:
        text += f", until {page.time(ticks.last_at)}"
    if ticks.longest:
        text += f", the longest of {span(ticks.longest)}"
    if ticks.latest:
        text += f", the latest {span(ticks.latest)} late"
    return f"{text}."


def _ended(page: Page, phase: PhaseAccount, end: PhaseEnd, done: Attempt | None) -> tuple[str, str]:
    if phase.status == "skipped":
        why = end.reason or (_SKIPPED[end.skip_reason] if end.skip_reason else "")
        return f"Skipped{_due(page, phase)}: {why}.", "warning"
    if phase.status == "failed":
        return f"Failed for good: {end.error}.", "error"
    text = "Completed"
    if done is not None:
        lasted = max(end.at - done.at, timedelta(0))
        text += _lateness(page, done)
        text += f", took {span(lasted)}" if lasted else ""
    if end.shared_from is not None:
        text += f", with what {end.shared_from.partition('/')[0]} had found"
    if end.reason:
        text += f": {end.reason}"
    if end.result is not None:
        text += f". Result: {end.result}"
    return f"{text}.", "done"


def _lateness(page: Page, attempt: Attempt) -> str:
    late = max(attempt.at - attempt.due, timedelta(0))
    started = f"{span(late)} late" if late else "on time"
    return f"; due {page.time(attempt.due)}, started {started}"


def _due(page: Page, phase: PhaseAccount) -> str:
    start, end = phase.window_start, phase.window_end
    if start is not None and end is not None:
        return f", due from {page.time(start)} to {page.time(end)}"
    if start is not None:
        return f", due {page.time(start)}"
    return f", due by {page.time(end)}" if end is not None else ""


def _found(finding: Finding) -> str:
    if finding.joined is not None:
        return _joined(finding.joined)
    if finding.alerts:
        return f"Told: {'; '.join(alert.text for alert in finding.alerts)}."
    if finding.ranges:
        ranges = [
            f"{each.symbol} {price(each.low)} to {price(each.high)}" for each in finding.ranges
        ]
        return f"Opening ranges: {', '.join(ranges)}."
    if finding.candidates:
        found = [_candidate(each) for each in finding.candidates]
        return f"{count(len(found), 'candidate')}: {', '.join(found)}."
    return "Found nothing."


def _joined(event: CandidatesJoined) -> str:
    parts = [f"{name} found {number}" for name, number in event.found.items()]
    parts += [f"{name} FAILED, {error.rstrip('.')}" for name, error in event.failed.items()]
    parts += [f"{symbol} dropped by {why.rstrip('.')}" for symbol, why in event.dropped.items()]
    return f"{'; '.join(parts) or 'Nothing was dropped'}."


def _candidate(found: Candidate) -> str:
    parts = [found.reason]
    if found.open is not None and found.previous_close is not None:
        parts.append(f"{price(found.previous_close)} to {price(found.open)}")
    if found.volume is not None:
        parts.append(f"{found.volume:,} shares")
    if found.headline:
        parts.append(found.headline)
    return f"{found.symbol} ({'; '.join(parts)})"
