"""How single values stand in a message: each kind reads a field's text and writes it.

Prices and sizes are decimals. An unset number is an empty field or the largest one of its
type, as the TWS API has it; both are read as None, and each kind writes its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, TypeAlias

from skim_gateway.wire.errors import MalformedError

UNSET_INTEGER = 2**31 - 1
UNSET_DOUBLE = "1.7976931348623157E308"

_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_NUMBER = re.compile(
    r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,3})?"
)
_FLAG = re.compile(r"[01]?|false|true")
_INFINITE = {"Infinite", "Infinity", "inf"}
_UNSET_FROM = Decimal("1.7976e308")
_FLAGS = {"": False, "0": False, "1": True, "false": False, "true": True}


@dataclass(frozen=True, slots=True)
class Scalar:
    """A kind of one field: `read` its text (raises MalformedError), `write` its value."""

    name: str
    read: Callable[[str], Any]
    write: Callable[[Any], str]


def _read_integer(text: str) -> int:
    if not text:
        return 0
    return int(_matched(_INTEGER, text, "a whole number"))


def _read_optional_integer(text: str) -> int | None:
    value = _read_integer(text) if text else None
    return None if value == UNSET_INTEGER else value


def _read_number(text: str) -> Decimal:
    value = _read_optional_number(text)
    return Decimal(0) if value is None else value


def _read_optional_number(text: str) -> Decimal | None:
    if not text:
        return None
    if text in _INFINITE:
        return Decimal("Infinity")
    value = Decimal(_matched(_NUMBER, text, "a number"))
    return None if value >= _UNSET_FROM else value


def _read_flag(text: str) -> bool:
    return _FLAGS[_matched(_FLAG, text, "0 or 1")]


def _write_text(value: str) -> str:
    # From server version 153 on, text is ASCII, and clients undo these escapes.
    return value.replace("\0", "").encode("ascii", "backslashreplace").decode("ascii")


def _write_number(value: Decimal) -> str:
    if value.is_infinite():
        return "Infinite"
    return f"{value:f}"


def _or(unset: str, write: Callable[[Any], str]) -> Callable[[Any], str]:
    return lambda value: unset if value is None else write(value)


def _matched(pattern: re.Pattern[str], text: str, expected: str) -> str:
    if not pattern.fullmatch(text):
        msg = f"expected {expected}, found {text[:40]!r}"
        raise MalformedError(msg)
    return text


TEXT = Scalar("text", str, _write_text)
INTEGER = Scalar("integer", _read_integer, str)
FLAG = Scalar("flag", _read_flag, lambda value: "1" if value else "0")
NUMBER = Scalar("number", _read_number, _write_number)
OPTIONAL_INTEGER = Scalar("integer or ''", _read_optional_integer, _or("", str))
OPTIONAL_NUMBER = Scalar("number or ''", _read_optional_number, _or("", _write_number))

_LARGEST_INTEGER = Scalar("integer or its largest", _read_optional_integer, _or("2147483647", str))
_LARGEST_NUMBER = Scalar(
    "number or its largest", _read_optional_number, _or(UNSET_DOUBLE, _write_number)
)
_ZERO_NUMBER = Scalar("number or 0", _read_optional_number, _or("0", _write_number))
_ZERO_PRICE = Scalar("price or 0.0", _read_optional_number, _or("0.0", _write_number))

IntegerOrLargest: TypeAlias = Annotated[int | None, _LARGEST_INTEGER]
NumberOrLargest: TypeAlias = Annotated[Decimal | None, _LARGEST_NUMBER]
NumberOrZero: TypeAlias = Annotated[Decimal | None, _ZERO_NUMBER]
PriceOrZero: TypeAlias = Annotated[Decimal | None, _ZERO_PRICE]
