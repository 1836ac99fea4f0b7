"""The command with which the settings of a strategy are swept."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from skim_core.cli.options import (
    AsJson,
    Capital,
    Changes,
    Commission,
    Config,
    Data,
    Debug,
    Exchange,
    Jobs,
    OneStrategy,
    Out,
    Seed,
    Slippage,
)


def sweep(
    *,
    strategy: OneStrategy,
    first: Annotated[
        str, typer.Option("--from", metavar="DATE", help="The first date, YYYY-MM-DD.")
    ],
    last: Annotated[str, typer.Option("--to", metavar="DATE", help="The last date.")],
    param: Annotated[
        list[str],
        typer.Option(
            "--param",
            metavar="KEY=VALUES",
            help="A setting and its values, 5,10,15 or 0..0.05/0.01; again for more.",
        ),
    ],
    by: Annotated[
        str, typer.Option("--by", metavar="FIGURE", help="The figure that is sorted and mapped by.")
    ] = "sharpe",
    axes: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--map", metavar="A,B", help="The parameters of the map; else the first two."),
    ] = None,
    capital: Capital = None,
    commission: Commission = None,
    slippage: Slippage = None,
    changes: Changes = None,
    data: Data = None,
    seed: Seed = None,
    exchange: Exchange = None,
    jobs: Jobs = 1,
    most: Annotated[
        int, typer.Option("--most", metavar="N", help="How many combinations are allowed.")
    ] = 1000,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the journal of each combination too.")
    ] = False,
    out: Out = None,
    show_all: Annotated[bool, typer.Option("--all", help="List every combination.")] = False,
    config: Config = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Replay every combination of some settings' values.

    And compare them. One that was interrupted goes on where it was. Exits 1 when a day failed.
    """
    from skim_core.cli.replay import Replayed
    from skim_core.cli.sweep import Swept, sweep_strategy

    replayed = Replayed(
        strategies=(strategy,),
        first=first,
        last=last,
        data=data,
        seed=seed,
        capital=capital,
        commission=commission,
        slippage=slippage,
        changes=tuple(changes or ()),
        exchange=exchange,
        jobs=jobs,
        out=out,
        config=config,
        as_json=as_json,
        debug=debug,
    )
    asked = Swept(replayed, tuple(param), by, axes, most, keep=keep, show_all=show_all)
    raise typer.Exit(sweep_strategy(asked))
