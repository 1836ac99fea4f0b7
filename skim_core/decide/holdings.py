"""A position as it is built and taken down, from flat to flat."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from skim_core.model import events as ev
from skim_core.model.base import sound
from skim_core.model.orders import Fill, Position, Side

_CLOSED, _POSITION = sound(ev.PositionClosed), sound(Position)


@dataclass(slots=True)
class Holding:
    """One symbol's shares: what was bought and sold since the position was opened.

    Money in quote currency; `bought` counts the shares that opened it, on either side.
    `realised` is what was made, before commission, on shares sold in sessions before.
    """

    side: Side
    opened_at: datetime
    bought: int = 0
    cost: Decimal = Decimal(0)
    sold: int = 0
    proceeds: Decimal = Decimal(0)
    commission: Decimal = Decimal(0)
    realised: Decimal = Decimal(0)

    @classmethod
    def carried(cls, event: ev.PositionCarried) -> Holding:
        """Return the holding that a position held overnight is."""
        quantity = abs(event.quantity)
        return cls(
            side=Side.BUY if event.quantity > 0 else Side.SELL,
            opened_at=event.opened_at,
            bought=quantity,
            cost=event.average_price * quantity,
            commission=event.commission,
            realised=event.realised,
        )

    @property
    def quantity(self) -> int:
        """The shares held: positive long, negative short."""
        return (self.bought - self.sold) * self.side.sign

    def add(self, fill: Fill) -> None:
        """Count a fill that doesn't go beyond flat."""
        self.commission += fill.commission
        if fill.side is self.side:
            self.bought += fill.quantity
            self.cost += fill.quantity * fill.price
        else:
            self.sold += fill.quantity
            self.proceeds += fill.quantity * fill.price

    @property
    def made(self) -> Decimal:
        """What the shares that are sold have made so far, before commission."""
        paid = self.cost / self.bought * self.sold
        return self.realised + (self.proceeds - paid) * self.side.sign

    def position(self, symbol: str) -> Position:
        """Return what is held."""
        return _POSITION(
            symbol=symbol, quantity=self.quantity, average_price=self.cost / self.bought
        )

    def profit(self, price: Decimal) -> Decimal:
        """Return what the position has made so far, what is held being worth `price` a share."""
        held = (self.bought - self.sold) * price
        made = (self.proceeds + held - self.cost) * self.side.sign
        return self.realised + made - self.commission

    def closed(self, fill: Fill) -> ev.PositionClosed:
        """Return the event of `fill`'s closing the position."""
        commission = self.commission + fill.commission
        proceeds = self.proceeds + fill.quantity * fill.price
        return _CLOSED(
            at=fill.at,
            symbol=fill.symbol,
            quantity=self.bought,
            entry_price=_exact(self.cost / self.bought),
            exit_price=_exact(proceeds / self.bought),
            profit=_exact(self.realised + (proceeds - self.cost) * self.side.sign - commission),
            opened_at=self.opened_at,
        )


def split(holding: Holding | None, fill: Fill) -> tuple[Fill | None, Fill | None]:
    """Return the part of `fill` that closes `holding`, and the part that opens (or adds to) one.

    A fill that goes beyond flat does both; its commission counts with the first.
    """
    if holding is None or fill.side is holding.side:
        return None, fill
    held = abs(holding.quantity)
    if fill.quantity <= held:
        return fill, None
    closing = fill.model_copy(update={"quantity": held})
    rest = {"quantity": fill.quantity - held, "commission": Decimal(0)}
    return closing, fill.model_copy(update=rest)


def _exact(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.000001")).normalize() + Decimal(0)
