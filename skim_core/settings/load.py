"""Loads the settings: options over variables over the file over defaults."""

from __future__ import annotations

import os.path
import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from skim_core.errors import ConfigError, nearest
from skim_core.settings.forms import Origin
from skim_core.settings.masking import MASK, plain
from skim_core.settings.reference import key_of, written
from skim_core.settings.schema import Settings
from skim_core.settings.sources import (
    DELIMITER,
    KEYS,
    TABLES,
    File,
    read_file,
    read_variables,
    variable_of,
)

_LONGEST_SHOWN = 60
_NAME = re.compile(r"[a-z][a-z0-9_]{0,47}")
_FORMS = {key_of(name, field): written(field).form for name, field in Settings.model_fields.items()}


def load_settings(
    path: Path | None,
    environment: Mapping[str, str],
    options: Mapping[str, str] | None = None,
) -> Settings:
    """Load the settings.

    The file is `path`, else the one that SKIM_CONFIG names, else skim.toml in the current
    folder when there is one. SKIM_* variables of `environment` win over the file, and
    `options` (command-line options, under the names of the variables that they stand for)
    over both.

    Raises ConfigError naming the file and line, variable or option, what was found and
    what is expected; a secret is never shown.
    """
    meant = file_meant(path, environment)
    file = File() if meant is None else read_file(meant)
    layers: dict[Origin, dict[str, Any]] = {
        Origin.FILE: _anchored(file),
        Origin.ENVIRONMENT: read_variables(environment),
        Origin.OPTION: read_variables(options or {}),
    }
    _check_keys(file)
    data: dict[str, Any] = {}
    origins: dict[str, Origin] = {}
    for origin, layer in layers.items():
        data = _merged(data, layer)
        origins.update(dict.fromkeys((".".join(leaf) for leaf in _leaves(layer)), origin))
    try:
        settings = Settings(**data)
    except ValidationError as error:
        # A default that hangs on a faulty key is no fault of its own.
        faults = [
            fault
            for fault in error.errors(include_url=False)
            if fault["type"] != "default_factory_not_called"
        ]
    else:
        where = partial(_where, layers=layers, file=file)
        return settings.loaded_from(file.path, origins).located(where)
    # Raised outside, so that no traceback carries pydantic's error with the values in it.
    more = f" ({len(faults) - 1} more after this one)" if len(faults) > 1 else ""
    raise ConfigError(_told(faults[0], data, layers, file) + more)


def _check_keys(file: File) -> None:
    for key in file.data:
        if key not in KEYS:
            where, hint = file.where((key,)), nearest(key, KEYS)
            if not hint and isinstance(file.data[key], dict):
                hint = f" (a strategy's table is [strategy.{key}])"
            msg = f"{where}: unknown key {key!r}{hint}: the keys are {', '.join(KEYS)}."
            raise ConfigError(msg)


def file_meant(path: Path | None, environment: Mapping[str, str]) -> Path | None:
    """Return the file that `load_settings` reads, whether it is sound or not; None for none."""
    if path is not None:
        return path
    if named := environment.get("SKIM_CONFIG"):
        return Path(named)
    usual = Path("skim.toml")
    # A link to nowhere is there too: to go on without it would be to trade by the defaults.
    return usual if os.path.lexists(usual) else None


def _anchored(file: File) -> dict[str, Any]:
    """Return the file's data with its relative paths starting at its own folder."""
    data = dict(file.data)
    for key in ("directory", "journal"):
        value = data.get(key)
        if file.path is None or not isinstance(value, str):
            continue
        # Empty text and URLs are left as they are: the settings refuse them.
        if value.strip() and not value.startswith("~") and "://" not in value:
            data[key] = str(file.path.parent.absolute() / value)
    return data


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        if isinstance(value, dict) and isinstance(under, dict):
            merged[key] = _merged(under, value)
        else:
            merged[key] = value
    return merged


def _leaves(data: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, value in data.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, (*above, key))
        else:
            yield (*above, key)


def _told(
    fault: ErrorDetails, data: Mapping[str, Any], layers: Mapping[Origin, Any], file: File
) -> str:
    context = fault.get("ctx", {})
    path = tuple(str(context["key"]).split(".")) if "key" in context else _path(fault, data)
    where = _where(path, layers, file)
    if "key" in context:
        return f"{where}: {fault['msg']}."
    if path[0] in TABLES and len(path) > 1 and not _NAME.fullmatch(path[1]):
        form = "a name of lower-case letters, digits and underscores"
        meant = path[1].strip().lower().replace("-", "_").replace(" ", "_")
        hint = f" (did you mean {meant!r}?)" if _NAME.fullmatch(meant) else ""
        return f"{where}: {path[1]!r} in [{'.'.join(path)}] must be {form}{hint}."
    if path[0] in TABLES:
        table = ".".join((path[0], path[1] if len(path) > 1 else "<name>"))
        found = _found(_at(data, path), secret=len(path) > 1)
        return f"{where}: {table} must be a table, found {found}: write [{table}] and its keys."
    hint = (
        "; a broker's own options stand in [brokers.<name>]"
        if path == ("broker",) and isinstance(data["broker"], dict)
        else ""
    )
    return f"{where}: {path[0]} must be {_FORMS[path[0]]}, found {_found(data.get(path[0]))}{hint}."


def _path(fault: ErrorDetails, data: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the key that a fault is about: as far as its location leads into the data."""
    first, *rest = (str(part) for part in fault["loc"])
    path: tuple[str, ...] = (first,)
    below = data.get(first)
    for part in rest:
        if not isinstance(below, Mapping) or part not in below:
            break
        path = (*path, part)
        below = below[part]
    return path


def _at(data: Any, path: tuple[str, ...]) -> Any:
    for part in path:
        data = data[part]
    return data


def _where(path: tuple[str, ...], layers: Mapping[Origin, Any], file: File) -> str:
    """Return who set a key, as a message starts with it: the topmost layer that did."""
    for origin, layer in reversed(list(layers.items())):
        leaf = next((leaf for leaf in _leaves(layer) if leaf[: len(path)] == path), None)
        if leaf is None:
            continue
        if origin is Origin.FILE:
            return file.where(path)
        name = variable_of(leaf)
        return name if origin is Origin.ENVIRONMENT else _option(name)
    return "the configuration"


def _option(variable: str) -> str:
    return "--" + variable.removeprefix("SKIM_").rsplit(DELIMITER, 1)[-1].lower()


def _found(value: Any, *, secret: bool = False) -> str:
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return str(value).lower()
    if secret:
        return MASK
    text = repr(value) if isinstance(value, str) else str(plain(value))
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"
