"""What an account holds and has earned, by its fills: costs with commissions, as IBKR counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from skim_core import Fill, Position

_CENT = Decimal("0.01")
_MICRO = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Holding:
    """Shares of one symbol: negative when short. `cost` is the average one of a share."""

    symbol: str
    quantity: int = 0
    cost: Decimal = Decimal(0)
    realized: Decimal = Decimal(0)

    def unrealized(self, price: Decimal) -> Decimal:
        """Return what selling at `price` would earn, before commission."""
        return ((price - self.cost) * self.quantity).quantize(_CENT)


class Portfolio:
    """The holdings of one account; what was sold is kept for what it earned today."""

    def __init__(self) -> None:
        self.cash = Decimal(0)
        self._held: dict[str, Holding] = {}

    def bring(self, cash: Decimal, positions: Iterable[Position]) -> None:
        """Have what the account has at the exchange; what was earned today stays."""
        self.cash = cash
        for position in positions:
            known = self.holding(position.symbol)
            if known.quantity != position.quantity:
                self._held[position.symbol] = Holding(
                    position.symbol, position.quantity, position.average_price, known.realized
                )

    @property
    def holdings(self) -> list[Holding]:
        """All that is held or was sold today, in the order it was opened."""
        return list(self._held.values())

    def holding(self, symbol: str) -> Holding:
        """Return what is held of a symbol, possibly nothing."""
        return self._held.get(symbol) or Holding(symbol)

    def realized(self) -> Decimal:
        """Return what today's sales have earned."""
        return sum((holding.realized for holding in self._held.values()), Decimal(0))

    def book(self, fill: Fill) -> Decimal | None:
        """Take a fill into account; return what it has earned, None when it only opens."""
        before = self.holding(fill.symbol)
        signed = fill.side.sign * fill.quantity
        self.cash -= signed * fill.price + fill.commission
        # With the commission a bought share costs more, and a sold one brings less.
        cost = fill.price + fill.commission / signed
        after = before.quantity + signed
        closing = min(abs(signed), abs(before.quantity)) if before.quantity * signed < 0 else 0
        earned = None
        if closing:
            way = 1 if before.quantity > 0 else -1
            earned = ((cost - before.cost) * closing * way).quantize(_CENT)
        if before.quantity * signed >= 0:
            total = before.quantity * before.cost + signed * cost
            average = (total / after).quantize(_MICRO)
        else:
            average = before.cost if before.quantity * after > 0 else cost.quantize(_MICRO)
        self._held[fill.symbol] = Holding(
            symbol=fill.symbol,
            quantity=after,
            cost=average if after else Decimal(0),
            realized=before.realized + (earned or 0),
        )
        return earned
