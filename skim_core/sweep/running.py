"""Carries a sweep out, or goes on with it, and reads its results back."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from skim_core.replay.comparison import FIGURES
from skim_core.replay.reading import read_summary, read_trades
from skim_core.replay.sessions import Secrets
from skim_core.sweep import folder as files
from skim_core.sweep.planning import Sweep
from skim_core.sweep.processes import Work, carry_out
from skim_core.sweep.results import Outcome, Results, collect


@dataclass(frozen=True, slots=True)
class Way:
    """How a sweep is carried out; nothing of it changes the results.

    `jobs` processes work side by side; with `keep` each combination's journal is written.
    `told` is called with the number of each combination that is done, at the beginning with
    those that were done before; `check` is called after each session that is replayed in this
    process, and may raise to stop there.
    """

    secrets: Secrets = field(default_factory=dict)
    jobs: int = 1
    keep: bool = False
    told: Callable[[int], None] = lambda _number: None
    check: Callable[[], None] = lambda: None


def run_sweep(sweep: Sweep, folder: Path, way: Way, page: Callable[[Results], str]) -> Results:
    """Replay what is not yet done of a sweep, write its folder, and return the results.

    `page` makes the page that goes into the folder. One that breaks off keeps all
    combinations that are done, and goes on with the others when it is run again. Raises
    ConfigError when the folder holds something else, can't be written or is in use, and what
    the replays raise.
    """
    with files.opened(folder, sweep.plan):
        runs = {
            number: folder / files.RUNS / sweep.plan.run_name(number) for number in sweep.strategies
        }
        left = _undone(sweep, runs, way)
        work = Work(sweep.base, sweep.strategies, runs, way.secrets, way.keep)
        with closing(carry_out(work, left, way.jobs, way.check)) as done:
            for number in done:
                way.told(number)
        results = collect(
            sweep.plan, {number: _outcome(sweep, run) for number, run in runs.items()}
        )
        files.write_results(folder, sweep.plan, results, page(results))
    return results


def _undone(sweep: Sweep, runs: dict[int, Path], way: Way) -> list[int]:
    undone = []
    for combination in sweep.plan.combinations:
        if combination.digest is None:
            continue
        run = runs[combination.number]
        if files.is_done(run, combination.digest, journal=way.keep):
            way.told(combination.number)
        else:
            files.clear(run)
            undone.append(combination.number)
    return undone


def _outcome(sweep: Sweep, run: Path) -> Outcome:
    summary = read_summary(run)
    profits = dict.fromkeys((session.date for session in sweep.base.sessions), Decimal(0))
    for trade in read_trades(run):
        profits[trade.session] += trade.profit
    figures = {
        name: None if summary[name] is None else Decimal(str(summary[name])) for name in FIGURES
    }
    return Outcome(figures, tuple(profits.values()), len(summary["failed"]))
