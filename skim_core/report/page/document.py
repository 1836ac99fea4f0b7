"""The whole page: one HTML file that needs no other."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.resources import files

from skim_core.report.model import Report
from skim_core.report.page.account import equity_section, exposure_section, multiples_section
from skim_core.report.page.blocks import Section
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

_PARTS: tuple[tuple[str, Callable[[Report], Section | None]], ...] = (
    ("Equity", equity_section),
    ("Strategies", strategies),
    ("R multiples", multiples_section),
    ("Trades", pictures_section),
    ("All trades", table_section),
    ("Phases", phases_section),
    ("Exposure", exposure_section),
    ("Costs", costs_section),
    ("Skipped", skipped_section),
    ("Held", held_section),
    ("Data", notes_section),
    ("Run", run_section),
)
"""What is on the page after the result, each under its name in the navigation."""


def render(report: Report) -> str:
    """Return the report as HTML; the same text for the same report."""
    subject = report.subject
    title = f"{' + '.join(subject.strategies)}, {span(subject.first, subject.last)}"
    drawn = [(name, part) for name, make in _PARTS if (part := make(report)) is not None]
    body = element(
        "body",
        element("a", "Skip to the result", href="#result", class_="skip"),
        element(
            "div",
            head(report),
            element("nav", *(_link(*each) for each in drawn), aria_label="Parts of the report"),
            element("main", hero(report), *(part for _, part in drawn)),
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
        # Before the body is laid out: what a script puts away need not be drawn first.
        element("script", Markup('document.documentElement.classList.add("js")')),
    )


def _link(name: str, part: Section) -> Markup:
    return element("a", name, href=f"#{part.name}")


@cache
def _part(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
