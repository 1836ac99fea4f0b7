"""Which plugins are installed, read from package metadata alone: nothing is imported."""

from __future__ import annotations

import logging
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.parser import HeaderParser
from enum import StrEnum
from importlib import metadata

from skim_core.errors import PluginError, nearest
from skim_core.plugins.sources import normalized

log = logging.getLogger("skim.plugins")


class Group(StrEnum):
    """The entry-point groups that plugins are found by.

    The name of an entry point in COMMANDS is the command's; in all others it is the plugin's.
    """

    STRATEGIES = "skim.strategies"
    BROKERS = "skim.brokers"
    ENGINES = "skim.engines"
    EXTENSIONS = "skim.extensions"
    COMMANDS = "skim.commands"

    @property
    def noun(self) -> str:
        """What one plugin of the group is called."""
        return _NOUNS[self]


_NOUNS = {
    Group.STRATEGIES: "strategy",
    Group.BROKERS: "broker",
    Group.ENGINES: "engine",
    Group.EXTENSIONS: "extension",
    Group.COMMANDS: "command",
}


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """One installed plugin, as its distribution's metadata describes it.

    `value` is the entry point's object reference. `conflict` names the other distributions
    that have a plugin of the same group and name; such a plugin can't be loaded.
    """

    group: Group
    name: str
    value: str
    distribution: str
    version: str
    conflict: tuple[str, ...] = ()

    def __str__(self) -> str:
        version = "" if self.in_one_file else f" {self.version}"
        return f"{self.group.noun} {self.name!r} ({self.distribution}{version})"

    @property
    def in_one_file(self) -> bool:
        """Whether it is a strategy in one file that is tried: it has no package and no version."""
        return self.distribution.endswith(".py")

    @property
    def module(self) -> str:
        """The module that its entry point names."""
        return self.value.partition(":")[0].strip()


def available(group: Group) -> list[PluginInfo]:
    """Return the group's installed plugins, sorted by name.

    Two distributions with one name are both listed, each with the other as its `conflict`.
    Of a distribution that is found twice, the one that comes first on ``sys.path`` counts. One
    whose metadata can't be read is named in the log and left out.
    """
    return [plugin for plugin in _installed(f"[{group}]") if plugin.group is group]


def installed_commands() -> dict[str, PluginInfo]:
    """Return the installed commands by name, hyphens written as underscores; none is imported."""
    return {plugin.name.replace("-", "_"): plugin for plugin in available(Group.COMMANDS)}


def find(group: Group, name: str) -> PluginInfo:
    """Return the one installed plugin of this name.

    Raises PluginError when none is installed (with the nearest name), or when two
    distributions have it.
    """
    installed = _installed()
    matches = [plugin for plugin in installed if (plugin.group, plugin.name) == (group, name)]
    if not matches:
        raise PluginError(_not_installed(group, name, installed))
    if matches[0].conflict:
        owners = " and ".join(f"{plugin.distribution} {plugin.version}" for plugin in matches)
        mends = " or ".join(f"'pip uninstall {plugin.distribution}'" for plugin in matches)
        msg = (
            f"{group.noun} {name!r} comes from {len(matches)} packages, {owners}: "
            f"keep one of them. Run {mends}."
        )
        raise PluginError(msg)
    return matches[0]


def _installed(mark: str = "[skim.") -> list[PluginInfo]:
    """Return the plugins of the distributions in whose entry points `mark` stands."""
    plugins: dict[tuple[Group, str, str], PluginInfo] = {}
    owners: defaultdict[tuple[Group, str], list[str]] = defaultdict(list)
    for plugin in _declared(mark):
        key = (plugin.group, plugin.name, plugin.distribution)
        if key not in plugins:
            plugins[key] = plugin
            owners[plugin.group, plugin.name].append(plugin.distribution)
    return sorted(
        (
            replace(
                plugin,
                conflict=tuple(
                    owner
                    for owner in owners[plugin.group, plugin.name]
                    if owner != plugin.distribution
                ),
            )
            for plugin in plugins.values()
        ),
        key=lambda plugin: (plugin.name, plugin.distribution),
    )


def _declared(mark: str) -> Iterator[PluginInfo]:
    """Yield every plugin of each such distribution that can be read, each distribution once."""
    seen: set[str] = set()
    for distribution in metadata.distributions():
        try:
            if mark not in (distribution.read_text("entry_points.txt") or ""):
                continue
            name, version = _name_and_version(distribution)
            if normalized(name) not in seen and _comes_first(name, distribution):
                yield from _plugins_of(distribution, name, version)
            seen.add(normalized(name))
        except Exception as error:  # noqa: BLE001  unsound metadata raises anything; others go on
            log.warning(
                "a package in %s is left out, its metadata can't be read (%s: %s): reinstall it",
                distribution.locate_file(""),
                type(error).__name__,
                error,
            )


def _name_and_version(distribution: metadata.Distribution) -> tuple[str, str]:
    # `Distribution.metadata` parses the whole file, README included, at every access.
    text = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or ""
    headers = HeaderParser().parsestr(text.partition("\n\n")[0])
    return headers["Name"], headers["Version"]


def _comes_first(name: str, distribution: metadata.Distribution) -> bool:
    # What is imported is the copy that comes first, even when only a later one has plugins.
    try:
        first = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return True
    return first.locate_file("") == distribution.locate_file("")


def _plugins_of(distribution: metadata.Distribution, name: str, version: str) -> list[PluginInfo]:
    groups = {group.value: group for group in Group}
    return [
        PluginInfo(groups[entry.group], entry.name, entry.value, name, version)
        for entry in distribution.entry_points
        if entry.group in groups
    ]


def _not_installed(group: Group, name: str, installed: list[PluginInfo]) -> str:
    known = sorted({plugin.name for plugin in installed if plugin.group is group})
    hint = nearest(name, known)
    if not hint:
        elsewhere = {plugin.name: plugin.group.noun for plugin in installed}
        near = nearest(name, elsewhere).partition("'")[2].partition("'")[0]
        if near:
            hint = f" (there is the {elsewhere[near]} {near!r}, which is no {group.noun})"
    names = f"installed: {', '.join(known)}" if known else f"no {group.noun} is installed"
    mend = "Correct the name"
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        prefix = "skim" if group in {Group.EXTENSIONS, Group.COMMANDS} else f"skim-{group.noun}"
        mend += f", or run 'pip install {prefix}-{name.replace('_', '-')}'"
    mend += f"; 'skim doctor {name}' looks for it" if mend != "Correct the name" else ""
    return f"{group.noun} {name!r} is not installed{hint}; {names}. {mend}."
