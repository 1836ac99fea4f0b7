"""Many simulated days, in several processes."""

from __future__ import annotations

import logging
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing import get_context

from skim_core.simulation.faults import FaultPlan
from skim_core.simulation.outcome import Outcome
from skim_core.simulation.world import plan_of, simulate

_BATCH = 25


@dataclass
class Totals:
    """What many days came to."""

    days: int = 0
    figures: Counter[str] = field(default_factory=Counter)
    failed: list[FaultPlan] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """Count one day."""
        self.days += 1
        self.figures.update(outcome.figures)
        self.figures.update(f"fault: {fault.kind}" for fault in outcome.plan.faults)
        self.figures.update(f"violated: {invariant}" for invariant in sorted(outcome.broke()))
        if outcome.violations:
            self.failed.append(outcome.plan)

    def merge(self, other: Totals) -> None:
        """Count what another process counted."""
        self.days += other.days
        self.figures.update(other.figures)
        self.failed += other.failed


def run_seeds(seeds: Iterable[int], jobs: int = 1) -> Iterator[Totals]:
    """Run a day for each seed, in `jobs` processes; yield what each batch came to."""
    waiting = iter(seeds)
    batches = iter(lambda: tuple(islice(waiting, _BATCH)), ())
    if jobs == 1:
        yield from map(run_batch, batches)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from pool.map(run_batch, batches)


def run_batch(seeds: Iterable[int]) -> Totals:
    """Run a day for each seed."""
    # The same refusal a thousand times is no news here.
    logging.disable(logging.CRITICAL)
    # A process that is killed as it calls its broker leaves the call behind.
    warnings.filterwarnings("ignore", "coroutine .* was never awaited", RuntimeWarning)
    totals = Totals()
    for seed in seeds:
        totals.add(simulate(plan_of(seed)))
    return totals
