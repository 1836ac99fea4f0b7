"""``python -m skim_core.simulation``: many simulated days, and one again."""

from __future__ import annotations

import argparse
import logging
import sys

from skim_core.simulation.faults import FaultPlan
from skim_core.simulation.many import Totals, run_seeds
from skim_core.simulation.shrinking import shrink
from skim_core.simulation.world import plan_of, simulate


def main(arguments: list[str] | None = None) -> int:
    """Run days as asked; return 1 when an invariant was violated."""
    parser = argparse.ArgumentParser(
        prog="python -m skim_core.simulation", description=sys.modules[__name__].__doc__
    )
    parser.add_argument("--seeds", type=int, default=100, help="how many days (default 100)")
    parser.add_argument("--start", type=int, default=1, help="the first seed (default 1)")
    parser.add_argument("--jobs", type=int, default=1, help="processes side by side (default 1)")
    parser.add_argument("--plan", help="one day, by the plan that a failure printed")
    parser.add_argument("--history", action="store_true", help="print all that happened that day")
    parser.add_argument("--stop", action="store_true", help="stop at the first failure")
    asked = parser.parse_args(arguments)
    # What the desk logs is in the history, or nobody's concern in a thousand days.
    logging.disable(logging.CRITICAL)
    if asked.plan or asked.history:
        plan = FaultPlan.model_validate_json(asked.plan) if asked.plan else plan_of(asked.start)
        return _one(plan, history=asked.history)
    return _many(range(asked.start, asked.start + asked.seeds), asked.jobs, stop=asked.stop)


def _one(plan: FaultPlan, *, history: bool) -> int:
    outcome = simulate(plan)
    if history:
        sys.stdout.write("\n".join(outcome.history) + "\n")
    sys.stdout.write(outcome.report() + f"\ndigest {outcome.digest}\n")
    return 1 if outcome.violations else 0


def _many(seeds: range, jobs: int, *, stop: bool) -> int:
    totals = Totals()
    for batch in run_seeds(seeds, jobs):
        totals.merge(batch)
        if stop and totals.failed:
            break
    for name, count in sorted(totals.figures.items()):
        sys.stdout.write(f"{count:>10,}  {name}\n")
    sys.stdout.write(f"{totals.days:>10,}  days, {len(totals.failed)} with a violation\n")
    for plan in totals.failed[:3]:
        shortest = shrink(simulate(plan), simulate)
        sys.stdout.write(f"\n{shortest.report()}\n")
    return 1 if totals.failed else 0


if __name__ == "__main__":
    sys.exit(main())
