"""Rules that are kept or broken in a package's source, found without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from skim_core.plugins.used import is_public, names_used

_CLOCKS = {
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.datetime.today",
    "datetime.date.today",
    "time.time",
    "time.time_ns",
    "time.monotonic",
    "time.perf_counter",
    "time.localtime",
    "time.gmtime",
    "time.sleep",
    "asyncio.sleep",
}
_FACES = frozenset(
    {
        "skim_core",
        "skim_core.cli",
        "skim_core.errors",
        "skim_core.events",
        "skim_core.testing",
        "skim_core.testing.markets",
    }
)
"""What a strategy has need of; the public modules for brokers and simulations are not for it."""
_BROKERS = {"ib_async", "ib_insync", "ibapi", "alpaca", "ccxt"}


def clock_reads(package: Path) -> Iterator[str]:
    """Yield each place in a package that reads the wall's time or sleeps by it."""
    for place, tree in _modules(package):
        names = _imported(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute | ast.Name) and isinstance(node.ctx, ast.Load):
                meant = _meant(node, names)
                if meant in _CLOCKS:
                    yield f"{place}:{node.lineno} uses {meant}"


def back_doors(package: Path) -> Iterator[str]:
    """Yield each place in a package that goes around the context or skim's public faces."""
    for place, tree in _modules(package):
        for line, name in names_used(tree):
            if not is_public(name, _FACES):
                yield f"{place}:{line} uses {name}"
        for node in ast.walk(tree):
            for module in _modules_of(node):
                if module.partition(".")[0] in _BROKERS:
                    yield f"{place}:{getattr(node, 'lineno', 0)} imports {module}"
            if isinstance(node, ast.Attribute) and _is_private(node):
                yield f"{place}:{node.lineno} reaches into .{node.attr}"


def _modules(package: Path) -> Iterator[tuple[str, ast.Module]]:
    files = sorted(package.rglob("*.py")) if package.is_dir() else [package]
    for file in files:
        yield str(file.relative_to(package.parent)), ast.parse(file.read_text(encoding="utf-8"))


def _modules_of(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and not node.level:
        return [node.module or ""]
    return []


def _imported(tree: ast.Module) -> dict[str, str]:
    """Return what each imported name stands for, in full."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                names[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def _meant(node: ast.Attribute | ast.Name, names: dict[str, str]) -> str:
    parts: list[str] = []
    inner: ast.expr = node
    while isinstance(inner, ast.Attribute):
        parts.append(inner.attr)
        inner = inner.value
    if not isinstance(inner, ast.Name) or inner.id not in names:
        return ""
    return ".".join((names[inner.id], *reversed(parts)))


def _is_private(node: ast.Attribute) -> bool:
    """Whether a private attribute of the context, or of a part of it, is read."""
    if not node.attr.startswith("_") or node.attr.startswith("__"):
        return False
    inner: ast.expr = node.value
    while isinstance(inner, ast.Attribute | ast.Call):
        inner = inner.func if isinstance(inner, ast.Call) else inner.value
    return isinstance(inner, ast.Name) and inner.id in {"ctx", "context"}
