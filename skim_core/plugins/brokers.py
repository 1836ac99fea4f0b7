"""Brokers, as plugins make them."""

from __future__ import annotations

from dataclasses import dataclass

from skim_core.plugins.discovery import Group, PluginInfo
from skim_core.plugins.loading import Plugin
from skim_core.plugins.making import load_maker, made_by
from skim_core.ports.broker import Broker, BrokerSetup


@dataclass(frozen=True, eq=False)
class BrokerPlugin:
    """A loaded plugin that makes a broker."""

    plugin: Plugin

    @property
    def name(self) -> str:
        """The broker's name."""
        return self.plugin.name

    @property
    def info(self) -> PluginInfo:
        """Which distribution it comes from, and its version."""
        return self.plugin.info

    def make(self, setup: BrokerSetup) -> Broker:
        """Make the broker.

        Raises what the plugin raises of skim's own errors (ConfigError, BrokerError), and
        PluginError for anything else, or when what it made is no broker.
        """
        broker: Broker = made_by(self.plugin, "skim_make_broker", setup, Broker)  # type: ignore[assignment]  # it has all of its methods
        return broker


def load_broker(name: str) -> BrokerPlugin:
    """Load the plugin of a broker. Raises PluginError as `load` does."""
    return BrokerPlugin(load_maker(Group.BROKERS, name, "skim_make_broker"))
