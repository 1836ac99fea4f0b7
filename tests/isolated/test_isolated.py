"""A package of an author's, installed from its wheel beside skim's wheel, and nothing else.

The packages in `golden` are what authors of each version of the contract wrote: none is ever edited.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
GOLDEN = sorted(HERE.glob("golden/api_*"))
UV = Path(sysconfig.get_path("scripts")) / "uv"
SESSION = ("--session", "2026-11-24")

WHERE = """
import json, sys
from importlib.metadata import distributions
import skim_core.cli.main, skim_core.testing, skim_core.simulation
for distribution in distributions():
    for entry in distribution.entry_points:
        if entry.group.startswith("skim."):
            entry.load()
files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
print(json.dumps({"path": sys.path, "files": [file for file in files if file]}))
"""


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, with nothing of this process's but the installer's settings."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SKIM_", "PYTHON", "VIRTUAL_ENV", "TOX_"))
    }
    return subprocess.run(
        list(map(str, command)),
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env={**kept, "SKIM_DIRECTORY": str(cwd / "home")},
    )


def sound(*command: str | Path, cwd: Path) -> str:
    """Run a command that has to succeed, and return what it printed."""
    done = run(*command, cwd=cwd)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


@dataclass(frozen=True)
class Installed:
    """An environment with skim and a package, and the folder that commands run in."""

    python: Path
    folder: Path
    version: str

    @property
    def name(self) -> str:
        """The name of the package's strategy, extension, broker and command."""
        return f"golden_{self.version}"

    def skim(self, *arguments: str) -> str:
        """Run skim, which has to succeed."""
        return sound(self.python.with_name("skim"), *arguments, cwd=self.folder)

    def json(self, *arguments: str) -> Any:
        """Run skim and return the document that it printed."""
        return json.loads(self.skim(*arguments, "--json"))


def build(project: Path, place: Path) -> Path:
    """Build a project's wheel, and nothing in the project's folder."""
    sound(sys.executable, "-P", "-m", "hatchling", "build", "-t", "wheel", "-d", place, cwd=project)
    [wheel] = place.glob("*.whl")
    return wheel


def environment(place: Path, *needed: str | Path) -> Path:
    """Make an environment with these, and what they say that they need; return its interpreter."""
    sound(UV, "venv", "--quiet", "--python", sys.executable, place / "v", cwd=place)
    python = place / "v" / "bin" / "python"
    sound(UV, "pip", "install", "--quiet", "--python", python, *needed, cwd=place)
    return python


@pytest.fixture(scope="session")
def core(tmp_path_factory) -> Path:
    return build(ROOT, tmp_path_factory.mktemp("core"))


@pytest.fixture(scope="session", params=GOLDEN, ids=lambda folder: folder.name)
def golden(request, tmp_path_factory) -> tuple[Path, Path]:
    """Give a golden package's folder, away from the checkout, and its wheel."""
    place = tmp_path_factory.mktemp("golden")
    project = shutil.copytree(request.param, place / request.param.name)
    return project, build(project, place)


@pytest.fixture(scope="session")
def installed(core, golden, tmp_path_factory) -> Installed:
    place = tmp_path_factory.mktemp("environment")
    project, wheel = golden
    folder = tmp_path_factory.mktemp("folder")
    return Installed(environment(place, core, wheel), folder, project.name.partition("_")[2])


def test_nothing_of_the_checkout_is_on_the_path(installed):
    where = json.loads(sound(installed.python, "-c", WHERE, cwd=installed.folder))
    inside = [
        place for place in (*where["path"], *where["files"]) if Path(place).is_relative_to(ROOT)
    ]
    assert not inside
    site = installed.python.parents[1]
    ours = [file for file in where["files"] if "skim_" in file]
    assert ours
    assert all(Path(file).is_relative_to(site) for file in ours)


def test_nothing_else_is_installed(installed):
    command = (UV, "pip", "list", "--format", "json", "--python", installed.python)
    names = {row["name"] for row in json.loads(sound(*command, cwd=installed.folder))}
    assert {name for name in names if name.startswith("skim")} == {
        "skim-core",
        f"skim-golden-{installed.version}",
    }
    assert not names & {"pytest", "hypothesis", "polars", "ib-async", "mypy"}


def test_each_of_its_plugins_is_found_and_works(installed):
    rows = {
        row["group"]: row
        for row in installed.json("plugins", "--load")["plugins"]
        if row["distribution"] != "skim-core"
    }
    assert set(rows) == {"skim.strategies", "skim.extensions", "skim.brokers", "skim.commands"}
    assert {row["name"] for row in rows.values()} == {installed.name}
    assert {row["status"] for row in rows.values()} == {"works"}
    assert {row["version"] for row in rows.values()} == {"1.0"}
    for group in ("skim.strategies", "skim.brokers"):
        assert rows[group]["api_version"] == int(installed.version)
    assert installed.json("doctor")["sound"]


def test_it_is_as_sound_as_it_was(installed):
    """A wheel has no waivers: that the package imports what brokers import is told."""
    done = run(
        installed.python.with_name("skim"),
        "check",
        installed.name,
        "--level",
        "silver",
        "--json",
        cwd=installed.folder,
    )
    told = json.loads(done.stdout)
    rules = told["strategies"][0]["rules"]
    assert {rule["rule"] for rule in rules if rule["verdict"] != "kept"} == {"SK209"}


def test_a_simulated_day_is_run_once(installed):
    day = ("start_trading_day", "--strategy", installed.name, *SESSION)
    installed.skim(*day)
    [told] = installed.json("status", *SESSION)["days"]
    assert told["state"] == "completed"
    [written] = (installed.folder / "home").rglob("events.jsonl")
    events = [json.loads(line.partition(" ")[2]) for line in written.read_text().splitlines()]
    kinds = [event["kind"] for event in events]
    assert kinds[0] == "day_started"
    assert kinds[-1] == "day_finished"
    assert {"order_filled", "position_closed", "candidates_alerted"} <= set(kinds)
    installed.skim(*day)
    assert len(written.read_text().splitlines()) == len(events)


def test_its_command_and_a_replay_are_there(installed):
    assert installed.json(installed.name)["exchange"] == "XASX"
    dates = ("--from", "2026-11-23", "--to", "2026-11-25")
    told = installed.skim("replay", "--strategy", installed.name, *dates)
    assert "3 sessions" in told


def test_its_own_tests_pass(core, golden, tmp_path_factory):
    place = tmp_path_factory.mktemp("tested")
    project, wheel = golden
    python = environment(place, core, wheel, "pytest>=8.4", "hypothesis>=6.140")
    # Beside the package's source it would be that which is tested, not what is installed.
    tests = shutil.copytree(project / "tests", place / "tests")
    shutil.copy(project / "pyproject.toml", place)
    said = sound(python, "-P", "-m", "pytest", "-q", tests, cwd=place)
    assert " passed" in said
    assert " skipped" not in said
