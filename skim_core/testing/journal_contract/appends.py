"""The contract of appends: the fence, and all or nothing."""
# ruff: noqa: D102, PLR2004  a test is told by its name

from __future__ import annotations

import pytest

from skim_core.errors import FenceError
from skim_core.ports.journal import Journal
from skim_core.testing.journal_contract.base import (
    OTHER_RUN,
    RUN,
    WRITERS,
    Contract,
    OpenJournal,
    events_of,
    race,
    tick,
)


class AppendContract(Contract):
    """The fence, and that an append is all or nothing."""

    def test_an_append_returns_the_new_last_sequence_number(self, journal: Journal) -> None:
        assert journal.append(RUN, 0, [tick(1)]) == 1
        assert journal.append(RUN, 1, [tick(2), tick(3)]) == 3
        assert journal.append(RUN, 3, [tick(4)], durable=True) == 4
        assert journal.append(RUN, 4, [tick(5)]) == 5

    def test_appending_nothing_changes_nothing(self, journal: Journal) -> None:
        assert journal.append(RUN, 0, []) == 0
        assert not journal.read(RUN)
        assert not journal.runs()

    @pytest.mark.parametrize("durable", [False, True])
    def test_the_second_writer_of_a_sequence_number_is_fenced(
        self, open_journal: OpenJournal, *, durable: bool
    ) -> None:
        first, second = open_journal(), open_journal()
        first.append(RUN, 0, [tick(1)])
        second.append(RUN, 1, [tick(2)])
        with pytest.raises(FenceError, match=r"ends at event 2, expected 1"):
            first.append(RUN, 1, [tick(7), tick(8)], durable=durable)
        assert events_of(first) == events_of(second) == [tick(1), tick(2)]

    @pytest.mark.parametrize("after", [-1, 1, 3, 10])
    def test_an_append_anywhere_but_at_the_end_is_fenced(
        self, journal: Journal, after: int
    ) -> None:
        journal.append(RUN, 0, [tick(1), tick(2)])
        with pytest.raises(FenceError):
            journal.append(RUN, after, [tick(9)])
        with pytest.raises(FenceError):
            journal.append(RUN, after, [])
        assert events_of(journal) == [tick(1), tick(2)]

    def test_a_run_can_not_begin_with_a_gap(self, journal: Journal) -> None:
        with pytest.raises(FenceError):
            journal.append(RUN, 1, [tick(1)])
        assert not journal.runs()

    def test_a_fenced_writer_goes_on_from_the_true_end(self, journal: Journal) -> None:
        journal.append(RUN, 0, [tick(1)])
        with pytest.raises(FenceError):
            journal.append(RUN, 0, [tick(2)])
        assert journal.append(RUN, 1, [tick(2)]) == 2

    def test_runs_have_sequence_numbers_of_their_own(self, journal: Journal) -> None:
        journal.append(RUN, 0, [tick(1), tick(2)])
        assert journal.append(OTHER_RUN, 0, [tick(3)]) == 1
        assert events_of(journal) == [tick(1), tick(2)]
        assert events_of(journal, OTHER_RUN) == [tick(3)]

    def test_of_writers_who_race_for_a_sequence_number_exactly_one_wins(
        self, open_journal: OpenJournal
    ) -> None:
        numbers = range(25)

        def write(journal: Journal, writer: int) -> list[int]:
            won = []
            for after in numbers:
                try:
                    journal.append(RUN, after, [tick(after + 1, phase=f"writer_{writer}")])
                except FenceError:
                    continue
                won.append(after)
            return won

        wins = race([open_journal() for _ in range(WRITERS)], write)
        winner = {after: writer for writer, won in enumerate(wins) for after in won}
        assert sorted(after for won in wins for after in won) == list(numbers)
        assert events_of(open_journal()) == [
            tick(after + 1, phase=f"writer_{winner[after]}") for after in numbers
        ]

    def test_a_reader_never_sees_a_part_of_an_append(self, open_journal: OpenJournal) -> None:
        batches, size = 30, 7

        def act(journal: Journal, index: int) -> list[int]:
            lengths: list[int] = []
            if index == 0:
                for batch in range(batches):
                    numbers = range(batch * size + 1, (batch + 1) * size + 1)
                    journal.append(RUN, batch * size, [tick(number) for number in numbers])
                return lengths
            while not lengths or lengths[-1] < batches * size:
                lengths.append(len(journal.read(RUN)))
            return lengths

        _, *seen = race([open_journal() for _ in range(3)], act)
        for lengths in seen:
            assert {length % size for length in lengths} == {0}
            assert lengths == sorted(lengths)
