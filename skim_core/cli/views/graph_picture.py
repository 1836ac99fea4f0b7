"""A phase graph as a picture: SVG that needs nothing else, readable on light and dark ground."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from skim_core.model.phases import OnFailure, Phase

_CHARACTER, _LINE, _PADDING = 7.3, 17, 12
_BESIDE, _BELOW, _MARGIN = 64, 22, 16

_STYLE = """
  text { font: 12px ui-monospace, Menlo, Consolas, monospace; fill: #1b1f24 }
  .name { font-weight: 700 }
  rect { fill: #ffffff; stroke: #57606a }
  .protective { stroke: #1a7f37; stroke-width: 2.5 }
  path { fill: none; stroke: #57606a }
  .on { stroke-dasharray: 5 4 }
  marker path { fill: #57606a; stroke: none }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } rect { fill: #161b22; stroke: #8b949e } path { stroke: #8b949e }
    .protective { stroke: #3fb950 } marker path { fill: #8b949e }
  }
"""
_ARROW = (
    '<defs><marker id="arrow" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" '
    'markerHeight="8" orient="auto-start-reverse"><path d="M0 0L10 5L0 10z"/></marker></defs>'
)


@dataclass(frozen=True, slots=True)
class Box:
    """Where a phase stands in the picture, in pixels from its upper left corner."""

    phase: Phase
    lines: tuple[str, ...]
    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        """How far down its middle is."""
        return self.y + self.height / 2


def as_svg(ordered: Sequence[Phase], policy: Callable[[Phase], Sequence[str]]) -> str:
    """Return the picture of a graph's phases, each after those that it waits for.

    `policy` gives the lines below a phase's name. A dashed arrow leads on even when the phase
    before it has failed; what is protective has a thick green border.
    """
    boxes = {box.phase.name: box for box in placed(ordered, policy)}
    width = max(box.x + box.width for box in boxes.values()) + _MARGIN
    height = max(box.y + box.height for box in boxes.values()) + _MARGIN
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" role="img">'
    )
    arrows = [_arrow(boxes[before], box) for box in boxes.values() for before in box.phase.after]
    drawn = [_drawn(box) for box in boxes.values()]
    return "\n".join([head, f"<style>{_STYLE}</style>", _ARROW, *arrows, *drawn, "</svg>"])


def placed(ordered: Sequence[Phase], policy: Callable[[Phase], Sequence[str]]) -> list[Box]:
    """Return where each phase stands: in a column to the right of all that it waits for."""
    columns: list[list[Phase]] = []
    depths: dict[str, int] = {}
    for phase in ordered:
        depth = 1 + max((depths[name] for name in phase.after), default=-1)
        depths[phase.name] = depth
        if depth == len(columns):
            columns.append([])
        columns[depth].append(phase)
    boxes: list[Box] = []
    x = float(_MARGIN)
    for column in columns:
        texts = {phase.name: (phase.name, *policy(phase)) for phase in column}
        longest = max(len(line) for lines in texts.values() for line in lines)
        width = longest * _CHARACTER + 2 * _PADDING
        y = float(_MARGIN)
        for phase in column:
            lines = texts[phase.name]
            height = len(lines) * _LINE + _PADDING
            boxes.append(Box(phase, lines, x, y, width, height))
            y += height + _BELOW
        x += width + _BESIDE
    return boxes


def _arrow(before: Box, after: Box) -> str:
    start, end = before.x + before.width, after.x
    bend = (end - start) / 2
    kind = ' class="on"' if before.phase.on_failure is OnFailure.CONTINUE else ""
    return (
        f'<path{kind} d="M{start:.1f} {before.middle:.1f}C{start + bend:.1f} {before.middle:.1f} '
        f'{end - bend:.1f} {after.middle:.1f} {end:.1f} {after.middle:.1f}" '
        'marker-end="url(#arrow)"/>'
    )


def _drawn(box: Box) -> str:
    kind = ' class="protective"' if box.phase.protective else ""
    lines = [
        f'<text class="{"policy" if number else "name"}" x="{box.x + _PADDING:.1f}" '
        f'y="{box.y + (number + 1) * _LINE:.1f}">{escape(line)}</text>'
        for number, line in enumerate(box.lines)
    ]
    frame = (
        f'<rect{kind} x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" '
        f'height="{box.height:.1f}" rx="6"/>'
    )
    return "\n".join(["<g>", f"<title>{escape(box.phase.name)}</title>", frame, *lines, "</g>"])
