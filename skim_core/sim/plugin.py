"""The plugin ``sim`` (group ``skim.brokers``): skim's embedded default broker."""

from __future__ import annotations

from skim_core.ports import hooks
from skim_core.ports.broker import Broker, BrokerSetup
from skim_core.sim.options import SimOptions, read_options

__all__ = ["SimOptions", "skim_make_broker"]

api_version = 1


@hooks.make_broker
def skim_make_broker(setup: BrokerSetup) -> Broker:
    """Make the simulated exchange's broker, on recorded bars when the option `data` is set."""
    options = read_options(setup.options)
    # numpy is needed to trade, not to be listed as a plugin.
    from skim_core.sim.broker import SimBroker  # noqa: PLC0415
    from skim_core.sim.feeds import make_feed  # noqa: PLC0415

    return SimBroker(setup, options, make_feed(options, setup.directory))
