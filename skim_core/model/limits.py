"""Risk limits, and what they are checked against."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from skim_core.model.base import Model, Money, Price, Symbol, UtcDatetime
from skim_core.model.times import Duration

PositiveMoney = Annotated[Decimal, Field(gt=0, max_digits=20, decimal_places=8)]
Count = Annotated[int, Field(ge=0)]


class Limits(Model):
    """What entries may not exceed; None allows anything. Exits and stops are never held up.

    A strategy's own limits look at its own day, the account's at all its strategies together.
    Money in the exchange's currency, `price_distance` in per cent of the last trade,
    `gateway_restart` a wall-clock time in the exchange's zone.
    """

    position_value: PositiveMoney | None = Field(
        default=None, description="The most that one position may be worth."
    )
    positions: Count | None = Field(
        default=None, description="How many positions may be held or be on their way at once."
    )
    order_value: PositiveMoney | None = Field(
        default=None, description="The most that one order may be worth."
    )
    order_quantity: Count | None = Field(default=None, description="The most shares in one order.")
    price_distance: Annotated[Decimal, Field(gt=0)] | None = Field(
        default=None, description="How far, in per cent, a limit price may be from the last trade."
    )
    orders_per_minute: Count | None = Field(
        default=None, description="How many entries may be sent within a minute."
    )
    orders_per_day: Count | None = Field(
        default=None, description="How many entries may be sent a day."
    )
    loss_per_day: PositiveMoney | None = Field(
        default=None, description="The loss of the day, realised and open, at which entries stop."
    )
    drawdown: PositiveMoney | None = Field(
        default=None, description="The fall from the day's highest profit at which entries stop."
    )
    symbols: tuple[Symbol, ...] | None = Field(
        default=None, description="The only symbols that may be entered."
    )
    before_close: Duration | None = Field(
        default=None, description="How long before the close the last entry may be sent."
    )
    gateway_restart: dt.time | None = Field(
        default=None,
        description="When the broker's gateway restarts every day, in the exchange's zone.",
    )
    restart_margin: Duration = Field(
        default=dt.timedelta(minutes=2), description="How long before that restart entries stop."
    )
    quote_age: Duration | None = Field(
        default=None, description="How old the last quote may be when an entry is sent."
    )
    delayed_data: bool = Field(
        default=False, description="Whether entries may be sent on delayed market data."
    )

    @property
    def on_losses(self) -> bool:
        """Whether any of them looks at what is held at its present price."""
        return self.loss_per_day is not None or self.drawdown is not None


class RiskReading(Model):
    """What an entry's limits were checked against, at the instant of the check.

    `last` is the last trade in quote currency, `quoted_at` when that was; `halted` whether
    the exchange had halted the symbol; `value` what the
    order is worth at most, `position_value` what the position would be worth with it.
    `positions`, `orders_today` and `orders_last_minute` count without this one. `realised`
    and `unrealised` are the day's profit, `peak` its highest so far; `unrealised` is None
    where no limit on losses asked for it.
    """

    last: Price | None = None
    quoted_at: UtcDatetime | None = None
    delayed: bool = False
    halted: bool = False
    value: Money
    position_value: Money
    positions: Count = 0
    orders_today: Count = 0
    orders_last_minute: Count = 0
    realised: Money = Decimal(0)
    unrealised: Money | None = None
    peak: Money = Decimal(0)

    @property
    def profit(self) -> Decimal:
        """The day's profit, of which what is not known counts as nothing."""
        return self.realised + (self.unrealised or Decimal(0))
