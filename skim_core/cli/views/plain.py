"""Running days as plain lines, for cron, pipes and files."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Self

from skim_core.cli.output import echo
from skim_core.cli.words.story import Story
from skim_core.model.events import Event
from skim_core.model.trading_day import TradingDay


class PlainView(AbstractContextManager["PlainView"]):
    """Prints each line of the story as it comes, with the strategy's name when there are several.

    `past` are the events that a day had before, by run id: they are known, and not told
    again.
    """

    def __init__(
        self, days: Sequence[TradingDay], past: Mapping[str, Sequence[Event]] | None = None
    ) -> None:
        self._lock = threading.Lock()
        self._stories = {day.run_id: Story() for day in days}
        for run_id, events in (past or {}).items():
            for event in events:
                self._stories[run_id].skip(event)
        width = max(len(day.strategy) for day in days)
        self._names = {
            day.run_id: f"{day.strategy:<{width}}  " if len(days) > 1 else "" for day in days
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def hear(self, event: Event, day: TradingDay) -> None:
        """Print the event's line; safe to call from any thread."""
        with self._lock:
            line = self._stories[day.run_id].tell(event)
            if line is None:
                return
            try:
                echo(self._names[day.run_id] + line.plain(day.session))
            except BrokenPipeError:
                # The reader of the pipe left. The day goes on, and says nothing more.
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
