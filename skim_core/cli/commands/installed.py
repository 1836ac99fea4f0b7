"""The commands that tell of what is installed and configured."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from skim_core.cli.group import own_of
from skim_core.cli.options import AsJson, Config, Debug

config_app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Check or show the configuration."
)


def plugins(
    ctx: typer.Context,
    tree: Annotated[
        bool, typer.Option("--tree", help="Show each package's plugins below it.")
    ] = False,
    load: Annotated[
        bool, typer.Option("--load", help="Import each in a process of its own, and time that.")
    ] = False,
    config: Config = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """List the installed plugins, importing none.

    Each with its package, version, contract version, where it came from and how it stands.
    """
    from skim_core.cli.doctor import list_plugins
    from skim_core.cli.wanted import Wanted

    wanted = Wanted(config, as_json=as_json, debug=debug)
    raise typer.Exit(list_plugins(wanted, own_of(ctx), tree=tree, load=load))


def doctor(
    ctx: typer.Context,
    name: Annotated[
        Optional[str],  # noqa: UP045
        typer.Argument(metavar="NAME", help="A plugin or its package; all when not given."),
    ] = None,
    broker: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--broker", metavar="NAME", help="Examine this broker and its account."),
    ] = None,
    symbols: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(
            "--symbol", metavar="SYMBOL", help="With --broker: this one's data and orders too."
        ),
    ] = None,
    report: Annotated[
        bool,
        typer.Option("--bug-report", help="Print what to paste into a bug report; no secrets."),
    ] = False,
    config: Config = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Say why a plugin doesn't work, and its mend.

    Not found, not loaded or broken: the cause and the command. Each is imported in a process of its own. With --broker, whether the broker is there and all that trading needs. Exits with 1 when something is wrong, with 3 when the broker isn't there.
    """
    from skim_core.cli.wanted import Wanted

    wanted = Wanted(config, as_json=as_json, debug=debug)
    if broker is not None or symbols:
        from skim_core.cli.examining import show_examination

        alone = name is None and not report
        raise typer.Exit(show_examination(broker, symbols or (), wanted, alone=alone))
    from skim_core.cli.doctor import show_diagnosis

    raise typer.Exit(show_diagnosis(name, wanted, own_of(ctx), report=report))


@config_app.command("check")
def config_check(config: Config = None, as_json: AsJson = False, debug: Debug = False) -> None:
    """Check every section with its own model."""
    from skim_core.cli.configuration import check_config
    from skim_core.cli.wanted import Wanted

    raise typer.Exit(check_config(Wanted(config, as_json=as_json, debug=debug)))


@config_app.command("show")
def config_show(config: Config = None, as_json: AsJson = False, debug: Debug = False) -> None:
    """Show every setting and where it comes from."""
    from skim_core.cli.configuration import show_config
    from skim_core.cli.wanted import Wanted

    raise typer.Exit(show_config(Wanted(config, as_json=as_json, debug=debug)))
