"""The keys of the configuration as they are told: each with its type, default and meaning."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from pydantic.fields import FieldInfo

from skim_core.model.times import format_duration
from skim_core.settings.forms import Written
from skim_core.settings.limits import LIMITS, describe_limits
from skim_core.settings.schema import Settings


class KeyRow(NamedTuple):
    """One key of the configuration, for the reference."""

    key: str
    type: str
    default: str
    description: str


def key_of(name: str, field: FieldInfo) -> str:
    """Return a field's key in the file."""
    return field.validation_alias if isinstance(field.validation_alias, str) else name


def written(field: FieldInfo) -> Written:
    """Return how a field's value is written."""
    return next(part for part in field.metadata if isinstance(part, Written))


def describe() -> Iterator[KeyRow]:
    """Yield every key of the configuration with its type, default and meaning.

    A key's environment variable is ``SKIM_`` and the key in upper case, with ``__``
    between the names of tables and keys.
    """
    for name, field in Settings.model_fields.items():
        if name == LIMITS:
            for limit, *rest in describe_limits():
                yield KeyRow(f"{LIMITS}.{limit}", *rest)
            continue
        form = written(field)
        default = form.default
        if not default and field.default_factory is None:
            value = field.default
            default = repr(format_duration(value) if isinstance(value, timedelta) else str(value))
        yield KeyRow(key_of(name, field), form.form, default or "none", field.description or "")
