"""``skim ibkr``: looks whether all is there that trading at Interactive Brokers needs."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from skim_core.cli import AsJson, Config, Debug

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Interactive Brokers: look at TWS and the account before a day does.",
)


@app.callback()
def ibkr() -> None:
    """Group the commands, so that one of them alone is named too."""


@app.command("check")
def check(
    symbol: Annotated[
        Optional[str],  # noqa: UP045  typer evaluates it on Python 3.11 too
        typer.Option("--symbol", metavar="SYMBOL", help="Look at this one's market data too."),
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Examine the connection, the account, clocks, data and the restart; exits 1 for a problem."""
    from skim_broker_ibkr.checking import check_account
    from skim_core.cli import Wanted

    wanted = Wanted(config, as_json=as_json, debug=debug)
    raise typer.Exit(check_account(wanted, symbol))
