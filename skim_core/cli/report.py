"""``report``: one file that shows a day or a replay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from skim_core.cli.days.journaled import begun_days, day_named, fits
from skim_core.cli.output import echo, print_json
from skim_core.cli.places import open_journal
from skim_core.cli.wanted import Wanted
from skim_core.errors import ConfigError, nearest
from skim_core.exits import ExitCode
from skim_core.model.events import DayStarted
from skim_core.report.model import Report
from skim_core.settings import Settings


@dataclass(frozen=True)
class Reported:
    """What ``skim report`` was asked for: a replay's folder or a day; nothing: the latest day."""

    run: str | None = None
    strategy: str | None = None
    form: str | None = None
    out: Path | None = None
    pictures: int = 12


def make_report(asked: Reported, wanted: Wanted) -> int:
    """Write a report and tell where it is, or print it as JSON; return the exit code.

    Raises ConfigError for what the journal doesn't know, and for what fits several days.
    """
    from skim_core.report.writing import FORMATS

    form = asked.form or "html"
    if form not in FORMATS:
        msg = f"--format {form!r}{nearest(form, FORMATS)}: choose one of {', '.join(FORMATS)}."
        raise ConfigError(msg)
    if asked.pictures < 0:
        msg = f"--pictures {asked.pictures}: give a number from 0 on."
        raise ConfigError(msg)
    if wanted.as_json and (asked.form or asked.out):
        msg = "--json prints the report; to write it to a file give --format json and --out."
        raise ConfigError(msg)
    settings = wanted.settings()
    if asked.run is not None and Path(asked.run).is_dir():
        return _report_replay(settings, Path(asked.run), asked, wanted, form)
    return _report_days(settings, asked, wanted, form)


def _report_replay(
    settings: Settings, folder: Path, asked: Reported, wanted: Wanted, form: str
) -> int:
    from skim_core.report.reading import report_replay

    if asked.strategy or wanted.session or wanted.exchange:
        msg = (
            f"{folder} is a replay, which is reported whole: leave --strategy, --session and "
            "--exchange away."
        )
        raise ConfigError(msg)
    report = report_replay(folder, asked.pictures, settings.directory)
    return _tell(report, asked, wanted, form, folder / _NAMES[form])


def _report_days(settings: Settings, asked: Reported, wanted: Wanted, form: str) -> int:
    from skim_core.report.reading import report_days

    if not settings.journal_path.exists():
        return _tell_nothing(asked, f"there is no {settings.journal_path}", wanted)
    journal = open_journal(settings)
    try:
        days = [day for day in begun_days(journal) if fits(day, asked.strategy, wanted)]
        if not days:
            return _tell_nothing(asked, "no such day is in the journal", wanted)
        chosen = _chosen(days, asked.run, by_session=wanted.session is not None)
        report = report_days(journal, chosen, asked.pictures, settings.directory)
    finally:
        journal.close()
    name = chosen[0].run_id if len(chosen) == 1 else chosen[0].run_id.partition("/")[2]
    file = f"{name.replace('/', '_')}{_NAMES[form].removeprefix('report')}"
    return _tell(report, asked, wanted, form, settings.directory / "reports" / file)


_NAMES = {"html": "report.html", "json": "report.json", "csv": "report_csv"}


def _chosen(
    days: Sequence[DayStarted], run: str | None, *, by_session: bool
) -> Sequence[DayStarted]:
    """Return the days that are reported together: one, or all of a session."""
    if run is not None:
        named = day_named(days, run)
        if named is None:
            near = nearest(run, [day.run_id for day in days])
            msg = (
                f"{run!r} is no replay's folder, and the journal knows no such day{near}: give a "
                "folder that 'skim replay' wrote, or a day as 'skim status --json' names it."
            )
            raise ConfigError(msg)
        return [named]
    if not by_session:
        return days[-1:]
    places = {(day.session.exchange, day.account) for day in days}
    if len(places) > 1:
        shown = ", ".join(day.run_id for day in days)
        msg = f"that session has days that don't belong together: {shown}. Name one of them."
        raise ConfigError(msg)
    return days


def _tell(report: Report, asked: Reported, wanted: Wanted, form: str, default: Path) -> int:
    if wanted.as_json:
        from skim_core.report.tables import to_json

        echo(to_json(report).rstrip("\n"))
        return ExitCode.DONE
    from skim_core.report.writing import write_report

    place = asked.out or default
    write_report(report, place, form)
    echo(f"written to {place.absolute()}")
    return ExitCode.DONE


def _tell_nothing(asked: Reported, why: str, wanted: Wanted) -> int:
    if asked.run is not None:
        msg = (
            f"{asked.run!r} can't be reported: it is no replay's folder, and {why}. 'skim replay' "
            "tells the folder that it writes, 'skim status' shows what was run."
        )
        raise ConfigError(msg)
    if wanted.as_json:
        print_json({"kind": "skim_report", "reason": why})
    else:
        echo(f"skim: nothing to report: {why}.")
    return ExitCode.DONE
