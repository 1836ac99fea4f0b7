"""Processes that are killed in the middle of a day, or run it at the same time."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from shutil import copytree

import pytest

DAY = ("start_trading_day", "--strategy", "orh_breakout", "--session", "2026-11-24")
RUN = "orh_breakout/XASX/2026-11-24/paper"
BOOK = "brokers/sim/paper-XASX-2026-11-24.jsonl"
ATTEMPTS = 3


def trades(events):
    """Return everything about the day that money was spent on."""
    return [
        event for event in events if event.kind in {"order_filled", "stop_hit", "position_closed"}
    ]


def orders(events):
    """Return each order that was sent, and when.

    One that was journaled but never sent before the crash is journaled again: it is one order.
    """
    submitted = [event for event in events if event.kind == "order_intended"]
    return list({event.order.reference: (event.order, event.at) for event in submitted}.values())


def kinds(events):
    return Counter(event.kind for event in events)


@pytest.fixture(scope="module")
def ran(skim_in):
    """Run the day without a disturbance; give its folder."""
    skim = skim_in()
    code, said = skim.run(*DAY)
    assert code == 0, said
    return skim


@pytest.fixture(scope="module")
def undisturbed(ran):
    """Give the events of the day that nothing disturbed."""
    events = ran.events(RUN)
    assert {"order_filled", "stop_hit", "position_closed"} <= kinds(events).keys()
    return events


@pytest.fixture
def killed(skim_in):
    """Give a folder in which the day's process was killed soon after an event of a kind."""

    def make(kind):
        for _ in range(ATTEMPTS):
            skim = skim_in()
            if skim.kill_after(kind, *DAY):
                return skim
        pytest.fail(f"the day was over before it could be killed after its {kind}")

    return make


@pytest.mark.parametrize(
    "kind",
    [
        "day_started",
        "candidates_scanned",
        "opening_ranges_tracked",
        "order_intended",
        "order_filled",
        "stop_hit",
    ],
)
def test_a_killed_day_is_finished_with_the_same_trades(killed, undisturbed, kind):
    skim = killed(kind)
    code, said = skim.run("start_monitoring")
    events = skim.events(RUN)
    assert code == 0, said
    assert trades(events) == trades(undisturbed)
    assert orders(events) == orders(undisturbed)
    assert kinds(events)["day_resumed"] == 1
    assert events[-1] == undisturbed[-1]


def test_a_day_that_is_killed_again_and_again_is_finished_with_the_same_trades(killed, undisturbed):
    skim = killed("candidates_scanned")
    skim.kill_after("day_resumed", "start_monitoring")
    skim.kill_after("order_filled", "start_monitoring")
    skim.kill_after("stop_hit", "start_monitoring")
    code, said = skim.run("start_monitoring")
    events = skim.events(RUN)
    assert code == 0, said
    assert trades(events) == trades(undisturbed)
    assert orders(events) == orders(undisturbed)


def test_starting_a_killed_day_again_goes_on_with_it_and_then_does_nothing(killed, undisturbed):
    skim = killed("order_filled")
    code, said = skim.run(*DAY)
    assert code == 0, said
    events = skim.events(RUN)
    assert kinds(events)["day_started"] == 1
    assert trades(events) == trades(undisturbed)

    code, said = skim.run(*DAY)
    assert code == 0
    assert "was run before" in said
    code, said = skim.run("start_monitoring")
    assert code == 0
    assert "nothing to do" in said
    assert skim.events(RUN) == events


def test_a_day_that_another_process_runs_is_left_to_it(skim_in):
    skim = skim_in()
    owner = skim.start(*DAY, "--pace", "60")
    skim.wait_for("phase_completed", owner)
    code, said = skim.run(*DAY)
    assert code == 0
    assert f":{owner.pid}:" in said
    code, said = skim.run("start_monitoring")
    assert code == 0
    assert f":{owner.pid}:" in said
    assert owner.poll() is None
    owner.terminate()
    owner.communicate(timeout=30)
    assert owner.returncode == 128 + 15
    assert kinds(skim.events(RUN))["day_started"] == 1


def test_of_two_processes_that_start_at_once_one_runs_the_day(skim_in, undisturbed):
    skim = skim_in()
    processes = [skim.start(*DAY), skim.start(*DAY)]
    said = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    ran = ["completed. " in text for text in said]
    left = ["was run before" in text or "run by another process" in text for text in said]
    assert sorted(ran) == [False, True], said
    assert left == [not it_ran for it_ran in ran], said
    events = skim.events(RUN)
    assert kinds(events)["day_started"] == 1
    assert trades(events) == trades(undisturbed)


def cut_off(skim, sequence, instructions):
    """Leave what a process that died after its `sequence`-th event had written by then.

    `instructions`: how many of them the exchange had been given.
    """
    with closing(sqlite3.connect(skim.directory / "journal.sqlite")) as connection, connection:
        connection.execute("DELETE FROM events WHERE sequence > ?", (sequence,))
    book = skim.directory / BOOK
    lines = book.read_text().splitlines(keepends=True)
    book.write_text("".join(lines[: 1 + instructions]))


@pytest.fixture
def finished(skim_in, ran):
    """Give a folder in which the day was run."""
    skim = skim_in()
    copytree(ran.directory, skim.directory, dirs_exist_ok=True)
    return skim


def money(events):
    """Return each trade as its money: an exit decided anew has another reference."""
    fills = [event.fill for event in events if event.kind == "order_filled"]
    return [
        (fill.at, fill.symbol, fill.side, fill.quantity, fill.price, fill.commission)
        for fill in fills
    ]


@pytest.mark.parametrize("sent", [True, False], ids=["sent", "not sent"])
@pytest.mark.parametrize(("decision", "orders_sent"), [(1, 2), (3, 1)], ids=["entry", "exit"])
def test_a_day_that_died_between_journal_and_exchange_has_the_same_trades(
    finished, undisturbed, decision, orders_sent, sent
):
    # What is decided together is journaled together: its last word is that it is being sent.
    decided = [
        sequence
        for sequence, event in enumerate(undisturbed, 1)
        if event.kind == "order_sending" and undisturbed[sequence].kind != "order_sending"
    ]
    cut_off(finished, decided[decision - 1], decision if sent else decision - 1)
    code, said = finished.run("start_monitoring")
    assert code == 0, said
    events = finished.events(RUN)
    assert money(events) == money(undisturbed)
    assert kinds(events)["order_absent"] == (0 if sent else orders_sent)


def test_a_fill_that_the_journal_missed_is_learned_from_the_exchange(finished, undisturbed):
    first = next(n for n, event in enumerate(undisturbed) if event.kind == "order_filled")
    cut_off(finished, first, 1)
    code, said = finished.run("start_monitoring")
    assert code == 0, said
    assert trades(finished.events(RUN)) == trades(undisturbed)
