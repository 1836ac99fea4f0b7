"""The interpreter that skim runs in, how packages are installed into it, and others nearby."""

from __future__ import annotations

import os
import shlex
import shutil
import site
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from platform import python_version


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python that packages are installed for."""

    executable: str
    prefix: str
    version: str
    has_pip: bool

    def exact(self, text: str) -> str:
        """Return a text with its quoted pip commands as they are typed for this interpreter."""
        python = shlex.quote(self.executable)
        for action in ("install", "uninstall"):
            typed = (
                f"{python} -m pip {action}"
                if self.has_pip
                else f"uv pip {action} --python {python}"
            )
            text = text.replace(f"'pip {action} ", f"'{typed} ")
        return text


def this_interpreter() -> Interpreter:
    """Return the interpreter that runs this."""
    return Interpreter(sys.executable, sys.prefix, python_version(), find_spec("pip") is not None)


@dataclass(frozen=True, slots=True)
class Place:
    """Another environment: its folder, its folder of packages, and how it was come upon."""

    prefix: Path
    packages: Path
    known_from: str

    @property
    def skim(self) -> Path | None:
        """Its own skim, when it has one."""
        found = self.prefix / "bin" / "skim"
        return found if found.exists() else None


def other_places() -> Iterator[Place]:
    """Yield other environments that a person may have meant, each once."""
    seen = {Path(entry).resolve() for entry in sys.path if entry}
    for prefix, known_from in _prefixes():
        for packages in sorted(prefix.glob("lib/python3*/*-packages")):
            resolved = packages.resolve()
            if resolved not in seen:
                seen.add(resolved)
                yield Place(prefix, packages, known_from)


def _prefixes() -> Iterator[tuple[Path, str]]:
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        if named := os.environ.get(variable):
            yield Path(named), f"the active environment (${variable})"
    yield Path(sys.prefix), "this environment, for another Python"
    for folder in (Path.cwd(), *Path.cwd().parents):
        for name in (".venv", "venv", "env"):
            if (folder / name / "pyvenv.cfg").is_file():
                yield folder / name, f"the folder {name} in {folder}"
    for command in ("pip", "python3", "python"):
        if found := shutil.which(command):
            yield Path(found).parent.parent, f"where the command {command!r} is"
    if sys.base_prefix != sys.prefix:
        yield Path(sys.base_prefix), "the Python that this environment was made from"
    yield Path(site.getuserbase()), "the packages of this user"
