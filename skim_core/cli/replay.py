"""``replay``: strategies over many sessions of history."""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skim_core.cli.output import Toned, echo, print_json, table
from skim_core.cli.stopping import stopped_by_signals
from skim_core.cli.wanted import market_of, parse_date, settings_with
from skim_core.errors import ConfigError
from skim_core.exits import ExitCode
from skim_core.settings import Settings

if TYPE_CHECKING:
    from skim_core.replay.plan import Plan
    from skim_core.replay.running import Repeated, Way
    from skim_core.replay.sessions import Secrets

_KEY = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")


_LINES = 10
"""Lines that are shown of a list without an end."""


@dataclass(frozen=True)
class Replayed:
    """What ``skim replay`` was asked for."""

    strategies: Sequence[str] = ()
    first: str | None = None
    last: str | None = None
    data: Path | None = None
    skip_bad: bool = False
    seed: int | None = None
    capital: str | None = None
    commission: str | None = None
    slippage: str | None = None
    changes: Sequence[str] = ()
    exchange: str | None = None
    jobs: int = 1
    out: Path | None = None
    config: Path | None = None
    as_json: bool = False
    debug: bool = False
    again: Path | None = None

    def settings(self) -> Settings:
        """Load the settings, of the simulated exchange whatever the broker of running days is.

        Raises ConfigError.
        """
        return settings_with(self.given(), self.config, debug=self.debug)

    def given(self) -> dict[str, str]:
        """Return the settings that the options stand for. Raises ConfigError."""
        if self.changes and len(set(self.strategies)) != 1:
            msg = "--set changes the settings of one strategy: replay one, or edit skim.toml."
            raise ConfigError(msg)
        given = {
            "SKIM_BROKER": "sim",
            "SKIM_PACE": "fast",
            "SKIM_EXCHANGE": self.exchange,
            **market_of(self.data, self.seed),
            "SKIM_BROKERS__SIM__CASH": self.capital,
            "SKIM_BROKERS__SIM__COMMISSION": self.commission,
            "SKIM_BROKERS__SIM__SLIPPAGE": self.slippage,
            **self.changed(self.changes),
        }
        return {name: value for name, value in given.items() if value is not None}

    def changed(self, changes: Sequence[str]) -> dict[str, str]:
        """Return the settings of the first strategy that ``key=value`` texts stand for.

        Raises ConfigError for what is no such text.
        """
        changed = {}
        for change in changes:
            key, equals, value = change.partition("=")
            if not equals or not _KEY.fullmatch(key):
                msg = f"--set {change!r}: write a key and its value, such as range_minutes=10."
                raise ConfigError(msg)
            path = ["SKIM_STRATEGY", self.strategies[0], *key.split(".")]
            changed["__".join(path).upper()] = value
        return changed

    def check_jobs(self) -> None:
        """Raise ConfigError when ``--jobs`` is no number of processes."""
        if self.jobs < 1:
            msg = f"--jobs {self.jobs}: give the number of processes, from 1 on."
            raise ConfigError(msg)


def replay_sessions(asked: Replayed) -> int:
    """Replay strategies, show what came of it, and return the exit code: 1 if a day failed."""
    from skim_core.replay.planning import Asked, make_plan, secrets_of
    from skim_core.replay.running import replay

    asked.check_jobs()
    if asked.again is not None:
        return _repeat(asked, asked.again)
    if not asked.strategies or asked.first is None or asked.last is None:
        msg = "a replay needs --strategy, --from and --to; or --again and a replay's folder."
        raise ConfigError(msg)
    settings = asked.settings()
    first, last = parse_date(asked.first, "--from"), parse_date(asked.last, "--to")
    plan = make_plan(Asked(asked.strategies, first, last, asked.skip_bad), settings)
    folder = asked.out or settings.directory / "replays" / plan.name
    secrets = secrets_of(asked.strategies, settings)
    with _shown(plan) as shown:
        summary = replay(plan, folder, shown.way(secrets, asked.jobs))
    if asked.as_json:
        print_json({"folder": folder.absolute(), **summary})
    else:
        _show(summary, folder)
    return ExitCode.FAILED if summary["failed"] else ExitCode.DONE


def _repeat(asked: Replayed, folder: Path) -> int:
    from skim_core.replay.folder import read_plan
    from skim_core.replay.planning import secrets_of
    from skim_core.replay.running import repeat

    given = dataclasses.replace(
        asked, again=None, jobs=1, config=None, exchange=None, as_json=False, debug=False
    )
    if given != Replayed():
        msg = "--again repeats a replay as it was: give the folder, and nothing that changes it."
        raise ConfigError(msg)
    settings, plan = asked.settings(), read_plan(folder)
    secrets = secrets_of([strategy.name for strategy in plan.strategies], settings)
    with _shown(plan) as shown:
        repeated = repeat(folder, shown.way(secrets, asked.jobs), settings.directory)
    if asked.as_json:
        print_json(
            {
                "folder": folder.absolute(),
                "same": not repeated.differing,
                "differing": repeated.differing,
                "changed": repeated.changed,
                **repeated.summary,
            }
        )
    else:
        _tell_repeated(repeated, folder)
    return ExitCode.FAILED if repeated.differing or repeated.summary["failed"] else ExitCode.DONE


