"""What fifty installed strategies cost a command that uses none of them.

Run: python bench/many_plugins.py [RUNS]. Needs skim-core installed in this interpreter's
environment. One of the fifty raises when it is imported and one takes two seconds, so an import
would show. The commands take turns, with the strategies and without them.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

STRATEGIES = 50
CODE = {0: "raise RuntimeError('broken')\n", 1: "import time\ntime.sleep(2)\n"}
COMMANDS = (
    ("--help",),
    ("--version",),
    ("start_monitoring",),
    ("plugins",),
    ("start_trading_day", "--help"),
)


def install(site: Path) -> None:
    """Write the strategies' packages into a folder."""
    for number in range(STRATEGIES):
        name = f"bench_{number}"
        (site / f"{name}.py").write_text(CODE.get(number, "api_version = 1\n"))
        info = site / f"skim_strategy_{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: skim-strategy-{name}\nVersion: 1.0\n"
        )
        (info / "entry_points.txt").write_text(f"[skim.strategies]\n{name} = {name}\n")


def main(runs: int) -> None:
    """Print medians and ratios."""
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder) / "site"
        empty = Path(folder) / "empty"
        site.mkdir()
        empty.mkdir()
        install(site)
        print(f"{runs} runs each, in turn; wall milliseconds")
        for command in COMMANDS:
            seconds: dict[Path, list[float]] = {empty: [], site: []}
            for run in range(runs + 1):
                for path, taken in seconds.items():
                    environment = {**os.environ, "SKIM_DIRECTORY": folder, "PYTHONPATH": str(path)}
                    began = time.perf_counter()
                    subprocess.run(
                        [sys.executable, "-P", "-m", "skim_core", *command],
                        check=True,
                        env=environment,
                        cwd=folder,
                        stdout=subprocess.DEVNULL,
                    )
                    if run:
                        taken.append(time.perf_counter() - began)
            ratios = [one / none for one, none in zip(seconds[site], seconds[empty], strict=True)]
            print(
                f"skim {' '.join(command):<18} none {statistics.median(seconds[empty]) * 1000:6.1f}"
                f"   with {STRATEGIES} {statistics.median(seconds[site]) * 1000:6.1f}"
                f"   median of pairs {statistics.median(ratios):5.2f}"
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 21)
