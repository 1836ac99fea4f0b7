"""The commands of the package: what they take. The work is elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from skim_core.cli.options import AsJson, Config, Debug

DataFolder = Annotated[
    Optional[Path],  # noqa: UP045  typer evaluates it on Python 3.11 too
    typer.Option("--data", metavar="DIR", help="The folder of the end-of-day prices."),
]

announcements_app = typer.Typer(rich_markup_mode=None)


@announcements_app.command()
def announcements(
    day: Annotated[
        Optional[str],  # noqa: UP045  typer evaluates it on Python 3.11 too
        typer.Option("--date", metavar="DATE", help="An earlier day, as it was saved then."),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="All of them; else those that are price-sensitive.")
    ] = False,
    config: Config = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Show the exchange's announcements of today: time in Sydney, code, headline, link."""
    from skim_asx.showing import show_announcements
    from skim_core.cli.wanted import Wanted

    wanted = Wanted(config, as_json=as_json, debug=debug)
    raise typer.Exit(show_announcements(wanted, day, every=every))


download_app = typer.Typer(rich_markup_mode=None)


@download_app.command()
def download_data(
    day: Annotated[
        Optional[str],  # noqa: UP045
        typer.Argument(metavar="[today|yesterday|DATE]", help="One day; today when not given."),
    ] = None,
    first: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--from", metavar="DATE", help="The first of several days."),
    ] = None,
    last: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--to", metavar="DATE", help="The last of them; today when not given."),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Also what is there already.")] = False,
    data: DataFolder = None,
    config: Config = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Download CoolTrader's end-of-day files of sessions; exits 1 when one is not to be had.

    What is there is not fetched again, and what was broken off goes on where it was.
    """
    from skim_asx.download_command import Asked, run_download
    from skim_core.cli.wanted import Wanted

    wanted = Wanted(config, as_json=as_json, debug=debug)
    raise typer.Exit(run_download(Asked(day, first, last, again), wanted, data))


import_app = typer.Typer(rich_markup_mode=None)


@import_app.command()
def import_data(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="CSV files, folders of them, zips.")
    ],
    data: DataFolder = None,
    config: Config = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Merge end-of-day CSV files (ticker, DD/MM/YYYY, open … volume) into the store."""
    from skim_asx.download_command import run_import
    from skim_core.cli.wanted import Wanted

    raise typer.Exit(run_import(paths, Wanted(config, as_json=as_json, debug=debug), data))
