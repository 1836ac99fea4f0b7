"""Sessions side by side in several processes, with the results of one process.

A session that begins with its capital alone depends on no other. So each process runs a
stretch of sessions as if nothing had been left before it; where something was, the sessions
from there on are run again in their order, until one is flat where the guess was flat too.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from typing import NamedTuple

from skim_core.errors import PluginError
from skim_core.model.session import Session
from skim_core.replay.plan import Plan
from skim_core.replay.processes import Workers
from skim_core.replay.sessions import Left, Secrets, SessionResult, SessionRunner
from skim_core.sim.data import Feed

_LONGEST = 20
"""Sessions of a stretch: enough to be worth a message, few enough to share the work evenly."""

_AHEAD = 2
"""Stretches for each process that are begun before their results are wanted."""


class Rest(NamedTuple):
    """The sessions of a plan that are yet to be run, and what those before left open."""

    sessions: Sequence[Session]
    left: Left | None


def in_sequence(
    plan: Plan, secrets: Secrets, feed: Feed | None = None, rest: Rest | None = None
) -> Generator[SessionResult]:
    """Yield the results of a plan's sessions, or its rest, run one after another here.

    `feed` is the plan's market where it is at hand.
    """
    sessions, left = rest or Rest(plan.sessions, None)
    runner = SessionRunner(plan, secrets, feed)
    for session in sessions:
        result = runner.run(session, left)
        left = result.left
        yield result


def side_by_side(
    plan: Plan, secrets: Secrets, jobs: int, rest: Rest | None = None
) -> Generator[SessionResult]:
    """Yield the same results, in the same order, run in `jobs` processes.

    Raises what a session raises, in the order of the sessions, and PluginError when a
    strategy ends a process.
    """
    sessions, left = rest or Rest(plan.sessions, None)
    size = min(_LONGEST, max(1, -(-len(sessions) // (4 * jobs))))
    stretches = [sessions[start : start + size] for start in range(0, len(sessions), size)]
    try:
        with Workers(min(jobs, len(stretches)), _prepare, plan, secrets) as workers:
            again = _Again(plan, secrets)
            yield from _stitched(again, left, stretches, _guesses(workers, stretches, jobs))
    except BrokenProcessPool as error:
        msg = (
            "a process of the replay ended in the middle of a session, by a strategy or for "
            "want of memory: replay with --jobs 1 to see where."
        )
        raise PluginError(msg) from error


def _guesses(
    workers: Workers, stretches: Sequence[Sequence[Session]], jobs: int
) -> Iterator[Sequence[SessionResult]]:
    waiting: deque[Future[list[SessionResult]]] = deque()
    for stretch in stretches:
        waiting.append(workers.submit(_run_stretch, stretch))
        if len(waiting) >= _AHEAD * jobs:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _stitched(
    run_again: _Again,
    left: Left | None,
    stretches: Iterable[Sequence[Session]],
    guesses: Iterable[Sequence[SessionResult]],
) -> Generator[SessionResult]:
    for stretch, guessed in zip(stretches, guesses, strict=True):
        follows = False
        for session, guess in zip(stretch, guessed, strict=True):
            # True from where nothing was left, as was guessed, to the end of the stretch.
            follows = follows or (left is None and guess.flat_before)
            result = guess if follows else run_again(session, left)
            left = result.left
            yield result


class _Again:
    """Runs sessions in this process; what that needs is loaded when it is needed."""

    def __init__(self, plan: Plan, secrets: Secrets) -> None:
        self._make: Callable[[], SessionRunner] = lambda: SessionRunner(plan, secrets)
        self._runner: SessionRunner | None = None

    def __call__(self, session: Session, left: Left | None) -> SessionResult:
        if self._runner is None:
            self._runner = self._make()
        return self._runner.run(session, left)


_runners: list[SessionRunner] = []
"""The runner of this process, when it is one of several."""


def _prepare(plan: Plan, secrets: Secrets) -> None:
    _runners[:] = [SessionRunner(plan, secrets)]


def _run_stretch(stretch: Sequence[Session]) -> list[SessionResult]:
    """Run the sessions as if nothing had been left before the first of them."""
    [runner] = _runners
    results: list[SessionResult] = []
    left: Left | None = None
    for session in stretch:
        result = runner.run(session, left)
        left = result.left
        results.append(result)
    return [*(result.without_left() for result in results[:-1]), *results[-1:]]
