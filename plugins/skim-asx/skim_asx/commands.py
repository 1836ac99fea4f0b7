"""The commands of the package: what they take. The work is elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from skim_core.cli import AsJson, Config, Debug

DataFolder = Annotated[
    Optional[Path],  # noqa: UP045  typer evaluates it on Python 3.11 too
    typer.Option("--data", metavar="DIR", help="The folder of the end-of-day prices."),
]

announcements_app = typer.Typer(rich_markup_mode=None)


@announcements_app.command()
def announcements(
    day: Annotated[
        Optional[str],  # noqa: UP045  typer evaluates it on Python 3.11 too
        typer.Option("--date", metavar="DATE", help="An earlier day, as it was saved then."),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="All of them; else those that are price-sensitive.")
    ] = False,
    config: Config = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Show the exchange's announcements of today: time in Sydney, code, headline, link."""
    from skim_asx.showing import show_announcements
    from skim_core.cli import Wanted

    wanted = Wanted(config, as_json=as_json, debug=debug)
    raise typer.Exit(show_announcements(wanted, day, every=every))


download_app = typer.Typer(rich_markup_mode=None)


@download_app.command()
def download_data(
    day: Annotated[
        Optional[str],  # noqa: UP045
        typer.Argument(metavar="today|yesterday|DATE", help="One day; today when not given."),
    ] = None,
    first: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--from", metavar="DATE", help="The first of several days."),
    ] = None,
    last: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--to", metavar="DATE", help="The last of them; today when not given."),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Also what is there already.")] = False,
    after: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            "--after",
            metavar="TIME",
            help="Leave at once before this time in Sydney, such as 19:30: for cron.",
        ),
    ] = None,
    data: DataFolder = None,
    config: Config = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Download CoolTrader's end-of-day files of sessions; exits 1 when one is not to be had.

    What is there is not fetched again, and what was broken off goes on where it was.
    """
    from skim_asx.download_command import Asked, run_download
    from skim_core.cli import Wanted

    wanted = Wanted(config, as_json=as_json, debug=debug)
    raise typer.Exit(run_download(Asked(day, first, last, again, after), wanted, data))


import_app = typer.Typer(rich_markup_mode=None)


@import_app.command()
def import_data(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH", help="CSV files, folders of them, zips.")
    ],
    data: DataFolder = None,
    config: Config = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Merge end-of-day CSV files (ticker, DD/MM/YYYY, open … volume) into the store."""
    from skim_asx.download_command import run_import
    from skim_core.cli import Wanted

    raise typer.Exit(run_import(paths, Wanted(config, as_json=as_json, debug=debug), data))


analyse_app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="What end-of-day prices tell of a period: 2026, 2026-03, 'DATE to DATE', 1M, 3M, 6M, 1Y.",
)

PeriodText = Annotated[
    str, typer.Argument(metavar="PERIOD", help="Such as 2026, 2026-03, 6M or 1Y.")
]
Ticker = Annotated[str, typer.Argument(metavar="TICKER", help="The share's code.")]
Limit = Annotated[int, typer.Option("--limit", metavar="N", min=1, help="How many rows are shown.")]
Every = Annotated[
    bool, typer.Option("--every", help="Also what trades thinly; else liquid shares alone.")
]


