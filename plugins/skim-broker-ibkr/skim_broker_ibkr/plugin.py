"""The plugin ``ibkr`` (group ``skim.brokers``)."""

from __future__ import annotations

from skim_broker_ibkr.options import IbkrOptions, read_options
from skim_core import hooks
from skim_core.broker import Broker, BrokerSetup

__all__ = ["IbkrOptions", "skim_make_broker"]


@hooks.make_broker
def skim_make_broker(setup: BrokerSetup) -> Broker:
    """Make the broker. Raises ConfigError for unsound options."""
    options = read_options(setup.options)
    # ib_async and numpy are needed to trade, not to be listed as a plugin.
    from skim_broker_ibkr.broker import IbkrBroker  # noqa: PLC0415

    return IbkrBroker(setup, options)
