"""Every template gives a package that is sound as it is: in a fresh environment, from wheels.

The environment has skim's wheel and the new packages; what these need comes from the
environment that runs the tests, so that nothing is fetched.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from skim_core.scaffold.rendering import Template

ROOT = Path(__file__).parents[2]
NAMES = {
    Template.MINIMAL: "a",
    Template.BREAKOUT: "x" * 48,
    Template.OWN_PHASES: "own_phases_2",
}
"""The shortest and the longest name: neither may break a line too long."""

ONE_FILE = '''"""Buy nothing, ever."""

from skim_core import Candidate, Context, Phase, PhaseGraph, hooks

api_version = 1


@hooks.phase_graph
def skim_phase_graph() -> PhaseGraph:
    return PhaseGraph(Phase("scan", at="open+10m"))


@hooks.scan
def skim_scan(ctx: Context[object]) -> list[Candidate]:
    return []
'''


def run(*command: str | Path, cwd: Path, codes: tuple[int, ...] = (0,)) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SKIM_")}
    # Compiled modules are kept, as in any installation: a start is several times as fast.
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    environment = {
        **kept,
        "PYTHONPATH": "",
        "PYTHONSAFEPATH": "1",
        "SKIM_DIRECTORY": str(cwd / "h"),
        # Where tests are run for others, hypothesis holds them to no time.
        "CI": "1",
    }
    done = subprocess.run(
        list(map(str, command)),
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env=environment,
    )
    said = done.stdout + done.stderr
    assert done.returncode in codes, f"{command}: {said}"
    return said


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Make a package of each template, and of a file; give their folders by their names."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "lazy.py").write_text(ONE_FILE)
    skim = (sys.executable, "-P", "-m", "skim_core", "new-strategy")
    for template, name in NAMES.items():
        run(*skim, name, "--template", template.value, cwd=folder)
    run(*skim, "lazy", "--from", "lazy.py", cwd=folder)
    folders = sorted(path for path in folder.iterdir() if path.is_dir() and path.name != "h")
    assert len(folders) == len(Template) + 1
    return folders


@pytest.fixture(scope="module")
def python(made, tmp_path_factory):
    """Install skim's wheel and all of them in a fresh environment; give its interpreter."""
    place = tmp_path_factory.mktemp("fresh")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", place, cwd=ROOT)
    [wheel] = place.glob("skim_core-*.whl")
    uv = Path(sysconfig.get_path("scripts")) / "uv"
    run(uv, "venv", "--quiet", "--python", sys.executable, "v", cwd=place)
    [site] = (place / "v").glob("lib/python3*/site-packages")
    (site / "zz_needed.pth").write_text(sysconfig.get_path("purelib"))
    python = place / "v" / "bin" / "python"
    install = (uv, "pip", "install", "--quiet", "--offline", "--no-deps", "--no-build-isolation")
    run(*install, "--python", python, wheel, *made, cwd=place)
    return python


def test_their_own_tests_pass(made, python):
    # One process, which starts once; each package has the same configuration.
    configuration = ("-c", made[0] / "pyproject.toml", "--rootdir", made[0].parent)
    tests = [folder / "tests" for folder in made]
    said = run(python, "-m", "pytest", "-q", *configuration, *tests, cwd=made[0].parent)
    assert " passed" in said


def test_lint_and_format_find_nothing(made):
    for folder in made:
        if folder.name != "skim-strategy-lazy":  # a file is packaged as it was written
            run(sys.executable, "-m", "ruff", "check", cwd=folder)
            run(sys.executable, "-m", "ruff", "format", "--check", cwd=folder)


def test_the_type_checker_finds_nothing(made, python):
    # One cache for all of them: skim is read once.
    cache = made[0].parent / "mypy"
    for folder in made:
        run(python, "-m", "mypy", "--cache-dir", cache, cwd=folder)


def test_the_check_finds_nothing_up_to_gold(made, python):
    for folder in made:
        if folder.name != "skim-strategy-lazy":  # a strategy that buys nothing proves nothing
            said = run(python, "-m", "skim_core", "check", ".", cwd=folder)
            assert "reaches gold." in said


def test_they_load_and_a_day_of_all_is_run(made, python):
    skim, folder = (python, "-m", "skim_core"), made[0].parent
    names = [path.name.removeprefix("skim-strategy-").replace("-", "_") for path in made]
    # What else the tests' environment has may not be importable from the new one.
    told = json.loads(run(*skim, "plugins", "--load", "--json", cwd=folder, codes=(0, 1)))
    found = {row["name"]: row for row in told["plugins"]}
    assert {found[name]["status"] for name in names} == {"works"}
    assert {found[name]["api_version"] for name in names} == {1}
    strategies = [part for name in names for part in ("-s", name)]
    day = run(*skim, "start_trading_day", *strategies, "--session", "2026-12-24", cwd=folder)
    assert "completed" in day
