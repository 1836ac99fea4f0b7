"""What is shown of running days: a live view on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, Self

from skim_core.cli.wanted import Wanted
from skim_core.cli.words.summary import summary
from skim_core.model.events import Event
from skim_core.model.trading_day import TradingDay
from skim_core.ports.engine import DayResult
from skim_core.ports.journal import Journal


class View(AbstractContextManager[Any], Protocol):
    """Shows days as they run."""

    def hear(self, event: Event, day: TradingDay) -> None:
        """Take an event in; called in a thread of its own."""


class Silence(AbstractContextManager["Silence"]):
    """Shows nothing: the result is told at the end."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def hear(self, event: Event, day: TradingDay) -> None:
        """Do nothing."""


def view_of(wanted: Wanted, days: Sequence[TradingDay], journal: Journal) -> View:
    """Return the view for where the output goes; it knows what the days have been before."""
    if wanted.as_json:
        return Silence()
    past = {day.run_id: [record.event for record in journal.read(day.run_id)] for day in days}
    if sys.stdout.isatty():
        from skim_core.cli.views.live import LiveView

        return LiveView(days, past=past)
    from skim_core.cli.views.plain import PlainView

    return PlainView(days, past)


def summaries(journal: Journal, results: Sequence[DayResult]) -> list[dict[str, Any]]:
    """Return what became of each day, for --json."""
    return [
        summary(result, [record.event for record in journal.read(result.day.run_id)])
        for result in results
    ]
