"""The commands: what they take and what they say of themselves. The work is elsewhere.

Every import that costs something is inside a command, so that cron's five-minute call
and ``--help`` stay fast.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from skim_core.cli import (
    controlling,
    histories,
    keeping,
    replaying,
    reporting,
    scheduling,
    sweeping,
)
from skim_core.cli.commands import PHASE_COMMAND, Commands
from skim_core.cli.options import (
    AsJson,
    Broker,
    Config,
    Data,
    Debug,
    Exchange,
    OneStrategy,
    Pace,
    Seed,
    SessionDate,
    Strategies,
)

app = typer.Typer(
    cls=Commands,
    name="skim",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
config_app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Check or show the configuration."
)
app.add_typer(config_app, name="config")
app.add_typer(scheduling.schedule_app, name="schedule")


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


@app.command("start_trading_day")
def start_trading_day(
    strategy: Strategies,
    session: SessionDate = None,
    pace: Pace = None,
    broker: Broker = None,
    exchange: Exchange = None,
    data: Data = None,
    seed: Seed = None,
    config: Config = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Run the trading day of one or more strategies.

    Several run side by side. Starting a day twice is starting it once. With --pace real (cron's way) the command
    leaves at once when it is not yet time or the exchange is closed.
    """
    from skim_core.cli.start import start
    from skim_core.cli.wanted import Wanted

    wanted = Wanted(config, session, pace, broker, exchange, data, seed, as_json, debug)
    raise typer.Exit(start(strategy, wanted))


@app.command("start_monitoring")
def start_monitoring(
    strategy: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option("--strategy", "-s", metavar="NAME", help="Only this strategy's days."),
    ] = None,
    pace: Pace = None,
    config: Config = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Go on with days whose process died or hangs.

    Cron's watchdog: it leaves at once when there is nothing to do. With --pace real it also
    looks after what a day left open that nobody started.
    """
    from skim_core.cli.monitor import monitor
    from skim_core.cli.wanted import Wanted

    wanted = Wanted(config, pace=pace, as_json=as_json, debug=debug)
    raise typer.Exit(monitor(strategy or [], wanted))


@app.command(PHASE_COMMAND)
def run_phase(
    phase: Annotated[str, typer.Argument(help="The phase's name.")],
    strategy: OneStrategy,
    session: SessionDate = None,
    pace: Pace = None,
    broker: Broker = None,
    exchange: Exchange = None,
    data: Data = None,
    seed: Seed = None,
    config: Config = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Run one phase by hand; its name is a command too.

    Once, or one tick of a repeating one: skim scan --strategy x. It goes
    through the day's own journal, so what was run by hand is not run again.
    """
    from skim_core.cli.start import start
    from skim_core.cli.wanted import Wanted

    wanted = Wanted(config, session, pace, broker, exchange, data, seed, as_json, debug)
    raise typer.Exit(start([strategy], wanted, only=phase))


app.command("halt")(controlling.halt)
app.command("resume")(controlling.resume)
app.command("resolve")(controlling.resolve)
for _listed in (histories.candidates, histories.positions, histories.orders, histories.trades):
    app.command(_listed.__name__)(_listed)
app.command("backup")(keeping.backup)
app.command("restore")(keeping.restore)
app.command("replay")(replaying.replay)
app.command("compare")(replaying.compare)
app.command("report")(reporting.report)
app.command("sweep")(sweeping.sweep)


