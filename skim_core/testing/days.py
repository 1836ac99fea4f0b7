"""A whole day of the sequencer without an engine: scripted outcomes on virtual time.

`drive_day` does what an engine does, and nothing else: it plans, carries the plan out,
folds what came of it and jumps to the next instant at which something happens. No hook is
called and nothing sleeps, so a day takes milliseconds and is the same every time.

>>> events = drive_day(GRAPH, session, {"scan": [raises("no data"), returns("20s")]})
>>> [attempt.ending for attempt in attempts(events) if attempt.phase == "scan"]
['phase_retried', 'phase_completed']
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias

from skim_core.decide.attempts import failed, succeeded
from skim_core.decide.sequencer import CancelPhase, Command, Record, StartPhase, plan
from skim_core.decide.state import DayState
from skim_core.decide.transitions import evolve
from skim_core.errors import SequenceError
from skim_core.model import events as ev
from skim_core.model.graph import PhaseGraph
from skim_core.model.session import Session
from skim_core.model.times import parse_duration
from skim_core.model.trading_day import TradingDay

MOST_EVENTS = 100_000
"""A day with more events than this does not end."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one attempt or tick does: it lasts so long, then raises `error` or returns.

    With `lasts` None it hangs until it is cancelled.
    """

    lasts: timedelta | None = timedelta(0)
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Crash:
    """The process dies when the day has `events` events; another takes over `away` later."""

    events: int
    away: timedelta = timedelta(0)


Outcomes: TypeAlias = Mapping[str, Sequence[Attempt]]
"""Each phase's attempts in turn; the last one stands for all that follow.

