"""The ORB reference in skim, its peers and plain numpy, on the same bars in one run.

Run: python bench/orb/compare.py [--symbols 200] [--days 20] [--rounds 3] [--without-peers]

Each engine runs alone in a process of its own, the peers in environments of their own, and
its trades have to be those of the plain reference: session, symbol, bars and reason, and the
prices where the engine fills at the reference's. Loading the bars is not counted.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass, field
from pathlib import Path

import market
import numpy as np
from told import rows

HERE = Path(__file__).parent
_UNCOMPILED = "PYTHONDONTWRITEBYTECODE"
PEERS = {"nautilus": "nautilus_trader==1.221.*", "backtrader": "backtrader==1.9.78.123"}


@dataclass
class Figures:
    """One engine's seconds and peaks of memory, a value a round."""

    name: str
    command: list[str]
    trades: Path
    run: list[float] = field(default_factory=list)
    load: list[float] = field(default_factory=list)
    peak: list[int] = field(default_factory=list)

    def go(self) -> None:
        """Run the engine once."""
        # Compiled modules are kept, as in any installation.
        kept = {name: value for name, value in os.environ.items() if name != _UNCOMPILED}
        done = subprocess.run(self.command, capture_output=True, text=True, check=False, env=kept)
        if done.returncode:
            msg = f"{self.name} failed:\n{done.stderr[-2000:]}"
            raise SystemExit(msg)
        told = json.loads(done.stdout.splitlines()[-1])
        self.run.append(told["run"])
        self.load.append(told.get("load", 0.0))
        self.peak.append(told["peak_mb"])


def environment(name: str, requirement: str) -> Path:
    """Return the Python of a peer's environment, which is made when it is not there."""
    home = Path(os.environ.get("TOX_ENV_DIR", HERE / ".venv")) / f"peer-{name}"
    python = home / "bin" / "python"
    if not python.exists():
        venv.create(home, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", requirement, "numpy<3"], check=True)
    return python


def compare(figures: Figures, reference: Figures) -> str:
    """Return whether an engine's trades are the reference's, in a word."""
    found, expected = rows(figures.trades), rows(reference.trades)
    if found and not found[0][3]:
        bare = [(*row[:3], "", row[4], "", row[6]) for row in expected]
        return "same bars" if found == bare else "DIFFER"
    return "same" if found == expected else "DIFFER"


def engines(folder: Path, data: Path, jobs: int, *, peers: bool) -> list[Figures]:
    """Return the engines to be compared, the reference first."""
    bars = str(folder / "bars.npz")

    def figures(name: str, python: Path | str, script: str, *arguments: str) -> Figures:
        trades = folder / f"{name}.csv"
        first, *rest = arguments
        return Figures(name, [str(python), str(HERE / script), first, str(trades), *rest], trades)

    found = [figures("numpy", sys.executable, "reference.py", bars)]
    for count in dict.fromkeys((1, jobs)):
        name = "skim" if count == 1 else f"skim --jobs {count}"
        found.append(figures(name, sys.executable, "with_skim.py", str(data), str(count)))
    if peers:
        for name, requirement in PEERS.items():
            python = environment(name, requirement)
            found.append(figures(name, python, f"with_{name}.py", bars))
    return found


def main() -> None:
    """Print a table, and end with 1 when an engine's trades differ."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--symbols", type=int, default=200)
    parser.add_argument("--days", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--without-peers", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, data = Path(name), Path(name) / "data"
        bars = market.generate(asked.symbols, asked.days)
        market.write(bars, data)
        np.savez(folder / "bars.npz", bars=bars)
        count = bars[..., 0].size
        del bars
        compared = engines(folder, data, asked.jobs, peers=not asked.without_peers)
        for _ in range(asked.rounds):
            for figures in compared:
                figures.go()
        same = [compare(figures, compared[0]) for figures in compared]
        print(f"{asked.symbols} symbols x {asked.days} days, {count:,} bars, medians of rounds")
        print("| engine | run, s | bars/s | loading, s | peak, MB | trades |")
        print("| --- | ---: | ---: | ---: | ---: | --- |")
        for figures, word in zip(compared, same, strict=True):
            run, load = statistics.median(figures.run), statistics.median(figures.load)
            trades = f"{len(rows(figures.trades)):,}, {word}"
            print(
                f"| {figures.name} | {run:.2f} | {count / run:,.0f} | {load:.2f} | "
                f"{statistics.median(figures.peak):.0f} | {trades} |"
            )
    if "DIFFER" in same:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
