"""Packages made from the smallest template, with a fault planted in each."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from skim_core.check.subject import Terms
from skim_core.check.trials import Trial
from skim_core.scaffold.rendering import NewStrategy, render


def write(folder: Path, name: str, changes=()) -> Path:
    """Write a package; `changes` are (file, what, by what) and each has to change something."""
    new = NewStrategy(name)
    files = render(new)
    for file, found, planted in changes:
        path = file.replace("package/", f"{new.package}/")
        text = files[path]
        assert found in text, f"{path} has no {found!r}"
        files[path] = text.replace(found, planted)
    project = folder / new.distribution
    for path, text in files.items():
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_text(text)
    return project


@pytest.fixture
def planted(tmp_path):
    """Write a package with a fault: ``planted("late", (file, what, by what))``."""

    def made(name, *changes):
        return write(tmp_path, name, changes)

    return made


@pytest.fixture
def on_trial(planted, tmp_path, monkeypatch):
    """Put a package with a fault on trial, in this process."""

    def tried(name, *changes, **terms):
        project = planted(name, *changes)
        info = project / f"{project.name.replace('-', '_')}-0.1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {project.name}\nVersion: 0.1.0\n"
        )
        entry = f"[skim.strategies]\n{name} = skim_strategy_{name}.plugin\n"
        (info / "entry_points.txt").write_text(entry)
        monkeypatch.syspath_prepend(project)
        place = tmp_path / "trial"
        place.mkdir()
        return Trial(name, Terms(**terms), place)

    yield tried
    for module in [name for name in sys.modules if name.startswith("skim_strategy_")]:
        del sys.modules[module]
