"""The commands with which people tell running days something: halt, resume, resolve."""

from __future__ import annotations

from typing import Annotated, Literal, Optional

import typer

from skim_core.cli.options import Account, AsJson, Config, Debug, Why

_Strategy = Annotated[
    Optional[str],  # noqa: UP045  typer evaluates it on Python 3.11 too
    typer.Option("--strategy", "-s", metavar="NAME", help="Only this strategy; else all."),
]


def halt(
    *,
    why: Why,
    strategy: _Strategy = None,
    flatten: Annotated[
        bool, typer.Option("--flatten", help="Sell what is held, too, at market.")
    ] = False,
    account: Account = None,
    config: Config = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Send no more entries; stops and exits go on.

    Effective within a second in every running process, and for each day started later, until
    'skim resume'. Exits 1 when a running process has not taken it up.
    """
    from skim_core.cli.halt import halt_entries
    from skim_core.cli.wanted import Wanted

    wanted = Wanted(config, account=account, as_json=as_json, debug=debug)
    raise typer.Exit(halt_entries(strategy, why, wanted, flatten=flatten))


def resume(
    *,
    strategy: _Strategy = None,
    why: Why = "",
    account: Account = None,
    config: Config = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Take a halt back.

    One strategy's own, or the account's and every strategy's.
    """
    from skim_core.cli.halt import resume_entries
    from skim_core.cli.wanted import Wanted

    wanted = Wanted(config, account=account, as_json=as_json, debug=debug)
    raise typer.Exit(resume_entries(strategy, why, wanted))


def resolve(
    reference: Annotated[
        str,
        typer.Argument(metavar="REFERENCE", help="The order's reference, as 'skim status' has it."),
    ],
    *,
    outcome: Annotated[
        Literal["filled", "cancelled", "absent", "working"],
        typer.Option(
            "--as",
            metavar="filled|cancelled|absent|working",
            help="What became of it, by the broker's own records.",
        ),
    ],
    why: Why,
    quantity: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(
            "--quantity",
            metavar="SHARES",
            help="With --as filled: the shares of it that traded in all.",
        ),
    ] = None,
    price: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            "--price", metavar="PRICE", help="With --as filled: their price, in quote currency."
        ),
    ] = None,
    account: Account = None,
    config: Config = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Say what became of an order that is unknown.

    Its symbol is blocked until then.
    """
    from skim_core.cli.resolve import Said, resolve_order
    from skim_core.cli.wanted import Wanted

    wanted = Wanted(config, account=account, as_json=as_json, debug=debug)
    raise typer.Exit(resolve_order(Said(reference, outcome, why, quantity, price), wanted))