@app.command("purge_candidates")
def purge_candidates(
    strategy: OneStrategy,
    session: SessionDate = None,
    exchange: Exchange = None,
    config: Config = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Forget the candidates a day has found."""
    from skim_core.cli.purge import purge
    from skim_core.cli.wanted import Wanted

    wanted = Wanted(config, session, exchange=exchange, as_json=as_json, debug=debug)
    raise typer.Exit(purge(strategy, wanted))


@app.command("status")
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
    """Show how days stand, and what needs a person; exits 1 when something does, or failed.

    As a monitor's check, with --strategy and --pace real: a day that nobody started in time
    needs a person too, and a day off is well.
    """
    from skim_core.cli.status import show_status
    from skim_core.cli.wanted import Wanted

    wanted = Wanted(config, session, pace, exchange=exchange, as_json=as_json, debug=debug)
    raise typer.Exit(show_status(strategy, wanted))


@app.command("explain")
def explain(
    what: Annotated[
        Optional[str],  # noqa: UP045
        typer.Argument(
            metavar="[DAY|ORDER|SYMBOL]",
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
    """Explain a day or an order: what was decided, on what, and what came of it."""
    from skim_core.cli.explain import Question, show_explanation
    from skim_core.cli.wanted import Wanted

    wanted = Wanted(config, session, exchange=exchange, as_json=as_json, debug=debug)
    raise typer.Exit(show_explanation(Question(what, strategy, numbers), wanted))


@app.command("graph")
def graph(
    strategy: Annotated[str, typer.Argument(help="The strategy.")],
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


@app.command("plugins")
def plugins(
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
    raise typer.Exit(list_plugins(wanted, tree=tree, load=load))


@app.command("new_strategy")
def new_strategy(
    name: Annotated[str, typer.Argument(help="The strategy's name, such as gap_fade.")],
    template: Annotated[
        str,
        typer.Option("--template", metavar="minimal|breakout|own-phases", help="What it does."),
    ] = "minimal",
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


@app.command("try")
def try_strategy(
    file: Annotated[Path, typer.Argument(help="The Python file that holds the strategy.")],
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


@app.command("check")
def check(
    package: Annotated[
        str,
        typer.Argument(metavar="PACKAGE|PATH|WHEEL", help="A strategy's package, folder or wheel."),
    ],
    level: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--level", metavar="bronze|silver|gold", help="How far; gold if not given."),
    ] = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Try a strategy against numbered rules.

    Its import, hooks and settings; whole days with faults and kills; determinism, look-ahead, types. Exits with 1 when a rule isn't kept. docs/rules has a page for each rule.
    """
    from skim_core.cli.check import check_package

    raise typer.Exit(check_package(package, level, as_json=as_json))


@app.command("doctor")
def doctor(
    name: Annotated[
        Optional[str],  # noqa: UP045
        typer.Argument(help="A plugin or its package; all when not given."),
    ] = None,
    broker: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--broker", metavar="NAME", help="Examine this broker and its account."),
    ] = None,
    symbols: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option("--symbol", help="With --broker: this one's data and orders too."),
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

    raise typer.Exit(show_diagnosis(name, wanted, report=report))


@app.command("sessions")
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


@app.command("market_data")
@app.command("fetch_market_data", hidden=True)
def market_data(
    symbol: Annotated[list[str], typer.Argument(metavar="SYMBOL", help="Such as BHP.")],
    session: SessionDate = None,
    pace: Pace = None,
    broker: Broker = None,
    exchange: Exchange = None,
    data: Data = None,
    seed: Seed = None,
    config: Config = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Show what symbols trade at, as the broker tells it: quote, previous close, gap, volume.

    No day is begun and none is disturbed. At Interactive Brokers a running day has the configured client id: ask meanwhile with
    another one, SKIM_BROKERS__IBKR__CLIENT_ID=9. Exit code 1: one of the symbols has not traded.
    """
    from skim_core.cli.market_data import show_market_data
    from skim_core.cli.wanted import Wanted

    wanted = Wanted(config, session, pace, broker, exchange, data, seed, as_json, debug)
    raise typer.Exit(show_market_data(symbol, wanted))


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


@app.command("errors")
def errors(
    code: Annotated[
        Optional[str],  # noqa: UP045
        typer.Argument(metavar="[CODE]", help="As told before a message: skim[config] or config."),
    ] = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Tell what an error's code means, and how to mend it; without a code, all of them."""
    from skim_core.cli.error_reference import show_errors

    raise typer.Exit(show_errors(code, as_json=as_json))
