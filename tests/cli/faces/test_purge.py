from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from skim_core.cli.standing import fold
from skim_core.model import events as ev

PURGE = ("purge_candidates", "--strategy", "example", "--session", "2026-01-06")


@pytest.fixture
def begun(example, days, write, session) -> str:
    """Return the id of a day with two candidates and an opening range, and without a process."""
    start = session.open + timedelta(minutes=1)
    happenings = [days.found(start, "BHP", "CSL"), days.measured(start, "BHP")]
    return write(days.completed(session, *happenings), until="day_finished")


def test_candidates_and_ranges_are_forgotten_where_virtual_time_stands(skim, journal, begun):
    before = journal.read(begun)
    purged = skim(*PURGE)
    assert (purged.code, purged.out) == (0, f"skim: 2 candidates were forgotten, of {begun}.\n")
    after = journal.read(begun)
    assert after[-1].event == ev.CandidatesPurged(at=before[-1].event.at)
    book = fold(record.event for record in after).book
    assert (len(book.candidates), len(book.ranges)) == (0, 0)
    assert journal.lease(begun) is None


def test_a_day_on_the_walls_time_is_purged_now(skim, example, days, write, session, journal):
    begun = write(days.completed(session), until="day_finished", pace="real")
    assert skim(*PURGE).code == 0
    at = journal.read(begun)[-1].event.at
    assert timedelta(0) <= datetime.now(UTC) - at < timedelta(minutes=1)  # noqa: TID251  the wall's


def test_a_day_that_is_being_run_is_left_alone(skim, journal, begun):
    before = journal.read(begun)
    journal.acquire(begun, "elsewhere:1:1", datetime.now(UTC), timedelta(hours=1))  # noqa: TID251  a lease is of the wall
    refused = skim(*PURGE)
    assert refused.code == 1
    assert f"{begun} is being run by elsewhere:1:1" in refused.out
    assert journal.read(begun) == before
    assert journal.lease(begun).owner == "elsewhere:1:1"


def test_a_finished_day_has_nothing_to_purge(skim, example, days, write, session, journal):
    run_id = write(days.completed(session))
    before = journal.read(run_id)
    assert skim(*PURGE).out == f"skim: {run_id} is over: nothing to purge.\n"
    assert journal.read(run_id) == before


def test_an_unknown_day_has_nothing_to_purge_and_gets_no_lease(skim, example, journal):
    purged = skim(*PURGE, "--json")
    assert (purged.code, purged.json["forgotten"]) == (0, 0)
    assert journal.lease("example/XASX/2026-01-06/paper") is None


def test_without_a_journal_none_is_made(skim, example, home):
    assert skim(*PURGE).code == 0
    assert not home.exists()
