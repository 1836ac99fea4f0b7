"""What an exchange prescribes: ticks, opening groups, auctions. Data, not code."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from functools import cached_property
from typing import Annotated

from pydantic import Field

from skim_core.model.base import Model, Price
from skim_core.model.session import Mic, Session
from skim_core.model.times import Duration


class TickBand(Model):
    """The tick (smallest price step) of prices at or above `from_price`."""

    from_price: Annotated[Decimal, Field(ge=0)]
    tick: Price


class OpeningGroup(Model):
    """Symbols that open together: those whose first character is one of `first_characters`."""

    first_characters: str
    delay: Duration


class CommissionSchedule(Model):
    """What a broker charges for one order, in the exchange's currency.

    `per_share` and `rate` (a fraction of the order's value) add up; the sum is raised to
    `minimum` and then cut to `maximum_rate` of the value when that is given.
    """

    name: str
    source: str
    rate: Decimal = Decimal(0)
    per_share: Decimal = Decimal(0)
    minimum: Decimal = Decimal(0)
    maximum_rate: Decimal | None = None

    def charge(self, quantity: int, price: Decimal) -> Decimal:
        """Return the commission of an order of `quantity` shares at average `price`."""
        value = quantity * price
        charge = max(self.rate * value + self.per_share * quantity, self.minimum)
        if self.maximum_rate is not None:
            charge = min(charge, self.maximum_rate * value)
        return charge.quantize(Decimal("0.01"), ROUND_HALF_EVEN)


class Exchange(Model):
    """One exchange's trading rules, with the source of each.

    `closing_auction`: how long after the session's close its closing auction trades;
    None when it has none of its own.
    """

    mic: Mic
    name: str
    timezone: str
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    sources: tuple[str, ...]
    ticks: tuple[TickBand, ...]
    opening_groups: tuple[OpeningGroup, ...] = ()
    closing_auction: Duration | None = None
    commission: CommissionSchedule

    def tick(self, price: Decimal) -> Decimal:
        """Return the tick at `price`."""
        for from_price, tick in self._bands:
            if from_price <= price:
                return tick
        msg = f"there is no tick at {price}: expected a price above zero."
        raise ValueError(msg)

    @cached_property
    def _bands(self) -> tuple[tuple[Decimal, Decimal], ...]:
        """Where each tick begins, the highest first."""
        bands = sorted(self.ticks, key=lambda band: band.from_price, reverse=True)
        return tuple((band.from_price, band.tick) for band in bands)

    def round_down(self, price: Decimal) -> Decimal:
        """Return the highest price on the tick that is not above `price`."""
        return self._round(price, ROUND_FLOOR)

    def round_up(self, price: Decimal) -> Decimal:
        """Return the lowest price on the tick that is not below `price`."""
        return self._round(price, ROUND_CEILING)

    def round_nearest(self, price: Decimal) -> Decimal:
        """Return the price on the tick that is nearest to `price`."""
        return self._round(price, ROUND_HALF_EVEN)

    def on_tick(self, price: Decimal) -> bool:
        """Whether an order may carry `price`."""
        return price % self.tick(price) == 0

    def _round(self, price: Decimal, rounding: str) -> Decimal:
        tick = self.tick(price)
        return ((price / tick).quantize(Decimal(1), rounding) * tick).normalize() + Decimal(0)

    def opening(self, symbol: str, session: Session) -> datetime:
        """Return when `symbol` opens in `session` (UTC): later for a later opening group."""
        for group in self.opening_groups:
            if symbol[0] in group.first_characters:
                return session.open + group.delay
        return session.open + timedelta(0)
