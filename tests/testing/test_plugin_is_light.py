"""The plugin is imported by every pytest of its environment: it must cost next to nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import entry_points

import pytest

IMPORT = """
import json, sys
import pytest
before = set(sys.modules)
import skim_core.testing.pytest_plugin
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def test_it_imports_pytest_and_nothing_else():
    done = subprocess.run(
        [sys.executable, "-c", IMPORT], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == [
        "skim_core",
        "skim_core.faces",
        "skim_core.testing",
        "skim_core.testing.pytest_plugin",
    ]


def test_pytest_finds_it_by_its_entry_point():
    [found] = entry_points(group="pytest11", name="skim")
    assert found.value == "skim_core.testing.pytest_plugin"


def test_every_fixture_is_skims_by_its_name_and_says_what_it_gives(pytester):
    result = pytester.runpytest_subprocess("--fixtures", "-q")
    text = result.stdout.str()
    part = text.partition("fixtures defined from skim_core.testing.pytest_plugin")[2]
    names = [line.split()[0] for line in part.splitlines() if line.startswith("skim_")]
    assert {"skim_play", "skim_cli", "skim_clock", "skim_half_day"} <= set(names)
    assert "no docstring" not in part


@pytest.mark.parametrize("name", __import__("skim_core.testing").testing.__all__)
def test_every_public_name_is_there(name):
    import skim_core.testing

    assert getattr(skim_core.testing, name) is not None
