"""What brokers, engines and extensions have in common: a plugin makes them from a setup."""

from __future__ import annotations

from collections.abc import Sequence

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
    made = _made(plugin, hook, setup)
    _check(plugin, hook, made, protocol)
    return made


def several_made_by(plugin: Plugin, hook: str, setup: object, protocol: type) -> list[object]:
    """Return the objects that a plugin's `hook` makes, each with every method of `protocol`.

    None for a plugin without the hook. Raises as `made_by` does.
    """
    if not plugin.implements(hook):
        return []
    made = _made(plugin, hook, setup)
    if not isinstance(made, Sequence):
        fault = f"{hook} returned a {type(made).__name__}: return a list."
        raise refuse(plugin.info, fault)
    for each in made:
        _check(plugin, hook, each, protocol)
    return list(made)


def _made(plugin: Plugin, hook: str, setup: object) -> object:
    refused: SkimError | None = None
    made: object = None
    with guarded(plugin.info, hook):
        try:
            made = plugin.call(hook, setup=setup)
        except SkimError as error:
            refused = error
    if refused is not None:
        raise refused
    return made


def _check(plugin: Plugin, hook: str, made: object, protocol: type) -> None:
    missing = missing_methods(made, protocol)
    if missing:
        fault = (
            f"{hook} returned a {type(made).__name__} without {', '.join(missing)}: "
            f"return an object with every method of {protocol.__name__}."
        )
        raise refuse(plugin.info, fault)
