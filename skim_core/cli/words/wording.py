"""Numbers, times and lists as a trader reads them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

_WIDEST = 24
"""More digits than any amount has; what has more is written as it is."""

_PLACES = 4
"""The decimals of an average price."""

_MINUTE = 60
_HOUR = 60


def money(amount: Decimal, *, signed: bool = False) -> str:
    """Return an amount to the cent: ``3,377.44``, signed ``+65.77``."""
    return _fixed(amount, "+,.2f" if signed else ",.2f")


def price(amount: Decimal) -> str:
    """Return a price as it is: ``1.475``."""
    return _fixed(amount, "f")


def average(amount: Decimal) -> str:
    """Return an average price, with as many decimals as say something."""
    places = amount.as_tuple().exponent
    if isinstance(places, int) and places >= -_PLACES:
        return price(amount)
    text = _fixed(amount, f".{_PLACES}f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def span(length: timedelta) -> str:
    """Return a length of time in at most two units: ``250 ms``, ``3.2 s``, ``2 h 5 min``."""
    seconds = length.total_seconds()
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < _MINUTE:
        return f"{seconds:.1f} s".replace(".0 s", " s")
    minutes, rest = divmod(round(seconds), _MINUTE)
    if minutes < _HOUR:
        return f"{minutes} min" + (f" {rest} s" if rest else "")
    hours, minutes = divmod(minutes, _HOUR)
    return f"{hours} h" + (f" {minutes} min" if minutes else "")


def count(number: int, noun: str) -> str:
    """Return ``1 tick``, ``315 ticks``, ``no ticks``."""
    return f"{number or 'no'} {noun}s" if number != 1 else f"1 {noun}"


def listed(items: Sequence[str]) -> str:
    """Return ``a``, ``a and b``, ``a, b and c``."""
    *first, last = items or ("nothing",)
    return f"{', '.join(first)} and {last}" if first else last


def numbers(records: Sequence[int], most: int = 8) -> str:
    """Return sequence numbers with runs drawn together: ``[3-5, 9]``; of many only the ends."""
    runs: list[list[int]] = []
    for number in sorted(records):
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    if len(runs) > most:
        return f"[{runs[0][0]} … {runs[-1][1]}, {len(records):,} records]"
    parts = (f"{first}-{last}" if last > first else str(first) for first, last in runs)
    return f"[{', '.join(parts)}]"


def _fixed(amount: Decimal, form: str) -> str:
    if not amount.is_finite() or amount.adjusted() > _WIDEST:
        return str(amount)
    return format(amount, form)
