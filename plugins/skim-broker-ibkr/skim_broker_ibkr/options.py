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
    """The options of the broker ``ibkr``.

    `host` and `port` of TWS or IB Gateway. `client_id` is the one that trades; it stays the
    same, since only the client that placed an order may change it. `trading_mode` is what
    the account behind the port must be; ``"live"`` needs `account`, its number, too.

    `restart_at` is when TWS or IB Gateway restarts itself every day, in `restart_timezone`
    (the exchange's zone when not set); nothing is sent in the two minutes before.
    `gateway_timezone` is the zone that TWS runs in, for times that it tells without one.

    `connect_timeout` is how long a connection may take to stand, `answer_timeout` how long an
    answer may take. TWS is asked for its time every 15 s, and given up when it doesn't tell
    it within `alive_timeout`.

    `data_type` is what market data are asked for. `lines` is how many symbols' quotes are
    kept streaming, `bar_lines` how many symbols' minute bars. After `stale_after` without a
    sign of life a subscription is made anew. `quote_wait` is how long the first prices of a
    symbol are waited for, `bar_wait` the rest of a minute that is just over. `route`: orders
    and data by the exchange itself, or SMART. `gap_up_scans` and `gap_down_scans` are the
    scanner's codes whose rows are merged.

    `quiet_time` is how long TWS may have an order and not show it. `look_every`: so often its
    books are read while an order lives, though nothing seems to be missed. `messages_per_second`
    are sent at most, of which `reserved_for_orders` are kept free for orders and cancels;
    `submit_wait` is the longest that an order waits for its turn before it is given up
    unsent.
    """

    host: Annotated[str, Field(min_length=1, max_length=253)] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 4002
    client_id: Annotated[int, Field(ge=1, le=999_999)] = 1
    trading_mode: Literal["paper", "live"] = "paper"
    account: Annotated[str, Field(pattern=r"^[A-Z0-9]{0,20}$")] = ""
    connect_timeout: Duration = timedelta(seconds=10)
    answer_timeout: Duration = timedelta(seconds=20)
    alive_timeout: Duration = timedelta(seconds=5)
    restart_at: dt.time | None = None
    restart_timezone: str = ""
    gateway_timezone: str = ""
    data_type: DataType = DataType.LIVE
    lines: Annotated[int, Field(ge=1, le=10_000)] = 90
    bar_lines: Annotated[int, Field(ge=0, le=50)] = 40
    stale_after: Duration = timedelta(seconds=60)
    quote_wait: Duration = timedelta(seconds=5)
    bar_wait: Duration = timedelta(seconds=2)
    route: Literal["direct", "smart"] = "direct"
    gap_up_scans: tuple[str, ...] = ("HIGH_OPEN_GAP", "TOP_OPEN_PERC_GAIN", "TOP_PERC_GAIN")
    gap_down_scans: tuple[str, ...] = ("LOW_OPEN_GAP", "TOP_OPEN_PERC_LOSE", "TOP_PERC_LOSE")
    quiet_time: Duration = timedelta(seconds=30)
    look_every: Duration = timedelta(minutes=3)
    messages_per_second: Annotated[int, Field(ge=5, le=50)] = 40
    reserved_for_orders: Annotated[int, Field(ge=1, le=45)] = 15
    submit_wait: Duration = timedelta(seconds=4.5)

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
    if options.reserved_for_orders >= options.messages_per_second:
        msg = (
            f"[brokers.ibkr] reserved_for_orders: expected less than messages_per_second "
            f"({options.messages_per_second}), found {options.reserved_for_orders}."
        )
        raise ConfigError(msg)
