"""The contract of runs: what a store knows of all of them."""
# ruff: noqa: D102, PLR2004  a test is told by its name

from __future__ import annotations

from datetime import timedelta

import pytest

from skim_core.errors import FenceError
from skim_core.model.events import DayResumed
from skim_core.ports.journal import Journal, RunSummary
from skim_core.testing.journal_contract.base import NOW, RUN, TERM, Contract, finish, tick


class RunsContract(Contract):
    """What a store knows of all its runs."""

    def test_an_empty_store_has_no_runs(self, journal: Journal) -> None:
        assert not journal.runs()
        assert not journal.runs(unfinished=True)

    def test_a_run_is_told_by_its_first_and_last_event_and_their_number(
        self, journal: Journal
    ) -> None:
        journal.append(RUN, 0, [tick(number) for number in range(1, 5)])
        assert journal.runs() == [
            RunSummary(run_id=RUN, events=4, first=tick(1), last=tick(4)),
        ]

    def test_runs_come_oldest_first_and_those_of_one_instant_by_name(
        self, journal: Journal
    ) -> None:
        # Their first events decide, not the order in which they were written or their names.
        for run_id, day in (("b", 2), ("c", 1), ("d", 3), ("a", 2)):
            at = NOW + timedelta(days=day)
            journal.append(run_id, 0, [tick(1, at=at), tick(2, at=at - timedelta(days=5))])
        assert [run.run_id for run in journal.runs()] == ["c", "a", "b", "d"]

    def test_unfinished_runs_are_those_without_a_day_finished(self, journal: Journal) -> None:
        journal.append("open", 0, [tick(1), tick(2)])
        journal.append("closed", 0, [tick(1), finish()])
        journal.append("closed_at_once", 0, [finish()])
        assert [run.run_id for run in journal.runs(unfinished=True)] == ["open"]
        assert len(journal.runs()) == 3
        journal.append("open", 2, [finish()])
        assert not journal.runs(unfinished=True)

    def test_a_word_after_the_day_finished_does_not_reopen_the_day(self, journal: Journal) -> None:
        journal.append(RUN, 0, [tick(1), finish()])
        journal.append(RUN, 2, [DayResumed(at=NOW, owner="host:2")])
        assert not journal.runs(unfinished=True)

    def test_a_fenced_day_finished_finishes_nothing(self, journal: Journal) -> None:
        journal.append(RUN, 0, [tick(1)])
        with pytest.raises(FenceError):
            journal.append(RUN, 0, [finish()])
        assert [run.run_id for run in journal.runs(unfinished=True)] == [RUN]

    def test_a_lease_alone_makes_no_run(self, journal: Journal) -> None:
        journal.acquire(RUN, "host:1", NOW, TERM)
        assert not journal.runs()
