"""How a setting is written: the types of the keys, and how each is read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, ValidatorFunctionWrapHandler, WrapValidator

from skim_core.model.base import Name
from skim_core.model.times import PositiveDuration


@dataclass(frozen=True, slots=True)
class Written:
    """How a key's value is written, for messages and for the reference.

    `default` is for a default that is worked out.
    """

    form: str
    default: str = ""


class LogLevel(StrEnum):
    """How much is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Origin(StrEnum):
    """Where a setting came from."""

    DEFAULT = "default"
    FILE = "file"
    ENVIRONMENT = "environment"
    OPTION = "option"


def _bounded(value: Any, read: ValidatorFunctionWrapHandler) -> timedelta:
    """Read a duration; one that is beyond any timedelta is refused like other nonsense."""
    try:
        duration: timedelta = read(value)
    except OverflowError as error:
        msg = "too long"
        raise ValueError(msg) from error
    return duration


def _read_pace(value: Any) -> str:
    if isinstance(value, str) and value in {"fast", "real"}:
        return value
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        try:
            factor = float(value)
        except (ValueError, OverflowError):
            factor = math.nan
        if math.isfinite(factor) and factor > 0:
            return str(int(factor)) if factor.is_integer() else str(factor)
    msg = "no pace"
    raise ValueError(msg)


def _read_path(value: Any) -> Path:
    if isinstance(value, str | Path) and str(value).strip() and "://" not in str(value):
        try:
            path = Path(value).expanduser()
            path.as_posix().encode()
        except (RuntimeError, UnicodeEncodeError) as error:
            msg = "no path"
            raise ValueError(msg) from error
        if "\0" not in str(path):
            return path.absolute()
    msg = "no path"
    raise ValueError(msg)


def _read_names(value: Any) -> Any:
    if isinstance(value, str) and value != "all":
        return [name.strip() for name in value.split(",") if name.strip()]
    return value


def _read_failures(value: Any) -> Any:
    if isinstance(value, bool):
        msg = "no number"
        raise ValueError(msg)  # noqa: TRY004  pydantic wants a ValueError
    return value


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def default_pace(settings: Mapping[str, Any]) -> str:
    """Return the pace that fits the broker."""
    return "fast" if settings.get("broker", "sim") == "sim" else "real"


def default_journal(settings: Mapping[str, Any]) -> Path:
    """Return the journal's place in the directory."""
    return Path(settings.get("directory", ".")) / "journal.sqlite"


Length: TypeAlias = Annotated[PositiveDuration, WrapValidator(_bounded)]
"""A duration, longer than nothing."""

AbsolutePath: TypeAlias = Annotated[Path, BeforeValidator(_read_path)]
"""A path on this machine; ``~`` is the home folder."""

Extensions: TypeAlias = Annotated[Literal["all"] | tuple[Name, ...], BeforeValidator(_read_names)]
"""Every installed extension, or those named."""

Failures: TypeAlias = Annotated[int, BeforeValidator(_read_failures)]
"""How many failures; to pydantic true is 1, here it is refused."""

Level: TypeAlias = Annotated[LogLevel, BeforeValidator(_lower)]
"""A log level in any case."""

Pace: TypeAlias = Annotated[str, BeforeValidator(_read_pace)]
"""``fast``, ``real`` or a positive number, as text."""
