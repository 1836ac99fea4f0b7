"""What can be wrong with a package as it is written down: entry points, copies, names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from skim_core.doctor.findings import Cause, Finding
from skim_core.doctor.packages import GROUPS, Entry, Package
from skim_core.errors import nearest
from skim_core.plugins.discovery import Group, PluginInfo


def check_package(package: Package, packages: Sequence[Package]) -> Iterator[Finding]:
    """Yield what is wrong with a package besides the plugins that skim finds in it."""
    first = next(other for other in packages if other.key == package.key)
    if first is not package:
        fault = (
            f"{package} in {package.location} is not used, because {first} in {first.location} "
            f"comes first: run 'pip uninstall {package.name}' until there is none, then "
            f"'{package.source.reinstall(package.name)}'."
        )
        yield Finding(Cause.SHADOWED, fault)
        return
    stale = list(_stale(package))
    yield from stale
    for entry in package.entries:
        if not entry.known and not any(entry.name in finding.fault for finding in stale):
            yield wrong_group(package, entry)
    if package.named_for_skim and not package.entries and not stale:
        yield without_entry_point(package)


def wrong_group(package: Package, entry: Entry) -> Finding:
    """Return the finding for an entry point of a group that skim doesn't look at."""
    fault = (
        f"{package} has {entry.name!r} in the entry-point group {entry.group!r}, which skim "
        f"doesn't look at{nearest(entry.group, GROUPS)}: the groups are {', '.join(GROUPS)}. "
        f"Correct [project.entry-points] in pyproject.toml and run "
        f"'{package.source.reinstall(package.name)}'."
    )
    return Finding(Cause.WRONG_GROUP, fault)


def check_names(plugin: PluginInfo) -> Iterator[Finding]:
    """Yield a finding for a plugin whose name another package has too."""
    if plugin.conflict:
        owners = (plugin.distribution, *plugin.conflict)
        mends = " or ".join(f"'pip uninstall {owner}'" for owner in owners)
        fault = (
            f"the name {plugin.name!r} belongs to {len(owners)} packages, {' and '.join(owners)}: "
            f"keep one of them, run {mends}."
        )
        yield Finding(Cause.TWO_PACKAGES, fault)


def _stale(package: Package) -> Iterator[Finding]:
    if package.project is None:
        return
    here, there = set(package.entries), set(package.project.entries)
    again = f"run '{package.source.reinstall(package.name)}'"
    for entry in sorted(there - here, key=_sorted):
        was = [one for one in here if (one.group, one.name) == (entry.group, entry.name)]
        found = f"the installed one is {was[0].value!r}" if was else "it isn't installed"
        # Installed as it is, nobody would look at it.
        group = f"correct the group {entry.group!r}{nearest(entry.group, GROUPS)} there, and "
        fault = (
            f"{package.project.folder}/pyproject.toml declares {entry.group} {entry.name!r} = "
            f"{entry.value!r}, but {found}: entry points are written when a package is "
            f"installed, {'' if entry.known else group}{again}."
        )
        yield Finding(Cause.REINSTALL, fault)
    names = {(entry.group, entry.name) for entry in there}
    for entry in sorted(here, key=_sorted):
        if (entry.group, entry.name) not in names:
            fault = (
                f"{package} was installed with {entry.group} {entry.name!r}, which "
                f"{package.project.folder}/pyproject.toml no longer declares: {again}."
            )
            yield Finding(Cause.REINSTALL, fault)


def without_entry_point(package: Package) -> Finding:
    """Return the finding for a package that has no entry point of skim's."""
    noun = next(
        (group for group in Group if package.key.startswith(f"skim-{group.noun}-")),
        Group.STRATEGIES,
    )
    name = package.key.removeprefix(f"skim-{noun.noun}-").replace("-", "_")
    fault = (
        f"{package} has no entry point, so skim finds nothing in it: add "
        f'[project.entry-points."{noun.value}"] with {name} = "{package.key.replace("-", "_")}" '
        f"to its pyproject.toml and run '{package.source.reinstall(package.name)}'."
    )
    return Finding(Cause.NO_ENTRY_POINT, fault)


def _sorted(entry: Entry) -> tuple[str, str, str]:
    return entry.group, entry.name, entry.value
