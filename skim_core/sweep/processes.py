"""The replays of a sweep, in this process or in several, whole combinations apart."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from skim_core.errors import PluginError
from skim_core.replay.plan import Plan, PlannedStrategy
from skim_core.replay.processes import Workers
from skim_core.replay.running import Way, replay
from skim_core.replay.sessions import Secrets, feed_of
from skim_core.sweep.held import HeldFeed
from skim_core.sweep.planning import replay_plan


@dataclass(frozen=True, slots=True)
class Work:
    """All that a process needs to replay any combination: its strategy and its folder by number."""

    base: Plan
    strategies: Mapping[int, PlannedStrategy]
    runs: Mapping[int, Path]
    secrets: Secrets
    journal: bool


class Worker:
    """Replays combinations into their folders, one after another, on market data in common."""

    def __init__(self, work: Work, check: Callable[[], None] = lambda: None) -> None:
        self._work = work
        self._check = check
        self._feed = HeldFeed(feed_of(work.base))

    def run(self, number: int) -> int:
        """Replay one combination, and return its number. Raises as `replay` does."""
        work = self._work
        way = Way(
            work.secrets, feed=self._feed, journal=work.journal, at_once=True, check=self._check
        )
        replay(replay_plan(work.base, work.strategies[number]), work.runs[number], way)
        return number


def carry_out(
    work: Work, numbers: Sequence[int], jobs: int, check: Callable[[], None]
) -> Generator[int]:
    """Replay the combinations, and yield the number of each when it is done.

    With more than one job they run in as many processes and end in any order; those still at
    work when this one stops, for whatever reason, stop too. Raises what a replay raises, and
    PluginError when a strategy ends a process.
    """
    if jobs == 1 or len(numbers) < 2:  # noqa: PLR2004  nothing to share
        worker = Worker(work, check)
        yield from map(worker.run, numbers)
        return
    try:
        with Workers(min(jobs, len(numbers)), _prepare, work) as workers:
            futures = [workers.submit(_run, number) for number in numbers]
            for future in as_completed(futures):
                yield future.result()
    except BrokenProcessPool as error:
        msg = (
            "a process of the sweep ended in the middle of a replay, by the strategy or for want "
            "of memory: go on with --jobs 1 to see where."
        )
        raise PluginError(msg) from error


_workers: list[Worker] = []
"""The worker of this process, when it is one of several."""


def _prepare(work: Work) -> None:
    _workers[:] = [Worker(work)]


def _run(number: int) -> int:
    [worker] = _workers
    return worker.run(number)
