"""Engines, as plugins make them."""

from __future__ import annotations

from dataclasses import dataclass

from skim_core.plugins.discovery import Group, PluginInfo
from skim_core.plugins.loading import Plugin
from skim_core.plugins.making import load_maker, made_by
from skim_core.ports.engine import Engine, EngineSetup


@dataclass(frozen=True, eq=False)
class EnginePlugin:
    """A loaded plugin that makes an engine."""

    plugin: Plugin

    @property
    def name(self) -> str:
        """The engine's name."""
        return self.plugin.name

    @property
    def info(self) -> PluginInfo:
        """Which distribution it comes from, and its version."""
        return self.plugin.info

    def make(self, setup: EngineSetup) -> Engine:
        """Make the engine.

        Raises what the plugin raises of skim's own errors (ConfigError), and PluginError for
        anything else, or when what it made is no engine.
        """
        engine: Engine = made_by(self.plugin, "skim_make_engine", setup, Engine)  # type: ignore[assignment]  # it has all of its methods
        return engine


def load_engine(name: str) -> EnginePlugin:
    """Load the plugin of an engine. Raises PluginError as `load` does."""
    return EnginePlugin(load_maker(Group.ENGINES, name, "skim_make_engine"))
