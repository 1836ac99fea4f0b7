"""The simulated disk keeps the journal's contract, and loses what a real one may lose."""

from __future__ import annotations

import asyncio
from contextlib import closing
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skim_core.errors import FenceError, JournalError
from skim_core.model.controls import Halt
from skim_core.model.events import DayFinished, Outcome, PhaseTicked
from skim_core.simulation import Disk, DiskJournal, Killed, Process, SimulationLoop

NOW = datetime(2026, 1, 4, 23, 0, tzinfo=UTC)
TERM = timedelta(seconds=30)
RUN, OTHER_RUN = "orb/XASX/2026-01-05/paper", "gap_fade/XASX/2026-01-05/paper"
HALT = Halt(at=NOW, account="paper", by="trader", why="a test")


@pytest.fixture
def loop():
    with closing(SimulationLoop()) as loop:
        yield loop


@pytest.fixture
def disk():
    return Disk()


@pytest.fixture
def start(loop, disk):
    """Return what starts one more process with a journal on the test's disk."""
    return lambda name="a": DiskJournal(disk, Process(name, loop))


@pytest.fixture
def journal(start):
    return start()


def tick(number):
    return PhaseTicked(at=NOW + timedelta(seconds=number), phase="manage", attempt=number)


def numbers(records):
    return [record.event.attempt for record in records]


# Power loss


def test_a_power_loss_takes_nothing_that_was_synced_and_any_end_of_the_rest(start):
    kept = set()
    for seed in range(40):
        disk = Disk()
        with closing(SimulationLoop()) as loop:
            journal = DiskJournal(disk, Process("a", loop))
            journal.append(RUN, 0, [tick(1)])
            journal.append(OTHER_RUN, 0, [tick(2)], durable=True)
            journal.append(RUN, 1, [tick(3), tick(4)])
            journal.append(OTHER_RUN, 1, [tick(5)])
            assert disk.unsynced == 2
            lost = disk.power_loss(Random(seed))
        left = numbers(disk.records(RUN)), numbers(disk.records(OTHER_RUN))
        assert lost == {2: 2, 4: 1, 5: 0}[sum(map(len, left))]
        kept.add((tuple(left[0]), tuple(left[1])))
    assert kept == {((1,), (2,)), ((1, 3, 4), (2,)), ((1, 3, 4), (2, 5))}


def test_what_a_power_loss_left_is_safe_and_can_be_written_on(journal, disk):
    journal.append(RUN, 0, [tick(1)], durable=True)
    journal.append(RUN, 1, [tick(2)])
    journal.append(RUN, 2, [tick(3)])
    seed = next(each for each in range(100) if Random(each).randint(1, 3) == 2)
    assert disk.power_loss(Random(seed)) == 1
    assert numbers(disk.synced(RUN)) == numbers(journal.read(RUN)) == [1, 2]
    assert disk.unsynced == 0
    with pytest.raises(FenceError):
        journal.append(RUN, 3, [tick(9)])
    assert journal.append(RUN, 2, [tick(9)]) == 3


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["append", "append", "append", "control", "lease", "release", "loss"]),
            st.sampled_from([RUN, OTHER_RUN]),
            st.booleans(),
        ),
        max_size=25,
    ),
    st.randoms(use_true_random=False),
)
def test_whatever_is_written_nothing_synced_is_ever_lost_and_no_hole_is_made(actions, random):
    disk, written = Disk(), {RUN: [], OTHER_RUN: []}
    with closing(SimulationLoop()) as loop:
        journal = DiskJournal(disk, Process("a", loop))
        for number, (action, run_id, durable) in enumerate(actions, 1):
            if action == "append":
                journal.append(run_id, len(written[run_id]), [tick(number)], durable=durable)
                written[run_id].append(number)
                if durable:
                    assert disk.unsynced == 0
            elif action == "control":
                journal.append_control(HALT)
            elif action == "lease":
                journal.acquire(run_id, f"host:{number}", NOW, TERM)
            elif action == "release":
                journal.release(run_id, "host:1")
            else:
                safe = {each: numbers(disk.synced(each)) for each in written}
                controls = disk.synced_controls()
                disk.power_loss(random)
                for each, before in written.items():
                    left = numbers(disk.records(each))
                    assert left == before[: len(left)]
                    assert left[: len(safe[each])] == safe[each]
                    written[each] = left
                assert disk.controls()[: len(controls)] == controls
        assert {each: numbers(disk.records(each)) for each in written} == written


def test_a_power_loss_brings_back_the_lease_that_was_on_the_platter(journal, disk):
    journal.acquire(RUN, "host:1", NOW, TERM)
    journal.append(RUN, 0, [tick(1)], durable=True)
    journal.release(RUN, "host:1")
    journal.acquire(RUN, "host:2", NOW, TERM)
    journal.append(RUN, 1, [DayFinished(at=NOW, outcome=Outcome.COMPLETED)])
    seed = next(each for each in range(100) if Random(each).randint(2, 5) == 2)
    assert disk.power_loss(Random(seed)) == 3
    assert journal.lease(RUN).owner == "host:1"
    assert [run.run_id for run in journal.runs(unfinished=True)] == [RUN]


