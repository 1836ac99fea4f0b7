"""A simulated machine's clock is told by the loop, may be wrong and may be set."""

from __future__ import annotations

import asyncio
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from skim_core.simulation import LoopClock, Process, SimulationLoop

EPOCH = datetime(2026, 1, 5, 23, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def loop():
    with closing(SimulationLoop(step_limit=10_000)) as loop:
        yield loop


def test_it_is_the_epoch_plus_the_loops_time_plus_its_skew(loop):
    right, fast = LoopClock(loop, EPOCH), LoopClock(loop, EPOCH, 3 * SECOND)
    loop.run_until_complete(asyncio.sleep(0.1))
    assert right.now() == EPOCH + timedelta(milliseconds=100)
    assert fast.now() - right.now() == 3 * SECOND
    assert right.now().tzinfo is UTC


def test_a_sleep_ends_at_its_instant_to_the_microsecond(loop):
    clock = LoopClock(loop, EPOCH, -SECOND)
    when = EPOCH + timedelta(hours=6, microseconds=1)
    loop.run_until_complete(clock.sleep_until(when))
    assert clock.now() == when
    loop.run_until_complete(clock.sleep_until(EPOCH))
    assert clock.now() == when


def test_a_timer_runs_when_it_is_due_and_never_before_it_was_set(loop):
    clock, seen = LoopClock(loop, EPOCH), []
    clock.call_at(EPOCH + MINUTE, lambda: seen.append("later"))
    clock.call_at(EPOCH + MINUTE, lambda: seen.append("never")).cancel()
    clock.call_at(EPOCH - MINUTE, lambda: seen.append("soon"))
    assert not seen
    loop.run_until_complete(asyncio.sleep(1))
    assert seen == ["soon"]
    loop.run_until_complete(asyncio.sleep(60))
    assert seen == ["soon", "later"]


def fires_at(loop, clock, due, jumps):
    """Return the loop's seconds at which a timer for `due` runs while the clock is set."""
    seen = []
    clock.call_at(due, lambda: seen.append(loop.time()))
    for at, skew in jumps:
        loop.call_at(at, lambda skew=skew: setattr(clock, "skew", skew))
    loop.run_until_complete(asyncio.sleep(10_000))
    [at] = seen
    return at


def test_a_clock_that_is_set_forward_is_noticed_within_fifteen_seconds(loop):
    # Looks at 0, 15, 30, 45.
    assert fires_at(loop, LoopClock(loop, EPOCH), EPOCH + 60 * MINUTE, [(31, 60 * MINUTE)]) == 45


def test_a_clock_that_is_set_forward_a_little_makes_a_timer_due_a_little_earlier(loop):
    assert fires_at(loop, LoopClock(loop, EPOCH), EPOCH + 60 * MINUTE, [(31, MINUTE)]) == 3540


def test_a_clock_that_is_set_back_makes_a_timer_due_later(loop):
    assert fires_at(loop, LoopClock(loop, EPOCH), EPOCH + 10 * MINUTE, [(31, -MINUTE)]) == 660


def test_a_clock_that_is_set_to_and_fro_leaves_a_timer_where_it_was(loop):
    jumps = [(31, -MINUTE), (100, 5 * MINUTE), (101, timedelta())]
    assert fires_at(loop, LoopClock(loop, EPOCH), EPOCH + 10 * MINUTE, jumps) == 600


def test_an_undisturbed_timer_looks_at_the_time_once(loop):
    fires_at(loop, LoopClock(loop, EPOCH), EPOCH + 120 * MINUTE, [])
    assert loop.steps < 10


def test_a_timer_stays_its_processes_when_another_sets_the_clock(loop):
    clock, seen = LoopClock(loop, EPOCH), []
    process = Process("a", loop)
    process.call_soon(lambda: clock.call_at(EPOCH + MINUTE, lambda: seen.append("dead man's")))
    loop.call_at(10, lambda: setattr(clock, "skew", SECOND))
    loop.call_at(20, process.kill)
    loop.run_until_complete(asyncio.sleep(100))
    assert not seen


def test_holding_it_changes_nothing(loop):
    clock = LoopClock(loop, EPOCH)
    with clock.hold():
        loop.run_until_complete(clock.sleep_until(EPOCH + MINUTE))
    assert clock.now() == EPOCH + MINUTE
