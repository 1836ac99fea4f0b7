"""The extension: tells channels what happens in days, and what people say between them."""

from __future__ import annotations

import os
from collections.abc import Sequence

from skim_core import ExtensionSetup, Observer, TradingDay, hooks
from skim_core.events import Control
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


@hooks.on_control
def skim_on_control(
    control: Control, days: Sequence[TradingDay], setup: ExtensionSetup[NotifyConfig]
) -> None:
    """Tell of a halt, or of its end, that no day tells of.

    Raises ConfigError for a channel without a usable address.
    """
    if days:
        return
    from skim_notify.notifier import tell_control  # noqa: PLC0415

    tell_control(control, setup.config, setup.exchange.mic, os.environ)
