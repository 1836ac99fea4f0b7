"""The extension: its scanner and its filters."""

from __future__ import annotations

from skim_asx.config import AsxConfig
from skim_asx.scanner import AnnouncementScanner
from skim_core import ExtensionSetup, Scanner, hooks


@hooks.config_model
def skim_config_model() -> type[AsxConfig]:
    """Return the model of ``[extension.asx]``."""
    return AsxConfig


@hooks.make_scanners
def skim_make_scanners(setup: ExtensionSetup[AsxConfig]) -> list[Scanner]:
    """Make the scanner of announcements."""
    return [AnnouncementScanner(setup.config.announcements, setup.directory / "announcements")]
