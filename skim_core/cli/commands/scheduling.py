"""The commands that make a host run the days by itself."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from skim_core.cli.options import AsJson, Config, Debug, Exchange

schedule_app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Let this host run the days by itself.",
)

_Strategies = Annotated[
    Optional[list[str]],  # noqa: UP045  typer evaluates it on Python 3.11 too
    typer.Option("--strategy", "-s", metavar="NAME", help="A strategy; give it again for more."),
]
_Scheduler = Annotated[
    bool, typer.Option("--cron/--systemd", help="For cron, or systemd's timers, which know zones.")
]
_Zone = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--zone", metavar="ZONE", help="The zone of the host's cron; as it is set."),
]


@schedule_app.command("show")
def show(
    strategy: _Strategies = None,
    exchange: Exchange = None,
    zone: _Zone = None,
    config: Config = None,
    *,
    cron: _Scheduler = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Print the crontab's lines, or the units."""
    from skim_core.cli.schedule import Scheduled, show_schedule
    from skim_core.cli.wanted import Wanted

    wanted = Wanted(config, exchange=exchange, as_json=as_json, debug=debug)
    raise typer.Exit(show_schedule(Scheduled(tuple(strategy or ()), cron, zone), wanted))


@schedule_app.command("install")
def install(
    strategy: _Strategies = None,
    exchange: Exchange = None,
    zone: _Zone = None,
    config: Config = None,
    *,
    cron: _Scheduler = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Put the lines into your crontab, or write the units.

    Units are written for your user, not for the whole host.
    """
    from skim_core.cli.schedule import Scheduled, install_schedule
    from skim_core.cli.wanted import Wanted

    wanted = Wanted(config, exchange=exchange, as_json=as_json, debug=debug)
    raise typer.Exit(install_schedule(Scheduled(tuple(strategy or ()), cron, zone), wanted))


@schedule_app.command("remove")
def remove(
    *,
    cron: _Scheduler = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Take skim's lines out of your crontab, or its units away."""
    from skim_core.cli.schedule import remove_schedule

    raise typer.Exit(remove_schedule(cron=cron, as_json=as_json))
