"""The command line as cron calls it: in a process of its own, over a test's folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Answer:
    """What a command said, and the code that it left with."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, as a document."""
        return json.loads(self.out)

    @property
    def words(self) -> list[list[str]]:
        """The words of each line that it printed."""
        return [line.split() for line in self.out.splitlines()]


@dataclass(frozen=True)
class Skim:
    """``skim`` in a folder, which holds its state, with nothing configured but what is there.

    What this process can import, the command's can: a test may put a strategy on ``sys.path``.
    """

    folder: Path

    def __call__(self, *arguments: str) -> Answer:
        """Run a command to its end."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SKIM_")}
        # Compiled modules are kept, as in any installation: a start is several times as fast.
        kept.pop("PYTHONDONTWRITEBYTECODE", None)
        path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)  # noqa: PTH109
        done = subprocess.run(  # noqa: S603  this interpreter and skim
            [sys.executable, "-P", "-m", "skim_core", *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            env={**kept, "PYTHONPATH": path, "SKIM_DIRECTORY": str(self.folder / "home")},
        )
        return Answer(done.returncode, done.stdout, done.stderr)
