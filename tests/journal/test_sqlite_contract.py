"""The journal in a file keeps the contract."""

from __future__ import annotations

import pytest

from skim_core.testing.journal_contract import JournalContract


class TestSqliteJournal(JournalContract):
    @pytest.fixture
    def open_journal(self, open_sqlite):
        return open_sqlite
