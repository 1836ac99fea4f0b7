"""What any store of the journal must keep, as tests that it inherits.

Needs pytest and hypothesis. A store's test says how one more journal is opened on the
store of this test, and closes it afterwards:

    class TestMyJournal(JournalContract):
        @pytest.fixture
        def open_journal(self, tmp_path):
            with ExitStack() as opened:
                yield lambda: opened.enter_context(closing(MyJournal(tmp_path / "store")))

A ``conftest.py`` with ``pytest.register_assert_rewrite("skim_core.testing.journal_contract")``
makes failures show their values.
"""

from __future__ import annotations

from skim_core.testing.journal_contract.appends import AppendContract
from skim_core.testing.journal_contract.controls import ControlsContract
from skim_core.testing.journal_contract.leases import LeaseContract
from skim_core.testing.journal_contract.reads import ReadContract
from skim_core.testing.journal_contract.runs import RunsContract


class JournalContract(AppendContract, ReadContract, RunsContract, LeaseContract, ControlsContract):
    """Everything that `ports.journal.Journal` says; subclass it and give `open_journal`."""
