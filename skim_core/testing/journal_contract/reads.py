"""The contract of reads: unchanged, in order, for whoever opens the store."""
# ruff: noqa: D102  a test is told by its name

from __future__ import annotations

from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skim_core.model.events import Event, event_to_json
from skim_core.ports.journal import Journal
from skim_core.testing.events import events
from skim_core.testing.journal_contract.base import (
    NOW,
    RUN,
    TERM,
    WRITERS,
    Contract,
    OpenJournal,
    events_of,
    race,
    tick,
)


class ReadContract(Contract):
    """That what was appended is read back unchanged, in order, by whoever opens the store."""

    # Each example appends to a run of its own; the store may be shared by all of them.
    @settings(
        deadline=None,
        suppress_health_check=[
            HealthCheck.differing_executors,
            HealthCheck.function_scoped_fixture,
            HealthCheck.too_slow,
        ],
    )
    @given(batches=st.lists(st.lists(events(), max_size=4), max_size=3), durable=st.booleans())
    def test_any_events_are_read_back_unchanged_and_in_order(
        self, journal: Journal, batches: list[list[Event]], *, durable: bool
    ) -> None:
        run_id = next(f"run/{n}" for n in count() if not journal.read(f"run/{n}"))
        appended: list[Event] = []
        for batch in batches:
            last = journal.append(run_id, len(appended), batch, durable=durable)
            appended += batch
            assert last == len(appended)
        records = journal.read(run_id)
        assert [record.sequence for record in records] == list(range(1, len(appended) + 1))
        assert {record.run_id for record in records} <= {run_id}
        assert [record.event for record in records] == appended
        assert [event_to_json(record.event) for record in records] == [
            event_to_json(event) for event in appended
        ]

    def test_reading_starts_after_the_number_asked_for(self, journal: Journal) -> None:
        journal.append(RUN, 0, [tick(number) for number in range(1, 6)])
        assert [record.sequence for record in journal.read(RUN, 3)] == [4, 5]
        assert not journal.read(RUN, 5)
        assert not journal.read(RUN, 99)

    def test_an_unknown_run_has_no_records(self, journal: Journal) -> None:
        assert not journal.read("nobody/XASX/2026-01-05/paper")

    def test_what_was_read_stays_as_it_was_when_more_is_appended(self, journal: Journal) -> None:
        journal.append(RUN, 0, [tick(1)])
        records = journal.read(RUN)
        journal.append(RUN, 1, [tick(2)])
        assert [record.event for record in records] == [tick(1)]

    def test_a_writer_who_never_closed_has_lost_nothing(self, open_journal: OpenJournal) -> None:
        open_journal().append(RUN, 0, [tick(1), tick(2)])
        assert events_of(open_journal()) == [tick(1), tick(2)]

    def test_closing_keeps_everything(self, open_journal: OpenJournal) -> None:
        journal = open_journal()
        journal.append(RUN, 0, [tick(1)])
        lease = journal.acquire(RUN, "host:1", NOW, TERM)
        journal.close()
        again = open_journal()
        assert events_of(again) == [tick(1)]
        assert again.lease(RUN) == lease

    def test_threads_may_share_one_journal(self, journal: Journal) -> None:
        def write(shared: Journal, writer: int) -> None:
            for number in range(20):
                shared.append(f"run/{writer}", number, [tick(number + 1)])
                assert len(shared.read(f"run/{writer}")) == number + 1

        race([journal] * WRITERS, write)
        assert [run.events for run in journal.runs()] == [20] * WRITERS
