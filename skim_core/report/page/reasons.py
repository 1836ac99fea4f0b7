"""What was skipped, refused, halted or went wrong, and why; costs; findings; how it was run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import groupby

from skim_core.report.incidents import KINDS
from skim_core.report.model import Cost, Incident, Report
from skim_core.report.page.blocks import Column, Section, amount, empty, section, table
from skim_core.report.page.markup import Content, Markup, element
from skim_core.report.page.words import (
    NONE,
    Clock,
    count,
    date,
    money,
    percent,
    price,
    signed,
    span,
)

_ONE_BY_ONE = 60
"""Incidents of a kind that are listed one by one."""

_SYMBOLS = 5


def skipped_section(report: Report) -> Section:
    """Return the incidents, the gravest kinds first, those of a kind by what they are about."""
    if not report.incidents:
        text = "Nothing was skipped, refused or halted, and no day failed."
        return section("skipped", "Skipped and refused", None, empty(text))
    clock = Clock(report.subject.timezone)
    kinds = [
        (title, [each for each in report.incidents if each.kind == kind])
        for kind, title in KINDS.items()
    ]
    parts = [_kind(title, found, clock) for title, found in kinds if found]
    lead = f"{count(len(report.incidents), 'thing')} did not come about or went wrong."
    return section("skipped", "Skipped and refused", lead, *parts)


def costs_section(report: Report) -> Section | None:
    """Return commission and slippage of each strategy; nothing when nothing traded."""
    if not any(cost.fills for cost in report.costs):
        return None
    names = ("Gross", "Commission", "Net", "Of gross", "Entry slippage", "Stop slippage")
    columns = [
        Column("Strategy"),
        *(Column(name, numeric=True) for name in (*names, "Fills", "Measured", "Traded")),
    ]
    measured = sum(cost.measured for cost in report.costs)
    fills = sum(cost.fills for cost in report.costs)
    slipped = sum((c.entry_slippage + c.stop_slippage for c in report.costs), Decimal(0))
    charged = report.subject.charged
    lead = [
        f"Simulated with {charged}. " if charged else None,
        f"Commission took {money(report.figures['commission'])}. Slippage was ",
        element("b", money(slipped, sign=True)),
        f", as far as it can be told: {measured:,} of {count(fills, 'fill')} have a price that was "
        "decided on (an entry's last price, a stop's level; an exit has none). It is in the "
        "profit already, and less than nothing where fills were better.",
    ]
    rows = [_cost(cost) for cost in report.costs]
    return section("costs", "Costs", lead, table("Costs of each strategy", columns, rows))


def held_section(report: Report) -> Section | None:
    """Return what is still held; nothing when nothing is."""
    if not report.open:
        return None
    clock = Clock(report.subject.timezone)
    columns = [
        Column("Symbol"),
        Column("Strategy"),
        Column("Shares", numeric=True),
        Column("At", numeric=True),
        Column("Since"),
    ]
    rows: list[list[Content]] = [
        [
            element("b", each.symbol),
            each.strategy,
            signed(each.quantity, 0),
            price(each.average_price),
            clock.full(each.opened_at) if each.opened_at else NONE,
        ]
        for each in report.open
    ]
    lead = "What these are worth is in no figure of this page."
    return section("held", "Still held", lead, table("Still held", columns, rows))


def notes_section(report: Report) -> Section | None:
    """Return what was found about the data; nothing when nothing was."""
    if not report.notes:
        return None
    columns = [Column("Date"), Column("Symbol"), Column("What"), Column("Finding")]
    rows: list[list[Content]] = [
        [date(note.date) if note.date else NONE, element("b", note.symbol), note.kind, note.text]
        for note in report.notes[: _ONE_BY_ONE * 5]
    ]
    kinds = sorted({note.kind for note in report.notes})
    lead = f"{count(len(report.notes), 'finding')} about the data: {', '.join(kinds)}."
    return section(
        "notes", "About the data", lead, table("Findings", columns, rows, class_="reasons")
    )


def run_section(report: Report) -> Section:
    """Return all that is needed to tell this run from another."""
    subject = report.subject
    facts: list[tuple[str, str]] = [
        ("Run", subject.name),
        ("Account", subject.account),
        ("Broker", subject.broker),
        ("Market", subject.market),
        ("Dates", span(subject.first, subject.last)),
    ]
    if subject.charged:
        facts.append(("Costs", subject.charged))
    if subject.data:
        facts.append(("Bars", subject.data))
    if subject.data_digest:
        facts.append(("Of the bars", f"SHA-256 {subject.data_digest}"))
    if subject.digest:
        facts.append(("Plan", f"SHA-256 {subject.digest}"))
    facts += [(name, version) for name, version in sorted(subject.versions.items())]
    parts: list[Content] = [_facts(facts)]
    for strategy, settings in subject.settings.items():
        if settings:
            parts += [
                element("h3", f"Settings of {strategy}"),
                _facts([(key, _setting(value)) for key, value in settings.items()]),
            ]
    told = element("details", element("summary", "Versions, settings, market"), *parts)
    return section("run", "How it was run", None, told)


def _kind(title: str, found: Sequence[Incident], clock: Clock) -> Markup:
    columns = [
        Column("How often", numeric=True),
        Column("Strategy"),
        Column("What"),
        Column("Symbols"),
        Column("When"),
        Column("Why"),
    ]

    def about(each: Incident) -> tuple[str, str]:
        return each.strategy, each.what

    groups = [list(group) for _, group in groupby(sorted(found, key=about), about)]
    groups.sort(key=len, reverse=True)
    rows = [_group(group, clock) for group in groups]
    several = len(groups) < len(found)
    return element(
        "div",
        element("h3", title, element("span", f"{len(found):,}", class_="badge")),
        table(title, columns, rows, class_="reasons"),
        _one_by_one(title, found, clock) if several else None,
        class_="kind-of",
    )


def _group(group: Sequence[Incident], clock: Clock) -> list[Content]:
    first, last = group[0], group[-1]
    symbols = list(dict.fromkeys(each.symbol for each in group if each.symbol))
    more = f" +{len(symbols) - _SYMBOLS}" if len(symbols) > _SYMBOLS else ""
    when = _when(first, clock) if len(group) == 1 else span(first.date, last.date)
    example = "for instance: " if len({each.why for each in group}) > 1 else ""
    return [
        f"{len(group):,}\N{MULTIPLICATION SIGN}",
        first.strategy or NONE,
        element("b", first.what or NONE),
        " ".join(symbols[:_SYMBOLS]) + more if symbols else NONE,
        when,
        f"{example}{first.why}",
    ]


def _one_by_one(title: str, found: Sequence[Incident], clock: Clock) -> Markup:
    columns = [Column("When"), Column("Strategy"), Column("What"), Column("Symbol"), Column("Why")]
    rows: Iterable[list[Content]] = (
        [_when(each, clock), each.strategy, each.what, each.symbol, each.why]
        for each in found[:_ONE_BY_ONE]
    )
    rest = len(found) - _ONE_BY_ONE
    more = f"{rest:,} more are in the report as JSON or CSV." if rest > 0 else None
    return element(
        "details",
        element("summary", "One by one"),
        table(f"{title}, one by one", columns, rows, class_="reasons"),
        element("p", more, class_="aside") if more else None,
    )


def _when(incident: Incident, clock: Clock) -> str:
    return clock.full(incident.at) if incident.at else date(incident.date)


def _cost(cost: Cost) -> list[Content]:
    part = cost.commission / cost.gross if cost.gross > 0 else None
    return [
        cost.strategy,
        amount(cost.gross),
        money(cost.commission),
        amount(cost.gross - cost.commission),
        percent(part),
        money(cost.entry_slippage, sign=True),
        money(cost.stop_slippage, sign=True),
        f"{cost.fills:,}",
        f"{cost.measured:,}",
        money(cost.value),
    ]


def _facts(facts: Iterable[tuple[str, str]]) -> Markup:
    return element(
        "dl",
        *(element("div", element("dt", name), element("dd", value)) for name, value in facts),
        class_="facts plain",
    )


def _setting(value: object) -> str:
    return NONE if value is None else str(value)
