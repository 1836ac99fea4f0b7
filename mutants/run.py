"""Plants one bug at a time in a copy of skim, and lets the simulation find it.

Each ``*.toml`` beside this file is a planted bug: `what` it is, the `file` (below
skim_core), the text `before` and what stands there `after`. A bug that no simulated day
shows within the seeds is a check that does not see: the run fails.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import skim_core

HERE = Path(__file__).parent
PACKAGE = Path(skim_core.__file__).parent
VIOLATED = 1


class Verdict(NamedTuple):
    """Whether a bug was found, and the last thing that its run said."""

    name: str
    found: bool
    said: str


def try_mutant(path: Path, seeds: int) -> Verdict:
    """Plant the bug of a file and run days until one shows it."""
    bug = tomllib.loads(path.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "skim_core"
        shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
        target = copy / bug["file"]
        text = target.read_text(encoding="utf-8")
        if text.count(bug["before"]) != 1:
            return Verdict(
                path.stem, found=False, said=f"its text is not (or twice) in {bug['file']}"
            )
        target.write_text(text.replace(bug["before"], bug["after"]), encoding="utf-8")
        command = [sys.executable, "-m", "skim_core.simulation", "--stop", "--seeds", str(seeds)]
        # The copy must come before the checkout, and before what is installed.
        environment = {**os.environ, "PYTHONPATH": folder, "PYTHONSAFEPATH": "1"}
        ran = subprocess.run(
            command, env=environment, cwd=folder, capture_output=True, text=True, check=False
        )
    violated = [line for line in ran.stdout.splitlines() if line.startswith("violated: ")]
    if ran.returncode == VIOLATED and violated:
        return Verdict(path.stem, found=True, said=violated[0].removeprefix("violated: "))
    # A crash is told on the one, a run that found nothing on the other.
    last = (ran.stderr if ran.returncode else ran.stdout).strip().splitlines()
    return Verdict(path.stem, found=False, said=last[-1] if last else "")


def main() -> int:
    """Try every planted bug, or those named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="the bugs to try (all when none is named)")
    parser.add_argument("--seeds", type=int, default=2000, help="days at most for each")
    parser.add_argument("--jobs", type=int, default=2, help="bugs side by side")
    asked = parser.parse_args()
    paths = sorted(HERE.glob("*.toml"))
    if asked.names:
        paths = [path for path in paths if path.stem in asked.names]
    missed = 0
    with ThreadPoolExecutor(asked.jobs) as pool:
        for verdict in pool.map(lambda path: try_mutant(path, asked.seeds), paths):
            missed += not verdict.found
            print(
                f"{'found ' if verdict.found else 'MISSED'} {verdict.name}: {verdict.said}",
                flush=True,
            )
    print(f"{len(paths) - missed} of {len(paths)} planted bugs found")
    return 1 if missed or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
