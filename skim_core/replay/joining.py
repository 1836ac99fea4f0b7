"""The extensions of a replay: those alone whose scanners or filters a phase names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from skim_core.calendar.exchanges import load_exchange
from skim_core.model.exchange import Exchange
from skim_core.model.phases import Phase
from skim_core.model.session import Session
from skim_core.plugins.extensions import (
    ExtensionPlugin,
    load_extension,
    load_extensions,
    make_joining,
)
from skim_core.ports.extension import ExtensionSetup
from skim_core.ports.joining import Joining
from skim_core.replay.plan import PlannedExtension
from skim_core.settings import Settings
from skim_core.settings.masking import journaled, with_secrets


def plan_extensions(
    phases: Iterable[Phase], settings: Settings, session: Session
) -> tuple[PlannedExtension, ...]:
    """Return the extensions that `phases` need; none is loaded when they need none.

    Raises ConfigError for a scanner or a filter that no extension has.
    """
    joining = [phase for phase in phases if phase.joins]
    if not joining:
        return ()
    exchange = load_exchange(session.exchange, on=session.date)
    wanted = {name for phase in joining for name in (*phase.scanners, *phase.filters)}

    def setup_of(plugin: ExtensionPlugin) -> ExtensionSetup[Any]:
        directory = settings.directory / "extensions" / plugin.name
        config = plugin.configured(settings.extension(plugin.name))
        return ExtensionSetup(config=config, directory=directory, exchange=exchange)

    loaded = load_extensions(None if settings.extensions == "all" else settings.extensions)
    make_joining(loaded.plugins, setup_of).check(joining)
    needed = []
    for plugin in loaded.plugins:
        made = make_joining([plugin], setup_of)
        if wanted & {*made.scanners, *made.filters}:
            setup = setup_of(plugin)
            config = journaled(setup.config)
            needed.append(
                PlannedExtension(name=plugin.name, config=config, directory=setup.directory)
            )
    return tuple(needed)


def versions_of_extensions(planned: Iterable[PlannedExtension]) -> dict[str, str]:
    """Return the versions of the extensions' packages, by their names."""
    infos = [load_extension(each.name).info for each in planned]
    return {info.distribution: info.version for info in infos}


class ReplayedExtensions:
    """A plan's extensions, loaded; each session has scanners and filters of its own."""

    def __init__(self, planned: Sequence[PlannedExtension]) -> None:
        self._planned = {each.name: each for each in planned}
        self._plugins = [load_extension(each.name) for each in planned]

    def joining(self, exchange: Exchange) -> Joining:
        """Return the scanners and filters for a session of `exchange`."""

        def setup_of(plugin: ExtensionPlugin) -> ExtensionSetup[Any]:
            planned = self._planned[plugin.name]
            config = plugin.configured(with_secrets(planned.config, {}))
            return ExtensionSetup(config=config, directory=planned.directory, exchange=exchange)

        return make_joining(self._plugins, setup_of)
