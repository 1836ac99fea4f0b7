"""Every parameter of the strategy, with its unit and what its default rests on."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class OrhConfig(BaseModel):
    """The section ``[strategy.orh_breakout]``.

    The first four are what the shared gap scan is asked for: where they are the same as
    another strategy's, one scan serves both.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    gap_minimum: Annotated[Decimal, Field(ge=0)] = Field(
        Decimal(3),
        description="Smallest gap up worth watching: open against previous close, in %. Own "
        "choice.",
    )
    price_minimum: Annotated[Decimal, Field(ge=0)] = Field(
        Decimal("0.05"),
        description="Lowest last price worth watching, in the quote currency. Own choice: below "
        "it a tick of the ASX (0.001) is more than 2 % of the price.",
    )
    volume_minimum: Annotated[int, Field(ge=0)] = Field(
        10_000, description="Least volume traded when the scan runs, in shares. Own choice."
    )
    candidates_maximum: Annotated[int, Field(ge=1, le=50)] = Field(
        20,
        description="Most candidates on each side, widest gaps first. Own choice; at most 50, the "
        "rows that one scan of Interactive Brokers returns (TWS API, 'Market Scanner').",
    )
    range_minutes: Annotated[int, Field(ge=1, le=60)] = Field(
        5,
        description="Length of the opening range, in minutes from the symbol's own open. As in "
        "Zarattini and Aziz, 'Can Day Trading Really Be Profitable?' (2023).",
    )
    buffer_ticks: Annotated[int, Field(ge=0)] = Field(
        1,
        description="How far above the range's high a price must be to count, in ticks. Own "
        "choice: one print a tick higher is no break.",
    )
    risk_per_trade: Annotated[Decimal, Field(gt=0)] = Field(
        Decimal(100),
        description="What a trade may lose from entry to stop, in the quote currency. Own "
        "choice: 2 % of the largest position.",
    )
    position_value_maximum: Annotated[Decimal, Field(gt=0)] = Field(
        Decimal(5000),
        description="Largest value of a position at entry, in the quote currency. Own choice.",
    )
    positions_maximum: Annotated[int, Field(ge=1)] = Field(
        5, description="Most positions held at a time, working entries counted. Own choice."
    )
    exit_before_close: Annotated[int, Field(ge=2, le=120)] = Field(
        10,
        description="When everything is sold, in minutes before the close. Own choice: time to "
        "send an exit again that was refused, or filled in parts.",
    )

    @property
    def exit_lead(self) -> timedelta:
        """How long before the close everything is sold."""
        return timedelta(minutes=self.exit_before_close)
