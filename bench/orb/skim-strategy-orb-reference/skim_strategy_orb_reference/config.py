"""The settings of ``[strategy.orb_reference]``."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class OrbConfig(BaseModel):
    """`symbols`: all that are watched, in every session."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    symbols: tuple[str, ...] = Field(min_length=1, description="The symbols that are watched.")
