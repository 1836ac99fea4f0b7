"""Real distributions, installed into a folder of the test's own."""

from __future__ import annotations

import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

STRATEGY = """
    from skim_core import Candidate, Context, Phase, PhaseGraph, hooks

    @hooks.phase_graph
    def skim_phase_graph() -> PhaseGraph:
        return PhaseGraph(Phase("scan"))

    @hooks.scan
    def skim_scan(ctx: Context[object]) -> list[Candidate]:
        return []
"""
"""A strategy without a fault."""


def write_distribution(folder: Path, distribution: str, version: str, entry_points: str) -> None:
    directory = folder / f"{distribution.replace('-', '_')}-{version}.dist-info"
    directory.mkdir(parents=True)
    metadata = f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n"
    (directory / "METADATA").write_text(metadata)
    (directory / "entry_points.txt").write_text(dedent(entry_points))


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Install a plugin: ``install("orb", code)`` gives the file of its module."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)

    def installed(
        name: str,
        code: str = STRATEGY,
        *,
        group: str = "skim.strategies",
        distribution: str | None = None,
        version: str = "1.0",
        value: str | None = None,
    ) -> str:
        module = f"installed_{name}"
        (folder / f"{module}.py").write_text(dedent(code))
        write_distribution(
            folder,
            distribution or f"skim-strategy-{name}",
            version,
            f"[{group}]\n{name} = {value or module}\n",
        )
        return str(folder / f"{module}.py")

    yield installed
    for module in [name for name in sys.modules if name.startswith("installed_")]:
        del sys.modules[module]
