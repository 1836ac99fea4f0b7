"""``[limits]``, the account's and each strategy's: how they are written, read and refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Any, NoReturn, TypeAlias

from pydantic import BeforeValidator, ValidationError
from pydantic_core import PydanticCustomError

from skim_core.errors import nearest
from skim_core.model.limits import Limits
from skim_core.model.times import format_duration
from skim_core.settings.masking import plain

LIMITS = "limits"
"""The table of the account's limits, and the sub-table of a strategy's own."""

_MISFIT = "misfit"

_MONEY = "an amount above 0, in the exchange's currency"
_COUNT = "a whole number from 0"
_DURATION = "a duration, such as '10m'"

_FORMS: Mapping[str, str] = MappingProxyType(
    {
        "position_value": _MONEY,
        "positions": _COUNT,
        "order_value": _MONEY,
        "order_quantity": _COUNT,
        "price_distance": "a number above 0, in per cent",
        "orders_per_minute": _COUNT,
        "orders_per_day": _COUNT,
        "loss_per_day": _MONEY,
        "drawdown": _MONEY,
        "symbols": "a list of symbols, such as ['BHP', 'CBA']",
        "before_close": _DURATION,
        "gateway_restart": "a time of day in the exchange's zone, such as '23:45'",
        "restart_margin": _DURATION,
        "quote_age": _DURATION,
        "delayed_data": "true or false",
    }
)


def read_limits(table: Any, key: str = LIMITS) -> Limits:
    """Return the limits that a table says; `key` is where it stands in the configuration.

    Raises PydanticCustomError, whose context names the faulty key.
    """
    if isinstance(table, Limits):
        return table
    if not isinstance(table, Mapping):
        _refuse(key, f"{key} must be a table: write [{key}] and the limits below it")
    known = Limits.model_fields
    for name, value in table.items():
        if name not in known:
            hint = nearest(str(name), known)
            _refuse(
                f"{key}.{name}", f"there is no limit {name!r}{hint}: they are {', '.join(known)}"
            )
        if _misread(name, value):
            _refuse_value(key, name, value)
    try:
        limits = Limits(**{name: _as_written(name, value) for name, value in table.items()})
    except ValidationError as error:
        name = str(error.errors(include_url=False)[0]["loc"][0])
        _refuse_value(key, name, table[name])
    return limits


def describe_limits() -> Iterator[tuple[str, str, str, str]]:
    """Yield each limit's name, form, default and meaning, for the reference."""
    for name, field in Limits.model_fields.items():
        shown = show_limit(field.default)
        default = "none" if shown is None else repr(shown) if isinstance(shown, str) else shown
        default = default if isinstance(default, str) else str(default).lower()
        yield name, _FORMS[name], default, field.description or ""


def show_limit(value: Any) -> Any:
    """Return a limit's value as JSON can hold it: exact numbers and durations as text."""
    if isinstance(value, timedelta):
        return format_duration(value)
    return f"{value:f}" if isinstance(value, Decimal) else plain(value)


def _misread(name: str, value: Any) -> bool:
    """Whether pydantic takes the value for something that its writer can't have meant.

    To it true is 1, and a number is a time of day in seconds.
    """
    if isinstance(value, bool):
        return Limits.model_fields[name].annotation is not bool
    return name == "gateway_restart" and isinstance(value, int | float)


def _as_written(name: str, value: Any) -> Any:
    if name == "symbols" and isinstance(value, str):
        # In a variable: names with commas between them.
        return [symbol.strip() for symbol in value.split(",") if symbol.strip()]
    return value


def _refuse_value(key: str, name: str, value: Any) -> NoReturn:
    shown = plain(value)
    found = str(shown).lower() if isinstance(shown, bool) else repr(shown)
    _refuse(f"{key}.{name}", f"{key}.{name} must be {_FORMS[name]}, found {found:.60}")


def _refuse(key: str, reason: str) -> NoReturn:
    # The reason goes in as a value: braces in it are no placeholders.
    template = "{reason}"
    raise PydanticCustomError(_MISFIT, template, {"key": key, "reason": reason})


AccountLimits: TypeAlias = Annotated[Limits, BeforeValidator(read_limits)]
"""The limits of ``[limits]``."""
