"""What the help of every package's commands says: words of a trader, and no types of Python."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from typer.core import TyperGroup

from skim_core.plugins.commands import load_command

NAMES = ("analyse", "announcements", "download_data", "import_data", "gateway", "notify")


def paths(command: object, *path: str) -> Iterator[tuple[str, ...]]:
    """Yield the words of a command, and of each below it."""
    yield path
    if isinstance(command, TyperGroup):
        for name, below in command.commands.items():
            yield from paths(below, *path, name)


PATHS = [path for name in NAMES for path in paths(load_command(name), name)]


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_the_help_has_no_types_of_python_and_no_line_that_is_cut_off(path):
    done = subprocess.run(
        [sys.executable, "-m", "skim_core", *path, "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "COLUMNS": "80"},
    )
    lines = done.stdout.splitlines()
    assert len(lines) > 5
    told = [line for line in lines if not line.startswith("Usage: ")]
    assert [line for line in told if re.search(r"\s<|\{|\[\[|x[<>]=|\.\.\.$", line)] == []
    assert [line for line in lines if len(line) > 80] == []
