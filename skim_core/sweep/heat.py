"""A map of a sweep: one figure over one parameter or two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from skim_core.errors import ConfigError, nearest
from skim_core.sweep.grid import Parameter
from skim_core.sweep.results import LOWER_IS_BETTER, NEUTRAL, Row, best


@dataclass(frozen=True, slots=True)
class HeatMap:
    """The figure `by` over the parameter `x`, and over `y` where there is a second one.

    `held` are the other parameters at the values of the best combination. `cells` has the row
    of the results for each pair of values, with '' for `y` where there is none.
    """

    by: str
    x: Parameter
    y: Parameter | None
    held: Mapping[str, str]
    cells: Mapping[tuple[str, str], Row]
    best: Row | None

    @property
    def lines(self) -> tuple[str, ...]:
        """The values of `y`; one '' where there is none."""
        return self.y.values if self.y is not None else ("",)

    def value(self, x: str, y: str = "") -> Decimal | None:
        """Return the figure at these values."""
        return self.cells[x, y].figures[self.by]

    def shade(self, x: str, y: str = "") -> float | None:
        """Return how good the figure is: from -1 to 1 around what is neither, or from 0 to 1.

        It is 1 for the best or the worst of the map, whichever is further from neutral, and
        where a figure knows no neutral from 0 for the worst of the map to 1 for the best.
        """
        value = self.value(x, y)
        if value is None:
            return None
        known = [
            found for row in self.cells.values() if (found := row.figures[self.by]) is not None
        ]
        neutral = NEUTRAL.get(self.by)
        if neutral is not None:
            widest = max(abs(found - neutral) for found in known)
            return float((value - neutral) / widest) if widest else 0.0
        low, high = min(known), max(known)
        part = float((value - low) / (high - low)) if high > low else 1.0
        return 1 - part if self.by in LOWER_IS_BETTER and high > low else part


def heat_map(
    rows: Sequence[Row], parameters: Sequence[Parameter], by: str, axes: Sequence[str] = ()
) -> HeatMap:
    """Return the map of a sweep's rows over the parameters named by `axes`, x before y.

    Without `axes` they are the first two that take more than one value.
    """
    chosen = _chosen(parameters, axes)
    x, y = chosen[0], chosen[1] if len(chosen) > 1 else None
    top = best(rows, by)
    at = top or rows[0]
    keys = {parameter.key for parameter in chosen}
    held = {key: value for key, value in at.values.items() if key not in keys}
    cells = {
        (row.values[x.key], row.values[y.key] if y is not None else ""): row
        for row in rows
        if all(row.values[key] == value for key, value in held.items())
    }
    return HeatMap(by, x, y, held, cells, top)


@dataclass(frozen=True, slots=True)
class Bar:
    """A figure as a bar: where it starts and how long it is, as parts of the whole width."""

    start: float
    length: float
    negative: bool


def bars(found: HeatMap) -> dict[str, Bar]:
    """Return the bar of each value of `x`: to the right of zero, to the left when negative."""
    values = {x: float(found.value(x) or 0) for x in found.x.values}
    left, right = min(0.0, *values.values()), max(0.0, *values.values())
    span = (right - left) or 1.0
    return {
        x: Bar((min(0.0, value) - left) / span, abs(value) / span, value < 0)
        for x, value in values.items()
    }


def read_axes(text: str | None, parameters: Sequence[Parameter]) -> tuple[str, ...]:
    """Return the parameters that ``--map a,b`` names.

    Raises ConfigError when they are not one or two of the sweep's.
    """
    if text is None:
        return ()
    known = [parameter.key for parameter in parameters]
    axes = tuple(part.strip() for part in text.split(","))
    for axis in axes:
        if axis not in known:
            msg = f"--map {axis!r}{nearest(axis, known)}: the parameters are {', '.join(known)}."
            raise ConfigError(msg)
    if len(axes) > 2 or len(set(axes)) < len(axes):  # noqa: PLR2004  a map is flat
        msg = f"--map {text!r}: name one parameter or two different ones, such as a,b."
        raise ConfigError(msg)
    return axes


def _chosen(parameters: Sequence[Parameter], axes: Sequence[str]) -> list[Parameter]:
    if axes:
        by_key = {parameter.key: parameter for parameter in parameters}
        return [by_key[axis] for axis in axes]
    varied = [parameter for parameter in parameters if len(parameter.values) > 1]
    return varied[:2] or list(parameters[:1])
