"""Two thousand days with faults hold every invariant, and a day is its seed, to the byte."""

from __future__ import annotations

import logging
import os
import random
import subprocess
import sys

import pytest

from skim_core.simulation.fault_shapes import FaultKind
from skim_core.simulation.faults import Fault, FaultPlan
from skim_core.simulation.many import Totals, run_seeds
from skim_core.simulation.shrinking import shrink
from skim_core.simulation.world import plan_of, simulate

FIXED = range(1, 1951)
# Fresh seeds are what `tox -e soak` is for: here they only keep the fixed ones honest.
FRESH = 50

# Of ten seeds those whose plans have the most faults: the more happens, the more could differ.
BUSY = sorted(range(1, 200), key=lambda seed: -len(plan_of(seed).faults))[:3]

# What a phase returns is told in an error's text, so it must look the same in every process.
NONSENSE = FaultPlan(
    seed=7,
    faults=(
        Fault(number=0, kind=FaultKind.PLUGIN_NONSENSE, target="scan", nth=1),
        Fault(number=1, kind=FaultKind.PLUGIN_NONSENSE, target="trade", nth=2),
    ),
)


@pytest.fixture(autouse=True)
def quiet():
    """Let days that are run here turn the log off, and turn it on again."""
    yield logging.disable(logging.CRITICAL)
    logging.disable(logging.NOTSET)


def days(seeds) -> Totals:
    totals = Totals()
    for batch in run_seeds(seeds, jobs=2):
        totals.merge(batch)
    return totals


def reports(plans, most=3) -> str:
    """Return the shortest plans that still fail, with the command that runs each again."""
    return "\n\n".join(shrink(simulate(plan), simulate).report() for plan in plans[:most])


# It decides nothing about Python's version, and takes minutes: the oldest one runs it for all.
@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="Python 3.11 runs it for all")
@pytest.mark.parametrize("kind", ["fixed", "fresh"])
def test_no_invariant_is_violated_on_any_of_two_thousand_days(kind):
    first = random.SystemRandom().randrange(10**6, 10**12)
    seeds = FIXED if kind == "fixed" else range(first, first + FRESH)
    totals = days(seeds)
    assert totals.days == len(seeds)
    assert totals.figures["trades"] > totals.days
    if totals.failed:
        found = f"{len(totals.failed)} of the days {seeds} violated an invariant"
        pytest.fail(f"{found}.\n\n{reports(totals.failed)}", pytrace=False)


def test_seeds_bring_every_kind_of_fault():
    drawn = {fault.kind for seed in FIXED for fault in plan_of(seed).faults}
    assert drawn == set(FaultKind)


@pytest.mark.parametrize("seed", BUSY)
def test_the_same_plan_twice_is_the_same_day(seed):
    first, second = simulate(plan_of(seed)), simulate(plan_of(seed))
    assert first.history == second.history
    assert first.digest == second.digest
    assert len(first.history) > 50


def test_another_seed_is_another_day():
    assert simulate(FaultPlan(seed=1)).digest != simulate(FaultPlan(seed=2)).digest


@pytest.mark.parametrize("plan", [NONSENSE, plan_of(BUSY[0])], ids=["nonsense", "busy"])
def test_another_process_with_other_hashes_lives_the_same_day_to_the_byte(plan):
    command = [sys.executable, "-m", "skim_core.simulation", "--history"]
    command += ["--plan", plan.model_dump_json(exclude_defaults=True)]
    told = simulate(plan)
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        shown = subprocess.run(command, env=environment, capture_output=True, check=True).stdout
        assert shown.decode().startswith("\n".join(told.history) + "\n")
        assert shown.decode().endswith(f"digest {told.digest}\n")


def test_days_in_two_processes_come_to_the_same_as_in_one():
    alone = Totals()
    for batch in run_seeds(range(1, 31)):
        alone.merge(batch)
    assert days(range(1, 31)).figures == alone.figures
