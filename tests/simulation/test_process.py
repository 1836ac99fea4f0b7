"""A simulated process dies between any two steps and around any write, and nothing of it acts."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import logging
from contextlib import closing
from datetime import timedelta

import pytest

from skim_core.simulation import (
    Killed,
    Process,
    SimulationLoop,
    SimulationStuck,
    current_process,
)


@pytest.fixture
def loop():
    with closing(SimulationLoop(step_limit=10_000)) as loop:
        yield loop


class Notebook:
    """Something outside of every process, in which processes write lines."""

    def __init__(self):
        self.lines = []

    def write(self, process, line):
        process.at_write(f"before {line}")
        self.lines.append(line)
        process.at_write(f"after {line}")


async def three_lines(process, notebook, name=""):
    for number in range(1, 4):
        await asyncio.sleep(1)
        notebook.write(process, f"{name}{number}")


def lives(loop, process, coroutine):
    return loop.run_until_complete(process.completes(process.run(coroutine)))


def test_a_process_that_nobody_kills_completes(loop):
    process, notebook = Process("a", loop), Notebook()
    assert lives(loop, process, three_lines(process, notebook))
    assert notebook.lines == ["1", "2", "3"]
    assert (process.alive, process.death, process.write_points) == (True, "", 6)
    assert not loop.unhandled


def test_killed_at_each_of_its_steps_it_has_done_what_came_before():
    with closing(SimulationLoop()) as loop:
        whole = Process("whole", loop)
        lives(loop, whole, three_lines(whole, Notebook()))
    done = []
    for step in range(1, whole.steps + 1):
        with closing(SimulationLoop()) as loop:
            process, notebook = Process("a", loop), Notebook()
            process.kill_at_step(step)
            assert not lives(loop, process, three_lines(process, notebook))
            assert process.steps == step
            assert process.death == f"killed at step {step}"
            done.append(len(notebook.lines))
    assert done == sorted(done)
    assert set(done) == {0, 1, 2}


def test_killed_at_each_write_point_it_dies_before_or_after_the_write():
    done = []
    for point in range(1, 7):
        with closing(SimulationLoop()) as loop:
            process, notebook = Process("a", loop), Notebook()
            process.kill_at_write(point)
            assert not lives(loop, process, three_lines(process, notebook))
            done.append((process.death, len(notebook.lines)))
        assert not loop.unhandled
    assert done == [
        ("killed at write point 1, before 1", 0),
        ("killed at write point 2, after 1", 1),
        ("killed at write point 3, before 2", 1),
        ("killed at write point 4, after 2", 2),
        ("killed at write point 5, before 3", 2),
        ("killed at write point 6, after 3", 3),
    ]


def test_other_processes_live_on(loop):
    notebook = Notebook()
    first, second = Process("first", loop), Process("second", loop)
    first.kill_at_step(2)
    first.run(three_lines(first, notebook, "f"))
    assert lives(loop, second, three_lines(second, notebook, "s"))
    assert notebook.lines == ["s1", "s2", "s3"]
    assert not first.alive


def test_all_that_a_process_schedules_dies_with_it(loop):
    seen = []

    async def child():
        await asyncio.sleep(5)
        seen.append("child")

    async def day():
        asyncio.create_task(child())  # noqa: RUF006
        asyncio.get_running_loop().call_later(5, seen.append, "timer")
        asyncio.get_running_loop().call_soon(lambda: seen.append(current_process.get()))
        await asyncio.sleep(10)

    process = Process("a", loop)
    loop.call_at(4, process.kill)
    assert not lives(loop, process, day())
    loop.run_until_complete(asyncio.sleep(20))
    assert seen == [process]


def test_time_does_not_move_for_a_dead_process(loop):
    process = Process("a", loop)
    process.run(asyncio.sleep(3600))
    loop.call_at(2, process.kill)
    with pytest.raises(SimulationStuck, match="stands still at 2 s"):
        loop.run_forever()


def test_a_dead_process_gets_killed_from_what_it_touches_and_no_handler_of_errors_takes_it(loop):
    process, notebook, seen = Process("a", loop), Notebook(), []

    async def day():
        try:
            notebook.write(process, "1")
        except Exception:  # noqa: BLE001  as a careless plugin does
            seen.append("took it for an error")
        finally:
            with pytest.raises(Killed, match="a is dead: killed at write point 1, before 1"):
                notebook.write(process, "2")
            seen.append("cleaned up")

    process.kill_at_write(1)
    assert not lives(loop, process, day())
    assert seen == ["cleaned up"]
    assert not notebook.lines


def test_a_message_to_a_process_is_its_step_and_a_dead_one_never_hears_it(loop):
    process, seen = Process("a", loop), []
    process.call_soon(lambda: seen.append(current_process.get()))
    loop.run_until_complete(asyncio.sleep(1))
    assert seen == [process]
    assert process.steps == 1
    process.call_soon(seen.append, "too late")
    process.kill()
    loop.run_until_complete(asyncio.sleep(1))
    assert seen == [process]


def test_nothing_can_be_started_in_a_dead_process(loop):
    process = Process("a", loop)
    process.kill("power loss")
    with pytest.raises(Killed, match="a is dead: power loss"):
        process.run(asyncio.sleep(1))


def test_its_death_is_told_at_once_and_from_outside(loop):
    seen = []

    def told():
        seen.append((process.alive, current_process.get()))
        loop.call_later(3, seen.append, "restarted")

    process = Process("a", loop, on_death=told)
    process.kill_at_write(3)
    assert not lives(loop, process, three_lines(process, Notebook()))
    process.kill()
    loop.run_until_complete(asyncio.sleep(10))
    assert seen == [(False, None), "restarted"]


def test_variables_of_one_process_are_not_seen_by_another(loop):
    variable = contextvars.ContextVar("variable", default="unset")
    seen = []

    async def work(value):
        seen.append(variable.get())
        variable.set(value)
        await asyncio.sleep(1)
        seen.append(variable.get())

    Process("a", loop).run(work("a"))
    Process("b", loop).run(work("b"))
    loop.run_until_complete(asyncio.sleep(2))
    assert seen == ["unset", "unset", "a", "b"]


def test_variables_of_one_task_are_not_seen_by_the_next(loop):
    variable = contextvars.ContextVar("variable", default="unset")
    process, seen = Process("a", loop), []

    async def work():
        seen.append(variable.get())
        variable.set("set")

    assert lives(loop, process, work())
    assert lives(loop, process, work())
    assert seen == ["unset", "unset"]


def test_dying_in_a_callback_is_no_error(loop):
    process, notebook = Process("a", loop), Notebook()
    process.kill_at_write(1)
    process.call_soon(notebook.write, process, "1")
    loop.run_until_complete(asyncio.sleep(1))
    loop.close()
    assert process.death
    assert not loop.unhandled


# Standing still


def test_a_suspended_process_goes_on_where_it_was_and_misses_nothing(loop):
    process, seen = Process("a", loop), []

    async def day():
        for number in range(1, 6):
            asyncio.get_running_loop().call_at(number, note, number)
        await asyncio.sleep(6)

    def note(number):
        seen.append((number, loop.time()))

    loop.call_at(1.5, process.suspend, timedelta(seconds=2.25))
    assert lives(loop, process, day())
    assert seen == [(1, 1), (2, 3.75), (3, 3.75), (4, 4), (5, 5)]


def test_what_it_missed_runs_before_what_came_after_its_resumption(loop):
    process, seen = Process("a", loop), []
    process.suspend()
    for number in range(3):
        process.call_soon(seen.append, number)
    loop.call_at(1, process.call_soon, seen.append, 3)
    # The message is in the queue, not yet put off, when the process is resumed.
    loop.call_at(1, process.resume)
    loop.run_until_complete(asyncio.sleep(2))
    assert seen == [0, 1, 2, 3]


def test_what_was_missed_can_be_called_off_by_what_was_missed_before_it(loop):
    process, seen = Process("a", loop), []

    async def day():
        running = asyncio.get_running_loop()
        # Both are missed, and wait for the process side by side.
        running.call_at(1, lambda: timer.cancel())  # noqa: PLW0108  it is set below
        timer = running.call_at(2, seen.append, "timed out")
        await asyncio.sleep(3)

    loop.call_at(0.5, process.suspend, timedelta(seconds=5))
    assert lives(loop, process, day())
    loop.run_until_complete(asyncio.sleep(10))
    assert not seen


def test_a_second_suspension_takes_the_place_of_the_first(loop):
    process = Process("a", loop)
    loop.call_at(1, process.suspend, timedelta(seconds=5))
    loop.call_at(2, process.suspend, timedelta(seconds=10))
    assert lives(loop, process, asyncio.sleep(3))
    assert loop.time() == 12
    assert not process.suspended


def test_a_process_can_be_killed_while_it_is_suspended(loop):
    process, notebook = Process("a", loop), Notebook()
    loop.call_at(0.5, process.suspend, timedelta(seconds=5))
    loop.call_at(3, process.kill)
    assert not lives(loop, process, three_lines(process, notebook))
    process.suspend(timedelta(seconds=1))
    process.resume()
    loop.run_until_complete(asyncio.sleep(10))
    assert not notebook.lines
    assert not process.suspended


# The end of a run


async def untidy(process, notebook, seen):
    """Leave much to clean up, none of which may be done."""

    async def child():
        try:
            await asyncio.sleep(100)
        finally:
            await asyncio.sleep(1)
            seen.append("awaited in a cleanup")

    async def failing():
        msg = "nobody asks"
        raise ValueError(msg)

    async def numbers():
        try:
            while True:
                yield 1
                await asyncio.sleep(0)
        finally:
            notebook.write(process, "generator")

    seen.append(asyncio.create_task(child()))
    seen.append(asyncio.create_task(failing()))
    lost = asyncio.get_running_loop().create_future()
    try:
        async for _ in numbers():
            await asyncio.sleep(10)
    finally:
        seen.append("cleaned up")
        seen.append(asyncio.create_task(child()))
        lost.set_exception(ValueError("nobody asks"))
        notebook.write(process, "cleanup")


@pytest.mark.parametrize("killed", [True, False])
def test_the_end_of_a_run_ends_what_still_waits_in_silence(killed, caplog, recwarn):
    notebook, seen = Notebook(), []
    gc.collect()
    recwarn.clear()  # what tests before this one left behind
    with caplog.at_level(logging.WARNING), closing(SimulationLoop()) as loop:
        process = Process("a", loop)
        process.run(untidy(process, notebook, seen))
        if killed:
            loop.call_at(15, process.kill)
        loop.run_until_complete(asyncio.sleep(20))
        assert "cleaned up" not in seen
    assert seen.count("cleaned up") == 1
    assert "awaited in a cleanup" not in seen
    assert not notebook.lines
    assert not process.alive
    assert not loop.unhandled
    seen.clear()
    del process
    gc.collect()
    assert not caplog.records
    assert not recwarn.list


def test_the_error_that_a_living_process_left_unseen_is_told_when_the_run_ends(loop):
    async def fail():
        msg = "nobody asks"
        raise ValueError(msg)

    Process("a", loop).run(fail())
    loop.run_until_complete(asyncio.sleep(1))
    loop.close()
    [unhandled] = loop.unhandled
    assert str(unhandled.exception) == "nobody asks"


def test_the_error_that_a_dead_process_left_unseen_is_nobodys(loop):
    async def fail():
        msg = "nobody asks"
        raise ValueError(msg)

    process = Process("a", loop)
    process.run(fail())
    loop.run_until_complete(asyncio.sleep(1))
    process.kill()
    loop.close()
    assert not loop.unhandled


def test_what_waits_at_the_end_is_ended_in_the_order_in_which_it_was_started():
    seen = []

    async def wait(name):
        try:
            await asyncio.sleep(100)
        finally:
            seen.append(name)

    async def world():
        asyncio.create_task(wait("world"))  # noqa: RUF006
        await asyncio.sleep(2)

    with closing(SimulationLoop()) as loop:
        processes = [Process("a", loop), Process("b", loop)]
        for number in range(3):
            for process in processes:
                process.run(wait(f"{process.name}{number}"))
        loop.run_until_complete(world())
    assert seen == ["a0", "a1", "a2", "b0", "b1", "b2", "world"]


def test_cleanup_that_waits_is_ended_to_its_last_word():
    seen = []

    async def day():
        try:
            try:
                await asyncio.sleep(100)
            finally:
                await asyncio.sleep(1)
        finally:
            seen.append(current_process.get())
            await asyncio.sleep(1)

    with closing(SimulationLoop()) as loop:
        process = Process("a", loop)
        process.run(day())
        loop.run_until_complete(asyncio.sleep(1))
    assert seen == [process]


def test_many_tasks_that_are_done_are_let_go(loop):
    process = Process("a", loop)

    async def day():
        for _ in range(1000):
            await asyncio.create_task(asyncio.sleep(0))

    assert lives(loop, process, day())
    assert len(list(process.tasks)) < 100
