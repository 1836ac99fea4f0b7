"""``start_trading_day``, and one phase of a day by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from skim_core.calendar.sessions import SessionCalendar
from skim_core.cli.days.disabled import without_disabled
from skim_core.cli.days.launch import (
    DayRequest,
    Stopped,
    request_day,
    run_days,
)
from skim_core.cli.days.run import Conditions
from skim_core.cli.output import echo, print_json
from skim_core.cli.places import calendar_of, open_journal
from skim_core.cli.views.choosing import summaries, view_of
from skim_core.cli.wanted import Wanted
from skim_core.clock.wall import WallClock
from skim_core.decide.sequencer import AFTERMATH
from skim_core.errors import ConfigError, SkimError
from skim_core.exits import ExitCode, signalled
from skim_core.model.session import Session
from skim_core.model.times import format_duration
from skim_core.plugins.discovery import Group, find
from skim_core.ports.engine import DayEnd, DayResult
from skim_core.ports.journal import Journal
from skim_core.settings import Settings

EXIT_CODES = {
    DayEnd.COMPLETED: ExitCode.DONE,
    DayEnd.PAUSED: ExitCode.DONE,
    DayEnd.ALREADY: ExitCode.DONE,
    DayEnd.ELSEWHERE: ExitCode.DONE,
    DayEnd.FAILED: ExitCode.FAILED,
    DayEnd.NOT_NOW: ExitCode.FAILED,
    DayEnd.STOPPED: ExitCode.FAILED,
    DayEnd.BROKEN: ExitCode.FAILED,
}


@dataclass(frozen=True)
class Nothing:
    """There is no day to be run now; `reason` says why."""

    reason: str


def start(strategies: Sequence[str], wanted: Wanted, only: str | None = None) -> int:
    """Run the strategies' days, or one phase of one day; return the exit code."""
    settings = wanted.settings()
    names = list(dict.fromkeys(strategies))
    for name in names:
        # One that is disabled may have been uninstalled as well: the others are still run.
        if settings.is_enabled(name):
            find(Group.STRATEGIES, name)
    find(Group.BROKERS, settings.broker)
    found = choose_session(settings, calendar_of(settings), wanted.date, WallClock().now())
    if isinstance(found, Nothing):
        return tell_nothing(found.reason, wanted)
    journal = open_journal(settings)
    try:
        named = [request_day(journal, name, found, settings.account, only) for name in names]
        requests, reasons = without_disabled(named, journal, settings)
        if not requests:
            return tell_nothing(" ".join(reasons), wanted)
        if not wanted.as_json:
            for reason in reasons:
                echo(f"skim: {reason}")
            _tell_missed(requests)
        return carry_out(settings, journal, requests, wanted)
    finally:
        journal.close()


def choose_session(
    settings: Settings, calendar: SessionCalendar, date: dt.date | None, now: dt.datetime
) -> Session | Nothing:
    """Return the session to be run, or why there is none.

    On the wall's time a day can be started from `lead` before the open until its close.
    """
    upcoming = calendar.current_or_next(now - AFTERMATH)
    session = calendar.session(date) if date is not None else upcoming
    if session is None:
        return Nothing(f"{date:%A %Y-%m-%d} is a day off at {settings.exchange}: nothing to do.")
    if settings.pace != "real":
        return session
    begins = session.open - settings.lead
    if now < begins:
        local_now, local_begin = session.local(now), session.local(begins)
        if local_now.date() != session.date and date is None:
            reason = f"{local_now:%A %Y-%m-%d} is a day off at {session.exchange}"
            if calendar.session(local_now.date()) is not None:
                reason = f"the session of {local_now:%A %Y-%m-%d} is over"
            return Nothing(f"{reason}; the next session is {session.date:%A %Y-%m-%d}.")
        return Nothing(
            f"it is {local_now:%H:%M} at {session.exchange}: the day starts at "
            f"{local_begin:%Y-%m-%d %H:%M}, {format_duration(settings.lead)} before the open."
        )
    if now > session.close + AFTERMATH:
        msg = (
            f"the session of {session.date} closed at {session.local(session.close):%H:%M}: "
            "it can't be run on the wall's time any more. Use --pace fast, on the simulator."
        )
        raise ConfigError(msg)
    return session


def carry_out(
    settings: Settings,
    journal: Journal,
    requests: Sequence[DayRequest],
    wanted: Wanted,
    conditions: Conditions | None = None,
) -> int:
    """Run days and show them; return the exit code.

    `conditions` are those of new days; the configured ones when not given.
    """
    if conditions is None:
        options = settings.broker_options(settings.broker)
        conditions = Conditions(settings.broker, settings.pace, options)
    view = view_of(wanted, [request.day for request in requests], journal)
    stopped: Stopped | None = None
    with view:
        try:
            results = run_days(settings, journal, requests, conditions, {"view": view.hear})
        except Stopped as stop:
            stopped, results = stop, stop.results
    if wanted.as_json:
        print_json({"days": summaries(journal, results)})
    else:
        for result in results:
            _tell(result)
    for result in results:
        if wanted.debug and result.error is not None:
            raise result.error
    if stopped is not None:
        return signalled(stopped.number)
    return max(_exit_code(result) for result in results)


def tell_nothing(reason: str, wanted: Wanted) -> int:
    """Say that there is nothing to do; return the exit code for that."""
    if wanted.as_json:
        print_json({"days": [], "reason": reason})
    else:
        echo(f"skim: {reason}")
    return ExitCode.DONE


def _tell_missed(requests: Sequence[DayRequest]) -> None:
    for request in requests:
        if request.started is not None and request.started.missed:
            echo(
                f"skim: the day of {request.strategy} on {request.session.exchange} "
                f"{request.session.date} was missed: only what was open is looked after, "
                "nothing is entered any more.",
                "warning",
            )


def _exit_code(result: DayResult) -> int:
    error = result.error
    return error.exit_code if isinstance(error, SkimError) else EXIT_CODES[result.end]


def _tell(result: DayResult) -> None:
    day = result.day
    what = f"the day of {day.strategy} on {day.session.exchange} {day.session.date}"
    said = {
        DayEnd.ALREADY: f"{what}: {result.reason}, nothing to do.",
        DayEnd.ELSEWHERE: f"{what} is being run by another process ({result.reason}).",
        DayEnd.STOPPED: f"{what} was stopped ({result.reason}): "
        "'skim start_monitoring' goes on with it.",
        DayEnd.NOT_NOW: f"{result.reason}: nothing was done.",
        DayEnd.BROKEN: f"{what} can't go on: {result.reason}",
    }.get(result.end)
    if said is not None:
        echo(f"skim: {said}")
