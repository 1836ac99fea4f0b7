"""One trading day of one exchange."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from skim_core.model.base import Model, UtcDatetime

Mic = Annotated[str, Field(pattern=r"^[A-Z0-9]{4}$")]
"""An exchange by its ISO 10383 market identifier code, such as ``XASX``."""


class Session(Model):
    """One exchange's regular trading hours on one date.

    `open` and `close` are UTC; `timezone` is the exchange's own (an IANA name) and
    `date` the date there. A half day has an earlier `close`; every time that hangs
    on the close moves with it.
    """

    exchange: Mic
    date: dt.date
    open: UtcDatetime
    close: UtcDatetime
    timezone: str
    half_day: bool = False

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> Self:
        if self.open >= self.close:
            msg = f"a session must open before it closes, found {self.open} to {self.close}"
            raise ValueError(msg)
        return self

    @property
    def minutes(self) -> int:
        """Length of the regular session in whole minutes."""
        return int((self.close - self.open).total_seconds() // 60)

    def local(self, moment: dt.datetime) -> dt.datetime:
        """Return `moment` in the exchange's own time zone."""
        return moment.astimezone(ZoneInfo(self.timezone))
