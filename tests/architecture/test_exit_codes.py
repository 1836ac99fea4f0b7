"""No command leaves with a bare number: every exit code is a member of `ExitCode`, with its meaning."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = [ROOT / "skim_core", *sorted(ROOT.glob("plugins/*/skim_*"))]
EXITS = {"Exit", "SystemExit"}


def named(call):
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def numbers(value):
    """Return whether an expression is, or may come to, a number that is written out."""
    if isinstance(value, ast.IfExp):
        return numbers(value.body) or numbers(value.orelse)
    return isinstance(value, ast.Constant) and isinstance(value.value, int)


def bare_exits(modules):
    """Return where commands leave with a number: there, or in the functions that decide it."""
    calls = [
        (path, node)
        for path, tree in modules.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and named(node) in EXITS and node.args
    ]
    deciding = {named(call.args[0]) for _, call in calls if isinstance(call.args[0], ast.Call)}
    found = [f"{path}:{call.lineno}" for path, call in calls if numbers(call.args[0])]
    for path, tree in modules.items():
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef) and function.name in deciding - {"int"}:
                found += [
                    f"{path}:{node.lineno}"
                    for node in ast.walk(function)
                    if isinstance(node, ast.Return) and numbers(node.value)
                ]
    return found


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_every_exit_code_is_named(package):
    modules = {
        path.relative_to(ROOT): ast.parse(path.read_text(encoding="utf-8"))
        for path in package.rglob("*.py")
    }
    assert bare_exits(modules) == []


@pytest.mark.parametrize(
    "code",
    [
        "raise typer.Exit(1)",
        "raise SystemExit(130) from None",
        "raise typer.Exit(work(x))\ndef work(x):\n    return 0 if x else 1",
    ],
)
def test_a_bare_number_is_found(code):
    assert bare_exits({"commands.py": ast.parse(code)})
