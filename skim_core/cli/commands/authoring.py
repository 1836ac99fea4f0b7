"""The commands of a strategy's author: write, try, check, show."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from skim_core.cli.options import AsJson, Config, Data, Debug, Exchange, Seed, SessionDate


def new_strategy(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="The strategy's name, such as gap_fade.")
    ],
    template: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            "--template",
            metavar="minimal|breakout|own-phases",
            help="What it does; minimal if not given.",
        ),
    ] = None,
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--out", metavar="DIR", help="Where its folder is made; here if not given."),
    ] = None,
    source: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--from", metavar="FILE.py", help="Make a package of a one-file strategy."),
    ] = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Write a package for a new strategy.

    Pure rules, thin hooks, settings, tests, tox, CI and a README, from a template or a file.
    """
    from skim_core.cli.authoring import new_strategy, template_of

    raise typer.Exit(new_strategy(name, template_of(template), out, source, as_json=as_json))


def try_strategy(
    file: Annotated[
        Path, typer.Argument(metavar="FILE.py", help="The Python file that holds the strategy.")
    ],
    keep: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--keep", metavar="DIR", help="Keep the journal in this folder."),
    ] = None,
    session: SessionDate = None,
    exchange: Exchange = None,
    data: Data = None,
    seed: Seed = None,
    config: Config = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Run a day of a strategy in one file.

    On the simulated exchange, without a package. Its name is the file's. Nothing is kept and nobody is notified; a section of that name in skim.toml is used.
    """
    from skim_core.cli.authoring import try_strategy
    from skim_core.cli.wanted import Wanted

    wanted = Wanted(config, session, None, None, exchange, data, seed, as_json=as_json, debug=debug)
    raise typer.Exit(try_strategy(file, keep, wanted))


def check(
    package: Annotated[
        Optional[str],  # noqa: UP045
        typer.Argument(metavar="PACKAGE|PATH|WHEEL", help="A strategy's package, folder or wheel."),
    ] = None,
    explain: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--explain", metavar="RULE", help="Tell why a rule is, and its mend: SK205."),
    ] = None,
    level: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--level", metavar="bronze|silver|gold", help="How far; gold if not given."),
    ] = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Try a strategy against numbered rules.

    Its import, hooks and settings; whole days with faults and kills; determinism, look-ahead, types. Exits with 1 when a rule isn't kept.
    """
    from skim_core.cli.check import check_package, explain_rule

    if explain is not None:
        raise typer.Exit(explain_rule(explain, package, as_json=as_json))
    raise typer.Exit(check_package(package, level, as_json=as_json))


def graph(
    strategy: Annotated[str, typer.Argument(metavar="STRATEGY", help="Its name.")],
    mermaid: Annotated[bool, typer.Option("--mermaid", help="Print a mermaid diagram.")] = False,
    svg: Annotated[
        bool, typer.Option("--svg", help="Print a picture; write it to a file.")
    ] = False,
    session: SessionDate = None,
    config: Config = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Show a strategy's phases and their policies."""
    from skim_core.cli.graph import show_graph
    from skim_core.cli.wanted import Wanted

    wanted = Wanted(config, session, as_json=as_json, debug=debug)
    raise typer.Exit(show_graph(strategy, wanted, mermaid=mermaid, svg=svg))
