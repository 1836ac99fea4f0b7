"""What is installed is what was built, and every plugin is a distribution of its own."""

from __future__ import annotations

import ast
import configparser
import os
import re
import tomllib
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import skim_core
from skim_core.plugins.discovery import Group

ROOT = Path(__file__).parents[2]
PLUGINS = sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))
GROUPS = {str(group) for group in Group}


def tox_ini() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "tox.ini")
    return parser


@pytest.mark.skipif("TOX_ENV_NAME" not in os.environ, reason="tox installs the wheel")
def test_the_tests_meet_the_installed_wheel():
    assert not Path(skim_core.__file__).is_relative_to(ROOT / "skim_core")


def test_the_distribution_has_its_types_its_licence_and_its_commands():
    installed = distribution("skim-core")
    assert Path(skim_core.__file__).with_name("py.typed").is_file()
    assert installed.metadata["License-Expression"] == "MIT"
    names = {(entry.group, entry.name) for entry in installed.entry_points}
    assert {
        ("console_scripts", "skim"),
        ("skim.brokers", "sim"),
        ("skim.engines", "local"),
    } <= names


def test_the_check_script_runs_the_command_of_the_readme():
    command = (ROOT / ".ci/run").read_text().splitlines()[-1]
    assert command.endswith(".venv/bin/tox")
    assert command in (ROOT / "README.md").read_text()


def test_every_folder_of_plugins_is_a_distribution():
    folders = [path for path in ROOT.glob("plugins/*/") if not path.name.startswith((".", "__"))]
    assert sorted(folders) == PLUGINS


@pytest.mark.parametrize("folder", PLUGINS, ids=lambda folder: folder.name)
def test_a_plugin_is_a_distribution_of_its_own(folder):
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    package = folder / folder.name.replace("-", "_")
    assert project["name"] == folder.name
    assert any(re.match(r"skim-core\b", dependency) for dependency in project["dependencies"])
    assert set(project["entry-points"]) <= GROUPS
    assert (package / "py.typed").is_file()
    assert (folder / "README.md").is_file()
    assert list(folder.glob("tests/**/test_*.py"))


@pytest.mark.parametrize("folder", PLUGINS, ids=lambda folder: folder.name)
def test_a_plugin_has_an_environment_of_its_own_and_takes_part_in_the_common_one(folder):
    tox = tox_ini()
    name = re.sub(r"^skim-(strategy-|broker-|engine-)?", "plugin-", folder.name)
    assert name in tox["tox"]["env_list"].replace(",", " ").split()
    for environment in (name, "cross"):
        assert f"./plugins/{folder.name}" in tox[f"testenv:{environment}"]["commands_pre"]


@pytest.mark.parametrize("folder", [ROOT, *PLUGINS], ids=lambda folder: folder.name)
def test_every_dependency_is_bounded_and_comes_from_the_index(folder):
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    optional = project.get("optional-dependencies", {}).values()
    for text in [*project["dependencies"], *(each for group in optional for each in group)]:
        requirement = Requirement(text)
        assert requirement.url is None, text
        assert any(bound.operator in {">=", "=="} for bound in requirement.specifier), text


RUNS_TEXT = {"eval", "exec"}
READS_CODE = {"cloudpickle", "dill", "joblib", "marshal", "pickle", "shelve"}


def test_nothing_evaluates_text_or_reads_pickles():
    packages = [ROOT / "skim_core", *(folder / folder.name.replace("-", "_") for folder in PLUGINS)]
    found = []
    for path in (module for package in packages for module in package.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            calls = isinstance(node, ast.Call) and getattr(node.func, "id", None) in RUNS_TEXT
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            if calls or READS_CODE & {name.partition(".")[0] for name in names}:
                found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert not found
