"""What a package uses of skim, read from its source: nothing is imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module

from skim_core.faces import PUBLIC

_TOP = "skim_core"


def names_used(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the names that a module takes of skim, in full, and the lines where it does.

    Those that it reads from a module, as in ``skim_core.Phase``, are among them; the module is too.
    """
    modules: dict[str, str] = {}
    for line, name, meant in _imports(tree):
        if meant in PUBLIC:
            modules[name] = meant
        if name.partition(".")[0] == _TOP:
            # ``import a.b`` gives the name ``a``, by which each imported ``a.c`` is reached.
            modules |= {face: face for face in PUBLIC}
        yield line, meant
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            module = modules.get(ast.unparse(node.value))
            if module is not None and f"{module}.{node.attr}" not in PUBLIC:
                yield node.lineno, f"{module}.{node.attr}"


def arguments_taken(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the arguments that implementations of hooks take, as in ``skim_scan.ctx``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for hook in {node.name, *map(_implemented, node.decorator_list)}:
                if hook.startswith("skim_"):
                    for argument in (*node.args.posonlyargs, *node.args.args):
                        yield argument.lineno, f"{hook}.{argument.arg}"


def is_public(name: str, faces: frozenset[str] = frozenset(PUBLIC)) -> bool:
    """Whether a name of skim's, in full, is one of these public modules or stands in one.

    >>> is_public("skim_core.testing.Tape"), is_public("skim_core.testing.tape.Tape")
    (True, False)
    """
    module, _, attribute = name.rpartition(".")
    return name in faces or (module in faces and attribute in import_module(module).__all__)


def _imports(tree: ast.AST) -> Iterator[tuple[int, str, str]]:
    """Yield what is imported of skim: the line, the name that it gets, and what is meant."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if _of_skim(alias.name):
                    yield node.lineno, alias.asname or alias.name, alias.name
        elif isinstance(node, ast.ImportFrom) and not node.level and _of_skim(node.module or ""):
            for alias in node.names:
                yield node.lineno, alias.asname or alias.name, f"{node.module}.{alias.name}"


def _of_skim(module: str) -> bool:
    return module.partition(".")[0] == _TOP


def _implemented(decorator: ast.expr) -> str:
    """Return the hook that a decorator says is implemented, or ''."""
    if isinstance(decorator, ast.Call):
        told = [word.value for word in decorator.keywords if word.arg == "specname"]
        return str(told[0].value) if told and isinstance(told[0], ast.Constant) else ""
    return f"skim_{decorator.attr}" if isinstance(decorator, ast.Attribute) else ""
