"""What all parts of the contract stand on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any, TypeAlias, TypeVar

import pytest

from skim_core.model.events import DayFinished, Event, Outcome, PhaseTicked
from skim_core.ports.journal import Journal

OpenJournal: TypeAlias = Callable[[], Journal]
"""Opens one more journal on the same store."""

ReturnedT = TypeVar("ReturnedT")

RUN = "orb/XASX/2026-01-05/paper"
OTHER_RUN = "gap_fade/XASX/2026-01-05/paper"
NOW = datetime(2026, 1, 4, 23, 0, tzinfo=UTC)
TERM = timedelta(seconds=30)
MOMENT = timedelta(microseconds=1)
WRITERS = 4


def tick(number: int, phase: str = "manage", at: datetime = NOW) -> PhaseTicked:
    """Return an event that is told from others by its number."""
    return PhaseTicked(at=at + timedelta(seconds=number), phase=phase, attempt=number)


def finish(at: datetime = NOW) -> DayFinished:
    """Return the event that ends a day."""
    return DayFinished(at=at, outcome=Outcome.COMPLETED)


def events_of(journal: Journal, run_id: str = RUN) -> list[Event]:
    """Return a run's events as the journal reads them back."""
    return [record.event for record in journal.read(run_id)]


def race(journals: Sequence[Journal], act: Callable[[Journal, int], ReturnedT]) -> list[ReturnedT]:
    """Let each journal act in a thread of its own, all at once; return what came of each."""
    start = Barrier(len(journals))

    def run(index: int) -> ReturnedT:
        start.wait(timeout=10)
        return act(journals[index], index)

    with ThreadPoolExecutor(len(journals)) as pool:
        return list(pool.map(run, range(len(journals))))


class Contract:
    """A store that is tested."""

    @pytest.fixture
    def open_journal(self) -> Any:
        """Return what opens one more journal on the store of this test: yours to give."""
        raise NotImplementedError

    @pytest.fixture
    def journal(self, open_journal: OpenJournal) -> Journal:
        """Return a journal on an empty store."""
        return open_journal()
