"""Sessions over a real socket on which a seed lets things go wrong, and what must be true of each."""

from __future__ import annotations

import os
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from .faulted.many import run_seed

SEEDS = (*range(1, 121), 5059, 5136, 5269, 5323)
"""The last: an order is lost on its way, sent again, and then to be cancelled; the only word of a
fill is lost; a cancel is answered with an error; a cancel is lost."""


@pytest.fixture(scope="module")
def ran():
    """Run all seeds; give what came of each."""
    with pytest.MonkeyPatch.context() as patch:
        # A process that is spawned imports by the path of the one that spawns it.
        patch.syspath_prepend(Path(__file__).parents[2])
        with ProcessPoolExecutor(min(2, os.cpu_count() or 1), get_context("spawn")) as pool:
            return list(pool.map(run_seed, SEEDS, chunksize=5))


def test_no_invariant_is_violated_whatever_goes_wrong_over_the_socket(ran):
    assert [seed for seed, *_ in ran] == list(SEEDS)
    wrong = [report for _, report, *_ in ran if report]
    assert not wrong, "\n".join(wrong)


def test_the_sessions_trade_and_meet_every_sort_of_fault(ran):
    figures = Counter()
    for _, _, counted, _ in ran:
        figures.update(counted)
    assert figures["trades"] > 500
    kinds = (
        "drop drop_reply reset reset_before reset_after silence duplicate reorder error delay split "
        "roll_back_ids lose farm restart reject"
    )
    never = [kind for kind in kinds.split() if not figures[f"struck: {kind}"]]
    assert not never
    assert all(
        figures[f"trouble: {do}"]
        for do in ("kill", "kill_at_step", "by_hand", "halt", "no_trading")
    )
