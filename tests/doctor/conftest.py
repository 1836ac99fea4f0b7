"""Packages that are installed wrongly, in a folder that is on the import path."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

SOUND = """
    from skim_core import Candidate, Context, Phase, PhaseGraph, hooks

    api_version = 1

    @hooks.phase_graph
    def skim_phase_graph() -> PhaseGraph:
        return PhaseGraph(Phase("scan"))

    @hooks.scan
    def skim_scan(ctx: Context[object]) -> list[Candidate]:
        return []
"""


@dataclass(frozen=True)
class Site:
    """A folder of installed packages."""

    folder: Path

    def install(
        self,
        name: str,
        code: str | None = SOUND,
        *,
        distribution: str | None = None,
        version: str = "1.0",
        value: str | None = None,
        group: str = "skim.strategies",
        headers: Sequence[str] = (),
        entries: str | None = None,
        project: Path | None = None,
    ) -> None:
        """Install a package with one strategy, as an installer writes it down."""
        module, package = f"site_{name}", distribution or f"skim-strategy-{name.replace('_', '-')}"
        self.folder.mkdir(parents=True, exist_ok=True)
        if code is not None:
            (self.folder / f"{module}.py").write_text(dedent(code))
        info = self.folder / f"{package.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        lines = ["Metadata-Version: 2.1", f"Name: {package}", f"Version: {version}", *headers]
        (info / "METADATA").write_text("\n".join(lines) + "\n")
        declared = f"[{group}]\n{name} = {value or module}\n" if entries is None else entries
        (info / "entry_points.txt").write_text(declared)
        if project is not None:
            record = {"url": project.as_uri(), "dir_info": {"editable": True}}
            (info / "direct_url.json").write_text(json.dumps(record))


@dataclass(frozen=True)
class Lab:
    """What the tests of this folder make packages and run commands with."""

    sound: str = SOUND
    site: type[Site] = Site

    @staticmethod
    def project(folder: Path, distribution: str, entries: dict[str, str]) -> Path:
        """Write a project that declares strategies."""
        return write_project(folder, distribution, entries)

    @staticmethod
    def run(site: Path | str, cwd: Path, *arguments: str, **variables: str) -> Any:
        """Run the real command; give its exit code and what it said."""
        return run_skim(site, cwd, *arguments, **variables)


@pytest.fixture(scope="session")
def lab() -> Lab:
    return Lab()


def write_project(folder: Path, distribution: str, entries: dict[str, str]) -> Path:
    """Write a project that declares strategies."""
    folder.mkdir(parents=True)
    declared = "\n".join(f'{name} = "{value}"' for name, value in entries.items())
    table = f'[project.entry-points."skim.strategies"]\n{declared}\n' if entries else ""
    text = f'[project]\nname = "{distribution}"\nversion = "1.0"\ndependencies = ["skim-core"]\n'
    (folder / "pyproject.toml").write_text(f"{text}\n{table}")
    return folder


def run_skim(
    site: Path | str, cwd: Path, *arguments: str, **variables: str
) -> tuple[int, str, str]:
    """Run the real command with a folder of packages on its import path."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("SKIM_")
    }
    # Compiled modules are kept, as in any installation: a start is several times as fast.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment |= {
        "PYTHONPATH": str(site),
        "SKIM_DIRECTORY": str(cwd / "home"),
        "VIRTUAL_ENV": "",
        **variables,
    }
    done = subprocess.run(
        [sys.executable, "-P", "-m", "skim_core", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env=environment,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Give a folder that packages are installed in."""
    return Site(tmp_path / "site")


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """Give the folder that commands are run in."""
    folder = tmp_path / "here"
    folder.mkdir()
    return folder


@pytest.fixture
def doctor(site: Site, here: Path) -> Any:
    """Run the doctor: ``doctor("gap")`` gives its document."""

    def asked(*arguments: str, **variables: str) -> Any:
        _, out, err = run_skim(site.folder, here, "doctor", "--json", *arguments, **variables)
        assert not err, err
        return json.loads(out)

    return asked
