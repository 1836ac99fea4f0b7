"""A plan that fails is made as short as it can be, and its report is enough to see it again."""

from __future__ import annotations

import shlex
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skim_core.simulation.fault_shapes import FaultKind, Occasion
from skim_core.simulation.faults import Fault, FaultPlan
from skim_core.simulation.outcome import Invariant, Outcome, Violation
from skim_core.simulation.shrinking import shrink
from skim_core.simulation.world import simulate

AT = datetime(2026, 1, 6, tzinfo=UTC)
OVERSOLD, PROTECTED = Invariant.NOTHING_OVERSOLD, Invariant.PROTECTED


def plan(count):
    faults = (Fault(number=number, kind=FaultKind.KILLED, at=number) for number in range(count))
    return FaultPlan(seed=5, faults=tuple(faults))


def numbers(plan):
    return {fault.number for fault in plan.faults}


class Days:
    """Runs a day that oversells when all `culprits` are in its plan, and is bare without `guard`."""

    def __init__(self, culprits, guard=None):
        self.culprits = culprits
        self.guard = guard
        self.count = 0

    def __call__(self, plan):
        self.count += 1
        broke = [OVERSOLD] if self.culprits <= numbers(plan) else []
        if self.guard is not None and self.guard not in numbers(plan):
            broke = [PROTECTED]
        return Outcome(plan, tuple(Violation(name, AT, "found") for name in broke), ())


def test_a_pair_among_ten_faults_that_only_together_fail_is_found():
    run = Days({3, 8})
    shortest = shrink(run(plan(10)), run)
    assert numbers(shortest.plan) == {3, 8}
    assert shortest.broke() == {OVERSOLD}
    assert run.count < 40


@given(st.integers(1, 12).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.integers(0, n - 1)))))
def test_exactly_the_faults_that_it_takes_are_left(drawn):
    count, culprits = drawn
    run = Days(culprits)
    assert numbers(shrink(run(plan(count)), run).plan) == culprits


def test_what_violates_another_invariant_is_not_taken_for_the_same_failure():
    run = Days({1, 2}, guard=7)
    assert numbers(shrink(run(plan(10)), run).plan) == {1, 2, 7}


def test_the_faults_that_are_left_are_what_they_were():
    run = Days({3, 8})
    kept = shrink(run(plan(10)), run).plan
    assert set(kept.faults) <= set(plan(10).faults)
    assert kept.seed == 5


# Beyond what is promised: the broker hides an order for longer than its quiet time, after an
# answer was lost. A second stop is sent then, and both may trade.
HIDDEN = (
    Fault(number=0, kind=FaultKind.KILLED, at=4800),
    Fault(number=1, kind=FaultKind.REPLY_LOST, after=Occasion.SUBMIT, nth=1),
    Fault(number=2, kind=FaultKind.DATA_GAP, at=4000, lasting=60, target="AAA"),
    Fault(number=3, kind=FaultKind.ACCEPTED_LATE, after=Occasion.STOP, nth=1, lasting=1500),
    Fault(number=4, kind=FaultKind.CLOCK_SKEWED, at=4500, amount=1),
)


@pytest.fixture(scope="module")
def hidden():
    """Return a day on which a stop that was hidden for too long was sent again and traded."""
    found = (simulate(FaultPlan(seed=seed, faults=HIDDEN)) for seed in range(1, 40))
    return next(outcome for outcome in found if OVERSOLD in outcome.broke())


def test_a_broker_that_hides_an_order_for_longer_than_it_may_is_found_out(hidden):
    assert numbers(shrink(hidden, simulate).plan) <= {1, 3}


def test_a_report_has_all_that_it_takes_to_see_the_failure_again(hidden):
    shortest = shrink(hidden, simulate)
    report = shortest.report()
    again = shlex.split(report.splitlines()[-1].removeprefix("again: "))
    assert again[:3] == ["python", "-m", "skim_core.simulation"]
    ran = subprocess.run([sys.executable, *again[1:]], capture_output=True, check=False, text=True)
    assert ran.returncode == 1
    assert ran.stdout == f"{report}\ndigest {shortest.digest}\n"
    assert "no book shows it for 1500 s" in report
    assert "violated: " in report
