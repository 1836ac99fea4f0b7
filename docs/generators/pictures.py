"""The pictures of the site, each drawn from what it shows: graphs, days, layers."""

from __future__ import annotations

import ast
import base64
import os
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from html import escape
from pathlib import Path

from generators.packages import entry_points
from generators.reference import described

from skim_core.cli.graph import in_order
from skim_core.cli.views.graph_picture import as_svg
from skim_core.model.phases import Phase
from skim_core.plugins.discovery import Group
from skim_core.plugins.strategies import load_strategy
from skim_core.testing.simulate import Traded, session_of, simulate_day

ROOT = Path(__file__).parents[2]
DATE = "2026-11-24"
"""A whole day of the ASX, whose generated market has something for each strategy."""

_WIDTH, _PADDING = 1000, 14
_STYLE = """
  text { font: 13px ui-monospace, Menlo, Consolas, monospace; fill: #1b1f24 }
  .name { font-weight: 700 } rect { fill: #ffffff; stroke: #57606a } .pure rect { fill: #e7f3ea }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } rect { fill: #161b22; stroke: #8b949e } .pure rect { fill: #12261b }
  }
"""


def strategies() -> list[str]:
    """Return the names of the strategies under plugins/."""
    return sorted(entry_points(Group.STRATEGIES))


def image(svg: str, alt: str) -> str:
    """Return a picture as HTML that needs no other file, apart from the page's own style."""
    data = base64.b64encode(svg.encode()).decode()
    return f'<img alt="{escape(alt)}" src="data:image/svg+xml;base64,{data}">'


def phase_graph(name: str) -> str:
    """Return what `skim graph NAME --svg` draws, without anybody's configuration."""
    with tempfile.TemporaryDirectory() as folder:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("SKIM_")}
        done = subprocess.run(  # noqa: S603  a strategy of this repository
            [sys.executable, "-m", "skim_core", "graph", name, "--svg"],
            cwd=folder,
            env=kept | {"SKIM_DIRECTORY": folder},
            capture_output=True,
            text=True,
            check=True,
        )
    return done.stdout


def event_flow(name: str) -> str:
    """Return a strategy's graph with the events of a simulated day in the phases that led to them."""
    with tempfile.TemporaryDirectory() as folder:
        day = simulate_day(name, session_of("XASX", DATE, Path(folder)), Path(folder))
    told = published(day)
    graph = load_strategy(name).graph

    def lines(phase: Phase) -> list[str]:
        return [f"{count} {kind}" for kind, count in told.get(phase.name, Counter()).items()]

    return as_svg(in_order(graph), lines)


def published(day: Traded) -> dict[str, Counter[str]]:
    """Return by phase how many events of each kind it led to, in the order of their first.

    An event of a phase names it, a decision names who decided, and what became of an order is
    that of whoever decided it.
    """
    told: dict[str, Counter[str]] = {}
    deciders: dict[str, str] = {}
    for event in day.events:
        order = getattr(event, "order", None)
        fill = getattr(event, "fill", None)
        reference = getattr(event, "reference", getattr(fill, "reference", None))
        phase = getattr(event, "phase", "") or getattr(event, "by", "")
        if order is not None:
            deciders[order.reference] = phase
        phase = phase or deciders.get(str(reference), "")
        if phase:
            told.setdefault(phase, Counter())[event.kind] += 1
    return told


def layers() -> str:
    """Return the layers of the core as import-linter holds them, the highest at the top.

    Raises UndocumentedError for a package that doesn't say what it is.
    """
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    [rows] = [
        contract["layers"]
        for contract in contracts["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers"
    ]
    drawn = []
    place = 0
    for row in rows:
        names = [name.strip().removeprefix("skim_core.") for name in row.split("|")]
        kind = ' class="pure"' if names[0] in {"decide", "model", "errors"} else ""
        height = _PADDING + 20 * len(names)
        words = "".join(
            f'<text x="{2 * _PADDING}" y="{place + 20 * (number + 1)}">'
            f'<tspan class="name">{name}</tspan>'
            f'<tspan x="150">{escape(_words(name))}</tspan></text>'
            for number, name in enumerate(names)
        )
        drawn.append(
            f'<g{kind}><rect x="1" y="{place + 1}" width="{_WIDTH - 2}" height="{height - 4}" '
            f'rx="6"/>{words}</g>'
        )
        place += height
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{place}" '
        f'viewBox="0 0 {_WIDTH} {place}" role="img">'
    )
    return "\n".join([head, f"<style>{_STYLE}</style>", *drawn, "</svg>"])


def _words(name: str) -> str:
    """Return the first line of what a module or package says of itself."""
    found = ROOT / "skim_core" / name
    file = found / "__init__.py" if found.is_dir() else found.with_suffix(".py")
    words = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))
    first = (words or "").replace("`", "").split("\n\n", maxsplit=1)[0]
    return described(f"skim_core.{name}", first)
