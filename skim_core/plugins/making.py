"""What brokers and engines have in common: a plugin makes them from a setup."""

from __future__ import annotations

from skim_core.errors import SkimError
from skim_core.plugins.discovery import Group
from skim_core.plugins.faults import guarded, refuse
from skim_core.plugins.loading import Plugin, load, require
from skim_core.plugins.signatures import missing_methods


def load_maker(group: Group, name: str, hook: str) -> Plugin:
    """Load a plugin that must implement `hook`. Raises PluginError as `load` does."""
    plugin = load(group, name)
    require(plugin, hook)
    return plugin


def made_by(plugin: Plugin, hook: str, setup: object, protocol: type) -> object:
    """Return what a plugin's `hook` makes, an object with every method of `protocol`.

    Raises the plugin's own SkimErrors as they are, and PluginError for anything else.
    """
    refused: SkimError | None = None
    made: object = None
    with guarded(plugin.info, hook):
        try:
            made = plugin.call(hook, setup=setup)
        except SkimError as error:
            refused = error
    if refused is not None:
        raise refused
    missing = missing_methods(made, protocol)
    if missing:
        fault = (
            f"{hook} returned a {type(made).__name__} without {', '.join(missing)}: "
            f"return an object with every method of {protocol.__name__}."
        )
        raise refuse(plugin.info, fault)
    return made
