"""The page of a sweep: its map, what is to be thought of the best, and all combinations.

One HTML file that needs nothing else, in the reader's light or dark colours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING

from skim_core.cli.words.sweep import figure_text, named, verdict
from skim_core.replay.comparison import FIGURES
from skim_core.sweep.heat import bars
from skim_core.sweep.results import ranked

if TYPE_CHECKING:
    from skim_core.sweep.heat import HeatMap
    from skim_core.sweep.plan import SweepPlan
    from skim_core.sweep.results import Results, Row

_STYLE = """
:root { color-scheme: light dark; --good: light-dark(#2aa89a, #126a61);
  --bad: light-dark(#e07a45, #a84c1f); --surface: light-dark(#fbfbfa, #16181c);
  --ink: light-dark(#1d2025, #e6e7ea); --aside: light-dark(#5d636e, #9aa0ab);
  --line: light-dark(#dcdee2, #32363e); --middle: light-dark(#efefee, #23262c);
  --notice: light-dark(#fff4dc, #362c14); }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 72rem; background: var(--surface);
  color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p { margin: .25rem 0; max-width: 48rem; } .aside { color: var(--aside); font-size: .875rem; }
.verdict { background: var(--notice); border-left: .25rem solid var(--bad); padding: .75rem 1rem;
  margin: 1.25rem 0; border-radius: .25rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .875rem; }
th, td { padding: .3rem .6rem; text-align: right; white-space: nowrap; }
th { font-weight: 600; } td.text, th.text { text-align: left; }
.rows th { border-bottom: 1px solid var(--line); position: sticky; top: 0;
  background: var(--surface); }
.rows tr + tr td { border-top: 1px solid var(--line); } td.text { white-space: normal; overflow-wrap: anywhere; }
.map { border-collapse: separate; border-spacing: 2px; }
.map td { min-width: 4.5rem; padding: .6rem; border-radius: .2rem; background: var(--middle); }
.map td.none { color: var(--aside); }
.map td.best { outline: 2px solid var(--ink); outline-offset: -2px; font-weight: 700; }
.map th.axis { color: var(--aside); font-weight: 400; text-align: center; }
.bars td { padding: .15rem .6rem; } .bars .bar { text-align: left; width: 100%; min-width: 6rem; }
.bars .bar span { display: block; height: 1.1rem; border-radius: .15rem;
  background: var(--good); } .bars .bar.bad span { background: var(--bad); }
.bars tr.best { font-weight: 700; } .bars { width: 100%; max-width: 48rem; }
.scale { display: flex; align-items: center; gap: .5rem; margin: .5rem 0; }
.scale i { width: 10rem; height: .6rem; border-radius: .2rem; }
"""


def page(plan: SweepPlan, results: Results, found: HeatMap) -> str:
    """Return the page of a sweep as HTML."""
    title = escape(f"Sweep of {plan.strategy}, {plan.first} to {plan.last}")
    body = "\n".join(
        (
            f"<h1>Sweep of {escape(plan.strategy)}</h1>",
            f"<p class=aside>{escape(plan.exchange)}, {plan.first} to {plan.last}: "
            f"{plan.sessions} sessions, {plan.capital:,f} each, {len(plan.combinations)} "
            "combinations</p>",
            f"<p class=verdict>{escape(verdict(plan, results, found.best, found.by))}</p>",
            *(_bars(found) if found.y is None else _map(found)),
            *_table(plan, results, found.by),
        )
    )
    return (
        "<!doctype html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n"
        "<meta name=viewport content='width=device-width, initial-scale=1'>\n"
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n"
        "</body>\n</html>\n"
    )


def _label(by: str) -> str:
    return escape(by.replace("_", " "))


def _held(found: HeatMap) -> str:
    """Return what the other parameters are held at, as a sentence."""
    if not found.held:
        return ""
    return f"<p class=aside>with {escape(named(found.held))}, as the best has it</p>"


def _map(found: HeatMap) -> Iterator[str]:
    assert found.y is not None
    yield f"<h2>{_label(found.by)}</h2>"
    yield _held(found)
    yield "<div class=wide><table class=map>"
    yield f"<tr><th></th><th class=axis colspan={len(found.x.values)}>{escape(found.x.key)}</th></tr>"
    heads = "".join(f"<th scope=col>{escape(x)}</th>" for x in found.x.values)
    yield f"<tr><th class=axis>{escape(found.y.key)}</th>{heads}</tr>"
    for y in found.y.values:
        cells = "".join(_cell(found, x, y) for x in found.x.values)
        yield f"<tr><th scope=row>{escape(y)}</th>{cells}</tr>"
    yield "</table></div>"
    yield from _scale(found)


def _cell(found: HeatMap, x: str, y: str) -> str:
    row, shade = found.cells[x, y], found.shade(x, y)
    told = escape(_told(row))
    text = "refused" if row.refused else (figure_text(found.by, found.value(x, y)) or "none")
    if shade is None:
        return f"<td class=none title='{told}'>{text}</td>"
    best = " class=best" if found.best is row else ""
    return f"<td{best} style='background: {_colour(shade)}' title='{told}'>{text}</td>"


def _told(row: Row) -> str:
    """Return a combination with its main figures, as it is shown when it is pointed at."""
    if row.refused:
        return f"{named(row.values)}: {row.refused}"
    shown = ("trades", "profit", "sharpe", "drawdown")
    figures = (f"{name} {figure_text(name, row.figures[name]) or 'none'}" for name in shown)
    return f"{named(row.values)}: {', '.join(figures)}"


def _scale(found: HeatMap) -> Iterator[str]:
    """Say which colours stand for which figures."""
    pairs = [
        (shade, value)
        for x, y in found.cells
        if (shade := found.shade(x, y)) is not None and (value := found.value(x, y)) is not None
    ]
    if not pairs:
        return
    (low, worst), (high, most) = min(pairs), max(pairs)
    stops = [_colour(low), _colour(high)]
    if low < 0 < high:
        stops.insert(1, f"var(--middle) {_percent(-low / (high - low))}")
    yield (
        f"<p class='scale aside'>{figure_text(found.by, worst)}"
        f"<i style='background: linear-gradient(to right in oklab, {', '.join(stops)})'></i>"
        f"{figure_text(found.by, most)}</p>"
    )


def _colour(shade: float) -> str:
    end = "good" if shade >= 0 else "bad"
    return f"color-mix(in oklab, var(--{end}) {_percent(abs(shade))}, var(--middle))"


def _bars(found: HeatMap) -> Iterator[str]:
    yield f"<h2>{_label(found.by)} over {escape(found.x.key)}</h2>"
    yield _held(found)
    yield "<table class=bars>"
    for x, bar in bars(found).items():
        row = found.cells[x, ""]
        text = "refused" if row.refused else (figure_text(found.by, found.value(x)) or "none")
        kind = " bad" if bar.negative else ""
        best = " class=best" if found.best is row else ""
        place = f"margin-left: {_percent(bar.start)}; width: {_percent(bar.length)}"
        yield (
            f"<tr{best} title='{escape(_told(row))}'><th scope=row>{escape(x)}</th><td>{text}</td>"
            f"<td class='bar{kind}'><span style='{place}'></span></td></tr>"
        )
    yield "</table>"


def _table(plan: SweepPlan, results: Results, by: str) -> Iterator[str]:
    rows = ranked(results.rows, by)
    run = [row for row in rows if not row.refused]
    keys = [parameter.key for parameter in plan.parameters]
    yield f"<h2>All combinations, by {_label(by)}</h2>"
    yield "<div class=wide><table class=rows>"
    heads = ("#", *map(escape, keys), *map(_label, FIGURES), "deflated sharpe")
    yield f"<tr>{''.join(f'<th scope=col>{head}</th>' for head in heads)}</tr>"
    yield from (_line(row, keys) for row in run)
    yield "</table></div>"
    refused = [row for row in rows if row.refused]
    if refused:
        yield "<h2>Refused by the strategy</h2><table class=rows>"
        for row in refused:
            yield (
                f"<tr><td class=text>{escape(named(row.values))}</td>"
                f"<td class=text>{escape(row.refused)}</td></tr>"
            )
        yield "</table>"


def _line(row: Row, keys: Sequence[str]) -> str:
    sure = row.deflated_sharpe
    cells = (
        str(row.number),
        *(escape(row.values[key]) for key in keys),
        *(figure_text(name, row.figures[name]) or "" for name in FIGURES),
        "" if sure is None else f"{sure:.1%}",
    )
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _percent(part: float) -> str:
    return f"{100 * part:.1f}%"
