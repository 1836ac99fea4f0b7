"""Packages meet skim only through its public modules, as a stranger's package does."""

from __future__ import annotations

import ast
import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from skim_core.faces import PUBLIC, lazy
from skim_core.plugins.used import is_public, names_used

ROOT = Path(__file__).parents[2]
PACKAGES = sorted(
    path.parent
    for pattern in (
        "plugins/*/pyproject.toml",
        "bench/orb/skim-strategy-*/pyproject.toml",
        "tests/isolated/golden/*/pyproject.toml",
    )
    for path in ROOT.glob(pattern)
)
# What is built or torn on purpose is written as an author would write it.
TEXTS = [
    *ROOT.glob("docs/*.md"),
    *ROOT.glob("skim_core/scaffold/templates/**/*.in"),
    *ROOT.glob("skim_core/scaffold/templates/**/*.md"),
    *ROOT.glob("plugins/*/README.md"),
    *ROOT.glob("tests/cross/broken/*.py"),
    ROOT / "README.md",
]
LATE = [face for face in PUBLIC if hasattr(import_module(face), "_HOMES")]
IMPORT = re.compile(
    r"^[ \t]*(?:>>> )?((?:from|import)[ \t]+skim_core\b(?:[^\n(]*\([^)]*\)|[^\n]*))", re.MULTILINE
)


def back_doors(tree: ast.AST) -> Iterator[str]:
    """Yield what a module takes of skim that no public module has."""
    yield from (name for _, name in names_used(tree) if not is_public(name))


def examples(text: str) -> Iterator[str]:
    """Yield the back doors of the code in a page, a template or a docstring."""
    for statement in IMPORT.findall(text):
        yield from back_doors(ast.parse(statement))


@pytest.mark.parametrize("folder", PACKAGES, ids=lambda folder: folder.name)
def test_a_package_imports_public_names_alone(folder):
    files = sorted(folder.rglob("*.py"))
    assert files
    found = [
        f"{file.relative_to(ROOT)}: {what}"
        for file in files
        for text in [file.read_text(encoding="utf-8")]
        for what in {*back_doors(ast.parse(text)), *examples(text)}
    ]
    assert not found


@pytest.mark.parametrize("file", TEXTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_what_an_author_reads_imports_public_names_alone(file):
    assert not list(examples(file.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "code",
    [
        "from skim_core.model.orders import Order",
        "import skim_core.engine.local",
        "from skim_core import model",
        "from skim_core.sim import plugin",
        "from skim_core import events as ev\nev.TypeAdapter",
        "import skim_core\nskim_core.model",
        "import skim_core\nskim_core.errors.TYPE_CHECKING",
        "import skim_core.errors\nskim_core.model",
        "def late():\n    from skim_core.errors import TYPE_CHECKING",
    ],
)
def test_a_back_door_is_seen(code):
    assert list(back_doors(ast.parse(code)))


def test_a_back_door_is_seen_in_a_page():
    page = "As in\n\n    from skim_core.testing import (\n        Tape,\n        pytest_plugin,\n    )\n"
    assert list(examples(page)) == ["skim_core.testing.pytest_plugin"]


@pytest.mark.parametrize("face", PUBLIC)
def test_every_public_name_is_there(face):
    module = import_module(face)
    assert module.__doc__
    assert len(set(module.__all__)) == len(module.__all__)
    for name in module.__all__:
        assert getattr(module, name) is not None


@pytest.mark.parametrize("face", LATE)
def test_a_checker_sees_the_names_that_are_imported_late(face):
    tree = ast.parse(Path(find_spec(face).origin).read_text(encoding="utf-8"))
    (checked,) = (node for node in tree.body if isinstance(node, ast.If))
    seen = {
        alias.asname: f"{node.module}.{alias.name}" for node in checked.body for alias in node.names
    }
    homes = import_module(face)._HOMES
    assert seen == {
        name: f"skim_core.{home}" if home.endswith(f".{name}") else f"skim_core.{home}.{name}"
        for name, home in homes.items()
    }


@pytest.mark.parametrize("face", PUBLIC)
def test_no_public_name_is_hidden_by_a_module(face):
    """Importing ``a.b`` sets ``b`` in ``a``: a name of the face would then mean the module."""
    module = import_module(face)
    hidden = {name for name in module.__all__ if name in {*_modules_in(face)}}
    assert not hidden


def test_a_name_that_is_nowhere_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"'skim_core\.sim' has no attribute 'Broker'"):
        lazy("skim_core.sim", {"Feed": "sim.data"})("Broker")


def _modules_in(package: str) -> list[str]:
    path = getattr(import_module(package), "__path__", ())
    return [found.name for found in pkgutil.iter_modules(path)]
