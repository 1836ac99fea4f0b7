"""Runs seeds, says what was violated, and exits with 1 when anything was."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from .many import run_seed
from .plan import plan_of
from .session import run_session


def main():
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.cross.faulted", description=__doc__)
    parser.add_argument("--start", type=int, default=1, help="the first seed (default 1)")
    parser.add_argument("--seeds", type=int, default=1, help="how many (default 1)")
    parser.add_argument("--jobs", type=int, default=1, help="processes (default 1)")
    parser.add_argument("--only", help="the numbers of the troubles of one seed that are to happen")
    parser.add_argument(
        "--history", action="store_true", help="print all that happened to one seed"
    )
    asked = parser.parse_args()
    if asked.seeds == 1:
        return _one(asked)
    began, failed, totals = time.perf_counter(), 0, Counter()
    seeds = range(asked.start, asked.start + asked.seeds)
    with ProcessPoolExecutor(asked.jobs, mp_context=get_context("spawn")) as pool:
        for _, report, figures, _ in pool.map(run_seed, seeds, chunksize=5):
            totals.update(figures)
            if report:
                failed += 1
                print(report, flush=True)
    print(
        f"{asked.seeds} sessions in {time.perf_counter() - began:.0f} s, {failed} with a violation"
    )
    for name, figure in sorted(totals.items()):
        print(f"| {name} | {figure:,} |")
    return 1 if failed else 0


def _one(asked):
    plan = plan_of(asked.start)
    if asked.only is not None:
        plan = plan.only({int(number) for number in asked.only.split(",")})
    outcome = run_session(plan)
    if asked.history:
        print("\n".join(outcome.history))
    print(outcome.report())
    return 1 if outcome.violations else 0


if __name__ == "__main__":
    sys.exit(main())
