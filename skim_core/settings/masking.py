"""What must never be shown, and how a setting is shown without it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, Secret, SecretBytes, SecretStr

from skim_core.model.times import format_duration

MASK = "***"
"""Stands where a secret was."""

_MARKS = ("token", "password", "passphrase", "secret", "webhook", "credential", "key")
_MOST_BITS = 4096
"""Python refuses to write integers of many digits in decimal."""

_SECRET_TYPES = (Secret, SecretBytes, SecretStr)


def is_secret(key: str) -> bool:
    """Whether a key's name says that its value is a secret."""
    return any(mark in key.lower() for mark in _MARKS)


def secret_fields(model: type[BaseModel]) -> frozenset[str]:
    """Return the keys of `model` that hold a secret anywhere in their type."""
    return frozenset(
        name
        for field_name, field in model.model_fields.items()
        if _holds_secret(field.annotation)
        for name in (field_name, field.alias, field.validation_alias)
        if isinstance(name, str)
    )


def _holds_secret(annotation: Any) -> bool:
    if isinstance(annotation, type) and not get_args(annotation):
        if issubclass(annotation, _SECRET_TYPES):
            return True
        return issubclass(annotation, BaseModel) and bool(secret_fields(annotation))
    return any(_holds_secret(part) for part in (*get_args(annotation), *_origin_types(annotation)))


def _origin_types(annotation: Any) -> tuple[type, ...]:
    origin = getattr(annotation, "__origin__", None)
    return (origin,) if isinstance(origin, type) and origin in _SECRET_TYPES else ()


def plain(value: Any, secrets: AbstractSet[str] = frozenset()) -> Any:
    """Return `value` as JSON can hold it; below a secret key only the mask.

    `secrets` are keys of the outermost table that are secret whatever they are called.
    """
    if isinstance(value, Mapping):
        return {
            str(key): MASK if is_secret(str(key)) or key in secrets else plain(part)
            for key, part in value.items()
        }
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        return hex(value)
    if isinstance(value, bool | int | str) or value is None:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    return value.as_posix() if isinstance(value, Path) else str(value)


def without_secrets(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return `table` without the keys, at any depth, whose names say that they are secret."""
    return {
        key: without_secrets(value) if isinstance(value, Mapping) else value
        for key, value in table.items()
        if not is_secret(key)
    }
