"""The pure parts see no clock, no chance, no environment and no I/O.

`lint-imports` checks the layers in its own environment; this checks the source line by
line, for what an import contract can't see.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HOME = Path(find_spec("skim_core").origin).parent
PURE = sorted(
    [
        HOME / "errors.py",
        HOME / "exits.py",
        *HOME.glob("model/**/*.py"),
        *HOME.glob("decide/**/*.py"),
    ]
)
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
FORBIDDEN = {
    name for contract in CONTRACTS["contracts"] for name in contract.get("forbidden_modules", [])
}
CLOCKS = {"now", "utcnow", "today", "time", "monotonic", "perf_counter"}
IMPURE = {"open", "print", "input", "id", "hash", "eval", "exec", "__import__", "globals", "vars"}
ORDERED = {"list", "tuple", "iter", "enumerate", "next", "map", "filter", "zip", "dict"}


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "."


def name_of(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def is_set(node: ast.AST) -> bool:
    return isinstance(node, ast.Set | ast.SetComp) or (
        isinstance(node, ast.Call) and name_of(node.func) in {"set", "frozenset"}
    )


def impurities(tree: ast.AST) -> Iterator[str]:
    """Yield every place that reads a clock, does I/O or hangs on the order of a set."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Global | ast.AsyncFunctionDef | ast.Await):
            yield f"{node.lineno}: {type(node).__name__}"
        elif isinstance(node, ast.For | ast.comprehension) and is_set(node.iter):
            yield f"{node.iter.lineno}: iterates over a set"
        elif isinstance(node, ast.Starred) and is_set(node.value):
            yield f"{node.lineno}: unpacks a set"
        elif isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Attribute) and called.attr in CLOCKS:
                yield f"{node.lineno}: reads a clock, {called.attr}()"
            elif name_of(called) in IMPURE:
                yield f"{node.lineno}: calls {name_of(called)}()"
            elif any(map(is_set, node.args)) and (
                name_of(called) in ORDERED
                or (isinstance(called, ast.Attribute) and called.attr == "join")
            ):
                yield f"{node.lineno}: orders a set"


def test_the_contract_forbids_something():
    assert {"asyncio", "os", "random", "time", "uuid"} <= FORBIDDEN
    assert len(PURE) > 10


@pytest.mark.parametrize("path", PURE, ids=lambda path: str(path.relative_to(HOME)))
def test_a_pure_module_is_pure(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = {name for name in imports(tree) if name.partition(".")[0] in FORBIDDEN}
    assert imported == set()
    assert list(impurities(tree)) == []


@pytest.mark.parametrize(
    "source",
    [
        "datetime.now(UTC)",
        "dt.date.today()",
        "for name in {1, 2}: pass",
        "[name for name in set(names)]",
        "list(frozenset(names))",
        "', '.join({name for name in names})",
        "first, *rest = [*set(names)]",
        "open('file')",
        "async def phase(): pass",
    ],
)
def test_what_is_impure_is_found(source):
    assert list(impurities(ast.parse(source)))


@pytest.mark.parametrize("source", ["sorted(set(names))", "name in {1, 2}", "len(set(names))"])
def test_a_set_whose_order_does_not_matter_is_fine(source):
    assert not list(impurities(ast.parse(source)))


DECIDE = """
from datetime import UTC, datetime, timedelta
from skim_core.model import events
from skim_core.model.graph import PhaseGraph
from skim_core.model.phases import Phase
from skim_core.model.session import Session
from skim_core.testing.days import drive_day

start = datetime(2026, 1, 5, 23, tzinfo=UTC)
session = Session(exchange="XASX", date="2026-01-06", open=start,
                  close=start + timedelta(hours=6), timezone="Australia/Sydney")
names = ["alpha", "bravo", "charlie", "delta", "echo", "foxtrot"]
graph = PhaseGraph(
    *(Phase(name, retry={"attempts": 3}) for name in names),
    Phase("last", after=names, at="open+5m"),
    Phase("manage", every="30m", protective=True),
)
print([events.event_to_json(event) for event in drive_day(graph, session)])
"""


def test_the_same_day_is_decided_the_same_whatever_the_order_of_hashes():
    def decide(seed: int) -> bytes:
        environment = {**os.environ, "PYTHONHASHSEED": str(seed)}
        command = [sys.executable, "-c", DECIDE]
        return subprocess.run(command, env=environment, capture_output=True, check=True).stdout

    days = [decide(seed) for seed in (1, 2, 3)]
    assert b"day_finished" in days[0]
    assert days[0] == days[1] == days[2]
