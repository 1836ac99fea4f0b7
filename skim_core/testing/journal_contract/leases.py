"""The contract of leases: one owner at a time."""
# ruff: noqa: D102  a test is told by its name

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from skim_core.ports.journal import Journal
from skim_core.testing.journal_contract.base import (
    MOMENT,
    NOW,
    OTHER_RUN,
    RUN,
    TERM,
    WRITERS,
    Contract,
    OpenJournal,
    race,
)


class LeaseContract(Contract):
    """At most one owner holds an unexpired lease on a run."""

    def test_a_free_lease_is_taken_and_told_to_everyone(self, open_journal: OpenJournal) -> None:
        first, second = open_journal(), open_journal()
        lease = first.acquire(RUN, "host:1", NOW, TERM)
        assert lease is not None
        assert (lease.run_id, lease.owner, lease.expires_at) == (RUN, "host:1", NOW + TERM)
        assert first.lease(RUN) == second.lease(RUN) == lease

    def test_nobody_else_gets_it_until_it_expires(self, open_journal: OpenJournal) -> None:
        first, second = open_journal(), open_journal()
        held = first.acquire(RUN, "host:1", NOW, TERM)
        assert second.acquire(RUN, "host:2", NOW + TERM - MOMENT, TERM) is None
        assert first.lease(RUN) == held
        taken = second.acquire(RUN, "host:2", NOW + TERM, TERM)
        assert taken is not None
        assert taken.owner == "host:2"
        assert first.acquire(RUN, "host:1", NOW + TERM, TERM) is None

    def test_its_owner_renews_it_before_and_after_it_expired(self, journal: Journal) -> None:
        for now in (NOW, NOW + TERM / 2, NOW + 10 * TERM):
            lease = journal.acquire(RUN, "host:1", now, TERM)
            assert lease is not None
            assert lease.expires_at == now + TERM
            assert journal.lease(RUN) == lease

    def test_an_expired_lease_is_still_told(self, journal: Journal) -> None:
        lease = journal.acquire(RUN, "host:1", NOW - timedelta(days=1000), TERM)
        assert journal.lease(RUN) == lease

    def test_a_released_lease_is_free(self, journal: Journal) -> None:
        journal.acquire(RUN, "host:1", NOW, TERM)
        journal.release(RUN, "host:1")
        assert journal.lease(RUN) is None
        assert journal.acquire(RUN, "host:2", NOW, TERM) is not None

    def test_only_its_owner_can_release_it(self, journal: Journal) -> None:
        lease = journal.acquire(RUN, "host:1", NOW, TERM)
        journal.release(RUN, "host:2")
        assert journal.lease(RUN) == lease

    def test_releasing_what_nobody_holds_does_nothing(self, journal: Journal) -> None:
        journal.release(RUN, "host:1")
        assert journal.lease(RUN) is None

    def test_each_run_has_its_own_lease(self, journal: Journal) -> None:
        assert journal.acquire(RUN, "host:1", NOW, TERM) is not None
        assert journal.acquire(OTHER_RUN, "host:2", NOW, TERM) is not None
        journal.release(RUN, "host:1")
        assert journal.lease(OTHER_RUN) is not None

    def test_instants_of_any_zone_compare_as_instants(self, journal: Journal) -> None:
        # The same instant has a later time of day in the east and an earlier one in the west.
        east, west = timezone(timedelta(hours=11)), timezone(timedelta(hours=-5))
        end = NOW + TERM
        journal.acquire(RUN, "host:1", NOW.astimezone(west), TERM)
        assert journal.acquire(RUN, "host:2", (end - MOMENT).astimezone(east), TERM) is None
        assert journal.acquire(RUN, "host:2", end.astimezone(west), TERM) is not None

    def test_of_owners_who_race_for_a_lease_exactly_one_gets_it(
        self, open_journal: OpenJournal
    ) -> None:
        journals = [open_journal() for _ in range(WRITERS)]
        for number in range(10):
            run_id = f"run/{number}"
            now = NOW + number * TERM
            # Every other lease is one that has expired.
            if number % 2:
                journals[0].acquire(run_id, "gone", now - TERM, TERM)

            def take(
                journal: Journal, owner: int, run_id: str = run_id, now: datetime = now
            ) -> bool:
                return journal.acquire(run_id, f"host:{owner}", now, TERM) is not None

            got = race(journals, take)
            assert got.count(True) == 1
            held = journals[0].lease(run_id)
            assert held is not None
            assert held.owner == f"host:{got.index(True)}"