@analyse_app.command("top")
def analyse_top(
    period: PeriodText,
    price: Annotated[
        float, typer.Option("--price", metavar="PRICE", help="Least price at the start.")
    ] = 0.2,
    volume: Annotated[
        float, typer.Option("--volume", metavar="SHARES", help="Least shares a day.")
    ] = 50_000,
    limit: Limit = 50,
    every: Every = False,
    data: DataFolder = None,
    config: Config = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Show what made most in a period."""
    from skim_asx import analysis
    from skim_asx.analyse_command import View, answer
    from skim_core.cli import Wanted

    view = View(Wanted(config, as_json=as_json, debug=debug), limit, every, data)
    raise typer.Exit(answer(view, period, lambda p, s: analysis.top(p, s, price, volume)))


@analyse_app.command("gaps")
def analyse_gaps(
    period: PeriodText,
    percent: Annotated[
        float, typer.Option("--percent", metavar="PERCENT", help="Smallest gap up, in %.")
    ] = 10,
    volume: Annotated[
        float, typer.Option("--volume", metavar="SHARES", help="Least shares that day.")
    ] = 50_000,
    times: Annotated[
        float,
        typer.Option(
            "--times", metavar="FACTOR", help="Least volume, as a multiple of the 50 days before."
        ),
    ] = 2,
    limit: Limit = 50,
    every: Every = False,
    data: DataFolder = None,
    config: Config = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Show opens far above the close before, at much volume."""
    from skim_asx import analysis
    from skim_asx.analyse_command import View, answer
    from skim_core.cli import Wanted

    view = View(Wanted(config, as_json=as_json, debug=debug), limit, every, data)
    question = lambda p, s: analysis.gaps(p, s, percent, volume, times)  # noqa: E731  one line says it
    raise typer.Exit(answer(view, period, question))


@analyse_app.command("momentum")
def analyse_momentum(
    period: PeriodText,
    days: Annotated[
        int, typer.Option("--days", metavar="DAYS", min=1, help="Fewest higher closes.")
    ] = 3,
    limit: Limit = 50,
    every: Every = False,
    data: DataFolder = None,
    config: Config = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Show runs of higher closes, the greatest gains first."""
    from skim_asx import analysis
    from skim_asx.analyse_command import View, answer
    from skim_core.cli import Wanted

    view = View(Wanted(config, as_json=as_json, debug=debug), limit, every, data)
    raise typer.Exit(answer(view, period, lambda p, s: analysis.momentum(p, s, days)))


@analyse_app.command("consolidation")
def analyse_consolidation(
    period: PeriodText,
    days: Annotated[int, typer.Option("--days", metavar="DAYS", min=2, help="Fewest days.")] = 5,
    percent: Annotated[
        float, typer.Option("--percent", metavar="PERCENT", help="Widest range, in %.")
    ] = 10,
    times: Annotated[
        float,
        typer.Option(
            "--times", metavar="FACTOR", help="Most volume, as a multiple of the 50 days before."
        ),
    ] = 0.5,
    limit: Limit = 50,
    every: Every = False,
    data: DataFolder = None,
    config: Config = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Show quiet spans, the longest first.

    A narrow range at little volume.
    """
    from skim_asx import analysis
    from skim_asx.analyse_command import View, answer
    from skim_core.cli import Wanted

    view = View(Wanted(config, as_json=as_json, debug=debug), limit, every, data)
    question = lambda p, s: analysis.consolidation(p, s, days, percent, times)  # noqa: E731
    raise typer.Exit(answer(view, period, question))


@analyse_app.command("moves")
def analyse_moves(
    period: PeriodText,
    every: Every = False,
    data: DataFolder = None,
    config: Config = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Show how long and how far runs and quiet spans go."""
    from skim_asx.analyse_command import View, figures
    from skim_core.cli import Wanted

    view = View(Wanted(config, as_json=as_json, debug=debug), 1, every, data)
    raise typer.Exit(figures(view, period))


@analyse_app.command("share")
def analyse_share(
    ticker: Ticker,
    period: PeriodText,
    limit: Limit = 50,
    data: DataFolder = None,
    config: Config = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Show what one share did.

    Its performance, gaps, runs and quiet spans.
    """
    from skim_asx.analyse_command import View, one_share
    from skim_core.cli import Wanted

    view = View(Wanted(config, as_json=as_json, debug=debug), limit, data=data)
    raise typer.Exit(one_share(view, ticker, period))


@analyse_app.command("chart")
def analyse_chart(
    ticker: Ticker,
    period: Annotated[
        Optional[str],  # noqa: UP045
        typer.Argument(metavar="PERIOD", help="The period; the newest days when not given."),
    ] = None,
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "--out", metavar="FILE", help="A .svg or .html file; TICKER.svg if not given."
        ),
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=1, help="How many of the newest.")
    ] = 100,
    data: DataFolder = None,
    config: Config = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Draw a share's candles and volumes."""
    from skim_asx.analyse_command import View, draw
    from skim_core.cli import Wanted

    view = View(Wanted(config, as_json=as_json, debug=debug), limit, data=data)
    raise typer.Exit(draw(view, ticker, period, out or Path(f"{ticker.upper()}.svg")))
