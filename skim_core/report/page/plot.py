"""What every picture has: a frame that fits any width, lines to read values by, labels.

A picture is as wide as its place and has its height in pixels. What is drawn lies in a layer
of its own, `WIDTH` units wide, that is stretched to the picture's width; texts and marks lie
above it, placed in per cent, and keep their shape.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from skim_core.report.page.markup import Content, Markup, element, number
from skim_core.report.page.scale import Scale, digits_of, round_steps
from skim_core.report.page.words import signed

WIDTH = 1000.0
EDGES = (0.05, 0.95)
"""Places before and beyond which a text is turned inwards."""


@dataclass(frozen=True, slots=True)
class Label:
    """A text along an edge at `place`, from 0 to 1; a `minor` one is left out where it is narrow."""

    place: float
    text: str
    minor: bool = False


def picture(
    name: str, told: tuple[str, str], height: float, *content: Content, class_: str = ""
) -> Markup:
    """Return a picture. `name` is unique on the page; `told` is its title and what it shows."""
    title, description = told
    return element(
        "svg",
        element("title", title, id=f"{name}-title"),
        element("desc", description, id=f"{name}-desc"),
        *content,
        class_=f"plot {class_}".strip(),
        width="100%",
        height=height,
        role="img",
        aria_labelledby=f"{name}-title {name}-desc",
    )


def layer(height: float, *content: Content, y: float = 0, class_: str | None = None) -> Markup:
    """Return a part of a picture that is stretched to its width."""
    return element(
        "svg",
        *content,
        class_=class_,
        y=y,
        width="100%",
        height=height,
        viewbox=f"0 0 {WIDTH:.0f} {number(height)}",
        preserveaspectratio="none",
        aria_hidden="true",
    )


def value_lines(scale: Scale, most: int = 5, *, ending: str = "") -> Markup:
    """Return the lines of round values, each with its label to the left of the picture."""
    low, high = sorted((scale.low, scale.high))
    steps = round_steps(low, high, most)
    digits = digits_of(steps)
    parts: list[Content] = []
    for value in steps:
        y = scale(value)
        zero = "grid zero" if value == 0 else "grid"
        parts += [
            element("line", x1="0", x2="100%", y1=y, y2=y, class_=zero),
            element("text", signed(value, digits) + ending, x=-8, y=y + 3.5, class_="value"),
        ]
    return element("g", *parts, aria_hidden="true")


def edge_labels(labels: Sequence[Label], y: float) -> Markup:
    """Return labels beneath a picture; those at its sides are turned inwards."""
    return element("g", *(_edge_label(label, y) for label in labels), aria_hidden="true")


def _edge_label(label: Label, y: float) -> Markup:
    inwards = "start" if label.place < EDGES[0] else "end" if label.place > EDGES[1] else None
    return element(
        "text",
        label.text,
        x=percent(label.place),
        y=y,
        text_anchor=inwards,
        class_="edge minor" if label.minor else "edge",
    )


def mark(place: float, y: float, *content: Content) -> Markup:
    """Return a mark that keeps its shape, its middle at a place from 0 to 1."""
    return element("svg", *content, x=percent(place), y=y, overflow="visible")


def percent(place: float) -> str:
    """Return a place from 0 to 1 in per cent."""
    return f"{number(place * 100)}%"


def steps_path(points: Sequence[tuple[float, float]], end: float) -> str:
    """Return the path of a line that keeps each point's height until the next, and to `end`."""
    (x, y), *rest = points
    parts = [f"M{number(x)} {number(y)}"]
    height = y
    for x, y in rest:
        parts.append(f"H{number(x)}" + (f"V{number(y)}" if y != height else ""))
        height = y
    return "".join([*parts, f"H{number(end)}"])


def thin_out(labels: Sequence[tuple[float, str]], most: int) -> list[Label]:
    """Return at most `most` of evenly spread labels, every other of them minor."""
    every = max(1, -(-len(labels) // most))
    kept = labels[::every]
    return [Label(place, text, minor=bool(index % 2)) for index, (place, text) in enumerate(kept)]
