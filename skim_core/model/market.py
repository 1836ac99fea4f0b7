"""What a strategy sees and proposes: quotes, candidates, opening ranges, alerts.

Bars are columns, not objects: see `skim_core.ports.bars`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field, model_validator

from skim_core.model.base import Model, Price, Symbol, UtcDatetime


class Quote(Model):
    """What a symbol trades at, as of `at`.

    `last`, `bid` and `ask` in quote currency; `volume` in shares, the session's so far.
    `previous_close` is that of the session before, None where the broker doesn't tell it.
    `delayed` data must not be traded on; nothing is entered in what is `halted`.
    """

    symbol: Symbol
    at: UtcDatetime
    last: Price
    bid: Price | None = None
    ask: Price | None = None
    volume: Annotated[int, Field(ge=0)] = 0
    previous_close: Price | None = None
    delayed: bool = False
    halted: bool = False


class Candidate(Model):
    """A symbol worth watching today, and why.

    `gap_percent`: the open against the previous close, in per cent. `open` and
    `previous_close` in quote currency, `volume` in shares when it was found.
    """

    symbol: Symbol
    reason: str
    gap_percent: Decimal | None = None
    open: Price | None = None
    previous_close: Price | None = None
    volume: Annotated[int, Field(ge=0)] | None = None
    headline: str | None = None


class OpeningRange(Model):
    """The highest (ORH) and lowest (ORL) price of a symbol's first minutes.

    Measured from `start` (the symbol's own open) to `end`, from `bars` minute bars.
    """

    symbol: Symbol
    high: Price
    low: Price
    start: UtcDatetime
    end: UtcDatetime
    bars: Annotated[int, Field(ge=1)]

    @model_validator(mode="after")
    def _high_is_not_below_low(self) -> Self:
        if self.high < self.low:
            msg = (
                f"an opening range's high must not be below its low, found {self.high} < {self.low}"
            )
            raise ValueError(msg)
        return self


class Alert(Model):
    """Something worth telling the trader about a candidate."""

    symbol: Symbol
    text: str
