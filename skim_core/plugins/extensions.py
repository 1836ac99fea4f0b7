"""Extensions: plugins that add something to every day, such as notifiers and observers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeVar, cast

from pydantic import BaseModel

from skim_core.errors import PluginError, SkimError
from skim_core.plugins.config_model import config_model
from skim_core.plugins.configuration import validated
from skim_core.plugins.discovery import Group, PluginInfo, available
from skim_core.plugins.loading import Listener, Plugin, load
from skim_core.plugins.making import made_by, several_made_by
from skim_core.ports.extension import ExtensionSetup, Observer
from skim_core.ports.joining import CandidateFilter, Joining, Scanner

_log = logging.getLogger("skim")


@dataclass(frozen=True, eq=False)
class ExtensionPlugin:
    """A loaded extension, and the model of its section of the configuration."""

    plugin: Plugin
    config_model: type[BaseModel]

    @property
    def name(self) -> str:
        """The extension's name."""
        return self.plugin.name

    @property
    def info(self) -> PluginInfo:
        """Which distribution it comes from, and its version."""
        return self.plugin.info

    @property
    def wants_events(self) -> bool:
        """Whether the extension's `skim_on_event` listens to events."""
        return self.plugin.wants_events

    @property
    def listener(self) -> Listener:
        """Its `skim_on_event` for `Bus.listen`."""
        return self.plugin.listener

    def configured(self, section: Mapping[str, Any]) -> BaseModel:
        """Return its configuration, made from ``[extension.<name>]``.

        Raises ConfigError with a line for each fault, as for a strategy's.
        """
        return validated(self.config_model, f"extension.{self.name}", section)

    def observer(self, setup: ExtensionSetup[Any]) -> Observer | None:
        """Make its observer; None when it has none.

        Raises what the plugin raises of skim's own errors, and PluginError for anything else.
        """
        if not self.plugin.implements("skim_make_observer"):
            return None
        made: Observer = made_by(self.plugin, "skim_make_observer", setup, Observer)  # type: ignore[assignment]  # it has all of its methods
        return made

    def scanners(self, setup: ExtensionSetup[Any]) -> Sequence[Scanner]:
        """Make its scanners. Raises as `observer` does."""
        made = several_made_by(self.plugin, "skim_make_scanners", setup, Scanner)
        return cast("Sequence[Scanner]", made)

    def filters(self, setup: ExtensionSetup[Any]) -> Sequence[CandidateFilter]:
        """Make its filters. Raises as `observer` does."""
        made = several_made_by(self.plugin, "skim_make_filters", setup, CandidateFilter)
        return cast("Sequence[CandidateFilter]", made)


class LoadedExtensions(NamedTuple):
    """The extensions that work, and for each of the others the error that says why not."""

    plugins: list[ExtensionPlugin]
    errors: list[PluginError]


def load_extension(name: str) -> ExtensionPlugin:
    """Load one extension. Raises PluginError as `load` does, and for a model that is none."""
    plugin = load(Group.EXTENSIONS, name)
    return ExtensionPlugin(plugin, config_model(plugin))


def load_extensions(names: Iterable[str] | None = None) -> LoadedExtensions:
    """Load these extensions, or all that are installed; a broken one hurts no other."""
    if names is None:
        names = [plugin.name for plugin in available(Group.EXTENSIONS)]
    loaded = LoadedExtensions([], [])
    for name in dict.fromkeys(names):
        try:
            loaded.plugins.append(load_extension(name))
        except PluginError as error:
            loaded.errors.append(error)
    return loaded


def make_joining(
    plugins: Iterable[ExtensionPlugin],
    setup_of: Callable[[ExtensionPlugin], ExtensionSetup[Any]],
) -> Joining:
    """Make the scanners and filters of extensions.

    One that can't be made is told in the log and left out; of two with one name the first counts.
    """
    scanners: dict[str, Scanner] = {}
    filters: dict[str, CandidateFilter] = {}
    for plugin in plugins:
        try:
            setup = setup_of(plugin)
            made = plugin.scanners(setup), plugin.filters(setup)
        except SkimError as error:
            _log.warning("extension %r is left out: %s", plugin.name, error)
            continue
        _add(plugin, "scanner", made[0], scanners)
        _add(plugin, "filter", made[1], filters)
    return Joining(scanners, filters)


class _Named(Protocol):
    @property
    def name(self) -> str: ...


_NamedT = TypeVar("_NamedT", bound=_Named)


def _add(
    plugin: ExtensionPlugin, kind: str, own: Sequence[_NamedT], known: dict[str, _NamedT]
) -> None:
    for each in own:
        if known.setdefault(each.name, each) is not each:
            _log.warning(
                "extension %r has a %s %r, as another has: that other's counts.",
                plugin.name,
                kind,
                each.name,
            )
