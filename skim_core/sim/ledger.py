"""The simulated account's cash and positions, exact."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from skim_core.model.base import sound
from skim_core.model.orders import Fill, Position

_POSITION = sound(Position)


class Ledger:
    """Cash in the exchange's currency and shares held by symbol, changed by fills alone."""

    def __init__(self, cash: Decimal, positions: Iterable[Position] = ()) -> None:
        self.cash = cash
        self._held = {position.symbol: position for position in positions}

    def quantity(self, symbol: str) -> int:
        """Return the shares held: negative when short, 0 when flat."""
        position = self._held.get(symbol)
        return position.quantity if position else 0

    def positions(self) -> tuple[Position, ...]:
        """Return what is held, in the order it was opened."""
        return tuple(self._held.values())

    def short_value(self) -> Decimal:
        """Return what the short positions were sold for, before commissions."""
        shorts = (held for held in self._held.values() if held.quantity < 0)
        return sum((-held.quantity * held.average_price for held in shorts), Decimal(0))

    def book(self, fill: Fill) -> None:
        """Take a fill into account."""
        signed = fill.side.sign * fill.quantity
        self.cash -= signed * fill.price + fill.commission
        before = self._held.get(fill.symbol)
        quantity, average = (before.quantity, before.average_price) if before else (0, Decimal(0))
        after = quantity + signed
        if after == 0:
            del self._held[fill.symbol]
            return
        if quantity * after <= 0:
            average = fill.price
        elif abs(after) > abs(quantity):
            average = (quantity * average + signed * fill.price) / after
        self._held[fill.symbol] = _POSITION(
            symbol=fill.symbol, quantity=after, average_price=average
        )
