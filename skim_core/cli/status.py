"""``status``: how the days of a session stand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from skim_core.cli.days.controls import controls_of, standing_halts
from skim_core.cli.days.journaled import asked_for, begun_days, session_looked_at
from skim_core.cli.days.missed import missed_days
from skim_core.cli.days.owner import is_held
from skim_core.cli.output import Toned, echo, local_time, print_json, table
from skim_core.cli.places import calendar_of, open_journal
from skim_core.cli.standing import Standing, fold
from skim_core.cli.wanted import Wanted
from skim_core.cli.words.concerns import concerns
from skim_core.cli.words.phrases import counted, order_text
from skim_core.cli.words.summary import described
from skim_core.clock.wall import WallClock
from skim_core.decide.state import PhaseState
from skim_core.exits import ExitCode
from skim_core.model.controls import Halt
from skim_core.model.events import DayStarted
from skim_core.model.session import Session
from skim_core.plugins.discovery import Group, find
from skim_core.ports.journal import Journal
from skim_core.settings import Settings

_GRACE = timedelta(minutes=2)
"""How long after its time a day that cron starts may take to be in the journal."""

_UNWELL = {"failed", "interrupted"}

_TONES = {
    "completed": "done",
    "running": "active",
    "failed": "error",
    "interrupted": "error",
    "skipped": "warning",
    "pending": "aside",
    "by hand": "active",
    "not started": "aside",
}


@dataclass(frozen=True)
class _Day:
    """One day of the session; `owner` is the process that runs it, None when none does.

    `due`: when it should have begun, if that has passed and nobody has started it.
    """

    strategy: str
    session: Session
    account: str
    state: str
    owner: str | None = None
    started: DayStarted | None = None
    standing: Standing | None = None
    due: datetime | None = None

    @property
    def late(self) -> bool:
        """Whether it should have begun by now, and nobody has started it."""
        return self.due is not None

    @property
    def needs_a_person(self) -> bool:
        """Whether somebody has to see to the day."""
        standing = self.standing or Standing()
        return (
            self.late
            or self.state in _UNWELL
            or any(concern.urgent for concern in concerns(standing, self.session))
        )


@dataclass(frozen=True)
class _Look:
    """What is looked at: a session, at an instant, of one strategy or (None) of all."""

    settings: Settings
    begun: Sequence[DayStarted]
    session: Session
    strategy: str | None
    now: datetime


def show_status(strategy: str | None, wanted: Wanted) -> int:
    """Show how the days of a session stand; return 1 when one needs a person, else 0.

    One that failed or was interrupted does, one that nobody started though its time has come,
    an order that is unknown, a position without a stop. The session is the one that was asked for, else today's, else the next, and with it
    whatever was interrupted before. Strategies that are named or configured are shown before
    they have begun. Makes no journal.
    """
    settings = wanted.settings()
    journal = open_journal(settings) if settings.journal_path.exists() else None
    now = WallClock().now()
    try:
        begun = begun_days(journal) if journal is not None else []
        if strategy not in {day.strategy for day in begun}:
            _check_installed(strategy)
        session = session_looked_at(
            begun, calendar_of(settings), wanted.date, now, settings.exchange
        )
        if session is None:
            reason = f"{wanted.date:%A %Y-%m-%d} is a day off at {settings.exchange}."
            return _tell_nothing(reason, wanted)
        look = _Look(settings, begun, session, strategy, now)
        days = list(_begun(journal, look)) if journal is not None else []
        days += _not_begun(journal, look)
        if journal is None:
            days = [day for day in days if day.late]
        elif wanted.date is None:
            days = [*_left_behind(journal, session, strategy), *days]
        halts = []
        if journal is not None:
            halts = standing_halts(controls_of(journal), settings.account)
    finally:
        if journal is not None:
            journal.close()
    if journal is None and not days:
        return _tell_nothing(f"nothing was run yet: there is no {settings.journal_path}.", wanted)
    if not days and not halts:
        return _tell_nothing(_nothing_of(session, begun, strategy), wanted, session)
    if wanted.as_json:
        told = [_described(day) for day in days]
        standing = [halt.model_dump() for halt in halts]
        print_json({"session": session.model_dump(), "halts": standing, "days": told})
    else:
        _print(days, halts, session)
    return ExitCode.FAILED if any(day.needs_a_person for day in days) else ExitCode.DONE


def _print(days: Sequence[_Day], halts: Sequence[Halt], session: Session) -> None:
    for halt in halts:
        whose = halt.strategy or f"all strategies of the account {halt.account}"
        sold = ", and what is held is sold" if halt.flatten else ""
        option = f" --strategy {halt.strategy}" if halt.strategy else ""
        since = f"{session.local(halt.at):%Y-%m-%d %H:%M:%S}"
        echo(
            f"HALTED: entries of {whose}, by {halt.by} since {since}: {halt.why}{sold}. "
            f"'skim resume{option}' takes it back.",
            "warning",
        )
    for index, day in enumerate(days):
        if index or halts:
            echo()
        _print_day(day)


def _check_installed(strategy: str | None) -> None:
    if strategy is not None:
        find(Group.STRATEGIES, strategy)


def _begun(journal: Journal, look: _Look) -> Iterator[_Day]:
    for started in look.begun:
        if _is_of(started, look.session) and look.strategy in {None, started.strategy}:
            yield _day(journal, started)


def _not_begun(journal: Journal | None, look: _Look) -> Iterator[_Day]:
    """Yield the days that nobody has begun: of whom was named, or configured, or holds something."""
    settings, session = look.settings, look.session
    due = session.open - settings.lead
    passed = due + _GRACE <= look.now < session.close
    wanted = {look.strategy} if look.strategy else set(settings.strategies)
    # Of a disabled strategy nothing is due but the care for what it left open.
    names = {name for name in wanted if settings.is_enabled(name)}
    if passed and not look.strategy and journal is not None:
        missed = missed_days(journal, settings, session, (), look.now)
        names |= {found.day.strategy for found in missed}
    here = {day.strategy for day in look.begun if _is_of(day, session)}
    for name in sorted(names - here):
        paces = {settings.pace, *[day.pace for day in look.begun if day.strategy == name][-1:]}
        late = passed and "real" in paces
        yield _Day(name, session, settings.account, "not started", due=due if late else None)


def _is_of(day: DayStarted, session: Session) -> bool:
    return (day.session.exchange, day.session.date) == (session.exchange, session.date)


def _left_behind(journal: Journal, session: Session, strategy: str | None) -> Iterator[_Day]:
    """Yield the interrupted days of other sessions."""
    for run in journal.runs(unfinished=True):
        started = run.first
        if not isinstance(started, DayStarted) or strategy not in {None, started.strategy}:
            continue
        if not _is_of(started, session):
            day = _day(journal, started)
            if day.state == "interrupted":
                yield day


def _day(journal: Journal, started: DayStarted) -> _Day:
    # The lease before the events: a day that ends in between is then seen as ended.
    lease = journal.lease(started.run_id)
    standing = fold(record.event for record in journal.read(started.run_id))
    owner = None
    if standing.state is not None and standing.state.outcome is not None:
        state = standing.state.outcome.value
    elif lease is None or not is_held(lease, WallClock().now()):
        state = "interrupted" if asked_for(journal, started.run_id) is None else "by hand"
    else:
        state, owner = "running", lease.owner
    return _Day(started.strategy, started.session, started.account, state, owner, started, standing)


def _nothing_of(session: Session, begun: Sequence[DayStarted], strategy: str | None) -> str:
    reason = f"no day of {session.exchange} {session.date:%A %Y-%m-%d} was begun"
    latest = next((day for day in reversed(begun) if strategy in {None, day.strategy}), None)
    if latest is None:
        return f"{reason}."
    return (
        f"{reason}. The last that was begun is {latest.strategy}'s: 'skim status "
        f"--exchange {latest.session.exchange} --session {latest.session.date}' shows it."
    )


def _tell_nothing(reason: str, wanted: Wanted, session: Session | None = None) -> int:
    if wanted.as_json:
        told = session.model_dump() if session is not None else None
        print_json({"session": told, "days": [], "reason": reason})
    else:
        echo(f"skim: {reason}")
    return ExitCode.DONE


def _described(day: _Day) -> dict[str, Any]:
    return {
        "run_id": day.started.run_id if day.started else None,
        "strategy": day.strategy,
        "account": day.account,
        "broker": day.started.broker if day.started else None,
        "state": day.state,
        "missed": day.started.missed if day.started else False,
        "late": day.late,
        "disabled": day.started.disabled if day.started else False,
        "needs_a_person": day.needs_a_person,
        "owner": day.owner,
        **described(day.standing or Standing()),
    }


def _print_day(day: _Day) -> None:
    session = day.session
    by = f" by {day.owner}" if day.owner else ""
    heading = (
        f"{day.strategy} on {session.exchange} {session.date:%a %Y-%m-%d}, "
        f"account {day.account}: {day.state}{by}"
    )
    echo(heading, "error" if day.needs_a_person else "title")
    if day.started is not None and day.started.missed:
        echo("The day was missed: only what was open is looked after.", "warning")
    if day.started is not None and day.started.disabled:
        echo("The strategy is disabled: only what was open is looked after.", "warning")
    if day.state == "interrupted":
        echo("No process runs it: 'skim start_monitoring' goes on with it.", "warning")
    if day.due is not None:
        echo(
            f"It was due at {session.local(day.due):%H:%M} and nobody has started it: 'skim start_trading_day --strategy "
            f"{day.strategy} --pace real' begins it.",
            "error",
        )
    if day.state == "by hand":
        echo("Phases were run by hand: 'skim start_trading_day' goes on with it.")
    standing = day.standing
    if standing is None or standing.state is None:
        return
    for concern in concerns(standing, session):
        echo(concern.text, "error" if concern.urgent else "warning")
    headers = ("phase", "status", "started", "completed", "attempts", "retries", "error")
    table(headers, [_phase_row(session, phase) for phase in standing.state.phases.values()])
    for position in standing.book.positions.values():
        echo(f"holds {position.quantity} {position.symbol} at {position.average_price:f}")
    for order in standing.live_orders:
        echo(f"order {order_text(order)} ({order.purpose})")
    echo(
        f"{counted(len(standing.book.candidates), 'candidate')}, "
        f"{counted(len(standing.trades), 'trade')}, profit {standing.profit:+,.2f} after costs",
        "loss" if standing.profit < 0 else "gain" if standing.profit > 0 else "",
    )


def _phase_row(session: Session, phase: PhaseState) -> Sequence[object]:
    status = phase.status.value
    return (
        phase.phase,
        Toned(status, _TONES[status]),
        local_time(session, phase.started_at),
        local_time(session, phase.completed_at),
        phase.attempt or None,
        phase.retry_count or None,
        Toned(phase.error or "", "warning" if status == "skipped" else "error"),
    )
