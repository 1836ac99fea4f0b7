"""The whole page: one HTML file that needs no other."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from skim_core.report.model import Report
from skim_core.report.page.account import equity_section, exposure_section, multiples_section
from skim_core.report.page.markup import Markup, element
from skim_core.report.page.phases import phases_section
from skim_core.report.page.reasons import (
    costs_section,
    held_section,
    notes_section,
    run_section,
    skipped_section,
)
from skim_core.report.page.summary import head, hero, strategies
from skim_core.report.page.trading import pictures_section, table_section
from skim_core.report.page.words import span

MARK = "<!doctype html>\n<!-- a report of skim -->\n"
"""How every page begins: so it is known again before it is written over."""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
"""The page asks nobody for anything, whatever is in it."""

_PARTS = {
    "equity": "Equity",
    "multiples": "R multiples",
    "pictures": "Trades",
    "trades": "All trades",
    "phases": "Phases",
    "exposure": "Exposure",
    "costs": "Costs",
    "skipped": "Skipped",
    "run": "Run",
}


def render(report: Report) -> str:
    """Return the report as HTML; the same text for the same report."""
    subject = report.subject
    title = f"{' + '.join(subject.strategies)}, {span(subject.first, subject.last)}"
    body = element(
        "body",
        element("a", "Skip to the result", href="#result", class_="skip"),
        element(
            "div",
            head(report),
            _navigation(),
            element(
                "main",
                hero(report),
                equity_section(report),
                strategies(report),
                multiples_section(report),
                pictures_section(report),
                table_section(report),
                phases_section(report),
                exposure_section(report),
                costs_section(report),
                skipped_section(report),
                held_section(report),
                notes_section(report),
                run_section(report),
            ),
            element("footer", element("p", f"Made by skim from the journal of {subject.name}.")),
            class_="page",
        ),
        element("script", Markup(_part("page.js"))),
    )
    return f"{MARK}{element('html', _head(title), body, lang='en')}\n"


def _head(title: str) -> Markup:
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("title", f"{title} \N{EM DASH} skim"),
        element("style", Markup(_part("style.css"))),
    )


def _navigation() -> Markup:
    links = [element("a", title, href=f"#{name}") for name, title in _PARTS.items()]
    return element("nav", *links, aria_label="Parts of the report")


@cache
def _part(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
