"""How long cron waits: skim's shortest commands against a hello-world typer program.

Run: python bench/cold_start.py [RUNS]. Needs skim-core installed in this interpreter's
environment. The commands take turns, so that a machine whose speed drifts is fair to all.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HELLO = """
import typer
app = typer.Typer()
@app.command()
def main(name: str = "world"):
    print("hello", name)
app()
"""


def main(runs: int) -> None:
    """Print medians and ratios."""
    with tempfile.TemporaryDirectory() as folder:
        hello = Path(folder) / "hello.py"
        hello.write_text(HELLO)
        skim = [sys.executable, "-m", "skim_core"]
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "hello-world typer": [sys.executable, str(hello), "--name", "skim"],
            "skim --version": [*skim, "--version"],
            "skim start_monitoring": [*skim, "start_monitoring"],
        }
        environment = {**os.environ, "SKIM_DIRECTORY": folder}
        # The first run, which is not counted, leaves compiled modules, as an installer does.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        seconds: dict[str, list[float]] = {name: [] for name in commands}
        for run in range(runs + 1):
            for name, command in commands.items():
                began = time.perf_counter()
                subprocess.run(
                    command, check=True, env=environment, cwd=folder, stdout=subprocess.DEVNULL
                )
                if run:
                    seconds[name].append(time.perf_counter() - began)
    baseline = seconds["hello-world typer"]
    print(f"{runs} runs each, in turn; wall milliseconds")
    for name, taken in seconds.items():
        ratios = [one / base for one, base in zip(taken, baseline, strict=True)]
        print(
            f"{name:<24} median {statistics.median(taken) * 1000:7.1f}   "
            f"min {min(taken) * 1000:7.1f}   "
            f"of hello-world, median of pairs {statistics.median(ratios):5.2f}"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 21)
