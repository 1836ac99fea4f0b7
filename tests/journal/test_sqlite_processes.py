"""Processes that share a journal, die in the middle, or wait for the disk."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
from contextlib import closing, contextmanager

import pytest

from skim_core.journal.sqlite import SqliteJournal
from skim_core.testing.journal_contract.base import NOW, RUN, TERM, events_of, tick

PRELUDE = """
import os, signal, sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from skim_core.errors import FenceError
from skim_core.journal.sqlite import SqliteJournal
from skim_core.model.events import PhaseTicked

path, me = Path(sys.argv[1]), sys.argv[2]
RUN, NOW, TERM = sys.argv[3], datetime.fromisoformat(sys.argv[4]), timedelta(seconds=30)

def tick(number, phase="manage"):
    return PhaseTicked(at=NOW + timedelta(seconds=number), phase=phase, attempt=number)

def tell(*words):
    print(*words, flush=True)

tell("ready")
sys.stdin.readline()
"""


@contextmanager
def processes(path, script, count=1, **environment):
    """Run a script in several processes, which wait at its start until all are there."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", PRELUDE + script, path, f"p{each}", RUN, NOW.isoformat()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
        )
        for each in range(count)
    ]
    try:
        for process in started:
            assert process.stdout.readline() == "ready\n"
        for process in started:
            process.stdin.write("go\n")
            process.stdin.flush()
        yield started
    finally:
        for process in started:
            process.kill()
            process.communicate()


def test_of_processes_that_race_exactly_one_wins_each_number_and_each_lease(path):
    """The journal doesn't exist yet: they race to make it, too."""
    numbers = 40
    script = f"""
won, leased = [], []
with closing(SqliteJournal.open(path)) as journal:
    for after in range({numbers}):
        try:
            journal.append(RUN, after, [tick(after + 1, me)])
            won.append(after)
        except FenceError:
            pass
        if journal.acquire(f"run/{{after}}", me, NOW, TERM):
            leased.append(after)
tell(*won)
tell(*leased)
"""
    with processes(path, script, count=2) as racing:
        outputs = [process.communicate(timeout=30)[0].split("\n") for process in racing]
    for line in (0, 1):
        got = sorted(int(number) for output in outputs for number in output[line].split())
        assert got == list(range(numbers))
    winner = {
        int(number): f"p{index}"
        for index, output in enumerate(outputs)
        for number in output[0].split()
    }
    with closing(SqliteJournal.open(path)) as journal:
        assert events_of(journal) == [tick(n + 1, phase=winner[n]) for n in range(numbers)]


@pytest.mark.parametrize("durable", [False, True])
def test_a_process_that_dies_right_after_an_append_has_lost_nothing(path, durable):
    script = f"""
journal = SqliteJournal.open(path)
journal.append(RUN, 0, [tick(1), tick(2)])
journal.acquire(RUN, me, NOW, TERM)
journal.append(RUN, 2, [tick(3)], durable={durable})
os.kill(os.getpid(), signal.SIGKILL)
"""
    with processes(path, script) as (process,):
        assert process.wait(timeout=30) != 0
    with closing(SqliteJournal.open(path)) as journal:
        assert events_of(journal) == [tick(1), tick(2), tick(3)]
        lease = journal.lease(RUN)
        assert lease is not None
        assert (lease.owner, lease.expires_at) == ("p0", NOW + TERM)
        assert journal.append(RUN, 3, [tick(4)]) == 4


def test_a_process_killed_at_any_moment_leaves_whole_appends(path):
    size = 3
    script = f"""
with closing(SqliteJournal.open(path)) as journal:
    last = len(journal.read(RUN))
    while True:
        batch = [tick(last + each) for each in range(1, {size + 1})]
        last = journal.append(RUN, last, batch, durable=last % 2 == 0)
        tell(last)
"""
    acknowledged = 0
    for seed in range(2):
        with processes(path, script) as (process,):
            for _ in range(random.Random(seed).randrange(1, 300)):
                acknowledged = int(process.stdout.readline())
            process.send_signal(signal.SIGKILL)
            # What was read ahead is in the stream, where communicate would not look.
            rest = process.stdout.read().split("\n")[:-1]
            acknowledged = int(rest[-1]) if rest else acknowledged
        with closing(SqliteJournal.open(path)) as journal:
            events = events_of(journal)
        assert events == [tick(number) for number in range(1, len(events) + 1)]
        assert len(events) % size == 0
        # The one that was under way when it was killed may have been committed, untold.
        assert acknowledged <= len(events) <= acknowledged + size


COUNTER = """
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>
static int syncs;
int synced(void) { return syncs; }
int fdatasync(int file) { syncs++; return syscall(SYS_fdatasync, file); }
int fsync(int file) { syncs++; return syscall(SYS_fsync, file); }
"""


@pytest.mark.skipif(
    sys.platform != "linux" or not shutil.which("cc"),
    reason="counts the syncs of the C library with a small library of its own",
)
def test_a_durable_append_waits_for_the_disk_and_others_do_not(path, tmp_path):
    source, library = tmp_path / "counter.c", tmp_path / "counter.so"
    source.write_text(COUNTER)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    script = """
import ctypes
synced = ctypes.CDLL(None).synced
with closing(SqliteJournal.open(path)) as journal:
    # The first commit after a checkpoint writes the log's header and waits for it.
    journal.append(RUN, 0, [tick(1)])
    for after, durable in enumerate((False, True, False, False, True, True, False), 1):
        before = synced()
        journal.append(RUN, after, [tick(after + 1)], durable=durable)
        tell(durable, synced() > before)
"""
    with processes(path, script, LD_PRELOAD=str(library)) as (process,):
        told = process.communicate(timeout=30)[0].splitlines()
    assert len(told) == 7
    assert set(told) == {"True True", "False False"}
