"""The extension: its scanner and its filters."""

from __future__ import annotations

from skim_asx.config import AsxConfig
from skim_core import CandidateFilter, ExtensionSetup, Scanner, hooks


@hooks.config_model
def skim_config_model() -> type[AsxConfig]:
    """Return the model of ``[extension.asx]``."""
    return AsxConfig


@hooks.make_scanners
def skim_make_scanners(setup: ExtensionSetup[AsxConfig]) -> list[Scanner]:
    """Make the scanner of announcements."""
    from skim_asx.scanner import AnnouncementScanner  # noqa: PLC0415  only when a phase asks

    return [AnnouncementScanner(setup.config.announcements, setup.directory / "announcements")]


@hooks.make_filters
def skim_make_filters(setup: ExtensionSetup[AsxConfig]) -> list[CandidateFilter]:
    """Make a filter for each table ``[extension.asx.history.<name>]``."""
    from skim_asx.history import HistoryFilter  # noqa: PLC0415  polars takes long to import
    from skim_asx.store import Store  # noqa: PLC0415

    store = Store(setup.config.data_folder(setup.directory))
    return [HistoryFilter(name, rules, store) for name, rules in setup.config.history.items()]
