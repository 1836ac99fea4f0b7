"""What is checked: an installed package, a project's folder or a wheel, made importable."""

from __future__ import annotations

import os
import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from skim_core.check.rules import BY_NUMBER, Level
from skim_core.doctor.packages import installed, read_project
from skim_core.errors import ConfigError, PluginError, nearest
from skim_core.plugins.discovery import Group, available
from skim_core.plugins.sources import normalized


class Terms(BaseModel):
    """The table ``[tool.skim.check]`` of a project: what it is held to.

    `waive` has a reason by the number of a rule; `config` is the strategy's section on the
    simulated days.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: Level = Level.GOLD
    config: dict[str, Any] = {}
    overnight: bool = False
    reenters: bool = False
    waive: dict[str, str] = {}


@dataclass(frozen=True)
class Subject:
    """A strategy's package that can be imported from `path`, before all else."""

    distribution: str
    strategies: tuple[str, ...]
    terms: Terms
    path: tuple[Path, ...] = ()
    project: Path | None = field(default=None)


@contextmanager
def subject_of(asked: str) -> Iterator[Subject]:
    """Make what was asked for importable for a while, without installing it.

    A package is named by itself or by its strategy; a folder has a pyproject.toml; a wheel ends
    in .whl. Raises ConfigError for what is none of these, and for unsound terms.
    """
    path = Path(asked)
    if asked.endswith(".whl"):
        with TemporaryDirectory(prefix="skim-check-") as folder:
            yield _unpacked(path, Path(folder))
    elif path.is_dir():
        with TemporaryDirectory(prefix="skim-check-") as folder:
            yield _in_folder(path.absolute(), Path(folder))
    else:
        yield _installed(asked)


def _unpacked(wheel: Path, folder: Path) -> Subject:
    try:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
    except FileNotFoundError:
        msg = f"{wheel}: there is no such file: name a wheel, as 'pip wheel' or hatch makes it."
        raise ConfigError(msg) from None
    except (OSError, zipfile.BadZipFile) as error:
        msg = f"{wheel} is no wheel ({error}): build it again."
        raise ConfigError(msg) from None
    found = [package for package in installed([folder]) if package.entries]
    strategies = [
        entry.name
        for package in found
        for entry in package.entries
        if entry.group == Group.STRATEGIES
    ]
    if not strategies:
        msg = (
            f"{wheel} has no strategy: its pyproject.toml needs "
            '[project.entry-points."skim.strategies"].'
        )
        raise ConfigError(msg)
    return Subject(found[0].name, tuple(strategies), Terms(), (folder,))


def _in_folder(folder: Path, site: Path) -> Subject:
    project = read_project(folder)
    if project is None:
        msg = (
            f"{folder} has no pyproject.toml with a [project] table: name a project's folder, a "
            "wheel or an installed package."
        )
        raise ConfigError(msg)
    strategies = tuple(
        entry.name for entry in project.entries if entry.group == Group.STRATEGIES.value
    )
    if not strategies:
        meant = [entry.group for entry in project.entries if not entry.known]
        instead = f", but {meant[0]!r}, which skim doesn't look at" if meant else ""
        msg = (
            f"{folder}/pyproject.toml declares no strategy{instead}: "
            f'{"write" if meant else "add"} [project.entry-points."skim.strategies"].'
        )
        raise ConfigError(msg)
    data = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    _write_metadata(site, data["project"])
    source = folder / "src" if (folder / "src").is_dir() else folder
    return Subject(project.name, strategies, _terms(data, folder), (site, source), folder)


def _write_metadata(site: Path, project: Mapping[str, Any]) -> None:
    """Write what an installer would: so the package is found as if it were installed."""
    name, version = str(project["name"]), str(project.get("version", "0"))
    info = site / f"{normalized(name).replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    if "requires-python" in project:
        lines.append(f"Requires-Python: {project['requires-python']}")
    lines += [f"Requires-Dist: {line}" for line in project.get("dependencies", ())]
    (info / "METADATA").write_text("\n".join(lines) + "\n", encoding="utf-8")
    entries = [
        f"[{group}]\n" + "\n".join(f"{key} = {value}" for key, value in names.items())
        for group, names in project.get("entry-points", {}).items()
    ]
    (info / "entry_points.txt").write_text("\n\n".join(entries) + "\n", encoding="utf-8")


def _installed(asked: str) -> Subject:
    known = available(Group.STRATEGIES)
    found = [
        plugin
        for plugin in known
        if plugin.name == asked or normalized(plugin.distribution) == normalized(asked)
    ]
    if not found and Path(asked).suffix == ".py":
        name = Path(asked).stem
        msg = (
            f"{asked} is one file, and packages are checked: make one of it with "
            f"'skim new-strategy {name} --from {asked}', and check that."
        )
        raise ConfigError(msg)
    if not found and os.sep in asked:
        msg = f"{asked}: there is no such folder and no such wheel: correct the path."
        raise ConfigError(msg)
    if not found:
        names = [plugin.name for plugin in known]
        msg = (
            f"{asked!r} is no installed strategy, no package of one, no folder and no wheel"
            f"{nearest(asked, names)}: 'skim doctor {asked}' looks for it."
        )
        raise PluginError(msg)
    distribution = found[0].distribution
    package = next(one for one in installed() if one.name == distribution)
    project = package.source.folder
    terms = Terms()
    if project is not None and (project / "pyproject.toml").is_file():
        text = (project / "pyproject.toml").read_text(encoding="utf-8")
        terms = _terms(tomllib.loads(text), project)
    strategies = tuple(plugin.name for plugin in found)
    return Subject(distribution, strategies, terms, (), project)


def _terms(data: Mapping[str, Any], folder: Path) -> Terms:
    where = f"[tool.skim.check] in {folder}/pyproject.toml"
    try:
        terms = Terms.model_validate(data.get("tool", {}).get("skim", {}).get("check", {}))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(map(str, first["loc"]))
        hint = nearest(key, Terms.model_fields)
        msg = f"{where}: {key}: {first['msg']}{hint}: its keys are {', '.join(Terms.model_fields)}."
        raise ConfigError(msg) from None
    for number, reason in terms.waive.items():
        if number not in BY_NUMBER:
            msg = f"{where}: waive: there is no rule {number!r}{nearest(number, BY_NUMBER)}."
            raise ConfigError(msg)
        if not reason.strip():
            msg = f"{where}: waive: {number} needs a reason: say why the rule doesn't hold here."
            raise ConfigError(msg)
    return terms
