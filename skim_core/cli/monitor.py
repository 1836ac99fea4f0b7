"""``start_monitoring``: cron's watchdog over begun days."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from skim_core.cli.output import echo, print_json
from skim_core.cli.owner import is_held
from skim_core.cli.places import calendar_of, open_journal
from skim_core.cli.wanted import Wanted
from skim_core.clock.wall import WallClock
from skim_core.errors import SkimError
from skim_core.settings import Settings

if TYPE_CHECKING:
    from skim_core.cli.launch import DayRequest
    from skim_core.ports.journal import Journal

_SIGNALLED = 128
"""Exit codes above this tell of a signal, which stops the whole command."""


def monitor(strategies: Sequence[str], wanted: Wanted) -> int:
    """Go on with every begun day whose process died; return the exit code."""
    settings = wanted.settings()
    if not settings.journal_path.exists():
        return _nothing(settings, wanted)
    journal = open_journal(settings)
    try:
        left = list(_interrupted(journal, strategies, wanted))
        if not left:
            return _nothing(settings, wanted)
        return _go_on(settings, journal, left, wanted)
    finally:
        journal.close()


def _go_on(settings: Settings, journal: Journal, left: Sequence[DayRequest], wanted: Wanted) -> int:
    from skim_core.cli.start import carry_out

    worst = 0
    for requests in _that_fit_together(left):
        try:
            code = carry_out(settings, journal, requests, wanted)
        except SkimError as error:
            # The days of others may hold positions: they are not left alone for this one.
            if wanted.debug:
                raise
            sys.stderr.write(f"skim: {error}\n")
            code = error.exit_code
        worst = max(worst, code)
        if code > _SIGNALLED:
            break
    return worst


def _that_fit_together(left: Sequence[DayRequest]) -> Iterable[Sequence[DayRequest]]:
    """Return the days in parts: those of one part can share a clock and a broker."""
    parts: dict[str, list[DayRequest]] = {}
    for request in left:
        day = request.started
        if day is not None:
            shared = day.model_dump_json(
                include={"session", "account", "broker", "broker_options", "pace"}
            )
            parts.setdefault(shared, []).append(request)
    return parts.values()


def _interrupted(
    journal: Journal, strategies: Sequence[str], wanted: Wanted
) -> Iterator[DayRequest]:
    from skim_core.cli.journaled import asked_for
    from skim_core.cli.launch import DayRequest
    from skim_core.model.events import DayStarted

    now = WallClock().now()
    for summary in journal.runs(unfinished=True):
        started = summary.first
        if not isinstance(started, DayStarted):
            continue
        if strategies and started.strategy not in strategies:
            continue
        if asked_for(journal, summary.run_id) is not None:
            continue
        lease = journal.lease(summary.run_id)
        if lease is not None and is_held(lease, now):
            if not wanted.as_json:
                echo(f"skim: {summary.run_id} is run by {lease.owner}.")
            continue
        yield DayRequest(
            strategy=started.strategy,
            session=started.session,
            account=started.account,
            started=started,
            resume_at=summary.last.at,
        )


def _nothing(settings: Settings, wanted: Wanted) -> int:
    now = WallClock().now()
    session = calendar_of(settings).current_or_next(now)
    today = session.local(now).date()
    if session.date == today:
        reason = "no begun day is without its process: nothing to do."
    else:
        reason = (
            f"{settings.exchange} is closed, the next session is {session.date:%A %Y-%m-%d}: "
            "nothing to do."
        )
    if wanted.as_json:
        print_json({"days": [], "reason": reason})
    else:
        echo(f"skim: {reason}")
    return 0
