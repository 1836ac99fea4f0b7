"""Virtual time stands still while it is held and jumps when it is not."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from skim_core.clock.virtual import VirtualClock
from skim_core.clock.wall import PacedClock, WallClock

START = datetime(2026, 1, 5, 23, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_a_sleep_takes_no_wall_time_and_all_its_virtual_time():
    async def day():
        clock = VirtualClock(START)
        await clock.sleep_until(START + 500 * MINUTE)
        return clock.now()

    assert asyncio.run(asyncio.wait_for(day(), 1)) == START + 500 * MINUTE


def test_timers_run_in_order_of_time_and_then_of_setting():
    seen: list[str] = []

    async def day():
        clock = VirtualClock(START)
        with clock.hold():
            clock.call_at(START + 2 * MINUTE, lambda: seen.append("third"))
            clock.call_at(START + MINUTE, lambda: seen.append("first"))
            clock.call_at(START + MINUTE, lambda: seen.append("second"))
            clock.call_at(START + MINUTE, lambda: seen.append("never")).cancel()
        await clock.sleep_until(START + 3 * MINUTE)

    asyncio.run(day())
    assert seen == ["first", "second", "third"]


def test_time_stands_still_while_held_even_when_the_holder_waits_for_something_else():
    async def day():
        clock = VirtualClock(START)
        rang: list[datetime] = []
        clock.call_at(START + MINUTE, lambda: rang.append(clock.now()))
        with clock.hold():
            await asyncio.sleep(0.02)
            assert not rang
            assert clock.now() == START
        await asyncio.sleep(0.01)
        assert rang == [START + MINUTE]

    asyncio.run(day())


def test_a_sleep_inside_a_hold_lets_go_of_it_and_takes_it_up_again():
    async def day():
        clock = VirtualClock(START)
        rang: list[datetime] = []
        clock.call_at(START + 2 * MINUTE, lambda: rang.append(clock.now()))
        with clock.hold():
            await clock.sleep_until(START + MINUTE)
            await asyncio.sleep(0.02)
            assert clock.now() == START + MINUTE
            assert not rang
        await asyncio.sleep(0.01)
        assert rang

    asyncio.run(day())


def test_a_cancelled_sleep_leaves_the_hold_as_it_was():
    async def day():
        clock = VirtualClock(START)
        with clock.hold():
            other = clock.hold()
            other.__enter__()
            sleep = asyncio.create_task(clock.sleep_until(START + MINUTE))
            await asyncio.sleep(0)
            sleep.cancel()
            await asyncio.gather(sleep, return_exceptions=True)
            other.__exit__(None, None, None)
            clock.call_at(START + MINUTE, lambda: None)
            await asyncio.sleep(0.01)
            assert clock.now() == START
        await asyncio.sleep(0.01)
        assert clock.now() == START + MINUTE

    asyncio.run(day())


def test_holders_side_by_side_each_hold_time():
    async def day():
        clock = VirtualClock(START)

        async def worker(wake: timedelta) -> datetime:
            with clock.hold():
                await clock.sleep_until(START + wake)
                await asyncio.sleep(0.005)
                return clock.now()

        return await asyncio.gather(*(worker(n * MINUTE) for n in (3, 1, 2)))

    assert asyncio.run(day()) == [START + n * MINUTE for n in (3, 1, 2)]


def test_a_paced_clock_runs_faster_than_the_wall():
    async def day():
        clock = PacedClock(START, 60_000)
        began = asyncio.get_running_loop().time()
        await clock.sleep_until(START + 10 * MINUTE)
        assert clock.now() >= START + 10 * MINUTE
        return asyncio.get_running_loop().time() - began

    assert asyncio.run(day()) < 1


def test_the_wall_clock_is_aware_and_calls_back_when_the_time_has_come():
    async def day():
        clock = WallClock()
        assert clock.now().tzinfo is UTC
        when = clock.now() + timedelta(milliseconds=20)
        await clock.sleep_until(when)
        assert clock.now() >= when
        await clock.sleep_until(START)

    asyncio.run(day())
