"""What is imported at the start costs every cron job its time."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import skim_core
from skim_core.faces import PUBLIC

HEAVY = {
    "blinker",
    "exchange_calendars",
    "numpy",
    "pandas",
    "platformdirs",
    "pluggy",
    "polars",
    "rich",
    "sqlite3",
    "typer",
}
HOME = Path(find_spec("skim_core").origin).parent


def loaded_by(code: str) -> set[str]:
    """Return the top-level modules that are there after `code` ran in a new interpreter."""
    tail = "\nimport json, sys; print(json.dumps(sorted(sys.modules)))"
    command = [sys.executable, "-c", code + tail]
    output = subprocess.run(command, capture_output=True, check=True).stdout
    return {name.partition(".")[0] for name in json.loads(output)}


def modules_of(*packages: str) -> list[str]:
    return [
        f"skim_core.{package}.{path.stem}"
        for package in packages
        for path in sorted(HOME.glob(f"{package}/*.py"))
        if path.stem != "__init__"
    ]


def test_the_package_itself_imports_next_to_nothing():
    loaded = loaded_by("import skim_core")
    assert not loaded & (HEAVY | {"pydantic", "asyncio", "importlib.metadata"})


def test_the_pure_parts_import_nothing_heavy():
    modules = modules_of("model", "decide")
    assert len(modules) > 10
    assert not loaded_by(f"import {', '.join(modules)}") & HEAVY


def test_the_ports_import_nothing_heavy():
    allowed = {"blinker", "pluggy"}
    assert not loaded_by(f"import {', '.join(modules_of('ports'))}") & (HEAVY - allowed)


def test_the_public_modules_import_nothing_heavy():
    assert not loaded_by(f"import {', '.join(PUBLIC)}") & (HEAVY | {"hypothesis"})


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'Phrase'"):
        skim_core.Phrase  # noqa: B018
