"""The whole examination: what is installed, what is wrong with it, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from skim_core.doctor.absent import explain_absence, not_installed
from skim_core.doctor.environment import Interpreter, this_interpreter
from skim_core.doctor.findings import Cause, Finding
from skim_core.doctor.packages import Package, installed
from skim_core.doctor.probe import Probed, probe_all
from skim_core.doctor.requirements import check_python, check_requirements
from skim_core.doctor.written import check_names, check_package
from skim_core.errors import PluginError, nearest
from skim_core.plugins.deprecated import deprecated_uses
from skim_core.plugins.discovery import Group, PluginInfo, available
from skim_core.plugins.faults import RefusedError
from skim_core.plugins.sources import Source, normalized, reinstall_command
from skim_core.plugins.versions import check_stated, stated_version
from skim_core.settings import Settings

IsOwn: TypeAlias = Callable[[str], bool]

_UNIMPORTED = frozenset({Cause.WRONG_PYTHON, Cause.MISSING_DEPENDENCY, Cause.API_TOO_NEW})
"""With these, what importing it raises only follows from them."""


@dataclass(frozen=True)
class Examined:
    """One plugin that skim finds, and what is wrong with it.

    `milliseconds` is None when it wasn't imported, or couldn't be. `deprecated` says what its author
    has to know one day; nothing is wrong with it now. `disabled`: it is a strategy of which the
    configuration wants no days, which is no fault.
    """

    plugin: PluginInfo
    source: Source
    api_version: int | None
    findings: tuple[Finding, ...]
    milliseconds: int | None = None
    imported: bool = False
    deprecated: tuple[str, ...] = ()
    disabled: bool = False

    @property
    def status(self) -> str:
        """In a word or two, how it stands."""
        if self.findings:
            return self.findings[0].cause.value.replace("_", " ")
        stands = "works" if self.imported else "installed"
        return f"{stands}, disabled" if self.disabled else stands


@dataclass(frozen=True)
class Diagnosis:
    """What an examination found: in plugins, and in packages beside their plugins."""

    interpreter: Interpreter
    plugins: tuple[Examined, ...]
    others: tuple[Finding, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.others and not any(examined.findings for examined in self.plugins)


def look(
    settings: Settings | None, is_own: IsOwn, plugins: Iterable[PluginInfo] | None = None
) -> list[Examined]:
    """Return how each installed plugin stands, as far as that is seen without importing it.

    `is_own` says of a command's name whether skim has one of that name itself.
    """
    packages = {package.key: package for package in reversed(installed())}
    if plugins is None:
        plugins = every_plugin()
    return [
        _look(plugin, packages.get(normalized(plugin.distribution)), settings, is_own)
        for plugin in plugins
    ]


def every_plugin() -> list[PluginInfo]:
    """Return the installed plugins of all groups."""
    return [plugin for group in Group for plugin in available(group)]


def examine(
    name: str | None, settings: Settings | None, config: Path | None, is_own: IsOwn
) -> Diagnosis:
    """Examine the plugins of a name, or all; each is imported in a process of its own.

    `settings` are None when they can't be loaded: what they say is then not looked at.
    """
    here, plugins, packages = this_interpreter(), every_plugin(), installed()
    meant = [plugin for plugin in plugins if name in {None, plugin.name, plugin.distribution}]
    examined = imported(look(settings, is_own, meant), config)
    others: list[Finding] = []
    if name is None:
        for package in packages:
            others += check_package(package, packages)
        others += not_installed(Path.cwd(), packages)
        others += _configured(plugins, settings)
    elif not meant:
        others = explain_absence(name, plugins, packages, here)
    else:
        owners = {plugin.distribution for plugin in meant}
        for package in packages:
            if package.name in owners:
                others += check_package(package, packages)
    return Diagnosis(here, tuple(examined), tuple(others))


def imported(looked: Sequence[Examined], config: Path | None) -> list[Examined]:
    """Import each plugin in a process of its own, but those that can't be, and return how it went."""
    able = [one for one in looked if not any(f.cause in _UNIMPORTED for f in one.findings)]
    probed = iter(probe_all([one.plugin for one in able], config))
    return [_with(one, next(probed)) if one in able else one for one in looked]


def _with(looked: Examined, probed: Probed) -> Examined:
    new = probed.finding is not None and probed.finding.cause not in {
        finding.cause for finding in looked.findings
    }
    findings = (*looked.findings, probed.finding) if new and probed.finding else looked.findings
    return replace(looked, findings=findings, milliseconds=probed.milliseconds, imported=True)


def _look(
    plugin: PluginInfo, package: Package | None, settings: Settings | None, is_own: IsOwn
) -> Examined:
    findings = [*check_names(plugin)]
    if package is not None:
        findings += [*check_python(package), *check_requirements(package)]
    try:
        check_stated(plugin)
    except RefusedError as error:
        findings.append(Finding(Cause(error.kind), str(error)))
    except PluginError as error:
        findings.append(Finding(Cause.BREAKS_CONTRACT, str(error)))
    findings += [*_hidden(plugin, is_own), *_blocked(plugin, settings)]
    source = package.source if package is not None else Source()
    disabled = (
        plugin.group is Group.STRATEGIES
        and settings is not None
        and not settings.is_enabled(plugin.name)
    )
    return Examined(
        plugin,
        source,
        stated_version(plugin),
        tuple(findings),
        deprecated=tuple(deprecated_uses(plugin)),
        disabled=disabled,
    )


def _hidden(plugin: PluginInfo, is_own: IsOwn) -> Iterator[Finding]:
    if plugin.group is Group.COMMANDS and is_own(plugin.name):
        fault = (
            f"{plugin} is never run, because skim has a command or a phase of that name: give it "
            f"another name in pyproject.toml and run '{reinstall_command(plugin.distribution)}'."
        )
        yield Finding(Cause.HIDDEN, fault)


def _blocked(plugin: PluginInfo, settings: Settings | None) -> Iterator[Finding]:
    if plugin.group is not Group.EXTENSIONS or settings is None or settings.extensions == "all":
        return
    if plugin.name not in settings.extensions:
        names = ", ".join(f'"{name}"' for name in (*settings.extensions, plugin.name))
        where = settings.file or "the variable SKIM_EXTENSIONS"
        fault = (
            f"{plugin} is not loaded, because the setting 'extensions' in {where} doesn't name "
            f'it: write extensions = [{names}], or extensions = "all".'
        )
        yield Finding(Cause.BLOCKED, fault)


def _configured(plugins: Sequence[PluginInfo], settings: Settings | None) -> Iterator[Finding]:
    """Yield a finding for each plugin that the configuration names and that isn't there."""
    if settings is None:
        return
    named = (
        (Group.STRATEGIES, "strategy.", tuple(settings.strategies)),
        (Group.BROKERS, "brokers.", tuple(settings.brokers)),
        (Group.EXTENSIONS, "", () if settings.extensions == "all" else tuple(settings.extensions)),
    )
    for group, prefix, names in named:
        known = [plugin.name for plugin in plugins if plugin.group is group]
        for name in names:
            if name not in known:
                where = f"[{prefix}{name}]" if prefix else "the setting 'extensions'"
                fault = (
                    f"{where} in the configuration is for a {group.noun} {name!r}, which is not "
                    f"installed{nearest(name, known)}: correct it there, or see "
                    f"'skim doctor {name}'."
                )
                yield Finding(Cause.FAULTY_CONFIGURATION, fault)