def test_the_death_of_a_process_alone_loses_nothing(start, loop, disk):
    first = start("first")
    first.append(RUN, 0, [tick(1), tick(2)])
    loop.processes[0].kill()
    assert numbers(start("second").read(RUN)) == [1, 2]
    assert numbers(disk.synced(RUN)) == []


# Dying around a write


def dying_at(loop, disk, point, write):
    """Return where a new process died that writes and dies at a write point, or ''."""
    process = Process("a", loop)
    process.kill_at_write(point)
    journal = DiskJournal(disk, process)
    try:
        write(journal)
    except Killed:
        with pytest.raises(Killed):
            journal.read(RUN)
        journal.close()
    return process.death.partition(", ")[2]


def append(journal):
    journal.append(RUN, 0, [tick(1), tick(2)])


def append_durably(journal):
    journal.append(RUN, 0, [tick(1), tick(2)], durable=True)


def test_an_append_is_killed_before_or_after_it_and_is_whole_or_not_there(loop):
    seen = []
    for point in (1, 2, 3):
        disk = Disk()
        seen.append((dying_at(loop, disk, point, append), len(disk.records(RUN)), disk.unsynced))
    assert seen == [("before append", 0, 0), ("after append", 2, 1), ("", 2, 1)]


def test_a_durable_append_is_killed_before_its_sync_too(loop):
    seen = []
    for point in (1, 2, 3, 4):
        disk = Disk()
        died = dying_at(loop, disk, point, append_durably)
        seen.append((died, len(disk.records(RUN)), len(disk.synced(RUN))))
    assert seen == [
        ("before append", 0, 0),
        ("before sync of append", 2, 0),
        ("after append", 2, 2),
        ("", 2, 2),
    ]


def test_controls_and_leases_have_write_points_as_well(loop):
    def write(journal):
        journal.append_control(HALT)
        journal.acquire(RUN, "host:1", NOW, TERM)
        journal.release(RUN, "host:1")

    seen = []
    for point in range(1, 9):
        disk = Disk()
        died = dying_at(loop, disk, point, write)
        seen.append((died, len(disk.controls()), RUN in disk.contents.leases))
    assert seen == [
        ("before control", 0, False),
        ("before sync of control", 1, False),
        ("after control", 1, False),
        ("before lease", 1, False),
        ("after lease", 1, True),
        ("before release", 1, True),
        ("after release", 1, False),
        ("", 1, False),
    ]


def test_the_power_can_fail_amid_an_append(loop, disk):
    def power_fails():
        disk.power_loss(Random(seed))

    # Nothing is synced, one transaction is in the cache: this seed keeps none.
    seed = next(each for each in range(100) if Random(each).randint(0, 1) == 0)
    process = Process("a", loop, on_death=power_fails)
    process.kill_at_write(2)
    with pytest.raises(Killed):
        append_durably(DiskJournal(disk, process))
    assert not disk.records(RUN)
    assert append_durably(DiskJournal(disk, Process("b", loop))) is None
    assert numbers(disk.synced(RUN)) == [1, 2]


# Faults


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"full": True}, "its disk is full, and nothing of this was written"),
        ({"read_only": True}, "can't be written .*give this user the right"),
        ({"locked_until": 10.0}, "was locked by another process for more than 5 s"),
        ({"damaged": True}, "is damaged .*and was left as it is"),
    ],
)
def test_a_faulty_disk_refuses_every_write_in_the_words_of_the_real_journal(
    journal, disk, loop, fault, words
):
    journal.append(RUN, 0, [tick(1)])
    journal.acquire(RUN, "host:1", NOW, TERM)
    for name, value in fault.items():
        setattr(disk, name, value)
    for write in (
        lambda: journal.append(RUN, 1, [tick(2)]),
        lambda: journal.append(RUN, 1, [tick(2)], durable=True),
        lambda: journal.append_control(HALT),
        lambda: journal.acquire(RUN, "host:1", NOW, TERM),
        lambda: journal.release(RUN, "host:1"),
    ):
        with pytest.raises(JournalError, match=words) as caught:
            write()
        assert not isinstance(caught.value, FenceError)
    # It goes on when the cause is gone.
    loop.run_until_complete(asyncio.sleep(10))
    disk.full = disk.read_only = disk.damaged = False
    assert numbers(journal.read(RUN)) == [1]
    assert not journal.controls()
    assert journal.append(RUN, 1, [tick(2)]) == 2


def test_a_disk_that_can_not_be_written_can_be_read_and_a_damaged_one_can_not(journal, disk):
    journal.append(RUN, 0, [tick(1)])
    disk.full = disk.read_only = True
    disk.locked_until = 10.0
    assert numbers(journal.read(RUN)) == [1]
    disk.damaged = True
    for read in (
        lambda: journal.read(RUN),
        journal.runs,
        journal.controls,
        lambda: journal.lease(RUN),
    ):
        with pytest.raises(JournalError, match="damaged"):
            read()


def test_controls_are_numbered_in_one_sequence_for_all_processes(start):
    first, second = start("first"), start("second")
    assert [first.append_control(HALT), second.append_control(HALT)] == [1, 2]
    assert [(each.number, each.control) for each in first.controls()] == [(1, HALT), (2, HALT)]
    assert [each.number for each in second.controls(after=1)] == [2]
