"""Running days as plain lines, for cron, pipes and files."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Self

from skim_core.cli.output import echo
from skim_core.cli.story import Story
from skim_core.model.events import Event
from skim_core.model.trading_day import TradingDay


class PlainView(AbstractContextManager["PlainView"]):
    """Prints each line of the story as it comes, with the strategy's name when there are several."""

    def __init__(self, days: Sequence[TradingDay]) -> None:
        self._stories = {day.run_id: Story() for day in days}
        width = max(len(day.strategy) for day in days)
        self._names = {
            day.run_id: f"{day.strategy:<{width}}  " if len(days) > 1 else "" for day in days
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def hear(self, event: Event, day: TradingDay) -> None:
        """Print the event's line."""
        line = self._stories[day.run_id].tell(event)
        if line is not None:
            echo(self._names[day.run_id] + line.plain(day.session))
