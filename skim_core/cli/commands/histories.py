"""The commands that list what the journal holds."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from skim_core.cli.options import AsJson, Config, Debug, Exchange

_Strategy = Annotated[
    Optional[str],  # noqa: UP045  typer evaluates it on Python 3.11 too
    typer.Option("--strategy", "-s", metavar="NAME", help="Only this strategy's."),
]
_Session = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--session", metavar="DATE", help="The session's date; today's or the next."),
]
_AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV instead of a table.")]


def candidates(
    strategy: _Strategy = None,
    session: _Session = None,
    exchange: Exchange = None,
    config: Config = None,
    *,
    as_csv: _AsCsv = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """List a session's candidates, with their opening ranges."""
    from skim_core.cli.history import list_candidates
    from skim_core.cli.wanted import Wanted

    wanted = Wanted(config, session, exchange=exchange, as_json=as_json, debug=debug)
    raise typer.Exit(list_candidates(strategy, wanted, as_csv=as_csv))


def positions(
    strategy: _Strategy = None,
    session: _Session = None,
    exchange: Exchange = None,
    config: Config = None,
    *,
    as_csv: _AsCsv = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """List what is held, and the stop that protects it."""
    from skim_core.cli.history import list_positions
    from skim_core.cli.wanted import Wanted

    wanted = Wanted(config, session, exchange=exchange, as_json=as_json, debug=debug)
    raise typer.Exit(list_positions(strategy, wanted, as_csv=as_csv))


def orders(
    strategy: _Strategy = None,
    session: _Session = None,
    exchange: Exchange = None,
    config: Config = None,
    *,
    as_csv: _AsCsv = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """List a session's orders as they stand, oldest first."""
    from skim_core.cli.history import list_orders
    from skim_core.cli.wanted import Wanted

    wanted = Wanted(config, session, exchange=exchange, as_json=as_json, debug=debug)
    raise typer.Exit(list_orders(strategy, wanted, as_csv=as_csv))


def trades(
    strategy: _Strategy = None,
    first: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--from", metavar="DATE", help="The first session's date; all if not given."),
    ] = None,
    last: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--to", metavar="DATE", help="The last session's date."),
    ] = None,
    exchange: Exchange = None,
    config: Config = None,
    *,
    as_csv: _AsCsv = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """List the trades that were closed.

    With profit, R multiple, slippage and fees.
    """
    from skim_core.cli.history import Span, list_trades
    from skim_core.cli.wanted import Wanted

    wanted = Wanted(config, exchange=exchange, as_json=as_json, debug=debug)
    raise typer.Exit(list_trades(Span(strategy, first, last), wanted, as_csv=as_csv))
