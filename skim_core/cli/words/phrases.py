"""Counts, orders and commands in words, the same in the story and in ``status``."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from skim_core.model.orders import Order

_SHOWN_AT_MOST = 8


def counted(number: int, noun: str) -> str:
    """Return a number of things, such as ``2 trades``."""
    return f"{number} {plural(number, noun)}"


def plural(number: int, noun: str) -> str:
    """Return the noun as it stands after this number."""
    return noun if number == 1 else f"{noun}s"


def listed(items: Sequence[str]) -> str:
    """Return the first few of the items, and how many there are more."""
    shown = ", ".join(items[:_SHOWN_AT_MOST])
    more = len(items) - _SHOWN_AT_MOST
    return f"{shown} and {more} more" if more > 0 else shown


def order_text(order: Order) -> str:
    """Return an order as it is said, its prices in quote currency."""
    asked = f"{order.side} {order.quantity} {order.symbol}"
    return f"{asked} {prices_text(order.limit_price, order.stop_price)}"


def prices_text(limit: Decimal | None, stop: Decimal | None) -> str:
    """Return the prices that an order is held to, as they are said, in quote currency."""
    named = (("limit", limit), ("stop", stop))
    return " ".join(f"{name} {at:f}" for name, at in named if at is not None) or "at market"


def average_text(price: Decimal) -> str:
    """Return an average price, to the hundredth of a cent when it is no round number."""
    return f"{min(price, round(price, 4), key=lambda shown: len(str(shown))):f}"


def resolve_command(reference: str) -> str:
    """Return what a person types to say what became of an unknown order."""
    return f"skim resolve {reference} --as filled|cancelled|absent|working --why TEXT"
