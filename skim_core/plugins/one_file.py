"""A strategy in one file, as if its package were installed: for trying it out."""

from __future__ import annotations

import ast
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path

from skim_core.errors import ConfigError
from skim_core.plugins.discovery import Group, available
from skim_core.plugins.sources import normalized

_PREFIX = "skim_one_file_"


class _Loader(SourceFileLoader):
    """Loads a module and leaves no compiled one beside it."""

    def set_data(self, *_arguments: object, **_more: object) -> None:
        """Write nothing."""


class _Finder:
    """Finds the one module, by a name that hides no other."""

    def __init__(self, module: str, file: Path) -> None:
        self._module = module
        self._file = file

    def find_spec(
        self, name: str, _path: object = None, _target: object = None
    ) -> ModuleSpec | None:
        if name != self._module:
            return None
        return spec_from_file_location(name, self._file, loader=_Loader(name, str(self._file)))


@contextmanager
def strategy_in_file(file: Path) -> Iterator[str]:
    """Make the strategy in a file one of the installed ones for a while; give its name.

    The file's folder is on the import path, after all others. Raises ConfigError for what is
    no Python file, and when an installed strategy has its name.
    """
    name = _check(file)
    for plugin in available(Group.STRATEGIES):
        if plugin.name == name:
            msg = (
                f"{file}: {plugin.distribution} is installed and has a strategy {name!r}: rename "
                f"the file, or run 'pip uninstall {plugin.distribution}'."
            )
            raise ConfigError(msg)
    module = f"{_PREFIX}{name}"
    with tempfile.TemporaryDirectory(prefix="skim-try-") as site:
        # A distribution is found by its folder's name, in which no hyphen stands.
        info = Path(site) / f"{normalized(file.name).replace('-', '_')}-0.dist-info"
        info.mkdir()
        metadata = f"Metadata-Version: 2.1\nName: {file.name}\nVersion: 0\n"
        (info / "METADATA").write_text(metadata, encoding="utf-8")
        entry = f"[skim.strategies]\n{name} = {module}\n"
        (info / "entry_points.txt").write_text(entry, encoding="utf-8")
        record = f'{{"url": "{file.absolute().as_uri()}"}}'
        (info / "direct_url.json").write_text(record, encoding="utf-8")
        finder, path = _Finder(module, file.absolute()), [site, str(file.absolute().parent)]
        sys.meta_path.append(finder)
        sys.path.extend(path)
        try:
            yield name
        finally:
            sys.meta_path.remove(finder)
            for folder in path:
                sys.path.remove(folder)
            sys.modules.pop(module, None)


def read_strategy(file: Path) -> str:
    """Return the source of a one-file strategy. Raises ConfigError when it can't be read."""
    _check(file)
    return file.read_text(encoding="utf-8")


def _check(file: Path) -> str:
    """Return the strategy's name, which is the file's."""
    try:
        text = file.read_text(encoding="utf-8")
        ast.parse(text, str(file))
    except FileNotFoundError:
        msg = f"{file}: there is no such file: name the Python file that holds the strategy."
        raise ConfigError(msg) from None
    except IsADirectoryError:
        msg = (
            f"{file} is a folder: name the Python file that holds the strategy, or install the "
            f"folder's package with 'pip install -e {file}'."
        )
        raise ConfigError(msg) from None
    except SyntaxError as error:
        msg = f"{file}, line {error.lineno}: {error.msg}: correct it there."
        raise ConfigError(msg) from None
    except (OSError, ValueError) as error:
        msg = f"{file} can't be read as UTF-8 text ({error}): name a Python file."
        raise ConfigError(msg) from None
    name = re.sub(r"\W", "_", file.stem).lower()
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,47}", name):
        msg = f"{file}: the file's name is the strategy's, and begins with a letter: rename it."
        raise ConfigError(msg)
    return name
