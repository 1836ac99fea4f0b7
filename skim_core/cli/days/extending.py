"""The extensions of a process that runs days: opened before them, closed after them."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from skim_core.cli.days.side_by_side import side_by_side
from skim_core.errors import SkimError
from skim_core.model.exchange import Exchange
from skim_core.model.graph import PhaseGraph
from skim_core.plugins.extensions import ExtensionPlugin, load_extensions, make_joining
from skim_core.ports.boundary import described
from skim_core.ports.extension import ExtensionSetup, Observer
from skim_core.ports.joining import Joining
from skim_core.settings import Settings

_log = logging.getLogger("skim")

PATIENCE = 5.0
"""Seconds of wall time that observers have to finish what they heard."""


class Extensions:
    """The loaded extensions; one that can't be loaded or made is told, and left out.

    `joining` has their scanners and filters, once `check` found that they are needed.
    """

    def __init__(self, settings: Settings, exchange: Exchange) -> None:
        self._settings = settings
        self._exchange = exchange
        loaded = load_extensions(None if settings.extensions == "all" else settings.extensions)
        for error in loaded.errors:
            _log.warning("%s", error)
        self._plugins = loaded.plugins
        self._observers: dict[str, Observer] = {}
        self.joining: Joining | None = None

    def open(self) -> Mapping[str, Any]:
        """Make the observers; return by its name whatever wants to hear events."""
        for plugin in self._plugins:
            try:
                observer = plugin.observer(self._setup(plugin))
            except SkimError as error:
                _log.warning("extension %r is left out: %s", plugin.name, error)
                continue
            if observer is not None:
                self._observers[plugin.name] = observer
        return dict(self._listeners())

    def check(self, graph: PhaseGraph) -> None:
        """Make the scanners and filters when a phase of `graph` names one.

        Raises ConfigError for one that no extension has.
        """
        if any(phase.joins for phase in graph):
            self.joining = self.joining or make_joining(self._plugins, self._setup)
            self.joining.check(graph)

    def close(self) -> None:
        """Close the observers, side by side; tell of one that raises or takes longer."""
        closing = {name: partial(_close, name, each) for name, each in self._observers.items()}
        for name in side_by_side("closes", closing, PATIENCE):
            _log.warning("extension %r was not done within %g s and is cut off.", name, PATIENCE)

    def _listeners(self) -> Iterator[tuple[str, Any]]:
        for plugin in self._plugins:
            if plugin.wants_events:
                yield plugin.name, plugin.listener
        for name, observer in self._observers.items():
            yield f"{name} observer", observer.hear

    def _setup(self, plugin: ExtensionPlugin) -> ExtensionSetup[Any]:
        return setup_of(plugin, self._settings, self._exchange)


def setup_of(
    plugin: ExtensionPlugin, settings: Settings, exchange: Exchange
) -> ExtensionSetup[Any]:
    """Return what an extension makes its parts from. Raises ConfigError for its section."""
    return ExtensionSetup(
        config=plugin.configured(settings.extension(plugin.name)),
        directory=settings.directory / "extensions" / plugin.name,
        exchange=exchange,
    )


def _close(name: str, observer: Observer) -> None:
    try:
        observer.close()
    except BaseException as error:  # noqa: BLE001  a plugin boundary: the others still close
        _log.warning("extension %r raised when it was closed: %s", name, described(error))
