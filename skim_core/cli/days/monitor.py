"""``start_monitoring``: cron's watchdog over begun days, and over those nobody began."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from skim_core.cli.days.owner import end, is_held, is_here
from skim_core.cli.output import echo, print_json
from skim_core.cli.places import calendar_of, open_journal
from skim_core.cli.wanted import Wanted
from skim_core.clock.wall import WallClock
from skim_core.exits import ExitCode, signalled
from skim_core.settings import Settings

if TYPE_CHECKING:
    from skim_core.cli.days.launch import DayRequest
    from skim_core.cli.days.missed import MissedDay
    from skim_core.ports.journal import Journal, Lease

_SIGNALLED = signalled(0)
"""Exit codes above this tell of a signal, which stops the whole command."""

_GRACE = timedelta(minutes=10)
"""How long after the open a day that nobody started is missed."""

_WATCH = timedelta(minutes=5)
"""How often cron's line calls the watchdog."""

_TOLD_EVERY = timedelta(hours=1)
"""How often a day is told of on standard error, and so mailed, that nobody has started."""

_LAST_WORDS = timedelta(seconds=5)
"""How long a process that hangs has to end by itself after SIGTERM."""


def monitor(strategies: Sequence[str], wanted: Wanted) -> int:
    """Go on with every begun day whose process died or hangs; return the exit code.

    With pace ``real`` a day that nobody started in time is told, and what the strategy left
    open is looked after; the code is 1 when it has nothing to look after it with.
    """
    settings = wanted.settings()
    journal = open_journal(settings) if settings.journal_path.exists() else None
    try:
        worst, gone_on = 0, False
        if journal is not None:
            _end_those_that_hang(journal, strategies, settings.lease_term)
            left = list(_interrupted(journal, strategies, wanted))
            gone_on = bool(left)
            worst = _go_on(settings, journal, left, wanted)
        if worst > _SIGNALLED:
            return worst
        missed = _missed(journal, settings, strategies)
        opened = [found for found in missed if found.left]
        if journal is not None and opened:
            from skim_core.cli.days.looking_after import look_after

            return max(worst, look_after(settings, journal, opened, wanted))
        return worst if gone_on else _nothing(settings, wanted, missed)
    finally:
        if journal is not None:
            journal.close()


def _go_on(settings: Settings, journal: Journal, left: Sequence[DayRequest], wanted: Wanted) -> int:
    if not left:
        return ExitCode.DONE
    from skim_core.cli.days.looking_after import go_on

    worst = 0
    for requests in _that_fit_together(left):
        worst = max(worst, go_on(settings, journal, requests, wanted))
        if worst > _SIGNALLED:
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
    from skim_core.cli.days.journaled import asked_for
    from skim_core.cli.days.launch import DayRequest
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


# Processes that hang


def _end_those_that_hang(journal: Journal, strategies: Sequence[str], term: timedelta) -> None:
    """End each process of this host that has let its lease on a day run out."""
    from skim_core.model.events import DayStarted

    for summary in journal.runs(unfinished=True):
        started = summary.first
        if isinstance(started, DayStarted) and (not strategies or started.strategy in strategies):
            lease = journal.lease(summary.run_id)
            if lease is not None and _hangs(journal, lease, term):
                _end(lease)


def _hangs(journal: Journal, lease: Lease, term: timedelta) -> bool:
    clock = WallClock()
    if lease.expires_at > clock.now() or not is_here(lease.owner):
        return False
    from asyncio import run

    # A machine that slept woke its processes when it woke this one: they may need a moment.
    run(clock.sleep_until(clock.now() + term / 2))
    again = journal.lease(lease.run_id)
    return again == lease and is_here(lease.owner)


def _end(lease: Lease) -> None:
    from skim_core.cli.days.looking_after import tell_loudly

    since = WallClock().now() - lease.expires_at
    what = (
        f"the process that runs {lease.run_id} ({lease.owner}) hangs: its lease ran out "
        f"{since.total_seconds():.0f} s ago"
    )
    if end(lease.owner, _LAST_WORDS):
        tell_loudly(f"{what}. It was ended, and its day goes on here.")
    else:
        tell_loudly(f"{what}. It can't be ended from here: end it yourself. Its day goes on here.")


# Days that nobody started


def _missed(
    journal: Journal | None, settings: Settings, strategies: Sequence[str]
) -> Sequence[MissedDay]:
    now = WallClock().now()
    session = calendar_of(settings).current_or_next(now)
    if not session.open + _GRACE <= now < session.close:
        return ()
    if journal is None and not strategies:
        return ()
    from skim_core.cli.days.missed import missed_days

    return missed_days(journal, settings, session, strategies, now)


def _nothing(settings: Settings, wanted: Wanted, missed: Sequence[MissedDay]) -> int:
    now = WallClock().now()
    session = calendar_of(settings).current_or_next(now)
    today = session.local(now).date()
    if missed:
        reason = " ".join([*(found.told for found in missed), "Nothing to do."])
    elif session.date == today:
        reason = "no begun day is without its process: nothing to do."
    else:
        reason = (
            f"{settings.exchange} is closed, the next session is {session.date:%A %Y-%m-%d}: "
            "nothing to do."
        )
    if wanted.as_json:
        print_json({"days": [], "missed": [found.described for found in missed], "reason": reason})
    elif missed and (now - session.open - _GRACE) % _TOLD_EVERY < _WATCH:
        from skim_core.cli.days.looking_after import tell_loudly

        tell_loudly(reason)
    else:
        echo(f"skim: {reason}")
    return ExitCode.DONE
