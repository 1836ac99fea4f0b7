"""What can be set: the section ``[brokers.ibkr]``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import Field, ValidationError, field_validator

from skim_core import Duration
from skim_core.broker import Model
from skim_core.errors import ConfigError, nearest

TRADING_PORTS = {"paper": (4002, 7497), "live": (4001, 7496)}
"""The ports that IB Gateway and TWS listen on unless told otherwise."""


class DataType(StrEnum):
    """What market data are asked for; only live ones are traded on."""

    LIVE = "live"
    FROZEN = "frozen"
    DELAYED = "delayed"
    DELAYED_FROZEN = "delayed_frozen"

    @property
    def code(self) -> int:
        """The number that the TWS API has for it."""
        return list(DataType).index(self) + 1


class IbkrOptions(Model):
    """The options of the broker ``ibkr``."""

    host: Annotated[str, Field(min_length=1, max_length=253)] = Field(
        default="127.0.0.1", description="Where TWS or IB Gateway runs."
    )
    port: Annotated[int, Field(ge=1, le=65535)] = Field(
        default=4002,
        description="The port that it listens on: 4002 and 7497 are usual for paper accounts, 4001 and 7496 for live ones.",
    )
    client_id: Annotated[int, Field(ge=1, le=999_999)] = Field(
        default=1,
        description="Who skim is to TWS. Keep it: only the client that placed an order may change it.",
    )
    trading_mode: Literal["paper", "live"] = Field(
        default="paper",
        description='What the account behind the port must be; "live" needs account too.',
    )
    account: Annotated[str, Field(pattern=r"^[A-Z0-9]{0,20}$")] = Field(
        default="",
        description="The account's number; not needed on paper where the login has only one.",
    )
    connect_timeout: Duration = Field(
        default=timedelta(seconds=10), description="How long a connection may take to stand."
    )
    answer_timeout: Duration = Field(
        default=timedelta(seconds=20), description="How long an answer may take."
    )
    alive_timeout: Duration = Field(
        default=timedelta(seconds=5),
        description="How long TWS may take to tell its time, asked every 15 s, before it is given up.",
    )
    restart_at: dt.time | None = Field(
        default=None,
        description="When TWS restarts itself every day; nothing is sent in the two minutes before.",
    )
    restart_timezone: str = Field(
        default="", description="The zone of restart_at; the exchange's when not set."
    )
    gateway_timezone: str = Field(
        default="",
        description="The zone that TWS runs in, for times that it tells without one; the exchange's when not set.",
    )
    data_type: DataType = Field(
        default=DataType.LIVE,
        description="What market data are asked for: live, frozen, delayed or delayed_frozen; only live ones are traded on.",
    )
    lines: Annotated[int, Field(ge=1, le=10_000)] = Field(
        default=90, description="How many symbols' quotes are kept streaming."
    )
    bar_lines: Annotated[int, Field(ge=0, le=50)] = Field(
        default=40, description="How many symbols' minute bars are kept streaming."
    )
    stale_after: Duration = Field(
        default=timedelta(seconds=60),
        description="After so long without a sign of life a subscription is made anew.",
    )
    quote_wait: Duration = Field(
        default=timedelta(seconds=5),
        description="How long the first prices of a symbol are waited for.",
    )
    bar_wait: Duration = Field(
        default=timedelta(seconds=2),
        description="How long the rest of a minute that is just over is waited for.",
    )
    route: Literal["direct", "smart"] = Field(
        default="direct",
        description='Orders and data by the exchange itself ("direct"), or "smart".',
    )
    gap_up_scans: tuple[str, ...] = Field(
        default=("HIGH_OPEN_GAP", "TOP_OPEN_PERC_GAIN", "TOP_PERC_GAIN"),
        description="The scanner's codes whose rows are merged for gaps up.",
    )
    gap_down_scans: tuple[str, ...] = Field(
        default=("LOW_OPEN_GAP", "TOP_OPEN_PERC_LOSE", "TOP_PERC_LOSE"),
        description="The scanner's codes whose rows are merged for gaps down.",
    )
    quiet_time: Duration = Field(
        default=timedelta(seconds=30), description="How long TWS may have an order and not show it."
    )
    look_every: Duration = Field(
        default=timedelta(minutes=3),
        description="How often TWS's books are read while an order lives, though nothing seems to be missed.",
    )
    messages_per_second: Annotated[int, Field(ge=5, le=50)] = Field(
        default=40, description="How many messages are sent at most."
    )
    reserved_for_orders: Annotated[int, Field(ge=1, le=45)] = Field(
        default=15, description="How many of them are kept free for orders and cancels."
    )
    submit_wait: Duration = Field(
        default=timedelta(seconds=4.5),
        description="The longest that an order waits for its turn before it is given up unsent.",
    )

    @field_validator("restart_timezone", "gateway_timezone")
    @classmethod
    def _zone_is_known(cls, value: str) -> str:
        if value and value not in available_timezones():
            msg = f"expected a time zone such as 'Australia/Sydney', found {value!r}"
            raise ValueError(msg)
        return value

    @field_validator("look_every")
    @classmethod
    def _not_all_the_time(cls, value: timedelta) -> timedelta:
        if value < timedelta(seconds=10):
            msg = f"the books take a few messages each time: expected 10s or more, found {value}"
            raise ValueError(msg)
        return value

    @field_validator("quiet_time")
    @classmethod
    def _never_at_once(cls, value: timedelta) -> timedelta:
        if value < timedelta(seconds=1):
            msg = f"TWS may hide an order for a while: expected 1s or more, found {value}"
            raise ValueError(msg)
        return value


def read_options(options: Mapping[str, Any]) -> IbkrOptions:
    """Return `options`, validated.

    Raises ConfigError naming the option, what was found and, for an unknown one, the
    nearest that there is.
    """
    known = IbkrOptions.model_fields
    for name in options:
        if name not in known:
            msg = (
                f"[brokers.ibkr] has no option {name!r}{nearest(name, known)}: "
                f"it takes {', '.join(known)}."
            )
            raise ConfigError(msg)
    try:
        read = IbkrOptions.model_validate(dict(options))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
    else:
        _check_together(read)
        return read
    field = ".".join(str(part) for part in first["loc"])
    why = first["msg"].removeprefix("Value error, ")
    shown = isinstance(first["input"], str | int | float)
    found = f", found {first['input']!r}" if shown and "found" not in why else ""
    msg = f"[brokers.ibkr] {field}: {why}{found}."
    raise ConfigError(msg)


def _check_together(options: IbkrOptions) -> None:
    if options.trading_mode == "live" and not options.account:
        msg = "[brokers.ibkr] trading_mode 'live' needs the account's number: set account."
        raise ConfigError(msg)
    # A scan and its end leave together.
    if options.reserved_for_orders > options.messages_per_second - 2:
        msg = (
            f"[brokers.ibkr] reserved_for_orders: expected at least two less than "
            f"messages_per_second ({options.messages_per_second}), found {options.reserved_for_orders}."
        )
        raise ConfigError(msg)
