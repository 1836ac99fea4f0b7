"""Where settings come from: the file skim.toml and SKIM_* variables."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from skim_core.errors import ConfigError, nearest
from skim_core.model.limits import Limits
from skim_core.model.secrecy import is_secret
from skim_core.settings.limits import LIMITS
from skim_core.settings.reference import key_of
from skim_core.settings.schema import Settings

PREFIX = "SKIM_"
DELIMITER = "__"
TABLES = ("brokers", "strategy", "extension")
"""The keys whose value is a table of free tables."""

_NOT_SETTINGS = {"SKIM_CONFIG", "SKIM_DEBUG", "SKIM_TEST_DATA"}
_LARGEST_FILE = 1_000_000
_DEEPEST = 20
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_HEADER = re.compile(r"\s*\[\[?([^\[\]]+)\]")

KEYS = tuple(key_of(name, info) for name, info in Settings.model_fields.items())
"""Every key at the top of the file."""


@dataclass(frozen=True)
class File:
    """What a configuration file says; `path` is None when there is none."""

    path: Path | None = None
    text: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)

    def line(self, path: tuple[str, ...]) -> int | None:
        """Return the line on which a key seems to stand.

        A search of the text, because tomllib tells no lines: a key inside an inline table
        is found at its table, one quoted in a multi-line string may mislead.
        """
        table: tuple[str, ...] = ()
        for number, line in enumerate(self.text.splitlines(), start=1):
            if header := _HEADER.match(line):
                table = _parts(header[1])
                found = table
            elif key := _KEY.match(line):
                found = (*table, *_parts(key[1]))
            else:
                continue
            if found[: len(path)] == path:
                return number
        return self.line(path[:-1]) if len(path) > 1 else None

    def where(self, path: tuple[str, ...]) -> str:
        """Return the file, and the line when it is known, as a message starts with it."""
        line = self.line(path)
        return f"{self.path}, line {line}" if line else str(self.path)


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


def read_file(path: Path) -> File:
    """Read a configuration file. Raises ConfigError when it can't be read or is not TOML."""
    try:
        with path.open("rb") as stream:
            content = stream.read(_LARGEST_FILE + 1)
    except FileNotFoundError:
        msg = f"{path}: there is no such file: name the configuration file, or make it."
        raise ConfigError(msg) from None
    except IsADirectoryError:
        msg = f"{path} is a folder: name the file in it, such as {path / 'skim.toml'}."
        raise ConfigError(msg) from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        msg = f"{path} can't be read ({why}): give this user the right to read it."
        raise ConfigError(msg) from None
    if len(content) > _LARGEST_FILE:
        msg = f"{path} has more than {_LARGEST_FILE} bytes: that is no configuration; name another."
        raise ConfigError(msg)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        msg = f"{path}, line {line}: not UTF-8: save the file in that encoding."
        raise ConfigError(msg) from None
    return File(path, text, _parse(path, text))


def _parse(path: Path, text: str) -> dict[str, Any]:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        msg = f"{path} is not TOML: {error}.{_hint(text)}"
    except ValueError:
        # Python's own limit on the digits of an integer.
        msg = f"{path} has a number with too many digits: write a shorter one."
    except RecursionError:
        msg = f"{path} is nested too deeply: write it flat."
    else:
        _check_depth(str(path), data)
        return data
    raise ConfigError(msg)


def _check_depth(where: str, data: dict[str, Any]) -> None:
    """Refuse what no one writes by hand and what recursion could not walk."""
    level: list[Any] = [data]
    for _ in range(_DEEPEST):
        level = [
            part
            for value in level
            if isinstance(value, dict | list)
            for part in (value.values() if isinstance(value, dict) else value)
        ]
    if level:
        msg = f"{where} is nested more than {_DEEPEST} levels deep: write it flat."
        raise ConfigError(msg)


def _hint(text: str) -> str:
    if re.search(r"^\s*broker\s*=", text, re.MULTILINE) and re.search(
        r"^\s*\[broker\.", text, re.MULTILINE
    ):
        return " A broker's own options stand in [brokers.<name>], not in [broker.<name>]."
    return ""


