"""The options that several commands have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

Config = Annotated[
    Optional[Path],  # noqa: UP045  typer evaluates it on Python 3.11 too
    typer.Option(
        "--config",
        metavar="FILE",
        help="The configuration file; $SKIM_CONFIG or ./skim.toml when not given.",
    ),
]
Debug = Annotated[bool, typer.Option("--debug", help="Show tracebacks and debug logs.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Strategies = Annotated[
    list[str],
    typer.Option("--strategy", "-s", metavar="NAME", help="A strategy; give it again for more."),
]
OneStrategy = Annotated[str, typer.Option("--strategy", "-s", metavar="NAME", help="The strategy.")]
SessionDate = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--session",
        metavar="DATE",
        help="The session's date, YYYY-MM-DD; the current or next one when not given.",
    ),
]
Pace = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--pace",
        metavar="fast|real|N",
        help="How time passes: as fast as it can, as it is, or N times as fast.",
    ),
]
Broker = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--broker", metavar="NAME", help="The broker; 'sim' when not configured."),
]
Exchange = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--exchange", metavar="MIC", help="The exchange, such as XASX or XNYS."),
]
Data = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option("--data", metavar="DIR", help="Recorded bars for the simulated exchange."),
]
Seed = Annotated[
    Optional[int],  # noqa: UP045
    typer.Option(
        "--seed", metavar="NUMBER", help="The seed of the simulated exchange's generated market."
    ),
]
Account = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--account", metavar="NUMBER", help="The account; the configured one if not given."
    ),
]
Capital = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--capital", metavar="AMOUNT", help="What each session begins with, when flat."),
]
Commission = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--commission",
        metavar="FEE",
        help="exchange, none, '0.005/share min 1', 6/order or '8bp min 6'.",
    ),
]
Slippage = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--slippage",
        metavar="AMOUNT",
        help="How much worse market and stop orders trade: none, 1tick or 5bp.",
    ),
]
Changes = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option("--set", metavar="KEY=VALUE", help="A setting of the strategy, for once."),
]
Jobs = Annotated[int, typer.Option("--jobs", metavar="N", help="How many processes.")]
Out = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option("--out", metavar="DIR", help="The folder to write; else one by its name."),
]
Why = Annotated[str, typer.Option("--why", metavar="TEXT", help="Why; it is journaled.")]
