"""The journal in memory keeps the contract."""

from __future__ import annotations

import pytest

from skim_core.journal.memory import MemoryJournal
from skim_core.testing.journal_contract import JournalContract
from skim_core.testing.journal_contract.base import NOW, RUN, TERM, events_of, tick


class TestMemoryJournal(JournalContract):
    @pytest.fixture
    def open_journal(self):
        """All who have the object have the store."""
        journal = MemoryJournal()
        return lambda: journal


def test_two_journals_in_memory_have_nothing_in_common():
    first, second = MemoryJournal(), MemoryJournal()
    first.append(RUN, 0, [tick(1)])
    first.acquire(RUN, "host:1", NOW, TERM)
    assert not events_of(second)
    assert second.lease(RUN) is None


def test_a_list_that_its_writer_goes_on_filling_is_not_the_journals():
    journal = MemoryJournal()
    events = [tick(1)]
    journal.append(RUN, 0, events)
    events.append(tick(2))
    assert events_of(journal) == [tick(1)]
