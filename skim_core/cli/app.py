"""The command line: skim's commands, put together."""

from __future__ import annotations

from typing import Annotated

import typer

from skim_core.cli.commands import (
    asking,
    authoring,
    controlling,
    histories,
    installed,
    keeping,
    replaying,
    reporting,
    scheduling,
    sweeping,
    trading,
)
from skim_core.cli.group import PHASE_COMMAND, Commands

app = typer.Typer(
    cls=Commands,
    name="skim",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"skim {version('skim-core')}")
        raise typer.Exit


@app.callback()
def skim(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Event-driven trading days: phases, orders and brokers, strategies as plugins.

    Exit codes: 0 done or nothing to do, 1 the day failed or needs a person, 2 wrong usage or configuration,
    3 the broker can't be reached, 130 or 143 stopped by a signal. A command's name may be
    written with hyphens.
    """


# In this order they stand in --help.
_COMMANDS = (
    trading.start_trading_day,
    trading.start_monitoring,
    trading.run_phase,
    controlling.halt,
    controlling.resume,
    controlling.resolve,
    histories.candidates,
    histories.positions,
    histories.orders,
    histories.trades,
    keeping.backup,
    keeping.restore,
    replaying.replay,
    replaying.compare,
    reporting.report,
    sweeping.sweep,
    trading.purge_candidates,
    asking.status,
    asking.explain,
    authoring.graph,
    installed.plugins,
    authoring.new_strategy,
    authoring.try_strategy,
    authoring.check,
    installed.doctor,
    asking.sessions,
    trading.market_data,
    asking.errors,
)
_NAMES = {trading.run_phase: PHASE_COMMAND, authoring.try_strategy: "try"}

for _command in _COMMANDS:
    app.command(_NAMES.get(_command, _command.__name__))(_command)
app.command("fetch_market_data", hidden=True)(trading.market_data)
app.add_typer(installed.config_app, name="config")
app.add_typer(scheduling.schedule_app, name="schedule")
