"""Shows the settings: every value with where it came from, and no secret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from skim_core.settings.limits import LIMITS, show_limit
from skim_core.settings.masking import plain, secret_fields
from skim_core.settings.reference import key_of
from skim_core.settings.schema import Settings
from skim_core.settings.sources import TABLES


def show(settings: Settings, models: Mapping[str, type[BaseModel]] | None = None) -> dict[str, Any]:
    """Return the settings as JSON can hold them, for ``skim config show``.

    ``file`` is the file that was read or None; ``settings`` has for each (dotted) key its
    ``value`` and its ``source``: default, file, environment or option. A value whose key's
    name says so is masked; so is one that is a secret in its strategy's or extension's model,
    when `models` has that under the table's name, such as ``strategy.orh_breakout``.
    """
    rows: dict[str, dict[str, Any]] = {}
    for name, field in Settings.model_fields.items():
        key, value = key_of(name, field), getattr(settings, name)
        if key == LIMITS:
            for limit in type(value).model_fields:
                dotted = f"{LIMITS}.{limit}"
                found = show_limit(getattr(value, limit))
                rows[dotted] = {"value": found, "source": str(settings.origin(dotted))}
            continue
        if key not in TABLES:
            rows[key] = {"value": plain(value), "source": str(settings.origin(key))}
            continue
        for table, content in value.items():
            model = (models or {}).get(f"{key}.{table}")
            secrets = secret_fields(model) if model else frozenset()
            for leaf, found in _leaves(plain(content, secrets)):
                dotted = ".".join((key, table, *leaf))
                rows[dotted] = {"value": found, "source": str(settings.origin(dotted))}
    return {"file": str(settings.file) if settings.file else None, "settings": rows}


def _leaves(data: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(data, Mapping) and (data or not path):
        for key, value in data.items():
            yield from _leaves(value, (*path, key))
    else:
        yield path, data
