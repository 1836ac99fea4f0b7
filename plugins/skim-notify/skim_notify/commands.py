"""``skim notify``: what is told where, and whether it arrives."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from skim_core.cli import AsJson, Config, Debug

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Tell people what happens in trading days."
)


@app.command("test")
def send_test(
    channel: Annotated[
        Optional[str],  # noqa: UP045  typer evaluates it on Python 3.11 too
        typer.Option("--channel", metavar="NAME", help="Only this channel."),
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Send a test message to every channel.

    Exits with 1 when one does not arrive.
    """
    from skim_core.cli import Wanted
    from skim_notify.trying import try_channels

    wanted = Wanted(config, as_json=as_json, debug=debug)
    raise typer.Exit(try_channels(wanted, channel))


@app.command("channels")
def channels(config: Config = None, as_json: AsJson = False, debug: Debug = False) -> None:
    """Show the channels and what each is told.

    And where its address is kept.
    """
    from skim_core.cli import Wanted
    from skim_notify.trying import show_channels

    raise typer.Exit(show_channels(Wanted(config, as_json=as_json, debug=debug)))
