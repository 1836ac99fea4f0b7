"""Carries a plan out, from its sessions to its folder."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from skim_core.replay import folder as files
from skim_core.replay.joining import versions_of_extensions
from skim_core.replay.notes import Note
from skim_core.replay.parallel import Rest, in_sequence, side_by_side
from skim_core.replay.plan import Plan
from skim_core.replay.planning import data_digest, differences, versions_of
from skim_core.replay.progress import (
    REPEATING,
    RUNNING,
    NoProgress,
    Progress,
    progress_beside,
)
from skim_core.replay.sessions import Left, Secrets, SessionResult
from skim_core.replay.soundness import faults, refuse
from skim_core.replay.summary import Day, summarize
from skim_core.replay.trades import Trade
from skim_core.sim.data import Feed


@dataclass(frozen=True)
class Way:
    """How a plan is carried out; nothing of it changes the results.

    `jobs` processes work side by side; `told` is called with each session's date when it is
    done, `resumed` before with the number of those that were finished when the same replay
    broke off. `check` is called before a session's result is kept: what it raises breaks the
    replay off, and the session is run again when it goes on. `feed` is the plan's market
    where it is at hand in one process. Without `journal` the events are not written down;
    with `at_once` a replay that breaks off leaves nothing to go on with.
    """

    secrets: Secrets = field(default_factory=dict)
    jobs: int = 1
    told: Callable[[date], None] = lambda _date: None
    feed: Feed | None = None
    journal: bool = True
    resumed: Callable[[int], None] = lambda _finished: None
    check: Callable[[], None] = lambda: None
    at_once: bool = False


@dataclass(frozen=True)
class Repeated:
    """What a replay that was repeated came to.

    `differing` names the files that are not the same bytes as before, `changed` says in words
    which versions or data are others than then.
    """

    summary: dict[str, Any]
    differing: list[str]
    changed: list[str]


def replay(plan: Plan, folder: Path, way: Way) -> dict[str, Any]:
    """Run all sessions of `plan`, write its folder, and return the summary.

    A replay that breaks off leaves the folder as it was, and goes on with what it had
    finished when it is run again. Raises ConfigError when the folder holds something else,
    can't be written, for want of room too, or is being written by another process, and
    DataError for unsound market data.
    """
    files.check_place(folder, plan)
    with _progress(plan, folder, way) as progress:
        summary = _write(plan, progress, way)
        files.put_in_place(progress.files, folder)
    return summary


@contextmanager
def _progress(plan: Plan, folder: Path, way: Way) -> Iterator[Progress | NoProgress]:
    if way.at_once:
        with files.staged(folder) as aside:
            (aside / folder.name).mkdir(mode=0o700)
            yield NoProgress(aside / folder.name)
    else:
        with progress_beside(folder, plan, RUNNING) as progress:
            yield progress


def repeat(folder: Path, way: Way, directory: Path) -> Repeated:
    """Run the replay in `folder` again, which stays as it is, and compare what comes of it.

    `directory` remembers which recorded files were found sound.
    Raises ConfigError when it is no replay's folder, DataError when its recorded files are
    bad by now.
    """
    then = files.read_plan(folder)
    names = [strategy.name for strategy in then.strategies]
    now = then.model_copy(
        update={
            "versions": versions_of(names, then.options) | versions_of_extensions(then.extensions),
            "data": data_digest(then.options, then.exchange, then.sessions),
        }
    )
    changed = differences(then.versions, now.versions)
    if now.data != then.data:
        changed.append(f"the recorded bars in {then.options.data} are others than then")
    if then.options.data is not None and now.data is not None:
        found = faults(then.options.data, then.sessions, now.data, directory)
        refuse(found, of=len(then.sessions))
    with progress_beside(folder, now, REPEATING) as progress:
        summary = _write(now, progress, way)
        return Repeated(summary, files.differing(progress.files, folder), changed)


def _write(plan: Plan, progress: Progress | NoProgress, way: Way) -> dict[str, Any]:
    aside = progress.files
    trades: list[Trade] = []
    days: list[Day] = []
    notes: list[Note] = []
    left: Left | None = None
    writer = files.JournalWriter(aside) if way.journal else files.NoJournal()
    with closing(writer) as journal, closing(_results(plan, progress, way)) as results:
        for result in results:
            journal.add(result.runs)
            trades.extend(result.trades)
            notes.extend(result.notes)
            days.extend(Day.of(result.date, run) for run in result.runs)
            left = result.left
            way.told(result.date)
    summary = summarize(plan, days, trades, left, notes)
    files.write_plan(aside, plan)
    files.write_trades(aside, trades)
    files.write_summary(aside, summary)
    return summary


def _results(plan: Plan, progress: Progress | NoProgress, way: Way) -> Generator[SessionResult]:
    """Yield what was finished before, then what is run now and kept."""
    left: Left | None = None
    if progress.finished:
        way.resumed(len(progress.finished))
    for result in progress.results():
        left = result.left
        yield result
    rest = Rest(plan.sessions[len(progress.finished) :], left)
    with closing(_run(plan, rest, way)) as results:
        for result in results:
            way.check()
            progress.keep(result)
            yield result


def _run(plan: Plan, rest: Rest, way: Way) -> Generator[SessionResult]:
    if way.jobs > 1 and len(rest.sessions) > 1:
        return side_by_side(plan, way.secrets, way.jobs, rest)
    return in_sequence(plan, way.secrets, way.feed, rest)
