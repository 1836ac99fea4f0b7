"""The settings of the strategy and of the extension."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from skim_core import PositiveDuration


class Config(BaseModel):
    """The section ``[strategy.golden_1]``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    gap_minimum: Decimal = Field(Decimal(3), description="Smallest gap, in per cent.")
    places: int = Field(3, gt=0, description="Most positions of a day.")
    shares: int = Field(100, gt=0, description="Size of a position, in shares.")
    range_length: PositiveDuration = Field(
        timedelta(minutes=10), description="How long the opening range is."
    )
    exit_lead: PositiveDuration = Field(
        timedelta(minutes=10), description="How long before the close all is sold."
    )


class ExtensionConfig(BaseModel):
    """The section ``[extension.golden_1]``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    price_minimum: Decimal = Field(Decimal("0.10"), description="Lowest price, in currency.")
