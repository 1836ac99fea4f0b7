"""The phases of a day as a Gantt chart: a lane for each, its attempts, ticks and ending."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from skim_core.report.model import AttemptSpan, DayPhases, Lane, TickRun
from skim_core.report.page.markup import Content, Markup, element, number
from skim_core.report.page.plot import WIDTH, edge_labels, layer, mark
from skim_core.report.page.timeline import Hours, hours
from skim_core.report.page.words import Clock, count, date, duration

_HEIGHT = 22.0
_DENSE = 5.0
"""Ticks nearer to each other than this, of a thousandth of the width, are drawn as a band."""

STATUS = {
    "completed": ("done", "completed"),
    "failed": ("bad", "failed"),
    "skipped": ("left", "skipped"),
    "running": ("open", "still running"),
    "pending": ("open", "not ended"),
}
OUTCOME = {"completed": "done", "failed": "bad", "unfinished": "open"}


def day_chart(days: Sequence[DayPhases]) -> Markup:
    """Return the lanes of all strategies' days of one session, under one axis."""
    clock = Clock(days[0].timezone)
    shown = Hours(
        min(min(day.began_at, day.open) for day in days),
        max(max(day.ended_at, day.close) for day in days),
    )
    axis = element(
        "svg",
        edge_labels(hours(shown, clock), 14),
        class_="plot",
        width="100%",
        height=20,
        aria_hidden="true",
    )
    return element(
        "div",
        *(_strategy(day, shown, clock, named=len(days) > 1) for day in days),
        element("div", element("span"), axis, element("span"), class_="lane axis"),
        class_="gantt",
    )


def _strategy(day: DayPhases, shown: Hours, clock: Clock, *, named: bool) -> Markup:
    outcome = f"{day.outcome}{': ' + day.reason if day.reason else ''}"
    head = element(
        "p",
        element("strong", day.strategy) if named else None,
        element("span", outcome, class_=f"badge {OUTCOME.get(day.outcome, 'open')}"),
        class_="gantt-head",
    )
    return element("div", head, *(_lane(lane, day, shown, clock) for lane in day.lanes))


def _lane(lane: Lane, day: DayPhases, shown: Hours, clock: Clock) -> Markup:
    tone, word = STATUS.get(lane.status, ("open", lane.status))
    told = _told(lane, clock)
    bar = element(
        "svg",
        element("title", f"{lane.phase}, {date(day.date)}: {word}; {told}"),
        layer(
            _HEIGHT,
            _block(shown, day.open, day.close, "hours"),
            _window(lane, shown),
            *(_ticks(run, shown) for run in lane.ticks),
            *(_attempt(attempt, shown, day.ended_at) for attempt in lane.attempts),
        ),
        *(_failure(attempt, shown) for attempt in lane.attempts if attempt.ending != "done"),
        class_="plot",
        width="100%",
        height=_HEIGHT,
        role="img",
    )
    return element(
        "div",
        element("span", lane.phase, class_="lane-name"),
        bar,
        element("span", element("b", word, class_=tone), f" {told}", class_="lane-told"),
        class_=f"lane is-{tone}",
    )


def _told(lane: Lane, clock: Clock) -> str:
    """Return in words how the phase ran and why it ended so."""
    parts = []
    if lane.ended_at is not None and lane.status == "completed":
        parts.append(clock.second(lane.ended_at))
    ticks = sum(run.count for run in lane.ticks)
    if ticks:
        parts.append(count(ticks, "tick"))
    if ticks > 1 and lane.every is not None:
        parts.append(f"{duration(lane.every)} apart")
    again = sum(attempt.ending == "failed" for attempt in lane.attempts)
    if again and lane.status != "failed":
        parts.append(count(again, "failed attempt"))
    first = lane.attempts[0] if lane.attempts else None
    if first is not None and first.end is not None and first.end > first.start and not again:
        parts.append(f"took {duration(first.end - first.start)}")
    if lane.skip_reason is not None:
        parts.append(_SKIPPED.get(lane.skip_reason, lane.skip_reason))
    if lane.shared_from is not None:
        parts.append(f"shared with {lane.shared_from.partition('/')[0]}")
    if lane.detail:
        parts.append(lane.detail)
    return ", ".join(part for part in parts if part)


_SKIPPED = {
    "blocked": "a phase before it failed or was skipped",
    "late": "its time had passed",
    "no_window": "its window does not open in this session",
}


def _block(shown: Hours, start: dt.datetime, end: dt.datetime, class_: str) -> Markup:
    left, right = shown.place(start) * WIDTH, shown.place(end) * WIDTH
    return element("rect", x=left, y=0, width=right - left, height=_HEIGHT, class_=class_)


def _window(lane: Lane, shown: Hours) -> Content:
    if lane.window_start is None and lane.window_end is None:
        return None
    left = shown.place(lane.window_start or shown.start) * WIDTH
    right = shown.place(lane.window_end or shown.end) * WIDTH
    return element(
        "rect", x=left, y=4, width=max(right - left, 1.0), height=_HEIGHT - 8, class_="window"
    )


def _ticks(run: TickRun, shown: Hours) -> Markup:
    """Return a run of ticks: a dash for each, or a band where they are too many to be told apart.

    The dashes are of the line itself, so that a day of ticks costs no more than one of them.
    """
    start, end = shown.place(run.first) * WIDTH, shown.place(run.last) * WIDTH
    middle = number(_HEIGHT / 2)
    if run.count == 1:
        return element("path", d=f"M{number(start)} 6V{number(_HEIGHT - 6)}", class_="tick")
    step = (end - start) / (run.count - 1)
    if step < _DENSE:
        return element(
            "path", d=f"M{number(start)} {middle}H{number(end + step)}", class_="ticks dense"
        )
    return element(
        "path",
        d=f"M{number(start)} {middle}H{number(end + step / 2)}",
        class_="ticks",
        stroke_dasharray=f"2 {step - 2:.4f}",
    )


def _attempt(attempt: AttemptSpan, shown: Hours, ended_at: dt.datetime) -> Markup:
    start = shown.place(attempt.start) * WIDTH
    end = shown.place(attempt.end or ended_at) * WIDTH
    ending = "run" if attempt.ending == "done" else f"run {attempt.ending}"
    return element(
        "g",
        element("rect", x=start, y=5, width=max(end - start, 0.1), height=_HEIGHT - 10),
        element("path", d=f"M{number(start)} 5V{number(_HEIGHT - 5)}"),
        class_=ending,
    )


def _failure(attempt: AttemptSpan, shown: Hours) -> Content:
    if attempt.ending == "running":
        return None
    cross = "M-4 -4L4 4M4 -4L-4 4" if attempt.ending == "failed" else "M0 -8V8"
    return mark(
        shown.place(attempt.end or attempt.start),
        _HEIGHT / 2,
        element("title", f"attempt {attempt.number} {attempt.ending}: {attempt.error}"),
        element("path", d=cross, class_="cross"),
    )


def by_date(days: Iterable[DayPhases]) -> dict[dt.date, list[DayPhases]]:
    """Return the days by their date, in order."""
    found: dict[dt.date, list[DayPhases]] = {}
    for day in sorted(days, key=lambda each: (each.date, each.strategy)):
        found.setdefault(day.date, []).append(day)
    return found
