"""The map of a sweep on a terminal: a figure over two parameters in colours, over one in bars."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from skim_core.cli.output import Toned, echo, table, terminal
from skim_core.cli.words.sweep import figure_text, named
from skim_core.sweep.heat import bars

if TYPE_CHECKING:
    from rich.table import Table

    from skim_core.sweep.heat import HeatMap

_GOOD, _NEUTRAL, _BAD = (38, 166, 150), (224, 224, 224), (222, 108, 56)
"""Teal, grey and orange: told apart by who doesn't tell red from green, black is read on each."""

_WIDTH = 40
"""Of bars, in characters."""


def show_map(found: HeatMap) -> None:
    """Print the map, coloured on a terminal."""
    if found.y is None:
        _show_bars(found)
        return
    held = f", with {named(found.held)}" if found.held else ""
    title = f"{found.by.replace('_', ' ')} over {found.x.key} (across) and {found.y.key} (down)"
    echo(f"{title}{held}; * is the best", "title")
    if not sys.stdout.isatty():
        rows = [[y, *(_text(found, x, y) for x in found.x.values)] for y in found.y.values]
        table(("", *found.x.values), rows)
        return
    drawn, console = _drawn(found), terminal()
    if console.measure(drawn).minimum > console.width:
        echo("the map is wider than this terminal: see map.html in the folder", "aside")
        return
    console.print(drawn)


def _text(found: HeatMap, x: str, y: str) -> str:
    row = found.cells[x, y]
    if row.refused:
        return "refused"
    mark = "*" if found.best is row else ""
    return mark + (figure_text(found.by, found.value(x, y)) or "-")


def _drawn(found: HeatMap) -> Table:
    from rich.table import Table
    from rich.text import Text

    assert found.y is not None
    drawn = Table.grid(padding=0)
    lines = [("", found.x.values)]
    lines += [(y, tuple(_text(found, x, y) for x in found.x.values)) for y in found.y.values]
    label = max(len(name) for name, _ in lines)
    widths = [max(len(texts[column]) for _, texts in lines) for column in range(len(lines[0][1]))]
    for width in (label + 1, *(width + 2 for width in widths)):
        drawn.add_column(no_wrap=True, width=width)
    for y, texts in lines:
        styles = [_style(found, x, y) if y else "bold" for x in found.x.values]
        cells = (
            Text(f" {text:>{width}} ", style=style)
            for text, width, style in zip(texts, widths, styles, strict=True)
        )
        drawn.add_row(Text(f"{y:>{label}} ", style="bold"), *cells)
    return drawn


def _style(found: HeatMap, x: str, y: str) -> str:
    shade = found.shade(x, y)
    if shade is None:
        return "dim"
    end = _GOOD if shade >= 0 else _BAD
    mixed = (
        round(middle + abs(shade) * (full - middle))
        for middle, full in zip(_NEUTRAL, end, strict=True)
    )
    weight = "bold " if found.best is found.cells[x, y] else ""
    return f"{weight}rgb(0,0,0) on rgb({','.join(map(str, mixed))})"


def _show_bars(found: HeatMap) -> None:
    held = f", with {named(found.held)}" if found.held else ""
    echo(f"{found.by.replace('_', ' ')} over {found.x.key}{held}; * is the best", "title")
    rows = []
    for x, bar in bars(found).items():
        text = _text(found, x, "")
        drawn = " " * round(_WIDTH * bar.start) + "█" * round(_WIDTH * bar.length)
        mark = " *" if text[0] == "*" else ""
        rows.append(
            [x, text.removeprefix("*"), Toned(drawn + mark, "loss" if bar.negative else "gain")]
        )
    table((found.x.key, found.by.replace("_", " "), ""), rows)
