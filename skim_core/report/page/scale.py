"""From values to places in a picture, and the round numbers along its edge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, floor, log10

_STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True, slots=True)
class Scale:
    """A straight line from values `low`…`high` to places `start`…`end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the place of a value."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def stretched(low: float, high: float, part: float = 0.06) -> tuple[float, float]:
    """Return the range with some room on both sides; never one without a width."""
    room = (high - low) * part if high > low else abs(low) * 0.01 or 1.0
    return low - room, high + room


def round_steps(low: float, high: float, most: int) -> list[float]:
    """Return round numbers in the range, evenly apart, at most `most` (2 or more).

    >>> round_steps(-0.4, 9.7, 5)
    [0.0, 2.0, 4.0, 6.0, 8.0]
    """
    width = (high - low) / max(most, 2)
    size = 10.0 ** floor(log10(width))
    for step in (size * each for each in (*_STEPS, 20, 25)):
        found = list(_multiples(low, high, step))
        if len(found) <= most:
            return found
    return found


def digits_of(steps: list[float]) -> int:
    """Return how many digits after the point tell these numbers apart, from 0 to 6."""
    for digits in range(7):
        if all(abs(round(step, digits) - step) < 1e-9 * max(1.0, abs(step)) for step in steps):
            return digits
    return 6


def _multiples(low: float, high: float, step: float) -> Iterator[float]:
    for index in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1):
        yield index * step + 0.0
