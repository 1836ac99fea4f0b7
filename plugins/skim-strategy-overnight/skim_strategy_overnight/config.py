"""Every parameter of the strategy, with its unit and what its default rests on."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class OvernightConfig(BaseModel):
    """The section ``[strategy.overnight]``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    gap_minimum: Annotated[Decimal, Field(ge=0)] = Field(
        Decimal(0),
        description="Smallest gap up of what is ranked: open against previous close, in %. Own "
        "choice: none.",
    )
    price_minimum: Annotated[Decimal, Field(ge=0)] = Field(
        Decimal("0.50"),
        description="Lowest last price of what is ranked, in the quote currency. Own choice: "
        "below it a tick of the ASX (0.005) is more than 1 % of the price.",
    )
    volume_minimum: Annotated[int, Field(ge=0)] = Field(
        100_000,
        description="Least volume of the day when it is ranked, in shares. Own choice: what is "
        "bought near the close must be sold in minutes after the open.",
    )
    ranked_maximum: Annotated[int, Field(ge=1, le=50)] = Field(
        50,
        description="Most shares that are ranked, widest gaps first. At most 50, the rows that "
        "one scan of Interactive Brokers returns (TWS API, 'Market Scanner').",
    )
    strength_minimum: Annotated[Decimal, Field(ge=0, le=100)] = Field(
        Decimal(80),
        description="Where in the day's range the last price must be at least, in %: 0 is the "
        "low, 100 the high. Own choice.",
    )
    positions_maximum: Annotated[int, Field(ge=1)] = Field(
        3, description="Most positions held over a night. Own choice."
    )
    position_value: Annotated[Decimal, Field(gt=0)] = Field(
        Decimal(5000),
        description="Largest value of a position at entry, in the quote currency. Own choice.",
    )
    stop_distance: Annotated[Decimal, Field(gt=0, lt=100)] = Field(
        Decimal(5),
        description="How far below the entry's price the stop rests, in %. Own choice; a share "
        "that opens below it is sold at its open, which may be far below.",
    )
    exit_after_open: Annotated[int, Field(ge=0, le=120)] = Field(
        5,
        description="When a share that was held over the night is sold, in minutes after its own "
        "open. Own choice: the widest spreads of the morning are over.",
    )

    @property
    def exit_delay(self) -> timedelta:
        """How long after its open a share is sold."""
        return timedelta(minutes=self.exit_after_open)
