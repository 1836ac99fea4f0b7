"""A journal on a simulated disk keeps the contract of every journal."""

from __future__ import annotations

from contextlib import closing
from itertools import count

import pytest

from skim_core.simulation import Disk, DiskJournal, Process, SimulationLoop
from skim_core.testing.journal_contract import JournalContract


class TestDiskJournal(JournalContract):
    @pytest.fixture
    def open_journal(self):
        """Each opening is a process of its own on the same disk."""
        disk, names = Disk(), count(1)
        with closing(SimulationLoop()) as loop:
            yield lambda: DiskJournal(disk, Process(f"process-{next(names)}", loop))
