"""The exchange's page of a day's announcements, read. Pure: text in, announcements out.

The page is https://www.asx.com.au/asx/v2/statistics/todayAnns.do, as it was on 22 September
2026: one table with the columns ASX Code, Date (with the time in Sydney, in span.dates-time),
Price sens. (a cell of the class pricesens, else blank) and Headline (a link, its text up to the
first line break). Columns are found by their names, so that more of them, or another order, do
no harm; what is missing is told by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

from selectolax.lexbor import LexborHTMLParser, LexborNode

from skim_core.errors import DataError

SYDNEY = ZoneInfo("Australia/Sydney")

COLUMNS = {"code": "asx code", "time": "date", "mark": "price sens", "headline": "headline"}
"""What a column is called at the top of the table, in lower case; each may say more."""

MARK = "pricesens"
"""The class of a cell that marks an announcement as price-sensitive."""

MANY = 100
"""Of so many announcements one at least is price-sensitive: about one in twelve is."""

_SPOILT = 0.1
"""The share of unreadable rows from which on the page has changed."""

_CODE = re.compile(r"[A-Z0-9]{3,6}")
_CODE_FAULT = "its code is {!r}, expected three to six capital letters and digits"
_TIME_FORMATS = ("%d/%m/%Y %I:%M %p", "%d/%m/%Y %H:%M")


class PageChangedError(DataError):
    """The page is not what it was when this was written: what changed, by name."""


@dataclass(frozen=True)
class Announcement:
    """One line of the page. `published` in UTC, to the minute; `url` leads to the document."""

    symbol: str
    published: datetime
    sensitive: bool
    headline: str
    url: str

    @property
    def local_time(self) -> datetime:
        """When it was published, in Sydney."""
        return self.published.astimezone(SYDNEY)


@dataclass(frozen=True)
class Page:
    """The announcements of a page, as they stand there (the newest first).

    `faults` names the rows that could not be read, in words.
    """

    announcements: tuple[Announcement, ...]
    faults: tuple[str, ...] = ()


def read_page(html: str, address: str) -> Page:
    """Read the page that came from `address`.

    Raises PageChangedError naming what is not as it was: no table, a column that is missing, no
    row, rows that can't be read, or no price-sensitive mark where there must be one.
    """
    rows = _rows(LexborHTMLParser(html))
    columns = _columns(rows[0])
    announcements: list[Announcement] = []
    faults: list[str] = []
    for number, row in enumerate(rows[1:], start=1):
        cells = row.css("td")
        try:
            announcements.append(_announcement(cells, columns, address))
        except ValueError as error:
            faults.append(f"row {number}: {error}")
    _check(announcements, faults)
    return Page(tuple(announcements), tuple(faults))


def _rows(page: LexborHTMLParser) -> Sequence[LexborNode]:
    tables = [table for table in page.css("table") if table.css("th")]
    for table in tables:
        rows = [row for row in table.css("tr") if row.css("td, th")]
        if rows and COLUMNS["code"] in _text(rows[0]).lower():
            return rows
    title = page.css_first("title")
    found = f"its title is {_text(title)!r}" if title is not None else "it has no title"
    msg = (
        f"the page has no table of announcements (one with a column {COLUMNS['code']!r}); {found}."
    )
    raise PageChangedError(msg)


def _columns(head: LexborNode) -> Mapping[str, int]:
    names = [_text(cell).lower() for cell in head.css("th, td")]
    columns = {
        what: index
        for what, wanted in COLUMNS.items()
        for index, name in reversed(list(enumerate(names)))
        if name.startswith(wanted)
    }
    missing = [COLUMNS[what] for what in COLUMNS if what not in columns]
    if missing:
        msg = (
            f"the table of announcements has no column {' and no '.join(map(repr, missing))}: "
            f"its columns are {', '.join(map(repr, names))}."
        )
        raise PageChangedError(msg)
    return columns


def _announcement(
    cells: Sequence[LexborNode], columns: Mapping[str, int], address: str
) -> Announcement:
    if len(cells) <= max(columns.values()):
        msg = f"it has {len(cells)} cells, expected {max(columns.values()) + 1}"
        raise ValueError(msg)
    code, time, mark, headline = (cells[columns[what]] for what in COLUMNS)
    symbol = _text(code).upper()
    if not _CODE.fullmatch(symbol):
        raise ValueError(_CODE_FAULT.format(symbol))
    link = headline.css_first("a")
    href = link.attributes.get("href") if link is not None else None
    words = _headline(link if link is not None else headline)
    if not words or not href:
        msg = f"its headline is {words!r} and its link {href!r}, expected both"
        raise ValueError(msg)
    return Announcement(symbol, _instant(_text(time)), _marked(mark), words, urljoin(address, href))


def _marked(cell: LexborNode) -> bool:
    """Whether the cell has the mark. Raises ValueError when it has something else."""
    classes = [cell, *cell.css("*")]
    if any(MARK in (node.attributes.get("class") or "").split() for node in classes):
        return True
    if _text(cell) or cell.css("img, svg, i, span"):
        msg = (
            f"its cell for the price-sensitive mark holds something that is no {MARK!r}: "
            f"{' '.join((cell.html or '').split())[:120]!r}"
        )
        raise ValueError(msg)
    return False


def _headline(link: LexborNode) -> str:
    """Return the link's text before its first element: what follows are pages and size."""
    parts: list[str] = []
    for child in link.iter(include_text=True):
        if child.tag == "-text":
            parts.append(child.text(deep=False) or "")
        elif " ".join("".join(parts).split()):
            break
        else:
            parts.append(child.text() or "")
    return " ".join("".join(parts).split())


def _instant(text: str) -> datetime:
    for form in _TIME_FORMATS:
        try:
            local = datetime.strptime(text.upper(), form)  # noqa: DTZ007  its zone is the exchange's
        except ValueError:
            continue
        return local.replace(tzinfo=SYDNEY).astimezone(UTC)
    msg = f"its time is {text!r}, expected one such as '22/09/2026 2:33 pm'"
    raise ValueError(msg)


def _check(announcements: Sequence[Announcement], faults: Sequence[str]) -> None:
    count = len(announcements) + len(faults)
    if not count:
        msg = "the table of announcements has no rows below its head."
    elif len(faults) > _SPOILT * count:
        msg = f"{len(faults)} of {count} announcements can't be read, the first: {faults[0]}."
    elif count >= MANY and not any(found.sensitive for found in announcements):
        msg = (
            f"none of {count} announcements is marked as price-sensitive: the mark was a cell of "
            f"the class {MARK!r}."
        )
    else:
        return
    raise PageChangedError(msg)


def _text(node: LexborNode) -> str:
    return " ".join((node.text(separator=" ") or "").split())
