"""Parameters and their values, as they are typed, and the grid of all combinations."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import product
from typing import Annotated

from pydantic import Field

from skim_core.errors import ConfigError
from skim_core.model.base import Model

MOST = 1000
"""Combinations that a grid may have unless more are allowed."""

_KEY = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")
_NUMBER = r"[+-]?\d{1,12}(?:\.\d{1,12})?"
_RANGE = re.compile(rf"({_NUMBER})\.\.({_NUMBER})(?:/({_NUMBER}))?")
_OPENING, _CLOSING, _QUOTES = "[{(", "]})", "\"'"


class Parameter(Model):
    """A setting of the strategy by its dotted key, and the values that it takes in turn.

    Values are text as ``--set`` takes it.
    """

    key: str
    values: Annotated[tuple[str, ...], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class _Values:
    """Some values of a parameter: of a range (`step` apart from `start` on), or one text."""

    count: int
    start: Decimal = Decimal(0)
    step: Decimal = Decimal(0)
    text: str | None = None

    def __iter__(self) -> Iterator[str]:
        if self.text is not None:
            yield self.text
            return
        for number in range(self.count):
            value = (self.start + number * self.step).normalize()
            yield f"{value:f}" if value else "0"


def read_grid(texts: Sequence[str], most: int = MOST) -> tuple[Parameter, ...]:
    """Return the parameters that are written as ``key=5,10,15`` or ``key=0..0.05/0.01``.

    A range has both its ends, unless the step misses the last; it is counted exactly, in
    decimals. A comma inside brackets or quotes separates nothing. Raises ConfigError for what
    can't be read, for values or parameters given twice, and for more than `most` combinations.
    """
    if not texts:
        msg = "a sweep needs parameters: give --param range_minutes=5,10,15, again for more."
        raise ConfigError(msg)
    pieces: dict[str, list[_Values]] = {}
    for text in texts:
        key, values = _read(text)
        if key in pieces:
            msg = f"--param {key} is given twice: write all its values in one."
            raise ConfigError(msg)
        pieces[key] = values
    _check_size({key: sum(part.count for part in parts) for key, parts in pieces.items()}, most)
    return tuple(
        Parameter(key=key, values=_once(key, [value for part in parts for value in part]))
        for key, parts in pieces.items()
    )


def combinations(parameters: Sequence[Parameter]) -> Iterator[dict[str, str]]:
    """Yield every combination of the parameters' values; those of the last change fastest."""
    keys = [parameter.key for parameter in parameters]
    for values in product(*(parameter.values for parameter in parameters)):
        yield dict(zip(keys, values, strict=True))


def number(text: str) -> Decimal | None:
    """Return the number that a value is; None for any other text."""
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _read(text: str) -> tuple[str, list[_Values]]:
    key, equals, values = text.partition("=")
    if not equals or not _KEY.fullmatch(key):
        msg = (
            f"--param {text!r}: write a key and its values, such as range_minutes=5,10,15 or "
            "buffer=0..0.05/0.01."
        )
        raise ConfigError(msg)
    return key, [_piece(key, part.strip()) for part in _split(values)]


def _piece(key: str, text: str) -> _Values:
    if not text:
        msg = f"--param {key} has an empty value: leave it out, or write '\"\"' for an empty text."
        raise ConfigError(msg)
    if ".." not in text or text[0] in _OPENING + _QUOTES:
        return _Values(1, text=text)
    found = _RANGE.fullmatch(text)
    if found is None:
        msg = (
            f"--param {key}: {text!r} is no range: write first..last/step in decimals, such as "
            "0..0.05/0.01; a text with two dots in quotes."
        )
        raise ConfigError(msg)
    start, end, step = (None if part is None else Decimal(part) for part in found.groups())
    assert start is not None
    assert end is not None
    if step is None or step <= 0:
        msg = f"--param {key}: the range {text} needs a step above 0: write {start}..{end}/1."
        raise ConfigError(msg)
    if end < start:
        msg = f"--param {key}: the range {text} ends before it starts: write the lower end first."
        raise ConfigError(msg)
    return _Values(int((end - start) // step) + 1, start, step)


def _split(text: str) -> Iterator[str]:
    depth, quote, start = 0, "", 0
    for position, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in _QUOTES:
            quote = character
        elif character in _OPENING:
            depth += 1
        elif character in _CLOSING:
            depth -= 1
        elif character == "," and depth <= 0:
            yield text[start:position]
            start = position + 1
    yield text[start:]


def _check_size(counts: dict[str, int], most: int) -> None:
    size = math.prod(counts.values())
    if size > most:
        factors = " x ".join(f"{count:,} {key}" for key, count in counts.items())
        msg = (
            f"the grid has {size:,} combinations ({factors}), more than {most:,}: take fewer "
            f"values, or allow them with --most {size}."
        )
        raise ConfigError(msg)


def _once(key: str, values: Sequence[str]) -> tuple[str, ...]:
    seen: set[str | Decimal] = set()
    for value in values:
        found = number(value)
        known = value if found is None else found
        if known in seen:
            msg = f"--param {key} has the value {value} twice: write it once."
            raise ConfigError(msg)
        seen.add(known)
    return tuple(values)
