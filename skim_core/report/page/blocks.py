"""What sections are made of: a title with what it tells, tables, amounts with their tone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from skim_core.report.page.markup import Content, Markup, element
from skim_core.report.page.words import money


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; numbers stand to the right."""

    title: str
    numeric: bool = False


class Section(Markup):
    """A section of the page; `name` is its id."""

    name: str


def section(name: str, title: str, lead: Content, *content: Content) -> Section:
    """Return a section; `lead` is what it comes to, in a sentence."""
    drawn = element(
        "section",
        element("h2", title, id=f"{name}-heading"),
        element("p", lead, class_="lead") if lead else None,
        *content,
        id=name,
        aria_labelledby=f"{name}-heading",
    )
    made = Section(drawn)
    made.name = name
    return made


def table(
    title: str, columns: Sequence[Column], rows: Iterable[Sequence[Content]], **more: str | bool
) -> Markup:
    """Return a table that scrolls by itself where it is too wide; `title` says what it lists.

    `more` are attributes of the table.
    """
    head = element(
        "tr",
        *(
            element("th", column.title, scope="col", class_="n" if column.numeric else None)
            for column in columns
        ),
    )
    body = (
        element(
            "tr",
            *(
                element("td", cell, class_="n" if column.numeric else None)
                for column, cell in zip(columns, row, strict=True)
            ),
        )
        for row in rows
    )
    drawn = element("table", element("thead", head), element("tbody", *body), **more)
    return element("div", drawn, class_="scroll", tabindex="0", role="region", aria_label=title)


def amount(value: Decimal, *, class_: str = "") -> Markup:
    """Return a signed amount in its tone; the sign says the same as the colour."""
    tone = "gain" if value > 0 else "loss" if value < 0 else ""
    return element("span", money(value, sign=True), class_=f"{tone} {class_}".strip() or None)


def figure(caption: Content, *content: Content, class_: str | None = None) -> Markup:
    """Return pictures with a caption above them."""
    return element("figure", element("figcaption", caption), *content, class_=class_)


def empty(text: str) -> Markup:
    """Return what stands where there is nothing to show."""
    return element("p", text, class_="empty")
