"""What is installed that has to do with skim, as metadata and projects tell it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from email.parser import HeaderParser
from functools import cached_property
from importlib import metadata
from pathlib import Path

from skim_core.errors import nearest
from skim_core.plugins.discovery import Group
from skim_core.plugins.sources import Source, normalized, source_of

GROUPS = tuple(group.value for group in Group)
_OTHERS = {"console_scripts", "gui_scripts", "pytest11"}


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry point as it is written, of any group whose name has skim in it."""

    group: str
    name: str
    value: str

    @property
    def known(self) -> bool:
        """Whether skim looks at its group."""
        return self.group in GROUPS


@dataclass(frozen=True)
class Project:
    """A project's folder with the entry points that its pyproject.toml declares."""

    folder: Path
    name: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, eq=False)
class Package:
    """One distribution in one place; `requires` are its requirements as they are written."""

    name: str
    version: str
    location: Path
    source: Source
    requires_python: str
    requires: tuple[str, ...]
    entries: tuple[Entry, ...]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    @property
    def key(self) -> str:
        """Its name as names are compared."""
        return normalized(self.name)

    @property
    def named_for_skim(self) -> bool:
        """Whether its name says that it is a plugin's package."""
        return self.key.startswith(tuple(f"skim-{group.noun}-" for group in Group))

    @property
    def of_skim(self) -> bool:
        """Whether it has to do with skim: by its entry points, its name or what it needs."""
        return bool(self.entries) or self.named_for_skim or needs_skim(self.requires)

    @cached_property
    def project(self) -> Project | None:
        """The project that it was installed from, when that is a folder that can be read."""
        folder = self.source.folder
        return read_project(folder) if folder is not None else None


def installed(path: Iterable[Path] | None = None) -> list[Package]:
    """Return the packages of skim's plugins, in the order of the import path.

    With `path`, those in other folders of packages. One whose metadata can't be read is left
    out: listing the plugins names it.
    """
    found = (
        metadata.distributions()
        if path is None
        else metadata.distributions(path=[str(folder) for folder in path])
    )
    return [package for package in map(_package, found) if package and package.of_skim]


def read_project(folder: Path) -> Project | None:
    """Return the project in a folder; None when there is none that declares entry points."""
    try:
        data = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
        table = data["project"]
        needed = needs_skim(tuple(map(str, table.get("dependencies", ()))))
        entries = tuple(
            Entry(str(group), str(name), str(value))
            for group, names in table.get("entry-points", {}).items()
            if _meant(str(group), needs_skim=needed)
            for name, value in names.items()
        )
        return Project(folder, str(table["name"]), entries)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _package(distribution: metadata.Distribution) -> Package | None:
    try:
        text = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or ""
        headers = HeaderParser().parsestr(text.partition("\n\n")[0])
        requires = tuple(map(str, headers.get_all("Requires-Dist") or ()))
        return Package(
            name=str(headers["Name"] or ""),
            version=str(headers["Version"] or ""),
            location=Path(str(distribution.locate_file(""))),
            source=source_of(distribution),
            requires_python=str(headers["Requires-Python"] or ""),
            requires=requires,
            entries=tuple(
                Entry(entry.group, entry.name, entry.value)
                for entry in distribution.entry_points
                if _meant(entry.group, needs_skim=needs_skim(requires))
            ),
        )
    except Exception:  # noqa: BLE001  unsound metadata raises anything; `available` names it
        return None


def needs_skim(requires: Iterable[str]) -> bool:
    """Whether one of these requirements is skim-core."""
    return any(re.match(r"skim[-_.]+core(?![\w-])", line.lower()) for line in requires)


def _meant(group: str, *, needs_skim: bool) -> bool:
    """Whether an entry point of this group is, or was meant to be, one of skim's."""
    if re.match(r"skim(?![a-z])", group.lower()):
        return True
    return needs_skim and group not in _OTHERS and bool(nearest(group, GROUPS))
