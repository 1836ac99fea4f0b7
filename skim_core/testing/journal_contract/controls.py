"""The contract of controls: one sequence for all, that loses nothing."""
# ruff: noqa: D102  a test is told by its name

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skim_core.model.controls import Control, Halt, Resolution, Resume, control_to_json
from skim_core.ports.journal import Journal
from skim_core.testing.events import controls
from skim_core.testing.journal_contract.base import (
    NOW,
    RUN,
    WRITERS,
    Contract,
    OpenJournal,
    events_of,
    race,
    tick,
)


def halt(why: str, account: str = "paper") -> Halt:
    """Return a halt that is told from others by its reason."""
    return Halt(at=NOW, account=account, by="trader", why=why)


def reasons(journal: Journal, after: int = 0) -> list[str]:
    """Return why each control was given, as the journal reads them back."""
    return [record.control.why for record in journal.controls(after)]


class ControlsContract(Contract):
    """That what people say is kept in one sequence, whoever says it and for whichever account."""

    def test_a_new_store_has_no_controls(self, journal: Journal) -> None:
        assert not journal.controls()

    # Each example goes on in the same store.
    @settings(
        deadline=None,
        suppress_health_check=[
            HealthCheck.differing_executors,
            HealthCheck.function_scoped_fixture,
            HealthCheck.too_slow,
        ],
    )
    @given(given_controls=st.lists(controls(), max_size=4))
    def test_any_controls_are_read_back_unchanged_and_in_order(
        self, journal: Journal, given_controls: list[Control]
    ) -> None:
        before = len(journal.controls())
        numbers = [journal.append_control(control) for control in given_controls]
        assert numbers == list(range(before + 1, before + 1 + len(given_controls)))
        records = journal.controls(before)
        assert [record.number for record in records] == numbers
        assert [record.control for record in records] == given_controls
        assert [control_to_json(record.control) for record in records] == [
            control_to_json(control) for control in given_controls
        ]

    def test_each_kind_of_control_comes_back_as_its_kind(self, journal: Journal) -> None:
        told: list[Control] = [
            Halt(at=NOW, account="paper", by="trader", strategy="orb", flatten=True),
            Resume(at=NOW, account="paper", by="trader"),
            Resolution(
                at=NOW, account="paper", by="trader", run_id=RUN, reference="a.P", outcome="absent"
            ),
        ]
        for control in told:
            journal.append_control(control)
        assert [record.control for record in journal.controls()] == told

    def test_reading_starts_after_the_number_asked_for(self, journal: Journal) -> None:
        for why in ("one", "two", "three"):
            journal.append_control(halt(why))
        assert reasons(journal, 1) == ["two", "three"]
        assert not journal.controls(3)
        assert not journal.controls(99)

    def test_controls_of_every_account_are_one_sequence(self, journal: Journal) -> None:
        told = [halt("mine", "paper"), halt("theirs", "other")]
        assert [journal.append_control(control) for control in told] == [1, 2]
        assert reasons(journal) == ["mine", "theirs"]

    def test_controls_and_days_are_kept_apart(self, journal: Journal) -> None:
        journal.append(RUN, 0, [tick(1)])
        journal.append_control(halt("why"))
        journal.append(RUN, 1, [tick(2)])
        assert events_of(journal) == [tick(1), tick(2)]
        assert [run.run_id for run in journal.runs()] == [RUN]
        assert reasons(journal) == ["why"]

    def test_whoever_else_opened_the_store_reads_them(self, open_journal: OpenJournal) -> None:
        first, second = open_journal(), open_journal()
        first.append_control(halt("one"))
        assert reasons(second) == ["one"]
        second.append_control(halt("two"))
        assert reasons(first, 1) == ["two"]

    def test_closing_keeps_them(self, open_journal: OpenJournal) -> None:
        journal = open_journal()
        journal.append_control(halt("why"))
        journal.close()
        assert reasons(open_journal()) == ["why"]

    def test_of_those_who_append_at_once_each_gets_a_number_of_its_own(
        self, open_journal: OpenJournal
    ) -> None:
        def tell(journal: Journal, writer: int) -> list[int]:
            return [journal.append_control(halt(f"{writer}.{count}")) for count in range(5)]

        journals = [open_journal() for _ in range(WRITERS)]
        numbers = [number for told in race(journals, tell) for number in told]
        assert sorted(numbers) == list(range(1, 5 * WRITERS + 1))
        told = reasons(journals[0])
        for writer in range(WRITERS):
            own = [why for why in told if why.startswith(f"{writer}.")]
            assert own == [f"{writer}.{count}" for count in range(5)]
