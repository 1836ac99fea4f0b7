"""What can be set on the simulated exchange: the section ``[brokers.sim]``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, ValidationError, field_validator

from skim_core.errors import ConfigError, nearest
from skim_core.model.base import Model, Money, Symbol
from skim_core.model.secrecy import is_secret
from skim_core.model.session import Session
from skim_core.model.times import Duration, SessionTime
from skim_core.sim.costs import EXCHANGE_COMMISSION, NO_SLIPPAGE, Commission, Slippage


class Halt(Model):
    """No trading in `symbol` in the minutes that begin from `from` until before `to`.

    A halt that lasts to the close leaves the symbol without its closing auction.
    """

    model_config = ConfigDict(serialize_by_alias=True)

    symbol: Symbol
    start: Annotated[SessionTime, Field(alias="from")]
    end: Annotated[SessionTime, Field(alias="to")]

    def spans_close(self, session: Session) -> bool:
        """Whether the halt leaves the symbol without its closing auction."""
        return self.start.resolve(session) <= session.close <= self.end.resolve(session)


class SimOptions(Model):
    """The options of the broker ``sim``.

    `commission` and `slippage` in text: see `skim_core.sim.costs`; `splits`: see
    `skim_core.sim.splits`.
    """

    seed: Annotated[int, Field(ge=0)] = Field(
        default=1,
        description="What the generated market is drawn from: the same seed is the same market.",
    )
    symbols: Annotated[int, Field(ge=1)] = Field(
        default=200, description="How many symbols the generated market has."
    )
    data: Path | None = Field(
        default=None,
        description="A folder with recorded bars, to trade on instead of a generated market.",
    )
    cash: Annotated[Money, Field(ge=0)] = Field(
        default=Decimal(100_000),
        description="What a new account starts with, in the exchange's currency.",
    )
    participation: Annotated[float, Field(gt=0, le=1)] | None = Field(
        default=0.1,
        description='The most of a minute\'s volume that one side may trade, as a fraction; "none" for no limit.',
    )
    commission: Commission = Field(
        default=EXCHANGE_COMMISSION,
        description='What an order costs, such as "8bp min 6"; "exchange" is the exchange\'s own schedule.',
    )
    slippage: Slippage = Field(
        default=NO_SLIPPAGE,
        description='How much worse than the market\'s price a market or stop order trades, such as "1tick".',
    )
    splits: Literal["leave_out", "scan"] = Field(
        default="leave_out",
        description='Whether a scan leaves out the gap of a probable split: "leave_out", or "scan".',
    )
    latency: Duration = Field(
        default=timedelta(0), description="How long an instruction takes to arrive."
    )
    allow_short: bool = Field(default=False, description="Whether what is not held may be sold.")
    reject_rate: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.0,
        description="The fraction of orders that the exchange refuses for no reason, chosen by seed and reference.",
    )
    halts: tuple[Halt, ...] = Field(
        default=(),
        description="Minutes without trading in a symbol: tables with symbol, from and to.",
    )
    fsync: bool = Field(
        default=False,
        description="Whether each instruction is forced to the disk, to survive a power failure too.",
    )

    @field_validator("participation", mode="before")
    @classmethod
    def _none_is_no_limit(cls, value: Any) -> Any:
        return None if value == "none" else value


RULES = tuple(name for name in SimOptions.model_fields if name not in {"cash", "fsync"})
"""The options on which the course of a session hangs."""

WORLD = ("seed", "symbols", "data")
"""The options that say which market it is."""


def read_options(options: Mapping[str, Any]) -> SimOptions:
    """Return `options`, validated.

    Raises ConfigError naming the option, what was found and, for an unknown one, the
    nearest that there is.
    """
    known = SimOptions.model_fields
    for name in options:
        if name not in known:
            msg = (
                f"[brokers.sim] has no option {name!r}{nearest(name, known)}: "
                f"it takes {', '.join(known)}."
            )
            raise ConfigError(msg)
    try:
        return SimOptions.model_validate(dict(options))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
    # Raised outside, so that no traceback carries pydantic's error with the values in it.
    field = ".".join(str(part) for part in first["loc"])
    why = first["msg"].removeprefix("Value error, ")
    shown = isinstance(first["input"], str | int | float) and not is_secret(field)
    found = f", found {first['input']!r}" if shown and "found" not in why else ""
    msg = f"[brokers.sim] {field}: {why}{found}."
    raise ConfigError(msg)
