"""The commands of the package: what they take. The work is elsewhere."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from skim_core.cli.options import AsJson, Config, Debug

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
