"""The page about Interactive Brokers names, for each rule, tests that there are."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RULES = 16
ROW = re.compile(r"\| (\d+) \| [^|]+ \| ([^|]+) \|")


def named():
    """Return the tests that the page names, by the number of their rule."""
    page = (ROOT / "docs/ibkr.md").read_text(encoding="utf-8")
    return {int(row[1]): re.findall(r"`(\w+)`", row[2]) for row in ROW.finditer(page)}


def defined():
    """Return the names of all tests of the broker, and of those that cross packages."""
    files = [
        *(ROOT / "plugins/skim-broker-ibkr/tests").glob("test_*.py"),
        *(ROOT / "tests/cross").glob("test_*.py"),
    ]
    return {
        part.name
        for path in files
        for part in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)
    }


@pytest.mark.parametrize("rule", range(1, RULES + 1))
def test_each_rule_names_tests_that_there_are(rule):
    tests = named()[rule]
    assert tests
    assert [name for name in tests if name not in defined()] == []
