"""What may be pasted into a bug report: versions, plugins and findings, and no secrets.

Of the configuration it has names only, and the values of a few settings that tell nothing
about the person. Values that are secret, wherever else they turn up, are masked.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from skim_core.doctor.diagnosis import Diagnosis, Examined
from skim_core.doctor.findings import Finding
from skim_core.model.secrecy import is_secret
from skim_core.ports.hookspecs import API_VERSION
from skim_core.settings import MASK, Settings, show

_TOLD = ("exchange", "broker", "engine", "trading_mode", "pace", "log_level")
_DEPENDENCIES = ("blinker", "exchange-calendars", "numpy", "pluggy", "pydantic", "typer")
_SHORTEST = 4
"""Characters below which a value is no secret but would mask half of the report."""


def bug_report(
    diagnosis: Diagnosis, settings: Settings | None, environment: Mapping[str, str]
) -> dict[str, Any]:
    """Return the report as JSON can hold it; the user's home folder is written as ``~``."""
    report: dict[str, Any] = {
        "skim": metadata.version("skim-core"),
        "api_version": API_VERSION,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "platform": platform.platform(),
        "interpreter": diagnosis.interpreter.executable,
        "prefix": diagnosis.interpreter.prefix,
        "dependencies": {name: _version(name) for name in _DEPENDENCIES},
        "plugins": [plugin_row(one) for one in diagnosis.plugins],
        "packages": [finding_row(finding) for finding in diagnosis.others],
        "configuration": _configuration(settings),
        "variables": sorted(name for name in environment if name.startswith("SKIM_")),
    }
    secrets = sorted(_secrets(settings, environment), key=len, reverse=True)
    return {key: _cleaned(value, secrets) for key, value in report.items()}


def plugin_row(one: Examined) -> dict[str, Any]:
    """Return how a plugin stands as JSON can hold it."""
    return {
        "group": one.plugin.group.value,
        "name": one.plugin.name,
        "distribution": one.plugin.distribution,
        "version": one.plugin.version,
        "entry_point": one.plugin.value,
        "api_version": one.api_version,
        "source": str(one.source),
        "status": one.status,
        "milliseconds": one.milliseconds,
        "conflict": list(one.plugin.conflict),
        "findings": [finding_row(finding) for finding in one.findings],
        "deprecated": list(one.deprecated),
    }


def finding_row(finding: Finding) -> dict[str, Any]:
    """Return a finding as JSON can hold it."""
    return {"cause": finding.cause.value, "fault": finding.fault, "commands": finding.commands}


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _configuration(settings: Settings | None) -> dict[str, Any] | None:
    if settings is None:
        return None
    rows = show(settings)["settings"]
    return {
        "file": settings.file is not None,
        "settings": {
            key: {"value": row["value"] if key in _TOLD else MASK, "source": row["source"]}
            for key, row in rows.items()
            if key in _TOLD or row["source"] != "default"
        },
    }


def _secrets(settings: Settings | None, environment: Mapping[str, str]) -> Iterator[str]:
    """Yield every value that is, or may be, a secret: a plugin's error may quote any of them."""
    for name, value in environment.items():
        if len(value) >= _SHORTEST and (is_secret(name) or name.startswith("SKIM_STRATEGY__")):
            yield value
    if settings is None:
        return
    if settings.account != "paper":
        yield settings.account
    for table in (*settings.strategies.values(), *settings.brokers.values()):
        yield from _texts(table)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)
    elif isinstance(value, str) and len(value) >= _SHORTEST:
        yield value


def _cleaned(value: Any, secrets: list[str]) -> Any:
    if isinstance(value, dict):
        return {key: _cleaned(part, secrets) for key, part in value.items()}
    if isinstance(value, list):
        return [_cleaned(part, secrets) for part in value]
    if not isinstance(value, str):
        return value
    for secret in secrets:
        value = value.replace(secret, MASK)
    value = re.sub(r"://[^/\s@]+@", f"://{MASK}@", value)
    home = str(Path.home())
    return re.sub(rf"{re.escape(home)}(?=[/\s'\"]|$)", "~", value) if home != "/" else value
