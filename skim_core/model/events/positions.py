"""What is held, and what protects it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Literal

from skim_core.model.base import Money, Price, Quantity, Symbol, UtcDatetime
from skim_core.model.events.base import _Event
from skim_core.model.orders import Side


class PositionCarried(_Event):
    """A position that was held overnight is held still.

    `average_price` is what it was opened at, `commission` what that cost so far and
    `realised` what shares of it that are sold have made, before commission, in the exchange's
    currency; `quantity` in shares, negative for a short one. Price and `realised` are not
    rounded: what a position makes over several nights is then exact.
    """

    kind: Literal["position_carried"] = "position_carried"
    symbol: Symbol
    quantity: int
    average_price: Decimal
    commission: Money = Decimal(0)
    realised: Decimal = Decimal(0)
    opened_at: UtcDatetime


class PositionOpened(_Event):
    """The first shares of a position were bought (or sold short)."""

    kind: Literal["position_opened"] = "position_opened"
    symbol: Symbol
    side: Side
    quantity: Quantity
    price: Price


class PositionClosed(_Event):
    """A position is flat again; `profit` is its result after commissions."""

    kind: Literal["position_closed"] = "position_closed"
    symbol: Symbol
    quantity: Quantity
    entry_price: Decimal
    exit_price: Decimal
    profit: Money
    opened_at: dt.datetime | None = None


class ProtectionLapsed(_Event):
    """A position has had no working stop since `since`, for longer than is allowed."""

    kind: Literal["protection_lapsed"] = "protection_lapsed"
    symbol: Symbol
    since: UtcDatetime
    reason: str


class ProtectionRestored(_Event):
    """A position whose protection had lapsed has a stop again, or is flat."""

    kind: Literal["protection_restored"] = "protection_restored"
    symbol: Symbol
