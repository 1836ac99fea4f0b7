"""``purge_candidates``: forget what a day has found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from skim_core.cli.days.journaled import begun_days, session_looked_at
from skim_core.cli.days.launch import free_lease
from skim_core.cli.days.owner import this_owner
from skim_core.cli.output import echo, print_json
from skim_core.cli.places import calendar_of, open_journal
from skim_core.cli.standing import fold
from skim_core.cli.wanted import Wanted
from skim_core.clock.wall import WallClock
from skim_core.exits import ExitCode
from skim_core.model.events import CandidatesPurged, DayStarted
from skim_core.model.trading_day import TradingDay
from skim_core.plugins.discovery import Group, find
from skim_core.ports.journal import Journal, Record
from skim_core.settings import Settings


@dataclass(frozen=True)
class _Purged:
    """What was forgotten, and in words what happened."""

    reason: str
    forgotten: int = 0
    exit_code: ExitCode = ExitCode.DONE


def purge(strategy: str, wanted: Wanted) -> int:
    """Forget a day's candidates and opening ranges; return the exit code.

    The day is of the session that `status` shows. One that another process runs is left
    alone, and the code is 1.
    """
    settings = wanted.settings()
    find(Group.STRATEGIES, strategy)
    purged = _Purged(f"no day of {strategy} was begun: nothing to purge.")
    if settings.journal_path.exists():
        journal = open_journal(settings)
        try:
            purged = _find_and_purge(journal, strategy, settings, wanted)
        finally:
            journal.close()
    if wanted.as_json:
        print_json({"forgotten": purged.forgotten, "reason": purged.reason})
    else:
        echo(f"skim: {purged.reason}")
    return purged.exit_code


def _find_and_purge(journal: Journal, strategy: str, settings: Settings, wanted: Wanted) -> _Purged:
    calendar, now = calendar_of(settings), WallClock().now()
    begun = begun_days(journal)
    session = session_looked_at(begun, calendar, wanted.date, now, settings.exchange)
    if session is None:
        return _Purged(f"{wanted.date:%A %Y-%m-%d} is a day off at {settings.exchange}.")
    day = TradingDay(strategy=strategy, session=session, account=settings.account)
    if not any(started.run_id == day.run_id for started in begun):
        return _Purged(f"{day.run_id} was not begun: nothing to purge.")
    free_lease(journal, day.run_id)
    if journal.acquire(day.run_id, this_owner(), now, settings.lease_term) is None:
        lease = journal.lease(day.run_id)
        owner = lease.owner if lease else "another process"
        reason = f"{day.run_id} is being run by {owner}: stop that first, or wait for its end."
        return _Purged(reason, exit_code=ExitCode.FAILED)
    try:
        return _purge(journal, day.run_id, now)
    finally:
        journal.release(day.run_id, this_owner())


def _purge(journal: Journal, run_id: str, now: datetime) -> _Purged:
    records = journal.read(run_id)
    standing = fold(record.event for record in records)
    if standing.state is None or standing.state.finished:
        return _Purged(f"{run_id} is over: nothing to purge.")
    if not standing.book.candidates and not standing.book.ranges:
        return _Purged(f"{run_id} has no candidates: nothing to purge.")
    event = CandidatesPurged(at=_instant(records, now))
    journal.append(run_id, records[-1].sequence, [event], durable=True)
    count = len(standing.book.candidates)
    noun = "candidate was" if count == 1 else "candidates were"
    return _Purged(f"{count} {noun} forgotten, of {run_id}.", count)


def _instant(records: Sequence[Record], now: datetime) -> datetime:
    """Return when a day that no process runs goes on: now, or on virtual time where it was left."""
    first, last = records[0].event, records[-1].event.at
    real = isinstance(first, DayStarted) and first.pace == "real"
    return max(now, last) if real else last
