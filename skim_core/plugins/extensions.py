"""Extensions: plugins that add something to every day, such as notifiers and observers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from skim_core.errors import PluginError
from skim_core.plugins.discovery import Group, available
from skim_core.plugins.loading import Plugin, load


class LoadedExtensions(NamedTuple):
    """The extensions that work, and for each of the others the error that says why not."""

    plugins: list[Plugin]
    errors: list[PluginError]


def load_extensions(names: Iterable[str] | None = None) -> LoadedExtensions:
    """Load these extensions, or all that are installed; a broken one hurts no other."""
    if names is None:
        names = [plugin.name for plugin in available(Group.EXTENSIONS)]
    loaded = LoadedExtensions([], [])
    for name in dict.fromkeys(names):
        try:
            loaded.plugins.append(load(Group.EXTENSIONS, name))
        except PluginError as error:
            loaded.errors.append(error)
    return loaded
