"""The real ``skim`` killed with SIGKILL at every point, its exchange living in another process.

A day is killed before, in and after each of its journal's appends (after a durable one is
between the journal's disk and the send), and before, while and after the exchange deals with
each of its requests (after it was followed is before the answer). Cron's ``start_monitoring``
goes on with it, and is killed too now and then. What the exchange has seen in the end is
what it saw of the day that nothing disturbed.
"""

from __future__ import annotations

import os
import random
import signal
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from .exchange_process.deaths import HOST
from .exchange_process.lab import MONITOR, START, Labs
from .exchange_process.verdict import (
    KILLED,
    check_kept,
    check_killed,
    check_same,
    look,
)

WORKERS = 2
"""How many days are run at once."""

MEMORY = Path("/dev/shm")
"""A killed process's files are whole wherever they are; in memory they cost less."""


@pytest.fixture(scope="module")
def labs():
    where = MEMORY if os.access(MEMORY, os.W_OK) else None
    with TemporaryDirectory(dir=where, prefix="sigkill-") as folder:
        made = Labs(Path(folder), WORKERS)
        yield made
        made.close()


@pytest.fixture(scope="module")
def undisturbed(labs):
    with labs.day() as day:
        lengths = day.directory / "lengths"
        assert day.run(*START, death=f"count:{lengths}") == 0, day.said()
        return look(day, [int(length) for length in lengths.read_text().split()])


def go_on(day, number):
    """Go on with a killed day to its end; kill the one that goes on, too, at every third.

    Return the journal as the last kill left it. A day that died before its first event has
    not begun: cron starts it again.
    """
    before = day.events()
    if before and number % 3 == 0:
        again = 1 + number % 7
        if number % 2:
            code = day.run(*MONITOR, death=f"after:{again}:SIGKILL")
        else:
            day.lab.exchange.tell("kill", request=again, moment="applied", signal="SIGKILL")
            code = day.run(*MONITOR)
        if code == 0:
            return before
        after = check_killed(day, code)
        assert after[: len(before)] == before, "the journal lost something"
        before = after
    code = day.run(*(MONITOR if before else START))
    assert code == 0, f"it ended with {code}"
    return before


def test_the_undisturbed_day_trades_in_every_way_and_has_hundreds_of_points(undisturbed):
    bought_and_sold = {(symbol, side) for _, symbol, side, *_ in undisturbed.trades}
    assert bought_and_sold == {
        (symbol, side) for symbol in ("ALP", "ARC", "BOW") for side in ("buy", "sell")
    }
    assert 3 * (len(undisturbed.appends) + undisturbed.requests) >= 300


@pytest.mark.parametrize("moment", ["before", "commit", "after"])
def test_a_day_killed_at_any_append_ends_as_if_it_had_not_been(labs, undisturbed, moment):
    def trial(day, number):
        code = day.run(*START, death=f"{moment}:{number}:SIGKILL")
        kept = check_killed(day, code)
        whole = undisturbed.appends[: number if moment == "after" else number - 1]
        assert len(kept) == sum(map(len, whole)), "the journal has not what was appended"
        check_same(day, go_on(day, number), undisturbed)

    # After the last append the day is over.
    labs.each(trial, range(1, len(undisturbed.appends)))


@pytest.mark.parametrize(
    "moments", [("unread", "read"), ("applied",), ("replied",)], ids=["before", "while", "after"]
)
def test_a_day_killed_at_any_request_ends_as_if_it_had_not_been(labs, undisturbed, moments):
    def trial(day, number):
        moment = moments[number % len(moments)]
        day.lab.exchange.tell("kill", request=number, moment=moment, signal="SIGKILL")
        check_killed(day, day.run(*START))
        check_same(day, go_on(day, number), undisturbed)

    labs.each(trial, range(1, undisturbed.requests + 1))


def test_a_day_killed_again_and_again_at_any_time_ends_as_if_it_had_not_been(labs, undisturbed):
    def trial(day, number):
        chance, before = random.Random(number), []
        for _ in range(3):
            pid = day.start(*(MONITOR if before else START))
            day.lab.pause(chance.uniform(0.0, 0.25))
            os.kill(pid, signal.SIGKILL)
            code = day.wait(pid)
            if code != KILLED:
                break
            after = check_killed(day, code)
            assert after[: len(before)] == before, "the journal lost something"
            before = after
        day.run(*(MONITOR if before else START))
        check_same(day, before, undisturbed)

    labs.each(trial, range(24))


def test_the_console_script_killed_anywhere_is_gone_on_with(labs, undisturbed):
    sends = [number for number, kinds in _kinds(undisturbed) if "order_sending" in kinds]
    others = range(1, len(undisturbed.appends), 15)
    points = {
        **{number: f"after:{number}:SIGKILL" for number in sends},
        **{number: f"commit:{number}:SIGKILL" for number in others},
    }

    def trial(day, number):
        check_killed(day, day.spawn(*START, death=points[number]))
        before = day.events()
        assert day.spawn(*(MONITOR if before else START)) == 0
        check_same(day, before, undisturbed)

    assert len(points) >= 10
    labs.each(trial, points)


def test_a_day_that_was_dead_for_minutes_keeps_its_stops_and_goes_on(labs, undisturbed):
    # What it did not decide meanwhile it decides later, or never: its trades are others.
    def trial(day, number):
        check_killed(day, day.run(*START, death=f"after:{number}:SIGKILL"))
        before = day.events()
        day.lab.exchange.tell("let_pass", seconds=20 + 37 * number % 150)
        assert day.run(*MONITOR) == 0
        assert check_kept(day, before)["positions"] == []

    labs.each(trial, range(2, len(undisturbed.appends) - 16, 2))


def test_of_two_days_started_at_once_one_trades(labs):
    # Each brings a clock of its own, and may hurry the exchange's: trades may come a minute late.
    def trial(day, number):
        pids = [day.start(*START), day.start(*START)]
        assert [day.wait(pid) for pid in pids] == [0, 0]
        assert check_kept(day, [])["positions"] == []
        assert len(day.at_exchange()["asked"]) == 1, "both asked for orders"

    labs.each(trial, range(10))


@pytest.mark.parametrize("host", ["another machine", ""], ids=["another machine", "this machine"])
def test_a_suspended_owner_sends_nothing_once_another_has_taken_over(labs, undisturbed, host):
    trading = {"order_sending", "order_modified", "order_cancelling"}
    points = [number for number, kinds in _kinds(undisturbed) if kinds & trading]

    def trial(day, number):
        short = {"SKIM_LEASE_TERM": "2s"}
        owner = day.start(*START, death=f"after:{number}:SIGSTOP", **{HOST: host}, **short)
        day.wait_until_stopped(owner)
        before, asked = day.events(), _asked(day, owner)
        day.wait_until_lease_ends()
        assert day.run(*MONITOR, **short) == 0
        with suppress(ProcessLookupError):
            os.kill(owner, signal.SIGCONT)
        assert day.wait(owner) != 0
        assert _asked(day, owner) == asked, "it sent something"
        check_same(day, before, undisturbed)

    # On this machine the watchdog ends the one that hangs, which takes it some seconds.
    labs.each(trial, points[::2] if host else points[:1])


def _asked(day, pid):
    return day.at_exchange()["asked"].get(str(pid), 0)


def _kinds(undisturbed):
    """Return each append's number and the kinds of its events."""
    return [
        (number, {event.kind for event in events})
        for number, events in enumerate(undisturbed.appends, 1)
    ]