def _tell_repeated(repeated: Repeated, folder: Path) -> None:
    for change in repeated.changed:
        echo(f"skim: {change}.", "warning")
    if repeated.differing:
        echo(f"skim: not the same: {', '.join(repeated.differing)} in {folder}.", "error")
    else:
        echo(f"skim: the same to the last byte as {folder}.", "done")


class _Shown:
    """Shows how far a replay is; `check` stops it between sessions when a signal came."""

    def __init__(self, plan: Plan, advance: Callable[[str], None]) -> None:
        self._plan = plan
        self._advance = advance
        self._done = 0
        self.check: Callable[[], None] = lambda: None

    def way(self, secrets: Secrets, jobs: int) -> Way:
        """Return the way of a replay that is shown here."""
        from skim_core.replay.running import Way

        return Way(secrets, jobs, self._told, resumed=self._resumed, check=self.check)

    def broken_off(self) -> None:
        """Say what is kept of a replay that was stopped."""
        if self._done:
            of = f"{self._done} of {len(self._plan.sessions)} sessions"
            _say(f"stopped with {of} finished: the same command goes on from there.")
        else:
            _say("stopped; no session is finished, and nothing is kept.")

    def _told(self, done: date) -> None:
        self._done += 1
        self._advance(f"{done}")

    def _resumed(self, finished: int) -> None:
        of = len(self._plan.sessions)
        _say(f"going on where it broke off: {finished} of {of} sessions are finished.")


@contextmanager
def _shown(plan: Plan) -> Iterator[_Shown]:
    """Show how far the replay is, with a bar on a terminal; Ctrl-C and SIGTERM stop it."""
    with progress_bar("replaying", len(plan.sessions)) as advance:
        shown = _Shown(plan, advance)
        with stopped_by_signals(shown.broken_off) as stop:
            shown.check = stop.check
            yield shown


def _say(text: str) -> None:
    sys.stderr.write(f"skim: {text}\n")


@contextmanager
def progress_bar(doing: str, total: int) -> Iterator[Callable[[str], None]]:
    """Show a bar on a terminal; what is given is called with what was done last."""
    if not sys.stderr.isatty():
        yield lambda _done: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(doing, total=total)
        yield lambda done: bar.update(task, advance=1, description=done)


def _show(summary: Mapping[str, Any], folder: Path) -> None:
    """Print the figures of each strategy, of all together, and what went wrong."""
    rows = [_row(name, figures) for name, figures in summary["by_strategy"].items()]
    if len(rows) > 1:
        rows.append(_row("all", summary))
    echo(
        f"{summary['exchange']} {summary['first']} to {summary['last']}: "
        f"{summary['sessions']} sessions, {summary['capital']:,f} each"
    )
    headers = (
        "strategy",
        "trades",
        "won",
        "profit",
        "factor",
        "R",
        "sharpe",
        "drawdown",
        "exposure",
        "cost",
    )
    table(headers, rows)
    for which in ("best_day", "worst_day"):
        if summary[which] is not None:
            echo(
                f"{which.replace('_', ' ')}: {summary[which]['date']} {_money(summary[which]['profit'])}"
            )
    for held in summary["open"]:
        echo(f"still held: {held['quantity']} {held['symbol']} at {held['average_price']:f}")
    _show_data(summary)
    for halted in summary["halted"]:
        echo(f"halted: {halted['date']} {halted['strategy']}: {halted['why']}", "warning")
    for failed in summary["failed"]:
        echo(f"{failed['end']}: {failed['date']} {failed['strategy']}: {failed['why']}", "error")
    echo(f"written to {folder}")


def _show_data(summary: Mapping[str, Any]) -> None:
    """Print what was left out, and what there is to say about the data, in a few lines."""
    left_out, notes = summary["left_out"], summary["notes"]
    for out in left_out[:_LINES]:
        echo(f"left out: {out['date']}, {out['why']}", "warning")
    if len(left_out) > _LINES:
        echo(f"left out: {len(left_out) - _LINES} more, see summary.json", "warning")
    for note in notes[:_LINES]:
        symbol = f" {note['symbol']}" if note["symbol"] else ""
        echo(f"note: {note['date']}{symbol}: {note['text']}")
    if len(notes) > _LINES:
        echo(f"note: {len(notes) - _LINES} more, see summary.json")


def _row(name: str, figures: Mapping[str, Any]) -> list[object]:
    profit = figures["profit"]
    tone = "gain" if profit > 0 else "loss" if profit < 0 else ""
    return [
        name,
        figures["trades"],
        _percent(figures["win_rate"]),
        Toned(_money(profit), tone),
        _ratio(figures["profit_factor"]),
        _ratio(figures["average_r"]),
        _ratio(figures["sharpe"]),
        _money(figures["drawdown"]),
        _percent(figures["exposure"]),
        _money(figures["commission"]),
    ]


def _money(amount: Any) -> str:
    return f"{amount:,.2f}"


def _percent(part: Any) -> str | None:
    return None if part is None else f"{part:.1%}"


def _ratio(value: Any) -> str | None:
    return None if value is None else f"{value:.2f}"
