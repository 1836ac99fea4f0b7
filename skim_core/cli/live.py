"""Running days on a terminal: the phases as they stand, and the story below them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Self

from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from skim_core.cli.story import Line, Story
from skim_core.decide.state import DayState, PhaseState, PhaseStatus
from skim_core.decide.transitions import evolve
from skim_core.model.events import DayStarted, Event, Outcome
from skim_core.model.trading_day import TradingDay

_TONES = {
    "title": "bold",
    "done": "green",
    "fill": "cyan",
    "stop": "yellow",
    "gain": "green",
    "loss": "red",
    "warning": "yellow",
    "error": "bold red",
}
_MARKS = {
    PhaseStatus.PENDING: ("·", "dim"),
    PhaseStatus.RUNNING: ("▶", "cyan"),
    PhaseStatus.COMPLETED: ("✔", "green"),
    PhaseStatus.FAILED: ("✘", "bold red"),
    PhaseStatus.SKIPPED: ("-", "yellow"),
}
_LINES_SHOWN = 14


class _Panel:
    """What is shown of one day."""

    def __init__(self, day: TradingDay) -> None:
        self.day = day
        self.story = Story()
        self.state: DayState | None = None
        self.lines: list[Line] = []
        self.recent: deque[Line] = deque(maxlen=_LINES_SHOWN)

    def hear(self, event: Event) -> None:
        line = self.story.tell(event)
        if line is not None:
            self.lines.append(line)
            self.recent.append(line)
        # A day that is resumed begins in the middle: its phases are not known here.
        if self.state is not None or isinstance(event, DayStarted):
            self.state = evolve(self.state, event)

    def render(self, *, whole: bool) -> RenderableType:
        title = Text(f"{self.day.strategy}  {self.day.session.date}", style="bold")
        parts: list[RenderableType] = [title]
        if self.state is not None and not whole:
            parts.append(self._phases(self.state))
        shown = self.lines if whole else list(self.recent)
        parts.extend(self._told(line) for line in shown)
        if whole and self.state is not None:
            parts.append(self._phases(self.state))
        return Group(*parts)

    def _told(self, line: Line) -> Text:
        text = Text(f"{self.day.session.local(line.at):%H:%M:%S}  ", style="dim")
        text.append(f"{line.topic:<13} ", style="bold" if line.tone == "title" else "")
        text.append(line.text, style=_TONES.get(line.tone, ""))
        return text

    def _phases(self, state: DayState) -> Table:
        table = Table(box=box.SIMPLE_HEAD, header_style="dim", pad_edge=False)
        for header in ("", "phase", "last start", "ended", "runs", "retries", ""):
            table.add_column(header)
        for phase in state.phases.values():
            table.add_row(*self._row(phase))
        if state.outcome is not None:
            style = "green" if state.outcome is Outcome.COMPLETED else "bold red"
            table.caption = Text(f"{state.outcome}. {self.story.result()}", style=style)
            table.caption_justify = "left"
        return table

    def _row(self, phase: PhaseState) -> Sequence[Text]:
        mark, style = _MARKS[phase.status]
        session = self.day.session
        times = (
            f"{session.local(moment):%H:%M:%S}" if moment else ""
            for moment in (phase.started_at, phase.completed_at)
        )
        cells = [mark, phase.phase, *times, str(phase.attempt or "")]
        cells += [str(phase.retry_count or ""), phase.error or ""]
        return [
            Text(cell, style=style if index in {0, 6} else "") for index, cell in enumerate(cells)
        ]


class LiveView(AbstractContextManager["LiveView"]):
    """Shows days as they run; what stays on the screen is each day's whole story."""

    def __init__(self, days: Sequence[TradingDay], console: Console | None = None) -> None:
        self._panels = {day.run_id: _Panel(day) for day in days}
        self._console = console or Console(highlight=False)
        self._lock = threading.Lock()
        self._live = Live(
            get_renderable=self._now,
            console=self._console,
            refresh_per_second=12,
            transient=True,
        )

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.__exit__(None, None, None)
        with self._lock:
            for panel in self._panels.values():
                if panel.lines:
                    self._console.print(panel.render(whole=True))

    def hear(self, event: Event, day: TradingDay) -> None:
        """Take an event in."""
        with self._lock:
            self._panels[day.run_id].hear(event)

    def _now(self) -> RenderableType:
        with self._lock:
            return Group(*(panel.render(whole=False) for panel in self._panels.values()))
