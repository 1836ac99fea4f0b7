"""Configuration: skim.toml and SKIM_* variables."""

from __future__ import annotations

from skim_core.settings.exposure import exposed_secret
from skim_core.settings.forms import LogLevel, Origin
from skim_core.settings.load import load_settings
from skim_core.settings.masking import MASK, without_secrets
from skim_core.settings.reference import KeyRow, describe
from skim_core.settings.schema import Settings
from skim_core.settings.show import show

__all__ = [
    "MASK",
    "KeyRow",
    "LogLevel",
    "Origin",
    "Settings",
    "describe",
    "exposed_secret",
    "load_settings",
    "show",
    "without_secrets",
]
