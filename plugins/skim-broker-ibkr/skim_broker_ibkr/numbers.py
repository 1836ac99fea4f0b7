"""Numbers as ib_async has them, made exact."""

from __future__ import annotations

import math
from decimal import Decimal

_PLACES = Decimal("0.000001")
_UNSET = 1e300
"""TWS sends the largest double where nothing is set."""


def exact(value: object) -> Decimal | None:
    """Return a price as the decimal that was sent, to the sixth place; None when unset.

    A float that was read from a decimal of up to 15 digits has that decimal as its shortest
    form, so nothing is lost.

    >>> exact(45.67), exact(0.1 + 0.2), exact(1.7976931348623157e308)
    (Decimal('45.67'), Decimal('0.3'), None)
    """
    if value is None or value == "":
        return None
    number = float(value)  # type: ignore[arg-type]  # whatever ib_async has is a number
    if not math.isfinite(number) or abs(number) > _UNSET:
        return None
    return Decimal(repr(number)).quantize(_PLACES).normalize() + Decimal(0)


def price(value: object) -> Decimal | None:
    """Return a price; None when it is unset or not above zero, as TWS sends for no price."""
    found = exact(value)
    return found if found is not None and found > 0 else None


def whole(value: object) -> int:
    """Return a number of shares; 0 when unset."""
    found = exact(value)
    return 0 if found is None else int(found)


def sendable(value: Decimal) -> Decimal:
    """Return a price that is written without an exponent, and so sent exactly."""
    return Decimal(f"{value:f}")
