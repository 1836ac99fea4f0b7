"""The commands with which strategies are replayed over history, and replays compared."""

from __future__ import annotations

from pathlib import Path
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
    Out,
    Seed,
    Slippage,
)


def replay(
    *,
    strategy: Annotated[
        Optional[list[str]],  # noqa: UP045  typer evaluates it on Python 3.11 too
        typer.Option("--strategy", "-s", metavar="NAME", help="A strategy; again for more."),
    ] = None,
    first: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--from", metavar="DATE", help="The first date, YYYY-MM-DD."),
    ] = None,
    last: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--to", metavar="DATE", help="The last date."),
    ] = None,
    capital: Capital = None,
    commission: Commission = None,
    slippage: Slippage = None,
    changes: Changes = None,
    data: Data = None,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave sessions with bad recorded files out.")
    ] = False,
    seed: Seed = None,
    exchange: Exchange = None,
    jobs: Jobs = 1,
    out: Out = None,
    again: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--again", metavar="DIR", help="Repeat a replay, and compare the bytes."),
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Replay strategies over past sessions.

    Recorded or generated ones, as fast as it can. Exits 1 when a day failed, or with --again when something is not the same.
    """
    from skim_core.cli.replay import Replayed, replay_sessions

    asked = Replayed(
        strategies=tuple(strategy or ()),
        first=first,
        last=last,
        data=data,
        skip_bad=skip_bad,
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
        again=again,
    )
    raise typer.Exit(replay_sessions(asked))


def compare(
    a: Annotated[Path, typer.Argument(metavar="A", help="A replay's folder.")],
    b: Annotated[Path, typer.Argument(metavar="B", help="Another's.")],
    *,
    show_all: Annotated[bool, typer.Option("--all", help="Show every trade that differs.")] = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Show what differs between two replays.

    From A to B, trade by trade. Exits 1 when a trade differs.
    """
    from skim_core.cli.compare import Compared, compare_replays

    raise typer.Exit(compare_replays(Compared(a, b, show_all=show_all, as_json=as_json)))
