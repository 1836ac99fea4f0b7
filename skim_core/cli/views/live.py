"""Running days on a terminal: the story scrolls by, and below it stands each day."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Self, TextIO

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.live import Live
from rich.table import Table
from rich.text import Text

from skim_core.cli.output import STYLES, terminal
from skim_core.cli.views.panel import WIDEST, DayPanel
from skim_core.cli.words.story import Line
from skim_core.model.events import Event
from skim_core.model.trading_day import TradingDay

_BETWEEN_DRAWINGS = 1 / 12
"""Seconds of wall time: a day that takes one second is seen to move, and nothing flickers."""


class LiveView(AbstractContextManager["LiveView"]):
    """Shows days as they run; what stays on the screen is the story and how each day ended.

    `past` are the events that a day had before, by run id: they count, and are not told
    again. Log lines, and whatever a plugin prints, appear among the story.
    """

    def __init__(
        self,
        days: Sequence[TradingDay],
        console: Console | None = None,
        past: Mapping[str, Sequence[Event]] | None = None,
    ) -> None:
        known = past or {}
        self._panels = {day.run_id: DayPanel(day, known.get(day.run_id, ())) for day in days}
        self._console = console or terminal()
        self._lock = threading.Lock()
        self._told: list[tuple[TradingDay, Line]] = []
        self._changed = False
        self._over = threading.Event()
        self._live = Live(
            _Standings(self),
            console=self._console,
            auto_refresh=False,
            transient=True,
            redirect_stderr=sys.stderr.isatty(),
        )
        self._logs = _Logs()
        self._drawing = threading.Thread(target=self._draw_on, name="skim view", daemon=True)

    def __enter__(self) -> Self:
        stderr = sys.stderr
        self._live.start()
        self._logs.move(stderr, sys.stderr)
        self._drawing.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._drawing.join()
        self._draw()
        self._logs.move_back()
        self._live.stop()
        for panel in self._panels.values():
            if panel.heard:
                self._console.print(panel.full(), width=self._width)

    def hear(self, event: Event, day: TradingDay) -> None:
        """Take an event in; safe to call from any thread."""
        with self._lock:
            line = self._panels[day.run_id].hear(event)
            if line is not None:
                self._told.append((day, line))
            self._changed = True

    def standings(self, height: int) -> Sequence[RenderableType]:
        """Draw how each day stands, in at most `height` lines where that can be."""
        with self._lock:
            panels = [panel for panel in self._panels.values() if panel.heard]
            if self._over.is_set() or not panels:
                return []
            if sum(panel.height for panel in panels) < height:
                return [panel.full() for panel in panels]
            rows = Table.grid(padding=(0, 2))
            for panel in panels:
                rows.add_row(*panel.short())
            return [rows]

    @property
    def _width(self) -> int:
        return min(self._console.width, WIDEST)

    def _draw_on(self) -> None:
        while not self._over.wait(_BETWEEN_DRAWINGS):
            self._draw()

    def _draw(self) -> None:
        with self._lock:
            told, self._told = self._told, []
            changed, self._changed = self._changed, False
        if told:
            self._console.print(self._story(told))
        elif changed:
            self._live.refresh()

    def _story(self, told: Sequence[tuple[TradingDay, Line]]) -> Table:
        story = Table.grid(padding=(0, 2, 0, 0))
        names = len(self._panels) > 1
        if names:
            story.add_column(min_width=max(len(day.strategy) for day, _ in told), no_wrap=True)
        story.add_column(width=8)
        story.add_column(width=max(self._panels[day.run_id].topic_width for day, _ in told))
        story.add_column(overflow="fold")
        for day, line in told:
            style = STYLES[line.tone]
            cells = [
                Text(f"{day.session.local(line.at):%H:%M:%S}", STYLES["aside"]),
                Text(line.topic, STYLES["title"] if line.tone == "title" else ""),
                Text(" ".join(line.text.split()), style),
            ]
            if names:
                cells.insert(0, Text(day.strategy, STYLES["title"]))
            story.add_row(*cells)
        return story


class _Standings:
    """What stands below the story, drawn as it is at the moment of drawing."""

    def __init__(self, view: LiveView) -> None:
        self._view = view

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = min(options.max_width, WIDEST)
        for drawn in self._view.standings(options.size.height - 1):
            yield from console.render(drawn, options.update(width=width))


class _Logs:
    """Turns log handlers from one stream to another, so that no log line tears the picture."""

    def __init__(self) -> None:
        self._moved: list[tuple[logging.StreamHandler[TextIO], TextIO]] = []

    def move(self, old: TextIO, new: TextIO) -> None:
        """Let the handlers that write to `old` write to `new`."""
        for handler in logging.getLogger().handlers:
            if isinstance(handler, logging.StreamHandler) and handler.stream is old:
                handler.setStream(new)
                self._moved.append((handler, old))

    def move_back(self) -> None:
        """Let them write where they wrote before."""
        for handler, old in self._moved:
            handler.setStream(old)
        self._moved.clear()
