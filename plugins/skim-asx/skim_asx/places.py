"""Where a command of this package finds its configuration and its files."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from skim_asx.config import AsxConfig
from skim_core.cli import Wanted, load_extension

NAME = "asx"
"""The extension's name, by which its section and its folder are called."""


def load_config(wanted: Wanted) -> tuple[AsxConfig, Path]:
    """Return the extension's configuration and its own folder. Raises ConfigError."""
    settings = wanted.settings()
    config = load_extension(NAME).configured(settings.extension(NAME))
    return cast("AsxConfig", config), settings.directory / "extensions" / NAME