def read_variables(environment: Mapping[str, str]) -> dict[str, Any]:
    """Return what the SKIM_* variables of `environment` say, nested as in a file.

    In tables a value that reads as a TOML number, boolean, array, inline table or
    quoted string becomes that, and any other stays text; so does a secret.
    Raises ConfigError for an unknown variable and for two that contradict each other.
    """
    variables: dict[str, str] = {}
    for name, value in environment.items():
        if not name.startswith(PREFIX) or name in _NOT_SETTINGS:
            continue
        _check_name(name)
        _check_text(name, value)
        variables[name.removeprefix(PREFIX).lower()] = value
    _check_collisions(variables)
    data = _nested(variables)
    for key in TABLES:
        for table in data.get(key, {}).values():
            if isinstance(table, dict):
                _check_depth(f"the variables {variable_of((key,))}{DELIMITER}*", table)
                _read_scalars(table)
                _check_depth(f"the variables {variable_of((key,))}{DELIMITER}*", table)
    _read_scalars(data.get(LIMITS, {}))
    return data


def _nested(variables: Mapping[str, str]) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for name, value in variables.items():
        *tables, key = name.split(DELIMITER)
        below = data
        for table in tables:
            below = below.setdefault(table, {})
        below[key] = value
    return data


def variable_of(path: tuple[str, ...]) -> str:
    """Return the name of the variable that sets a key."""
    return PREFIX + DELIMITER.join(path).upper()


def _check_name(name: str) -> None:
    first, *rest = name.removeprefix(PREFIX).lower().split(DELIMITER)
    if name != name.upper():
        msg = f"the variable {name} is not in upper case: write {name.upper()}, or unset it."
        raise ConfigError(msg)
    if first in TABLES:
        if len(rest) >= 2 and all(rest):  # noqa: PLR2004  the table's name and a key
            return
        shape = f"{variable_of((first,))}{DELIMITER}<NAME>{DELIMITER}<KEY>"
        msg = f"the variable {name} names no key of a table: write {shape}, or unset it."
        raise ConfigError(msg)
    if first == LIMITS:
        _check_limit(name, rest)
        return
    if first in KEYS and not rest:
        return
    known = [variable_of((key,)) for key in ((*TABLES, LIMITS) if rest else KEYS)]
    hint = nearest(variable_of((first,)), known)
    msg = (
        f"unknown variable {name}{hint}: a key of skim.toml is {PREFIX}<KEY>, "
        f"one in a table {PREFIX}<TABLE>{DELIMITER}<NAME>{DELIMITER}<KEY>. Correct or unset it."
    )
    raise ConfigError(msg)


def _check_limit(name: str, rest: list[str]) -> None:
    if len(rest) == 1 and rest[0] in Limits.model_fields:
        return
    hint = nearest(rest[0], Limits.model_fields) if rest else ""
    shape = f"{variable_of((LIMITS,))}{DELIMITER}<LIMIT>"
    msg = (
        f"the variable {name} names no limit{hint}: write {shape}, one of "
        f"{', '.join(Limits.model_fields)}. Correct or unset it."
    )
    raise ConfigError(msg)


def _check_text(name: str, value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        msg = f"the variable {name} is not UTF-8: set it in that encoding."
        raise ConfigError(msg) from None


def _check_collisions(variables: Mapping[str, str]) -> None:
    for name in variables:
        for other in variables:
            if other.startswith(name + DELIMITER):
                msg = (
                    f"the variable {PREFIX}{name.upper()} is a value, and "
                    f"{PREFIX}{other.upper()} makes a table of it: unset one."
                )
                raise ConfigError(msg)


def _read_scalars(table: dict[str, Any], *, secret: bool = False) -> None:
    for key, value in table.items():
        if isinstance(value, dict):
            _read_scalars(value, secret=secret or is_secret(key))
        elif not secret and not is_secret(key):
            table[key] = _read_scalar(value)


def _read_scalar(text: str) -> Any:
    try:
        parsed = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    value = parsed.get("value")
    if len(parsed) != 1 or not isinstance(value, bool | int | float | str | list | dict):
        return text
    return text if isinstance(value, float) and not math.isfinite(value) else value
