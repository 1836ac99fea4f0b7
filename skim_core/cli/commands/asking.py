"""The commands that tell of days and sessions."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from skim_core.cli.options import AsJson, Config, Debug, Exchange, Pace, SessionDate


def status(
    strategy: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--strategy", "-s", metavar="NAME", help="Only this strategy's days."),
    ] = None,
    session: SessionDate = None,
    exchange: Exchange = None,
    pace: Pace = None,
    config: Config = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Show how days stand, and what needs a person.

    Exits with 1 when something does, or failed. As a monitor's check, with --strategy and
    --pace real: a day that nobody started in time needs a person too, and a day off is well.
    """
    from skim_core.cli.status import show_status
    from skim_core.cli.wanted import Wanted

    wanted = Wanted(config, session, pace, exchange=exchange, as_json=as_json, debug=debug)
    raise typer.Exit(show_status(strategy, wanted))


def explain(
    what: Annotated[
        Optional[str],  # noqa: UP045
        typer.Argument(
            metavar="DAY|ORDER|SYMBOL",
            help="A day's id, an order's reference or a symbol; the beginning is enough.",
        ),
    ] = None,
    strategy: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--strategy", "-s", metavar="NAME", help="Only this strategy's days."),
    ] = None,
    session: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--session", metavar="DATE", help="The session's date; the latest day's."),
    ] = None,
    numbers: Annotated[
        bool, typer.Option("--numbers", help="Show which journal records each statement rests on.")
    ] = False,
    exchange: Exchange = None,
    config: Config = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Explain a day or an order.

    What was decided, on what, and what came of it.
    """
    from skim_core.cli.explain import Question, show_explanation
    from skim_core.cli.wanted import Wanted

    wanted = Wanted(config, session, exchange=exchange, as_json=as_json, debug=debug)
    raise typer.Exit(show_explanation(Question(what, strategy, numbers), wanted))


def sessions(
    first: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--from", metavar="DATE", help="The first date; today when not given."),
    ] = None,
    last: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--to", metavar="DATE", help="The last date; two weeks on when not given."),
    ] = None,
    exchange: Exchange = None,
    config: Config = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """List an exchange's sessions, half days marked."""
    from skim_core.cli.listing import list_sessions
    from skim_core.cli.wanted import Wanted

    wanted = Wanted(config, exchange=exchange, as_json=as_json, debug=debug)
    raise typer.Exit(list_sessions(first, last, wanted))


def errors(
    code: Annotated[
        Optional[str],  # noqa: UP045
        typer.Argument(metavar="CODE", help="As told before a message: skim[config] or config."),
    ] = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Tell what an error's code means, and how to mend it.

    Without a code, all of them.
    """
    from skim_core.cli.error_reference import show_errors

    raise typer.Exit(show_errors(code, as_json=as_json))
