"""The simulation's loop runs like asyncio's, on time and in an order of its own."""

from __future__ import annotations

import asyncio
import threading
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skim_core.simulation import NotSimulated, Process, SimulationLoop, SimulationStuck


@pytest.fixture
def loop():
    with closing(SimulationLoop(step_limit=10_000)) as loop:
        yield loop


def test_a_long_sleep_takes_all_its_time_and_not_a_microsecond_more(loop):
    async def day():
        for _ in range(2000):
            await asyncio.sleep(0.1)

    loop.run_until_complete(day())
    assert loop.microseconds == 200_000_000
    assert loop.time() == 200.0


def test_timers_are_rounded_to_the_microsecond(loop):
    loop.run_until_complete(asyncio.sleep(1.000_000_4))
    loop.run_until_complete(asyncio.sleep(1.000_000_6))
    assert loop.microseconds == 2_000_001


def test_timers_of_one_instant_run_in_the_order_in_which_they_were_set(loop):
    seen = []
    for number in range(50):
        loop.call_at(5, seen.append, number)
    loop.call_at(4, seen.append, "earlier")
    loop.call_at(6, loop.stop)
    loop.run_forever()
    assert seen == ["earlier", *range(50)]


def test_a_timer_of_the_past_runs_soon_and_time_never_goes_back(loop):
    seen = []

    async def day():
        await asyncio.sleep(10)
        loop.call_at(3, seen.append, loop.time())
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    loop.run_until_complete(day())
    assert seen == [10.0]
    assert loop.time() == 10.0


def test_time_does_not_move_to_a_timer_that_was_called_off(loop):
    loop.call_at(2, lambda: None)
    loop.call_at(5, loop.stop).cancel()
    with pytest.raises(SimulationStuck, match="stands still at 2 s"):
        loop.run_forever()


def test_what_is_ready_and_is_called_off_does_not_run(loop):
    seen = []
    later = None

    def first():
        later.cancel()

    loop.call_soon(first)
    later = loop.call_soon(seen.append, "never")
    loop.call_soon(loop.stop)
    loop.run_forever()
    assert not seen
    assert loop.steps == 2


def test_a_timeout_cancels_what_takes_too_long(loop):
    async def day():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3):
                await asyncio.sleep(4)
        async with asyncio.timeout(5):
            await asyncio.sleep(4)
        return loop.time()

    assert loop.run_until_complete(day()) == 7


def test_sleeping_for_ever_is_not_due(loop):
    async def day():
        async with asyncio.timeout(3):
            await asyncio.sleep(float("inf"))

    with pytest.raises(TimeoutError):
        loop.run_until_complete(day())


@st.composite
def programs(draw):
    """Draw for each task the seconds that it sleeps, one sleep after the other; 0 gives way."""
    waits = st.sampled_from([0, 0, 0.001, 0.002, 0.003])
    return draw(st.lists(st.lists(waits, min_size=1, max_size=5), min_size=1, max_size=4))


def play(loop, program):
    seen = []

    async def work(name, waits):
        for number, wait in enumerate(waits):
            seen.append((name, number))
            await asyncio.sleep(wait)

    async def day():
        async with asyncio.TaskGroup() as group:
            for name, waits in enumerate(program):
                group.create_task(work(name, waits))

    loop.run_until_complete(day())
    return seen, loop.steps


@settings(max_examples=60, deadline=None)
@given(programs())
def test_the_same_program_takes_the_same_steps_every_time(program):
    with closing(SimulationLoop()) as first, closing(SimulationLoop()) as second:
        assert play(first, program) == play(second, program)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 6), min_size=1, max_size=5))
def test_what_is_ready_runs_in_the_order_of_asyncio_itself(lengths):
    program = [[0] * length for length in lengths]

    class Counting(asyncio.SelectorEventLoop):
        steps = 0

    with closing(SimulationLoop()) as simulated, closing(Counting()) as real:
        assert play(simulated, program)[0] == play(real, program)[0]


async def spin():
    for _ in range(1_000_000):
        await asyncio.sleep(1)


def test_a_run_in_which_nothing_is_due_any_more_says_who_waits(loop):
    async def wait():
        await loop.create_future()

    async def day():
        await Process("broker", loop).run(wait())

    with pytest.raises(SimulationStuck, match=r"nothing is due.*waiting: broker/1, world/1"):
        loop.run_until_complete(day())


def test_a_run_that_goes_round_for_ever_is_ended_by_its_step_limit(loop):
    with pytest.raises(SimulationStuck, match=r"after 10001 steps .*waiting: world/1.*step_limit"):
        loop.run_until_complete(spin())


def test_a_watch_sees_every_step_and_what_it_raises_ends_the_run(loop):
    looks = []

    def look():
        looks.append(loop.steps)
        if loop.steps == 7:
            msg = "an invariant broke"
            raise ValueError(msg)

    loop.watch(look)
    with pytest.raises(ValueError, match="an invariant broke"):
        loop.run_until_complete(spin())
    assert looks == list(range(8))


def test_an_executor_is_refused(loop):
    async def day():
        await asyncio.to_thread(sum, [1, 2])

    with pytest.raises(NotSimulated, match="one: write 'async def'"):
        loop.run_until_complete(day())


def test_a_call_from_another_thread_is_refused_there_and_ends_the_run(loop):
    refused = []

    def intrude():
        try:
            loop.call_soon_threadsafe(print)
        except NotSimulated as error:
            refused.append(error)

    async def day():
        thread = threading.Thread(target=intrude)
        thread.start()
        thread.join()
        await asyncio.sleep(1)

    with pytest.raises(NotSimulated, match="print was to run in"):
        loop.run_until_complete(day())
    assert refused


def test_a_socket_is_refused(loop):
    async def day():
        await asyncio.open_connection("127.0.0.1", 1)

    with pytest.raises(NotSimulated):
        loop.run_until_complete(day())


def test_an_error_that_nobody_deals_with_is_kept_for_whoever_runs_the_simulation():
    def break_down():
        msg = "it broke"
        raise ValueError(msg)

    async def fail():
        break_down()

    async def day():
        loop.call_soon(break_down)
        failing = asyncio.create_task(fail())
        await asyncio.sleep(1)
        del failing

    with closing(SimulationLoop()) as loop:
        loop.run_until_complete(day())
    called, awaited = loop.unhandled
    assert "Exception in callback" in called.message
    assert awaited.message == "Task exception was never retrieved"
    assert str(called.exception) == str(awaited.exception) == "it broke"


def test_an_async_generator_that_is_dropped_is_closed():
    seen = []

    async def ticks():
        try:
            while True:
                yield 1
        finally:
            seen.append("closed")

    async def day():
        async for _ in ticks():
            break
        await asyncio.sleep(1)

    with closing(SimulationLoop()) as loop:
        loop.run_until_complete(day())
    assert seen == ["closed"]


def test_a_loop_can_be_run_again_and_closed_twice(loop):
    assert loop.run_until_complete(asyncio.sleep(1, "first")) == "first"
    assert loop.run_until_complete(asyncio.sleep(1, "second")) == "second"
    assert loop.time() == 2
    loop.close()
    loop.close()
