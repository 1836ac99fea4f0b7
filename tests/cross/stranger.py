"""A stranger's machine: nothing but Python, an empty home, and what a registry would give.

What a page says is written and typed there word for word. Nothing is fetched: the packages
that skim and the tools on the page declare lie in a folder of links, without any of skim's own,
and each new environment sees them as if pip had just fetched them.
"""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
TOOLS = ("pytest", "hypothesis", "mypy", "ruff", "hatchling", "editables")
"""What pip installs beside skim: what templates name in their extra `dev`, and the builder."""


@dataclass
class Stranger:
    """A home folder with a checkout of skim in it, and a shell that is open all along."""

    home: Path
    tools: tuple[str, ...] = TOOLS

    @property
    def work(self) -> Path:
        """The folder in which the page begins."""
        return self.home / "work"

    def __post_init__(self) -> None:
        self.work.mkdir(parents=True)
        (self.home / "skim").symlink_to(ROOT)
        self.where, self.path, self.code = self.work, f"{self._python}:/usr/bin:/bin", 0

    @property
    def _python(self) -> Path:
        # Where `python3` is this Python, and nothing else is.
        folder = self.home / "python"
        if not folder.exists():
            folder.mkdir()
            (folder / "python3").symlink_to(Path(sys._base_executable))
        return folder

    def write(self, name: str, text: str) -> None:
        """Save a file where the page says."""
        file = self.where / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def type(self, command: str) -> tuple[int, str]:
        """Type a command; return its exit code and what the terminal shows."""
        told = self.home / "shell"
        # What a shell keeps from one line to the next.
        script = f"(exit {self.code})\n{command}\ncode=$?\n{{ pwd; printf '%s\\n' \"$PATH\"; }} > {told}\nexit $code\n"
        done = subprocess.run(
            ["/bin/bash", "-c", script],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
            cwd=self.where,
            env=self._environment,
        )
        self.where, self.path = (
            kind(line)
            for kind, line in zip((Path, str), told.read_text().splitlines(), strict=True)
        )
        for made in self.work.rglob("pyvenv.cfg"):
            self._fetch(made.parent)
        self.code = done.returncode
        return done.returncode, done.stdout

    @property
    def _environment(self) -> dict[str, str]:
        return {
            "HOME": str(self.home),
            "PATH": self.path,
            "LANG": "C.UTF-8",
            "COLUMNS": "100",
            "PIP_NO_INDEX": "1",
            "PIP_NO_BUILD_ISOLATION": "0",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }

    def _fetch(self, environment: Path) -> None:
        """Lay what a registry would give beside what is installed, commands included."""
        [site] = environment.glob("lib/python3*/site-packages")
        (site / "zz_fetched.pth").write_text(str(self._fetched))
        for found in self._distributions:
            for point in found.entry_points.select(group="console_scripts"):
                script = environment / "bin" / point.name
                if not script.exists():
                    python = environment / "bin" / "python"
                    call = f"from {point.module} import {point.attr}; sys.exit({point.attr}())"
                    script.write_text(f"#!{python}\nimport sys; {call}\n")
                    script.chmod(0o755)

    @cached_property
    def _distributions(self) -> list[Distribution]:
        found: dict[str, Distribution] = {}
        waiting = [*self.tools, *(distribution("skim-core").requires or [])]
        while waiting:
            wanted = Requirement(waiting.pop())
            name = re.sub(r"[-_.]+", "-", wanted.name).lower()
            needed = wanted.marker is None or wanted.marker.evaluate({"extra": ""})
            if needed and name not in found:
                found[name] = distribution(name)
                waiting.extend(found[name].requires or [])
        return list(found.values())

    @cached_property
    def _fetched(self) -> Path:
        folder = self.home / "fetched"
        folder.mkdir()
        for found in self._distributions:
            for top in {file.parts[0] for file in found.files or []} - {"..", "__pycache__"}:
                link = folder / top
                if not link.exists():
                    link.symlink_to(Path(str(found.locate_file(top))))
        return folder
