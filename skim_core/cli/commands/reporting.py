"""The command that makes a report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from skim_core.cli.options import AsJson, Config, Debug, Exchange


def report(
    *,
    run: Annotated[
        Optional[str],  # noqa: UP045  typer evaluates it on Python 3.11 too
        typer.Argument(
            metavar="FOLDER|DAY",
            help="A replay's folder, or a day's id (its beginning is enough); else the latest day.",
        ),
    ] = None,
    strategy: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--strategy", "-s", metavar="NAME", help="Only this strategy's days."),
    ] = None,
    session: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--session", metavar="DATE", help="All days of this session, in one report."),
    ] = None,
    form: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--format", metavar="html|json|csv", help="A page, or the same as data."),
    ] = None,
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "--out", metavar="PATH", help="Where to write; else in the folder, or in reports/."
        ),
    ] = None,
    pictures: Annotated[
        int,
        typer.Option(
            "--pictures",
            metavar="N",
            help="Picture the N best, N worst and N latest trades; all when they are no more.",
        ),
    ] = 12,
    exchange: Exchange = None,
    config: Config = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Make a report of a replay or a day.

    One page that opens offline, JSON or CSV.
    """
    from skim_core.cli.report import Reported, make_report
    from skim_core.cli.wanted import Wanted

    wanted = Wanted(config, session, exchange=exchange, as_json=as_json, debug=debug)
    raise typer.Exit(make_report(Reported(run, strategy, form, out, pictures), wanted))