A phase that is not named returns at once. An attempt that a crash interrupts is begun
again as it was.
"""

HANGS = Attempt(lasts=None)
"""An attempt that never returns by itself."""


def returns(lasts: str | timedelta = "0s") -> Attempt:
    """Return an attempt that succeeds after `lasts`."""
    return Attempt(parse_duration(lasts))


def raises(error: str, lasts: str | timedelta = "0s") -> Attempt:
    """Return an attempt that fails with `error` after `lasts`."""
    return Attempt(parse_duration(lasts), error)


@dataclass(frozen=True)
class ScriptedDay:
    """A day and all that happens in it.

    `happenings` are what comes from outside: crashes, and events such as PositionOpened,
    each at its own `at` (or at the takeover, when nobody was there to hear of it).
    """

    graph: PhaseGraph
    session: Session
    outcomes: Outcomes = field(default_factory=dict)
    happenings: Sequence[ev.Event | Crash] = ()
    started_at: datetime | None = None

    def drive(self) -> list[ev.Event]:
        """Return the day's events, from DayStarted to DayFinished.

        Raises SequenceError when the day does not end.
        """
        engine = _Engine(self)
        while engine.state is None or not engine.state.finished:
            try:
                engine.step()
            except _Died as death:
                engine.take_over(death.away)
        return engine.events


def drive_day(
    graph: PhaseGraph,
    session: Session,
    outcomes: Outcomes | None = None,
    happenings: Sequence[ev.Event | Crash] = (),
    started_at: datetime | None = None,
) -> list[ev.Event]:
    """Return the events of a day with these outcomes; see `ScriptedDay`.

    The day starts at `started_at`, half an hour before the open when not given.
    """
    return ScriptedDay(graph, session, outcomes or {}, happenings, started_at).drive()


def fold(events: Iterable[ev.Event]) -> DayState:
    """Return the state after `events`, which begin with DayStarted.

    Raises SequenceError for events that are no day's.
    """
    state: DayState | None = None
    for event in events:
        state = evolve(state, event)
    if state is None:
        msg = "no events, so no state: a day begins with day_started."
        raise SequenceError(msg)
    return state


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """One attempt or tick as the events tell it.

    `ending` is the kind of the event that ended it, ``day_resumed`` for one that a crash
    interrupted.
    """

    phase: str
    attempt: int
    due: datetime
    started_at: datetime
    ended_at: datetime
    ending: str
    error: str | None = None
    retry_at: datetime | None = None


def attempts(events: Iterable[ev.Event]) -> list[AttemptRecord]:
    """Return every attempt in the order of their ends."""
    records: list[AttemptRecord] = []
    running: dict[str, ev.PhaseRequested] = {}

    def end(phase: str, event: ev.Event) -> None:
        begun = running.pop(phase)
        records.append(
            AttemptRecord(
                phase=phase,
                attempt=begun.attempt,
                due=begun.due,
                started_at=begun.at,
                ended_at=event.at,
                ending=event.kind,
                error=getattr(event, "error", None),
                retry_at=getattr(event, "retry_at", None),
            )
        )

    for event in events:
        match event:
            case ev.PhaseRequested():
                running[event.phase] = event
            case ev.DayResumed():
                for phase in tuple(running):
                    end(phase, event)
            case ev.PhaseTicked() | ev.PhaseRetried() | ev.PhaseCompleted() | ev.PhaseFailed():
                if event.phase in running:
                    end(event.phase, event)
    return records


class _Died(Exception):
    def __init__(self, away: timedelta) -> None:
        self.away = away


class _Engine:
    def __init__(self, day: ScriptedDay) -> None:
        self.day = day
        self.now = day.started_at or day.session.open - timedelta(minutes=30)
        self.events: list[ev.Event] = []
        self.state: DayState | None = None
        self.interrupted = False
        self.running: dict[str, Attempt] = {}
        self.ends: dict[str, datetime] = {}
        self.ended: Counter[str] = Counter()
        self.crashes = {item.events: item for item in day.happenings if isinstance(item, Crash)}
        facts = [item for item in day.happenings if not isinstance(item, Crash)]
        self.facts = deque(sorted(facts, key=lambda fact: fact.at))

    def append(self, event: ev.Event) -> None:
        self.state = evolve(self.state, event)
        self.events.append(event)
        if len(self.events) > MOST_EVENTS:
            msg = f"the day has not ended after {MOST_EVENTS} events: look at the last of them."
            raise SequenceError(msg)
        if crash := self.crashes.get(len(self.events)):
            raise _Died(crash.away)

    def take_over(self, away: timedelta) -> None:
        self.state = fold(self.events)
        self.running.clear()
        self.ends.clear()
        self.now += away
        self.interrupted = True

    def step(self) -> None:
        state = self._begun()
        while self.facts and self.facts[0].at <= self.now:
            self.append(self.facts.popleft().model_copy(update={"at": self.now}))
        for phase in [name for name, end in self.ends.items() if end <= self.now]:
            self._end(phase, self.running[phase].error)
        state = self.state or state
        todo = plan(state, self.now)
        for command in todo.commands:
            self._carry_out(command)
        if not todo.commands:
            moments = [*self.ends.values(), *(fact.at for fact in self.facts)]
            if todo.wake_at is not None:
                moments.append(todo.wake_at)
            if not moments:
                msg = f"nothing will happen to {state.run_id} any more, yet it is not finished."
                raise SequenceError(msg)
            self.now = min(moments)

    def _begun(self) -> DayState:
        if self.state is None:
            day = TradingDay(strategy="example", session=self.day.session, account="paper")
            self.append(
                ev.DayStarted(
                    at=self.now,
                    run_id=day.run_id,
                    strategy=day.strategy,
                    account=day.account,
                    session=day.session,
                    graph=self.day.graph,
                    broker="sim",
                )
            )
        elif self.interrupted:
            self.interrupted = False
            self.append(ev.DayResumed(at=self.now, owner="another"))
        assert self.state is not None
        return self.state

    def _carry_out(self, command: Command) -> None:
        match command:
            case StartPhase(phase=name, attempt=attempt, due=due):
                self.append(ev.PhaseRequested(at=self.now, phase=name, attempt=attempt, due=due))
                self.append(ev.PhaseStarted(at=self.now, phase=name, attempt=attempt))
                script = self.day.outcomes.get(name) or (returns(),)
                self.running[name] = script[min(self.ended[name], len(script) - 1)]
                lasts = self.running[name].lasts
                if lasts is not None:
                    self.ends[name] = self.now + lasts
            case CancelPhase(phase=name, error=error):
                self._end(name, error)
            case Record(event=event):
                self.append(event)

    def _end(self, phase: str, error: str | None) -> None:
        del self.running[phase]
        self.ends.pop(phase, None)
        self.ended[phase] += 1
        assert self.state is not None
        if error is None:
            self.append(succeeded(self.state, phase, self.now))
        else:
            self.append(failed(self.state, phase, self.now, error))
