"""The commands that run a trading day, or a part of it."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

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
    from skim_core.cli.days.start import start
    from skim_core.cli.wanted import Wanted

    wanted = Wanted(config, session, pace, broker, exchange, data, seed, as_json, debug)
    raise typer.Exit(start(strategy, wanted))


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
    from skim_core.cli.days.monitor import monitor
    from skim_core.cli.wanted import Wanted

    wanted = Wanted(config, pace=pace, as_json=as_json, debug=debug)
    raise typer.Exit(monitor(strategy or [], wanted))


def run_phase(
    phase: Annotated[str, typer.Argument(metavar="PHASE", help="The phase's name.")],
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
    from skim_core.cli.days.start import start
    from skim_core.cli.wanted import Wanted

    wanted = Wanted(config, session, pace, broker, exchange, data, seed, as_json, debug)
    raise typer.Exit(start([strategy], wanted, only=phase))


def purge_candidates(
    strategy: OneStrategy,
    session: SessionDate = None,
    exchange: Exchange = None,
    config: Config = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Forget the candidates a day has found."""
    from skim_core.cli.days.purge import purge
    from skim_core.cli.wanted import Wanted

    wanted = Wanted(config, session, exchange=exchange, as_json=as_json, debug=debug)
    raise typer.Exit(purge(strategy, wanted))


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
    """Show what symbols trade at, as the broker tells it.

    Quote, previous close, gap and volume. No day is begun and none is disturbed. At Interactive
    Brokers a running day has the configured client id: ask meanwhile with another one, SKIM_BROKERS__IBKR__CLIENT_ID=9. Exit code 1: one of the symbols has not traded.
    """
    from skim_core.cli.market_data import show_market_data
    from skim_core.cli.wanted import Wanted

    wanted = Wanted(config, session, pace, broker, exchange, data, seed, as_json, debug)
    raise typer.Exit(show_market_data(symbol, wanted))
