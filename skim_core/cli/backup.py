"""``backup``, ``restore``: copies of the journal, and the way back from one."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from skim_core.cli.days.owner import is_held
from skim_core.cli.output import echo, print_json
from skim_core.cli.wanted import Wanted
from skim_core.cli.words.phrases import counted
from skim_core.clock.wall import WallClock
from skim_core.errors import JournalError
from skim_core.exits import ExitCode
from skim_core.journal.backup import Holds, back_up
from skim_core.journal.backup import restore as put_back
from skim_core.journal.sqlite import SqliteJournal


def make_backup(target: Path | None, wanted: Wanted) -> int:
    """Copy the journal while days run, prove the copy, and return the exit code."""
    settings = wanted.settings()
    now = WallClock().now()
    place = target or settings.directory / "backups" / f"journal-{now:%Y%m%dT%H%M%SZ}.sqlite"
    holds = back_up(settings.journal_path, place)
    if wanted.as_json:
        print_json({"backup": place.absolute(), **_described(holds)})
    else:
        echo(f"skim: {_told(holds)} copied to {place}, and read back.", "done")
    return ExitCode.DONE


def restore_backup(backup: Path, wanted: Wanted) -> int:
    """Put a copy in the journal's place, and return the exit code.

    Raises ConfigError when there is no such copy, JournalError while a process runs a day of
    the journal that is there.
    """
    settings = wanted.settings()
    journal = settings.journal_path
    _refuse_while_a_day_runs(journal)
    holds, before = put_back(backup, journal, WallClock().now())
    if wanted.as_json:
        print_json({"journal": journal.absolute(), "before": before, **_described(holds)})
        return ExitCode.DONE
    echo(f"skim: {_told(holds)} restored to {journal}.", "done")
    if before is not None:
        echo(f"The journal that was there is now {before}.")
    since = f" since {holds.last_at:%Y-%m-%d %H:%M:%S} UTC" if holds.last_at else ""
    echo(
        f"What happened{since} is not in it. Look at the broker's orders and positions before "
        "you start a day: what skim sent since then it takes for somebody else's.",
        "warning",
    )
    return ExitCode.DONE


def _refuse_while_a_day_runs(journal: Path) -> None:
    if not journal.exists():
        return
    try:
        store = SqliteJournal.open(journal)
    except JournalError:
        return  # It can't be used: nobody runs a day of it.
    now = WallClock().now()
    with closing(store):
        for run in store.runs(unfinished=True):
            lease = store.lease(run.run_id)
            if lease is not None and is_held(lease, now):
                msg = (
                    f"{run.run_id} is run by {lease.owner}: stop that process first, and the "
                    "cron lines or timers that would start another."
                )
                raise JournalError(msg)


def _told(holds: Holds) -> str:
    return f"{counted(holds.days, 'day')}, {counted(holds.events, 'event')}"


def _described(holds: Holds) -> dict[str, object]:
    return {"days": holds.days, "events": holds.events, "last_at": holds.last_at}
