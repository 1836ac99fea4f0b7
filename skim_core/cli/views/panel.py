"""One running day as it is drawn on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from skim_core.cli.output import STYLES
from skim_core.cli.standing import Standing
from skim_core.cli.words.concerns import concerns
from skim_core.cli.words.phrases import counted
from skim_core.cli.words.story import Line, Story
from skim_core.decide.state import DayState, PhaseState, PhaseStatus
from skim_core.errors import SequenceError
from skim_core.model import events as ev
from skim_core.model.trading_day import TradingDay

WIDEST = 112
"""Columns of a panel at most: a wider one is harder to read."""

_MARKS = {
    PhaseStatus.PENDING: ("·", ".", "aside"),
    PhaseStatus.RUNNING: ("▶", ">", "active"),
    PhaseStatus.COMPLETED: ("✔", "+", "done"),
    PhaseStatus.FAILED: ("✘", "x", "error"),
    PhaseStatus.SKIPPED: ("–", "-", "warning"),  # noqa: RUF001  a dash is meant
}

_BORDERS = {ev.Outcome.COMPLETED: "green", ev.Outcome.FAILED: "red", None: "cyan"}

_FOUND: dict[type[ev.Event], Callable[[Any], str]] = {
    ev.CandidatesScanned: lambda event: counted(len(event.candidates), "candidate"),
    ev.OpeningRangesTracked: lambda event: counted(len(event.ranges), "opening range"),
    ev.CandidatesAlerted: lambda event: counted(len(event.alerts), "alert"),
}


class DayPanel:
    """Takes a day's events in, and draws how it stands.

    `past` are the events that it had before. Without them a day that goes on from its
    middle is drawn without its phases.
    """

    def __init__(self, day: TradingDay, past: Iterable[ev.Event] = ()) -> None:
        self.day = day
        self.heard = False
        self._story = Story()
        self._standing: Standing | None = None
        self._now: datetime | None = None
        self._found: dict[str, str] = {}
        for event in past:
            self._fold(event)
            self._story.skip(event)

    def hear(self, event: ev.Event) -> Line | None:
        """Take an event in, and return the line of the story that it is worth."""
        self.heard = True
        self._fold(event)
        return self._story.tell(event)

    @property
    def topic_width(self) -> int:
        """Columns that the topics of the story need."""
        names = [phase.name for phase in self._state.graph] if self._state else []
        return max((13, *map(len, names)))

    @property
    def height(self) -> int:
        """Lines that the panel takes, as long as none of them is wrapped."""
        return 4 + (len(self._state.phases) if self._state else 0)

    def full(self) -> RenderableType:
        """Draw the day with each of its phases."""
        parts: list[RenderableType] = []
        if self._state is not None:
            parts.append(_Phases(self._state, self._found))
        parts += [Text(), self._footer()]
        return Panel(
            Group(*parts),
            title=self._title(),
            title_align="left",
            border_style=_BORDERS[self._outcome],
            box=box.ROUNDED,
            padding=(0, 1),
        )

    def short(self) -> Sequence[RenderableType]:
        """Draw the day as the cells of a row: name, time, how far it is, phases, result."""
        state = self._state
        phases = Text()
        if state is not None:
            ended = sum(phase.status.ended for phase in state.phases.values())
            failed = any(phase.status is PhaseStatus.FAILED for phase in state.phases.values())
            phases = Text(f"{ended}/{len(state.phases)} phases", STYLES["error" if failed else ""])
        name = Text(self.day.strategy, STYLES["title"], no_wrap=True)
        return name, self._time(), self._bar(20), phases, self._result()

    @property
    def _state(self) -> DayState | None:
        return self._standing.state if self._standing is not None else None

    @property
    def _outcome(self) -> ev.Outcome | None:
        return self._state.outcome if self._state is not None else None

    def _fold(self, event: ev.Event) -> None:
        self._now = event.at
        if describe := _FOUND.get(type(event)):
            self._found[event.phase] = describe(event)  # type: ignore[union-attr]  # all have one
        if isinstance(event, ev.DayStarted):
            self._standing = Standing()
        if self._standing is None:
            return
        try:
            self._standing.apply(event)
        except (SequenceError, KeyError):
            # A view must not fall over events that were lost on the way to it.
            self._standing = None

    def _title(self) -> Text:
        session = self.day.session
        hours = f"{session.local(session.open):%H:%M} to {session.local(session.close):%H:%M}"
        half = ", a half day" if session.half_day else ""
        where = f"  {session.exchange} {session.date:%a %Y-%m-%d}, {hours}{half}"
        title = Text.assemble((self.day.strategy, STYLES["title"]), (where, "default"))
        if self._outcome is not None:
            tone = "done" if self._outcome is ev.Outcome.COMPLETED else "error"
            title.append(f"  {self._outcome}", STYLES[tone])
        return title

    def _footer(self) -> Table:
        footer = Table.grid(padding=(0, 2), expand=True)
        footer.add_column()
        footer.add_column(ratio=1)
        footer.add_column(justify="right")
        footer.add_row(self._time(), self._bar(None), self._result())
        return footer

    def _time(self) -> Text:
        moment = self._now or self.day.session.open
        return Text(f"{self.day.session.local(moment):%H:%M:%S}", no_wrap=True)

    def _bar(self, width: int | None) -> ProgressBar:
        session = self.day.session
        gone = ((self._now or session.open) - session.open) / (session.close - session.open)
        done = 1.0 if self._outcome is not None else min(max(gone, 0.0), 1.0)
        return ProgressBar(
            total=1.0,
            completed=done,
            width=width,
            complete_style="cyan",
            finished_style=_BORDERS[self._outcome],
        )

    def _result(self) -> Text:
        standing = self._standing
        parts = []
        if standing is not None and standing.book.positions:
            parts.append(counted(len(standing.book.positions), "position"))
        if standing is not None and standing.live_orders:
            parts.append(counted(len(standing.live_orders), "live order"))
        parts.append(counted(self._story.trades, "trade"))
        result = Text(no_wrap=True)
        for text, tone in self._troubles():
            result.append(f"{text}  ", STYLES[tone])
        result.append("  ".join(parts))
        profit = self._story.profit
        if self._story.trades:
            result.append(f"  {profit:+,.2f}", f"bold {STYLES['gain' if profit >= 0 else 'loss']}")
        return result

    def _troubles(self) -> Sequence[tuple[str, str]]:
        standing = self._standing
        if standing is None or self._outcome is not None:
            return ()
        urgent = sum(concern.urgent for concern in concerns(standing, self.day.session))
        found = [
            (standing.book.halted is not None, "halted", "warning"),
            (not standing.book.connected, "no connection", "error"),
            (urgent > 0, f"{urgent} to see to", "error"),
        ]
        return [(text, tone) for is_so, text, tone in found if is_so]


class _Phases:
    """The phases of a day as a table; its marks fit what the terminal can show."""

    def __init__(self, state: DayState, found: dict[str, str]) -> None:
        self._state = state
        self._found = dict(found)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
        table.add_column("")
        table.add_column("phase", no_wrap=True)
        table.add_column("started", no_wrap=True)
        table.add_column("ended", no_wrap=True)
        table.add_column("runs", no_wrap=True)
        table.add_column("", overflow="fold")
        for phase in self._state.phases.values():
            table.add_row(*self._row(phase, plain=options.ascii_only))
        yield table

    def _row(self, phase: PhaseState, *, plain: bool) -> Sequence[Text]:
        # Between two ticks a repeating phase is pending for the sequencer, but at work for us.
        active = phase.status is PhaseStatus.PENDING and phase.attempt > 0
        status = PhaseStatus.RUNNING if active else phase.status
        drawn, typed, tone = _MARKS[status]
        if active and phase.error:
            tone = "warning"
        times = [self._time(phase.started_at), self._time(phase.completed_at)]
        name_style = STYLES["aside"] if tone == "aside" else STYLES["title"]
        return (
            Text(typed if plain else drawn, STYLES[tone]),
            Text(phase.phase, name_style),
            *(Text(time, STYLES["aside"]) for time in times),
            Text(self._runs(phase)),
            self._note(phase, tone),
        )

    def _time(self, moment: datetime | None) -> str:
        return f"{self._state.session.local(moment):%H:%M:%S}" if moment else ""

    def _runs(self, phase: PhaseState) -> str:
        if self._state.graph[phase.phase].repeats and phase.attempt:
            return counted(phase.attempt, "tick")
        return f"{phase.attempt} attempts" if phase.attempt > 1 else ""

    def _note(self, phase: PhaseState, tone: str) -> Text:
        if phase.error:
            return Text(" ".join(phase.error.split()), STYLES[tone])
        return Text(self._found.get(phase.phase, ""))
