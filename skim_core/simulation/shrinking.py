"""The shortest fault plan that still fails."""

from __future__ import annotations

from collections.abc import Callable

from skim_core.simulation.faults import FaultPlan
from skim_core.simulation.outcome import Invariant, Outcome


def shrink(outcome: Outcome, run: Callable[[FaultPlan], Outcome]) -> Outcome:
    """Return a failing outcome of which no fault can be left out.

    Leaves out as many faults as it can at once, then fewer, as long as one of the same
    invariants is violated (delta debugging, Zeller and Hildebrandt 2002). `outcome` must
    have failed.
    """
    wanted = outcome.broke()
    best = outcome
    size = max(1, len(best.plan.faults) // 2)
    while best.plan.faults:
        smaller = _leave_out(best, size, wanted, run)
        if smaller is not None:
            best = smaller
            size = min(size, max(1, len(best.plan.faults)))
        elif size == 1:
            break
        else:
            size //= 2
    return best


def _leave_out(
    best: Outcome, size: int, wanted: set[Invariant], run: Callable[[FaultPlan], Outcome]
) -> Outcome | None:
    faults = best.plan.faults
    for start in range(0, len(faults), size):
        tried = run(best.plan.without(fault.number for fault in faults[start : start + size]))
        if tried.broke() & wanted:
            return tried
    return None
