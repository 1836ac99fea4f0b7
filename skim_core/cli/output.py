"""Everything that a command prints to standard output goes through here."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import PurePath
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from skim_core.model.text import printable
from skim_core.model.written import written

if TYPE_CHECKING:
    from rich.console import Console

    from skim_core.model.session import Session

STYLES: Mapping[str, str] = MappingProxyType(
    {
        "": "",
        "title": "bold",
        "done": "green",
        "active": "cyan",
        "fill": "cyan",
        "stop": "magenta",
        "gain": "green",
        "loss": "red",
        "warning": "yellow",
        "error": "bold red",
        "aside": "dim",
    }
)
"""What a tone looks like: the terminal's own colours, which fit its background."""

_WIDE, _NARROW = 3, 1
"""Columns of a terminal between those of a table: as a rule, and where words would be broken."""

_NUMBER = re.compile(r"[+-]?\d[\d,]*(\.\d+)?%?")


class Toned(NamedTuple):
    """A cell of a table with its tone, a key of `STYLES`."""

    text: str
    tone: str


def echo(text: str = "", tone: str = "") -> None:
    """Print a line; on a terminal in its tone's colour.

    What could steer the terminal, in a text that a plugin or a broker wrote, is written out.
    """
    text = printable(text)
    if tone and sys.stdout.isatty():
        terminal().print(text, style=STYLES[tone], markup=False, soft_wrap=True)
        return
    sys.stdout.write(f"{text}\n")
    # A day may take six hours: whoever reads the pipe or the file sees each line at once.
    sys.stdout.flush()


def print_json(value: Any) -> None:
    """Print one JSON document: times in UTC (ISO 8601), exact numbers and durations as text.

    Keys keep their order. Raises TypeError for what has no such form.
    """
    echo(json.dumps(value, indent=2, default=_as_json, allow_nan=False))


def table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table: drawn on a terminal, plain aligned columns elsewhere.

    A cell is None, a `Toned`, or anything that has a text. Numbers stand to the right. Where
    no column has a header there is no line for them.
    """
    cells = [[_cell(value) for value in row] for row in rows]
    numeric = [
        all(not row[column].text or _NUMBER.fullmatch(row[column].text) for row in cells)
        and any(row[column].text for row in cells)
        for column in range(len(headers))
    ]
    if sys.stdout.isatty():
        _draw(headers, cells, numeric)
        return
    texts = [[cell.text for cell in row] for row in cells]
    if any(headers):
        texts.insert(0, list(headers))
    widths = [
        max((len(text[column]) for text in texts), default=0) for column in range(len(headers))
    ]
    for text in texts:
        padded = (
            part.rjust(width) if right else part.ljust(width)
            for part, width, right in zip(text, widths, numeric, strict=True)
        )
        echo("  ".join(padded).rstrip())


def terminal() -> Console:
    """Return rich's console on standard output; it honours NO_COLOR."""
    from rich.console import Console

    return Console(highlight=False)


def local_time(session: Session, moment: datetime | None) -> str:
    """Return a moment in the exchange's time: with its date when that is not the session's."""
    if moment is None:
        return ""
    local = session.local(moment)
    days = "" if local.date() == session.date else f"{local:%Y-%m-%d} "
    return f"{days}{local:%H:%M:%S}"


def _cell(value: object) -> Toned:
    text, tone = value if isinstance(value, Toned) else ("" if value is None else str(value), "")
    return Toned(printable(" ".join(text.splitlines())), tone)


def _draw(
    headers: Sequence[str], cells: Sequence[Sequence[Toned]], numeric: Sequence[bool]
) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    screen = terminal()
    widths, gap = _fitting(
        [[header, *(row[n].text for row in cells)] for n, header in enumerate(headers)],
        screen.width,
    )
    drawn = Table(
        box=box.SIMPLE_HEAD,
        header_style="bold",
        border_style="dim",
        pad_edge=False,
        padding=(0, 0 if gap == _NARROW else 1),
        show_header=any(headers),
        # Its edges are empty lines, which set a header off.
        show_edge=any(headers),
    )
    for header, right, width in zip(headers, numeric, widths, strict=True):
        justify: Literal["left", "right"] = "right" if right else "left"
        drawn.add_column(header, justify=justify, overflow="fold", width=width)
    for row in cells:
        drawn.add_row(*(Text(cell.text, style=STYLES[cell.tone]) for cell in row))
    screen.print(drawn)


def _fitting(columns: Sequence[Sequence[str]], width: int) -> tuple[list[int], int]:
    """Return the widths of columns, and the gap between them, for a screen of this width.

    Where all can't stand as it is, cells go over several lines, and as few words as there is
    room for are broken: the longest give way first.
    """
    whole = [max(map(len, column)) for column in columns]
    words = [max(map(len, " ".join(column).split()), default=0) for column in columns]
    room = width - _WIDE * len(columns) + 1
    if sum(whole) <= room:
        return whole, _WIDE
    gap, close = _WIDE, width - _NARROW * len(columns) - 1
    if sum(whole) <= close:
        return whole, _NARROW
    if sum(words) > room:
        gap, room = _NARROW, close
    longest = max(words)
    while longest > 1 and sum(min(word, longest) for word in words) > room:
        longest -= 1
    widths = [max(1, min(word, longest)) for word in words]
    for _ in range(room - sum(widths)):
        # What is left goes to whoever is farthest from standing on one line.
        neediest = max(range(len(widths)), key=lambda n: whole[n] / widths[n])
        widths[neediest] += 1
    return widths, gap


def as_text(value: object) -> str:
    """Return a cell of a CSV: what `print_json` writes, without its quotes; '' for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else _as_json(value)


def _as_json(value: object) -> str:
    return value.as_posix() if isinstance(value, PurePath) else written(value)
