"""Tells of a configuration file with secrets that others can read."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from typing import Any

from skim_core.model.secrecy import is_secret
from skim_core.settings.forms import Origin
from skim_core.settings.schema import Settings


def exposed_secret(settings: Settings) -> str | None:
    """Return a warning, with the mend, when others can read a secret in the file; else None.

    What a secret is its key's name says.
    """
    file = settings.file
    if file is None or os.name != "posix":
        return None
    mode = stat.S_IMODE(file.stat().st_mode)
    if not mode & (stat.S_IRGRP | stat.S_IROTH):
        return None
    tables = {
        "brokers": settings.brokers,
        "strategy": settings.strategies,
        "extension": settings.extension_tables,
    }
    for key in (
        key
        for kind, named in tables.items()
        for name, table in named.items()
        for key in _secrets(table, f"{kind}.{name}.")
    ):
        if settings.origin(key) is Origin.FILE:
            return (
                f"{file} can be read by other users (mode {mode:04o}) and holds a secret, {key}: "
                f"run 'chmod go-r {file}', or set it in the environment."
            )
    return None


def _secrets(table: Mapping[str, Any], above: str) -> Iterator[str]:
    for name, value in table.items():
        if is_secret(name) and value:
            yield f"{above}{name}"
        elif isinstance(value, Mapping):
            yield from _secrets(value, f"{above}{name}.")
