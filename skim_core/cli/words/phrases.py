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
    return asked_text(order.side, order.quantity, order.symbol, order.limit_price, order.stop_price)


def asked_text(
    side: str, quantity: int, symbol: str, limit: Decimal | None, stop: Decimal | None
) -> str:
    """Return what an order asks for as it is said, its prices in quote currency."""
    named = (("limit", limit), ("stop", stop))
    prices = " ".join(f"{name} {at:f}" for name, at in named if at is not None)
    return f"{side} {quantity} {symbol} {prices or 'at market'}"


def average_text(price: Decimal) -> str:
    """Return an average price, to the hundredth of a cent when it is no round number."""
    return f"{min(price, round(price, 4), key=lambda shown: len(str(shown))):f}"


def resolve_command(reference: str) -> str:
    """Return what a person types to say what became of an unknown order."""
    return f"skim resolve {reference} --as filled|cancelled|absent|working --why TEXT"
