"""Tells the author of a package what it uses of the contract that will go one day.

It is read from the package's source, so it is told before anything of it runs, and can stop nothing.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from skim_core.plugins.discovery import PluginInfo
from skim_core.plugins.sources import module_file
from skim_core.plugins.used import arguments_taken, names_used
from skim_core.ports import deprecation

_MOST = 3
"""So many places are named, and then how many there are besides."""


def deprecated_uses(plugin: PluginInfo) -> list[str]:
    """Return a sentence for each deprecated name or argument that a plugin's package uses.

    It names the package with its version, the places and what to use instead.
    """
    rows = {row.name: row for row in deprecation.DEPRECATED}
    if not rows:
        return []
    wanted = {name.rpartition(".")[2] for name in rows}
    places: defaultdict[str, list[str]] = defaultdict(list)
    for file in _files(plugin):
        for line, name in _used(file, wanted):
            if name in rows:
                places[name].append(f"{file.parent.name}/{file.name}:{line}")
    package = f"{plugin.distribution} {plugin.version}"
    return [rows[name].told(package, _listed(places[name])) for name in rows if places[name]]


def _files(plugin: PluginInfo) -> list[Path]:
    """Return the source files of the package that a plugin's entry point is in."""
    try:
        top = module_file(plugin.module.partition(".")[0])
        file = top or module_file(plugin.module)
    except (ImportError, ValueError):  # importing it will tell
        return []
    if file is None:
        return []
    return sorted(file.parent.rglob("*.py")) if file.name == "__init__.py" else [file]


def _used(file: Path, wanted: set[str]) -> Iterator[tuple[int, str]]:
    try:
        text = file.read_text(encoding="utf-8")
        if not any(word in text for word in wanted):  # parsing costs a thousand times as much
            return
        tree = ast.parse(text)
    except (OSError, ValueError, SyntaxError):  # importing it will tell
        return
    yield from sorted({*names_used(tree), *arguments_taken(tree)})


def _listed(places: list[str]) -> str:
    more = f" and {len(places) - _MOST} more" if len(places) > _MOST else ""
    return ", ".join(places[:_MOST]) + more
