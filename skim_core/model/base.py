"""The base of every model, and the exact types that their fields are made of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, ParamSpec, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field


class Model(BaseModel):
    """A fact: frozen, without unknown fields, the same after a trip through JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


P = ParamSpec("P")
ModelT = TypeVar("ModelT", bound=Model)

_set = object.__setattr__


def sound(model: Callable[P, ModelT]) -> Callable[P, ModelT]:
    """Return what makes a `model` of parts that are sound already: nothing is validated.

    For facts that skim itself makes of other facts, many a second. Each field is given as it
    is to be kept, an instant in UTC say; one without a default, or with one that is made
    anew each time, has to be given.

    >>> sound(Model)() == Model()
    True
    """
    kind: Any = model
    defaults = {
        name: field.default
        for name, field in kind.model_fields.items()
        if not field.is_required() and field.default_factory is None
    }
    new = object.__new__

    def make(*_: P.args, **fields: P.kwargs) -> ModelT:
        made: ModelT = new(kind)
        _set(made, "__dict__", {**defaults, **fields})
        _set(made, "__pydantic_fields_set__", set(fields))
        _set(made, "__pydantic_extra__", None)
        _set(made, "__pydantic_private__", None)
        return made

    return make


def changed(model: ModelT, fields: dict[str, Any]) -> ModelT:
    """Return `model` with other values in some fields, which are sound already."""
    made = object.__new__(type(model))
    _set(made, "__dict__", {**model.__dict__, **fields})
    _set(made, "__pydantic_fields_set__", model.__pydantic_fields_set__ | fields.keys())
    _set(made, "__pydantic_extra__", None)
    _set(made, "__pydantic_private__", None)
    return made


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
