"""What must never be shown, and how a setting is shown without it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, Secret, SecretBytes, SecretStr

from skim_core.model.secrecy import is_secret
from skim_core.model.times import format_duration

MASK = "***"
"""Stands where a secret was."""

_WITH_PASSWORD = re.compile(r"://[^/\s:@]*:[^/\s@]+@")
"""An address with a password in it (RFC 3986, 3.2.1)."""

_MOST_BITS = 4096
"""Python refuses to write integers of many digits in decimal."""

_SECRET_TYPES = (Secret, SecretBytes, SecretStr)


def secret_fields(model: type[BaseModel]) -> frozenset[str]:
    """Return the keys of `model` that hold a secret anywhere in their type."""
    return _secret_fields(model, frozenset())


def _secret_fields(model: type[BaseModel], above: AbstractSet[Any]) -> frozenset[str]:
    return frozenset(
        name
        for field_name, field in model.model_fields.items()
        if _holds_secret(field.annotation, above | {model})
        for name in (field_name, field.alias, field.validation_alias)
        if isinstance(name, str)
    )


def _holds_secret(annotation: Any, above: AbstractSet[Any]) -> bool:
    if isinstance(annotation, type) and not get_args(annotation):
        if issubclass(annotation, _SECRET_TYPES):
            return True
        if not issubclass(annotation, BaseModel) or annotation in above:
            return False
        return bool(_secret_fields(annotation, above))
    parts = (*get_args(annotation), *_origin_types(annotation))
    return any(_holds_secret(part, above) for part in parts)


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
    if isinstance(value, str):
        return MASK if _WITH_PASSWORD.search(value) else value
    if isinstance(value, bool | int) or value is None:
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


def journaled(config: BaseModel) -> dict[str, Any]:
    """Return a strategy's configuration as the journal may keep it: masks stand for secrets."""
    kept: dict[str, Any] = plain(config.model_dump(mode="json"), secret_fields(type(config)))
    return kept


def with_secrets(
    kept: Mapping[str, Any], present: Mapping[str, Any], secrets: AbstractSet[str] = frozenset()
) -> dict[str, Any]:
    """Return what the journal kept, with the secrets as they are configured at present.

    `secrets` are keys of the outermost table that are secret whatever they are called.
    """
    whole: dict[str, Any] = {}
    for key in dict.fromkeys((*kept, *present)):
        value, now = kept.get(key), present.get(key)
        table = isinstance(value, Mapping)
        if is_secret(key) or key in secrets or (not table and _is_masked(value)):
            if key in present:
                whole[key] = now
        elif isinstance(value, Mapping):
            whole[key] = with_secrets(value, now if isinstance(now, Mapping) else {})
        elif key in kept:
            whole[key] = value
    return whole


def _is_masked(value: Any) -> bool:
    """Whether a value, or a part of a list, is hidden: which part is which nobody knows."""
    if isinstance(value, list):
        return any(_is_masked(part) for part in value)
    if isinstance(value, Mapping):
        return any(_is_masked(part) for part in value.values())
    return bool(value == MASK)
