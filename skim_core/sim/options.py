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

    `seed` and `symbols` (how many) make the generated market; `data` is a folder with
    recorded bars to use instead. `cash` is what a new account starts with, in the
    exchange's currency. `participation` is the most of a minute's volume that one side
    may trade, a fraction, or ``"none"`` for no limit. `commission` is what an order costs,
    `slippage` how much worse than the market's price a market or stop order trades; both in
    text, see `skim_core.sim.costs`. `splits` says whether a scan leaves out the gap of a
    probable split, see `skim_core.sim.splits`. `latency` passes before an instruction arrives. `allow_short` permits sales of what is not held. `reject_rate` is
    the fraction of orders that the exchange refuses for no reason, chosen by seed and
    reference. `fsync` forces each instruction to the disk, to survive a power failure too.
    """

    seed: Annotated[int, Field(ge=0)] = 1
    symbols: Annotated[int, Field(ge=1)] = 200
    data: Path | None = None
    cash: Annotated[Money, Field(ge=0)] = Decimal(100_000)
    participation: Annotated[float, Field(gt=0, le=1)] | None = 0.1
    commission: Commission = EXCHANGE_COMMISSION
    slippage: Slippage = NO_SLIPPAGE
    splits: Literal["leave_out", "scan"] = "leave_out"
    latency: Duration = timedelta(0)
    allow_short: bool = False
    reject_rate: Annotated[float, Field(ge=0, le=1)] = 0.0
    halts: tuple[Halt, ...] = ()
    fsync: bool = False

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
