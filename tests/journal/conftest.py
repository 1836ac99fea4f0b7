"""Journals in a file of the test's own."""

from __future__ import annotations

from contextlib import ExitStack, closing

import pytest

# The contract's asserts show their values, as those of a test module do.
pytest.register_assert_rewrite("skim_core.testing.journal_contract")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.db"


@pytest.fixture
def open_sqlite(path):
    """Return what opens one more journal on the test's file; all are closed afterwards."""
    from skim_core.journal.sqlite import SqliteJournal

    with ExitStack() as opened:
        yield lambda **options: opened.enter_context(closing(SqliteJournal.open(path, **options)))
