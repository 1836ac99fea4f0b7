"""The extension: an observer that tells channels what happens."""

from __future__ import annotations

import os

from skim_core import ExtensionSetup, Observer, hooks
from skim_notify.config import NotifyConfig


@hooks.config_model
def skim_config_model() -> type[NotifyConfig]:
    """Return the model of ``[extension.notify]``."""
    return NotifyConfig


@hooks.make_observer
def skim_make_observer(setup: ExtensionSetup[NotifyConfig]) -> Observer:
    """Make the notifier. Raises ConfigError for a channel without a usable address."""
    from skim_notify.notifier import Notifier  # noqa: PLC0415  its HTTP client takes long to import

    return Notifier(setup.config, setup.exchange.currency, os.environ)
