"""``purge_candidates``: forget what a day has found."""

from __future__ import annotations

from skim_core.cli.launch import DayRequest, calendar_of, free_lease, open_journal, request_day
from skim_core.cli.output import echo, print_json
from skim_core.cli.owner import this_owner
from skim_core.cli.summary import fold
from skim_core.cli.wanted import Wanted
from skim_core.clock.wall import WallClock
from skim_core.errors import ConfigError
from skim_core.model.events import CandidatesPurged
from skim_core.plugins.discovery import Group, find
from skim_core.ports.journal import Journal
from skim_core.settings import Settings


def purge(strategy: str, wanted: Wanted) -> int:
    """Forget a day's candidates and opening ranges; return the exit code."""
    settings = wanted.settings()
    find(Group.STRATEGIES, strategy)
    calendar = calendar_of(settings)
    date = wanted.date
    session = calendar.session(date) if date else calendar.current_or_next(WallClock().now())
    if session is None:
        msg = f"{date} is a day off at {settings.exchange}: name a session's date."
        raise ConfigError(msg)
    forgotten = 0
    if settings.journal_path.exists():
        journal = open_journal(settings)
        try:
            request = request_day(journal, strategy, session, settings.account)
            forgotten = _purge(journal, request, settings)
        finally:
            journal.close()
    if wanted.as_json:
        print_json({"forgotten": forgotten})
    else:
        echo(f"skim: {forgotten} candidates of {strategy} on {session.date} were forgotten.")
    return 0


def _purge(journal: Journal, request: DayRequest, settings: Settings) -> int:
    run_id = request.day.run_id
    now = WallClock().now()
    free_lease(journal, run_id)
    if journal.acquire(run_id, this_owner(), now, settings.lease_term) is None:
        lease = journal.lease(run_id)
        owner = lease.owner if lease else "another process"
        msg = f"{run_id} is being run by {owner}: stop it, or wait for its end."
        raise ConfigError(msg)
    try:
        records = journal.read(run_id)
        folded = fold([record.event for record in records])
        found = len(folded.book.candidates)
        if folded.state is None or folded.state.finished or not found:
            return 0
        # Virtual days go on from their last instant, days on the wall's time from now.
        last = records[-1].event.at
        real = request.started is not None and request.started.pace == "real"
        event = CandidatesPurged(at=max(now, last) if real else last)
        journal.append(run_id, len(records), [event], durable=True)
        return found
    finally:
        journal.release(run_id, this_owner())
