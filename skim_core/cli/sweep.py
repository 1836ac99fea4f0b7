"""``sweep``: one strategy over every combination of some settings' values."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from textwrap import fill
from typing import TYPE_CHECKING, Any

from skim_core.cli.output import Toned, echo, print_json, table, terminal
from skim_core.cli.replay import Replayed, progress_bar
from skim_core.cli.stopping import stopped_by_signals
from skim_core.cli.wanted import parse_date
from skim_core.cli.words.sweep import figure_cell, named, verdict
from skim_core.errors import ConfigError
from skim_core.exits import ExitCode
from skim_core.settings import Settings, load_settings

if TYPE_CHECKING:
    from pathlib import Path

    from skim_core.sweep.grid import Parameter
    from skim_core.sweep.heat import HeatMap
    from skim_core.sweep.planning import Sweep
    from skim_core.sweep.results import Results, Row

SHOWN = 20
"""Combinations that are listed unless all are asked for."""

_COLUMNS = ("trades", "win_rate", "profit", "profit_factor", "average_r", "sharpe", "drawdown")
_HEADERS = {"win_rate": "won", "profit_factor": "factor", "average_r": "R"}
_LEAST_WANTED = ("win_rate", "profit_factor", "average_r", "drawdown")
"""Figures that a narrow terminal goes without, in this order."""


@dataclass(frozen=True)
class Swept:
    """What ``skim sweep`` was asked for; `replayed` is what its replays have in common."""

    replayed: Replayed
    parameters: Sequence[str]
    by: str = "sharpe"
    axes: str | None = None
    most: int = 1000
    keep: bool = False
    show_all: bool = False


def sweep_strategy(asked: Swept) -> int:
    """Replay every combination, show what came of it, and return ExitCode.FAILED if a day failed."""
    from skim_core.cli.views.sweep_page import page
    from skim_core.replay.planning import secrets_of
    from skim_core.sweep.grid import read_grid
    from skim_core.sweep.heat import heat_map, read_axes
    from skim_core.sweep.planning import Wanted, plan_sweep
    from skim_core.sweep.results import check_figure
    from skim_core.sweep.running import Way, run_sweep

    replayed = asked.replayed
    replayed.check_jobs()
    if not replayed.strategies or replayed.first is None or replayed.last is None:
        msg = "a sweep needs --strategy, --from and --to."
        raise ConfigError(msg)
    check_figure(asked.by)
    parameters = read_grid(asked.parameters, asked.most)
    axes = read_axes(asked.axes, parameters)
    _check_set(replayed, parameters)
    settings = replayed.settings()
    first, last = parse_date(replayed.first, "--from"), parse_date(replayed.last, "--to")
    wanted = Wanted(replayed.strategies[0], first, last, parameters)
    swept = plan_sweep(wanted, _loader(replayed))
    folder = replayed.out or settings.directory / "sweeps" / swept.plan.name

    def mapped(results: Results) -> HeatMap:
        return heat_map(results.rows, parameters, asked.by, axes)

    with _progress(swept) as (told, check):
        secrets = secrets_of(replayed.strategies, settings)
        way = Way(secrets, replayed.jobs, asked.keep, told, check)
        results = run_sweep(
            swept, folder, way, lambda results: page(swept.plan, results, mapped(results))
        )
    if replayed.as_json:
        _print(asked, swept, results, folder)
    else:
        _show(asked, swept, results, mapped(results), folder)
    return ExitCode.FAILED if any(row.failed for row in results.rows) else ExitCode.DONE


def _check_set(replayed: Replayed, parameters: Sequence[Parameter]) -> None:
    given = {change.partition("=")[0] for change in replayed.changes}
    for parameter in parameters:
        if parameter.key in given:
            msg = f"{parameter.key} has a --param and a --set: give one of them."
            raise ConfigError(msg)


def _loader(replayed: Replayed) -> Callable[[Mapping[str, str]], Settings]:
    given = replayed.given()

    def load(values: Mapping[str, str]) -> Settings:
        changed = replayed.changed([f"{key}={value}" for key, value in values.items()])
        return load_settings(replayed.config, os.environ, given | changed)

    return load


@contextmanager
def _progress(sweep: Sweep) -> Iterator[tuple[Callable[[int], None], Callable[[], None]]]:
    """Show how far the sweep is, on a terminal, and say so when a signal stops it.

    Gives what is to be told of each combination that is done, and what stops it between
    sessions when a signal came.
    """
    values = {found.number: found.values for found in sweep.plan.combinations}
    done: set[int] = set()
    with progress_bar("sweeping", len(sweep.strategies)) as told:

        def tell(number: int) -> None:
            done.add(number)
            told(named(values[number]))

        def broken_off() -> None:
            sys.stderr.write(
                f"skim: interrupted, {len(done)} of {len(sweep.strategies)} combinations are "
                "done: the same command goes on from there.\n"
            )

        with stopped_by_signals(broken_off) as stop:
            yield tell, stop.check


def _print(asked: Swept, sweep: Sweep, results: Results, folder: Path) -> None:
    from skim_core.sweep.results import best, document, ranked

    top = best(results.rows, asked.by)
    rows = ranked(results.rows, asked.by)
    print_json(
        {
            "folder": folder.absolute(),
            "by": asked.by,
            "best": None if top is None else top.number,
            "verdict": verdict(sweep.plan, results, top, asked.by),
            "left_out": [{"date": out.date, "why": out.why} for out in sweep.base.left_out],
            **document(sweep.plan, results, rows),
        }
    )


def _show(asked: Swept, sweep: Sweep, results: Results, found: HeatMap, folder: Path) -> None:
    from skim_core.cli.views.sweep_map import show_map
    from skim_core.sweep.results import ranked

    plan = sweep.plan
    echo(
        f"{plan.exchange} {plan.first} to {plan.last}: {plan.sessions} sessions, "
        f"{plan.capital:,f} each, {len(plan.combinations)} combinations"
    )
    for left_out in sweep.base.left_out:
        echo(f"left out: {left_out.date}, {left_out.why}", "warning")
    keys = [parameter.key for parameter in plan.parameters]
    run = [row for row in ranked(results.rows, asked.by) if not row.refused]
    shown = run if asked.show_all else run[:SHOWN]
    _list(shown, keys, asked.by)
    if len(run) > len(shown):
        echo(f"{len(run) - len(shown)} more: --all shows them", "aside")
    _show_refused(results.rows)
    for row in run:
        if row.failed:
            text = f"failed days: {row.failed} with {named(row.values)}, see run {row.number}"
            echo(text, "error")
    show_map(found)
    told = verdict(plan, results, found.best, asked.by)
    echo(fill(told, terminal().width) if sys.stdout.isatty() else told, "warning")
    echo(f"written to {folder}")


def _show_refused(rows: Sequence[Row]) -> None:
    by_reason: dict[str, list[Row]] = {}
    for row in rows:
        if row.refused:
            by_reason.setdefault(row.refused, []).append(row)
    for reason, refused in by_reason.items():
        others = len(refused) - 1
        more = f" and {others} {'others' if others > 1 else 'other'}" if others else ""
        echo(f"refused: {named(refused[0].values)}{more}: {reason}", "warning")


def _list(rows: Sequence[Row], keys: Sequence[str], by: str) -> None:
    """Print a table of combinations; on a terminal without the figures that don't fit."""
    columns = [*_COLUMNS, *(() if by in _COLUMNS else (by,))]
    width = terminal().width if sys.stdout.isatty() else None
    for name in _LEAST_WANTED:
        if width is None or _width(_lines(rows, keys, columns)) <= width:
            break
        if name != by:
            columns.remove(name)
    headers, *cells = _lines(rows, keys, columns)
    table([str(header) for header in headers], cells)


def _lines(rows: Sequence[Row], keys: Sequence[str], columns: Sequence[str]) -> list[list[Any]]:
    heads = ["", *keys, *(_HEADERS.get(name, name.replace("_", " ")) for name in columns)]
    return [
        heads,
        *(
            [
                row.number,
                *(row.values[key] for key in keys),
                *(figure_cell(name, row.figures[name]) for name in columns),
            ]
            for row in rows
        ),
    ]


def _width(lines: Sequence[Sequence[Any]]) -> int:
    """Return how wide a table of such lines is drawn."""
    texts = [
        [cell.text if isinstance(cell, Toned) else str(cell or "") for cell in line]
        for line in lines
    ]
    columns = list(zip(*texts, strict=True))
    return sum(max(map(len, column)) for column in columns) + 3 * len(columns)
