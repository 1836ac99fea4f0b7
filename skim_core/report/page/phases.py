"""The phases: one day's chart, chosen among those shown, and the totals of all days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from skim_core.report.model import DayPhases, PhaseTotals, Report
from skim_core.report.page.blocks import Column, Section, empty, section, table
from skim_core.report.page.gantt import by_date, day_chart
from skim_core.report.page.markup import Content, Markup, element
from skim_core.report.page.words import NONE, count, date, duration

_DAYS = 30
"""Days whose charts are on the page."""


def phases_section(report: Report) -> Section:
    """Return the charts of the days and the totals."""
    dates = by_date(report.days)
    if not dates:
        return section("phases", "Phases", None, empty("No day began."))
    shown = shown_dates(report)
    charts = [_day(day, dates[day], opened=day == shown[0]) for day in sorted(shown)]
    lead: list[Content] = [_troubles(report.phases)]
    if len(dates) > len(shown):
        lead.append(
            f" The charts of {count(len(shown), 'day')} of {len(dates)} are here: those on which "
            "something went wrong, the best, the worst and the latest."
        )
    picker = _picker(shown, dates, report) if len(shown) > 1 else None
    totals = _totals(report) if len(dates) > 1 else None
    return section("phases", "Phases", lead, picker, *charts, _legend(), totals)


def shown_dates(report: Report, most: int = _DAYS) -> list[dt.date]:
    """Return the dates whose charts are shown, the one to begin with first.

    First those that failed or did not end, then those with an incident, the best and the worst,
    and the latest.
    """
    dates = sorted({day.date for day in report.days}, reverse=True)
    troubled = {each.date for each in report.incidents if each.kind in _TROUBLES}
    by_profit = sorted(report.sessions, key=lambda each: each.profit)
    extreme = [each.date for each in (*by_profit[-1:], *by_profit[:1])]
    wrong = {day.date for day in report.days if day.outcome != "completed"}
    wanted = [
        *(day for day in dates if day in wrong),
        *(day for day in dates if day in troubled),
        *extreme,
        *dates,
    ]
    known = set(dates)
    return [day for day in dict.fromkeys(wanted) if day in known][:most]


_TROUBLES = frozenset({"day", "halt", "phase_failed", "phase_skipped", "attempt"})


def _day(day: dt.date, days: Sequence[DayPhases], *, opened: bool) -> Markup:
    return element(
        "details",
        element("summary", f"{date(day)}, {day:%A}"),
        day_chart(days),
        open=opened,
        class_="day",
        data_date=day.isoformat(),
    )


def _picker(
    shown: Sequence[dt.date], dates: Mapping[dt.date, Sequence[DayPhases]], report: Report
) -> Markup:
    troubled = {each.date for each in report.incidents if each.kind in _TROUBLES}
    options = [
        element(
            "option",
            f"{day:%a} {date(day)}{_outcome(dates[day], troubled=day in troubled)}",
            value=day.isoformat(),
            selected=day == shown[0],
        )
        for day in sorted(shown)
    ]
    return element(
        "div",
        element("button", "\N{LEFTWARDS ARROW}", type="button", id="earlier", aria_label="Earlier"),
        element("select", *options, id="day", aria_label="Which day"),
        element("button", "\N{RIGHTWARDS ARROW}", type="button", id="later", aria_label="Later"),
        class_="picker",
    )


def _outcome(days: Sequence[DayPhases], *, troubled: bool) -> str:
    bad = next((day.outcome for day in days if day.outcome != "completed"), None)
    if bad is not None:
        return f" \N{EM DASH} {bad}"
    return " \N{EM DASH} with incidents" if troubled else ""


def _troubles(totals: Sequence[PhaseTotals]) -> str:
    failed = sum(each.failed for each in totals)
    skipped = sum(each.skipped for each in totals)
    retries = sum(each.retries for each in totals)
    if not failed + skipped + retries:
        return "Every phase ran as planned."
    parts = [
        count(failed, "phase failed", "phases failed"),
        count(skipped, "was skipped", "were skipped"),
        count(retries, "attempt had to be repeated", "attempts had to be repeated"),
    ]
    return ", ".join(part for part in parts if not part.startswith("0 ")) + "."


def _totals(report: Report) -> Markup:
    several = len(report.subject.strategies) > 1
    names = ("Days", "Completed", "Failed", "Skipped", "Retries", "Ticks", "Longest")
    columns = [
        *([Column("Strategy")] if several else []),
        Column("Phase"),
        *(Column(name, numeric=True) for name in names),
    ]
    rows: list[list[Content]] = [
        [
            *([each.strategy] if several else []),
            element("b", each.phase),
            *(
                f"{number:,}" if number else NONE
                for number in (
                    each.days,
                    each.completed,
                    each.failed,
                    each.skipped,
                    each.retries,
                    each.ticks,
                )
            ),
            duration(each.longest),
        ]
        for each in report.phases
    ]
    return element("div", element("h3", "All days"), table("Phases over all days", columns, rows))


def _legend() -> Markup:
    signs = (
        ("hours", "session"),
        ("window", "when it may run"),
        ("run", "attempt"),
        ("ticks", "ticks"),
        ("cross", "failed"),
    )
    return element(
        "ul",
        *(
            element("li", element("i", class_=f"key {sign}", aria_hidden="true"), text)
            for sign, text in signs
        ),
        class_="legend",
    )
