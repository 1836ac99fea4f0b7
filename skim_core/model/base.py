"""The base of every model, and the exact types that their fields are made of."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field


class Model(BaseModel):
    """A fact: frozen, without unknown fields, the same after a trip through JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


_YEARS = range(1900, 2200)
"""Far enough from where datetime ends that no zone and no `Duration` leads beyond it."""


def _to_utc(moment: datetime) -> datetime:
    if moment.year not in _YEARS:
        msg = f"{moment} is not an instant from {_YEARS[0]} to {_YEARS[-1]}"
        raise ValueError(msg)
    return moment.astimezone(UTC)


UtcDatetime = Annotated[AwareDatetime, AfterValidator(_to_utc)]
"""An instant. A naive datetime is refused, as is a year that no exchange trades in; any zone
is converted to UTC."""

Symbol = Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9.\-]{0,11}$")]
"""A ticker as its exchange writes it, such as ``BHP``."""

Price = Annotated[Decimal, Field(gt=0, max_digits=16, decimal_places=6)]
"""Quote currency per share, exact."""

Money = Annotated[Decimal, Field(max_digits=20, decimal_places=8)]
"""An amount in the exchange's currency, exact; may be negative."""

Quantity = Annotated[int, Field(gt=0)]
"""Shares."""

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,47}$")]
"""A strategy's or a phase's name: lower case, digits and underscores."""
