"""Simulated days with faults for hours; prints what went wrong by plan, and what must not have.

Run: python bench/soak.py --hours 8 --jobs 2, or tox -e soak -- --hours 8. Each day is a
seed, counted up from --start. Stops at the first violation and prints its shortest plan;
else the figures, as a table for RESULTS.md. An interrupt ends it early, with what there is.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import time
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from itertools import count
from multiprocessing import get_context

from skim_core.simulation.many import Totals, run_batch
from skim_core.simulation.shrinking import shrink
from skim_core.simulation.world import simulate

BATCH = 25
TOLD_EVERY = 60.0


class Soak:
    """Keeps processes busy with seeds until it is told to stop, or a day fails."""

    def __init__(self, first: int, jobs: int) -> None:
        self.totals = Totals()
        self.seconds = 0.0
        self.stopped = False
        self._batches = (range(seed, seed + BATCH) for seed in count(first, BATCH))
        self._jobs = jobs

    def run(self, seconds: float) -> None:
        """Run days for so long; those that were begun are finished."""
        began = told = time.perf_counter()
        waiting: set[Future[Totals]] = set()
        with ProcessPoolExecutor(
            self._jobs, mp_context=get_context("spawn"), initializer=_leave_interrupts
        ) as pool:
            while waiting or not self.stopped:
                # One batch more than there are processes, so that none waits for this loop.
                while not self.stopped and len(waiting) <= self._jobs:
                    waiting.add(pool.submit(run_batch, next(self._batches)))
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for batch in done:
                    self.totals.merge(batch.result())
                now = time.perf_counter()
                self.seconds = now - began
                if self.totals.failed or self.seconds >= seconds:
                    self.stopped = True
                if now - told >= TOLD_EVERY:
                    told = now
                    print(self.summary(), file=sys.stderr, flush=True)

    def stop(self, *_: object) -> None:
        """Begin no more days."""
        self.stopped = True

    @property
    def faults(self) -> int:
        """How many things went wrong by plan."""
        return sum(n for name, n in self.totals.figures.items() if name.startswith("fault: "))

    def summary(self) -> str:
        """Return the figures that count, in one line."""
        rate = self.totals.days / max(self.seconds, 1e-9)
        failed = len(self.totals.failed)
        return (
            f"{self.totals.days:,} days, {self.faults:,} faults, {failed} violations, "
            f"{self.seconds / 3600:.2f} h, {rate:.1f} days/s"
        )

    def table(self, first: int) -> str:
        """Return all figures as a Markdown table."""
        figures, days = self.totals.figures, self.totals.days
        rows: list[tuple[str, str]] = [
            ("seeds", f"{first:,} to {first + days - 1:,}"),
            ("days", f"{days:,}"),
            ("hours", f"{self.seconds / 3600:.2f}"),
            ("days a second", f"{days / max(self.seconds, 1e-9):.1f}"),
            ("faults", f"{self.faults:,}"),
            *((name, f"{figures[name]:,}") for name in ("events", "orders", "trades")),
            ("days with a violation", f"{len(self.totals.failed):,}"),
        ]
        kinds = sorted(name for name in figures if name.startswith(("fault: ", "violated: ")))
        rows += [(name.replace("_", " "), f"{figures[name]:,}") for name in kinds]
        return "\n".join(
            ["| what | count |", "| --- | ---: |", *(f"| {name} | {n} |" for name, n in rows)]
        )


def _leave_interrupts() -> None:
    """Let the days that were begun be finished: only the parent hears of an interrupt."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def main() -> int:
    """Run days as asked; return 1 when an invariant was violated."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=1.0, help="for how long (default 1)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--start", type=int, help="the first seed (default: a fresh one)")
    asked = parser.parse_args()
    fresh = random.SystemRandom().randrange(10**6, 10**12)
    first = asked.start if asked.start is not None else fresh
    soak = Soak(first, asked.jobs)
    signal.signal(signal.SIGINT, soak.stop)
    print(f"seeds from {first}, {asked.jobs} processes, {asked.hours:g} h", file=sys.stderr)
    soak.run(asked.hours * 3600)
    print(soak.summary(), file=sys.stderr)
    print(soak.table(first))
    for plan in soak.totals.failed[:3]:
        print(f"\n{shrink(simulate(plan), simulate).report()}")
    return 1 if soak.totals.failed else 0


if __name__ == "__main__":
    sys.exit(main())
