"""What a power loss leaves of the journal's files, and what is read from them afterwards.

Of a write that was not waited for, any part may be on the disk or none: the write-ahead log
is cut and torn after what was, and the database inside a checkpoint. The log's layout is
SQLite's (https://www.sqlite.org/fileformat2.html#the_write_ahead_log): a header of 32 bytes,
then frames of 24 bytes and a page each, with checksums that go on from frame to frame.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from itertools import count, takewhile
from pathlib import Path

import pytest

from skim_core.journal.sqlite import SqliteJournal
from skim_core.testing.journal_contract.base import RUN, events_of, tick

HEADER = 32
PAGE = 4096
FRAME = 24 + PAGE
SALTS = slice(16, 24)
SECTOR = 512


def log_of(path):
    return Path(f"{path}-wal")


def shared_memory_of(path):
    return Path(f"{path}-shm")


def frames_in(log):
    """Return how many frames of the present round a write-ahead log has."""
    whole = range((len(log) - HEADER) // FRAME)
    frames = (log[HEADER + number * FRAME :][:FRAME] for number in whole)
    return sum(1 for _ in takewhile(lambda frame: frame[8:16] == log[SALTS], frames))


@dataclass(frozen=True)
class Append:
    """An append that returned: the frames and the events there were then."""

    frames: int
    events: int
    durable: bool


@dataclass(frozen=True)
class Files:
    """What the disk held of the journal, and which appends had returned."""

    database: bytes
    log: bytes
    shared_memory: bytes
    appends: tuple[Append, ...]

    def events_after(self, frames):
        """Return how many events the first `frames` frames of the log hold."""
        return max((done.events for done in self.appends if done.frames <= frames), default=0)

    def promised_after(self, frames):
        """Return how many events were durable when the log had `frames` frames."""
        durable = [done for done in self.appends if done.durable and done.frames <= frames]
        return max((done.events for done in durable), default=0)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Write appends of several sizes, each third of them durable, and copy the open files."""
    path = tmp_path_factory.mktemp("written") / "journal.db"
    seeded, appends, last = random.Random(1), [], 0
    with closing(SqliteJournal.open(path)) as journal:
        for number in range(30):
            size = seeded.choice([1, 1, 2, 5, 40])
            batch = [tick(last + each) for each in range(1, size + 1)]
            durable = number % 3 == 2
            last = journal.append(RUN, last, batch, durable=durable)
            appends.append(Append(frames_in(log_of(path).read_bytes()), last, durable))
        return Files(
            path.read_bytes(),
            log_of(path).read_bytes(),
            shared_memory_of(path).read_bytes(),
            tuple(appends),
        )


@pytest.fixture
def restart(tmp_path):
    """Open what a power loss left, go on with it, and return how many events there were."""
    numbers = count()

    def restarted(database, log, shared_memory=None):
        path = tmp_path / str(next(numbers)) / "journal.db"
        path.parent.mkdir()
        path.touch(mode=0o600)
        path.write_bytes(database)
        log_of(path).write_bytes(log)
        if shared_memory is not None:
            shared_memory_of(path).write_bytes(shared_memory)
        with closing(SqliteJournal.open(path)) as journal:
            events = events_of(journal)
            assert events == [tick(number) for number in range(1, len(events) + 1)]
            following = tick(len(events) + 1)
            assert journal.append(RUN, len(events), [following], durable=True) == len(events) + 1
        with closing(SqliteJournal.open(path)) as journal:
            assert events_of(journal) == [*events, following]
        shutil.rmtree(path.parent)
        return len(events)

    return restarted


def cuts(files):
    """Yield each number of whole frames that a power loss can leave of the log."""
    return range(frames_in(files.log) + 1)


def test_the_files_hold_many_appends_of_several_frames(files):
    ends = {done.frames for done in files.appends}
    assert len(ends) == len(files.appends)
    assert max(ends) > 2 * len(ends)
    assert files.promised_after(max(ends)) == files.events_after(max(ends)) > 100


def test_a_log_cut_between_any_two_frames_gives_the_whole_appends_before_the_cut(files, restart):
    for frames in cuts(files):
        found = restart(files.database, files.log[: HEADER + frames * FRAME])
        assert found == files.events_after(frames)
        assert found >= files.promised_after(frames)


def test_a_log_cut_inside_a_frame_gives_the_whole_appends_before_it(files, restart):
    seeded = random.Random(2)
    inside = [1, 8, 23, 24, 25, FRAME - 1]
    for frames in list(cuts(files))[:-1]:
        cut = HEADER + frames * FRAME + seeded.choice([*inside, seeded.randrange(1, FRAME)])
        assert restart(files.database, files.log[:cut]) == files.events_after(frames)


@pytest.mark.parametrize("length", [0, 1, 16, 31, 32])
def test_a_log_without_a_whole_frame_holds_no_event(files, restart, length):
    assert restart(files.database, files.log[:length]) == 0


@pytest.mark.parametrize("fill", ["zeros", "noise"])
def test_a_tail_that_was_never_waited_for_is_left_out_whatever_stands_there(files, restart, fill):
    """The file has grown, its last sectors have not been written."""
    seeded = random.Random(3)
    for frames in seeded.sample(list(cuts(files))[:-1], 25):
        begin = HEADER + frames * FRAME + seeded.randrange(FRAME // SECTOR) * SECTOR
        missing = len(files.log) - begin
        tail = bytes(missing) if fill == "zeros" else seeded.randbytes(missing)
        assert restart(files.database, files.log[:begin] + tail) == files.events_after(frames)


def test_frames_that_reached_the_disk_before_an_earlier_one_are_left_out(files, restart):
    """Disks write in any order: in one sector of what was not waited for stands something else."""
    seeded = random.Random(4)
    for frames in seeded.sample(list(cuts(files))[:-1], 25):
        begin = HEADER + frames * FRAME + seeded.randrange(FRAME // SECTOR) * SECTOR
        torn = files.log[:begin] + seeded.randbytes(SECTOR) + files.log[begin + SECTOR :]
        found = restart(files.database, torn)
        assert found == files.events_after(frames)
        assert found >= files.promised_after(frames)


@pytest.mark.parametrize("left", ["stale", "noise", "empty"])
def test_an_index_of_the_log_that_outlived_it_is_not_believed(files, restart, left):
    seeded = random.Random(5)
    index = {
        "stale": files.shared_memory,
        "noise": seeded.randbytes(len(files.shared_memory)),
        "empty": b"",
    }[left]
    for frames in seeded.sample(list(cuts(files)), 8):
        log = files.log[: HEADER + frames * FRAME]
        assert restart(files.database, log, index) == files.events_after(frames)


@dataclass(frozen=True)
class Checkpoint:
    """The files right before a commit that copied the log into the database, and after it."""

    before: bytes
    after: bytes
    log: bytes
    events: int


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """Append until SQLite copies the log into the database by itself, after 1,000 pages."""
    path = tmp_path_factory.mktemp("checkpoint") / "journal.db"
    last = 0
    with closing(SqliteJournal.open(path)) as journal:
        before = path.read_bytes()
        while path.stat().st_size == len(before):
            last = journal.append(RUN, last, [tick(last + each) for each in range(1, 41)])
        return Checkpoint(before, path.read_bytes(), log_of(path).read_bytes(), last)


def test_a_database_torn_inside_a_checkpoint_is_mended_from_the_log(checkpoint, restart):
    """The log was waited for before the first page was copied; the pages come in any order."""
    assert frames_in(checkpoint.log) >= 1000
    seeded = random.Random(6)
    old = checkpoint.before.ljust(len(checkpoint.after), b"\0")
    places = range(0, len(checkpoint.after), SECTOR)
    for share in (0, 0.5, 1):
        sectors = (
            (checkpoint.after if seeded.random() < share else old)[place : place + SECTOR]
            for place in places
        )
        assert restart(b"".join(sectors), checkpoint.log) == checkpoint.events


def test_a_database_cut_inside_a_checkpoint_is_mended_from_the_log(checkpoint, restart):
    seeded = random.Random(7)
    for _ in range(3):
        length = seeded.randrange(len(checkpoint.before), len(checkpoint.after))
        assert restart(checkpoint.after[:length], checkpoint.log) == checkpoint.events


def test_the_next_round_of_the_log_can_be_cut_anywhere_too(tmp_path, restart):
    """Its old frames stand behind the new ones; what they said is in the database."""
    path = tmp_path / "journal.db"
    last, appends = 0, []
    with closing(SqliteJournal.open(path)) as journal:
        first = path.stat().st_size
        while path.stat().st_size == first:
            last = journal.append(RUN, last, [tick(last + each) for each in range(1, 41)])
        copied = last
        for number in range(6):
            durable = number % 2 == 1
            last = journal.append(RUN, last, [tick(last + 1), tick(last + 2)], durable=durable)
            appends.append(Append(frames_in(log_of(path).read_bytes()), last, durable))
        database, log = path.read_bytes(), log_of(path).read_bytes()
    frames = frames_in(log)
    assert 0 < frames < 1000 < len(log) // FRAME
    seeded = random.Random(8)
    for left in range(frames):
        expected = max((done.events for done in appends if done.frames <= left), default=copied)
        begin = HEADER + left * FRAME
        torn = log[:begin] + seeded.randbytes(SECTOR) + log[begin + SECTOR :]
        assert restart(database, torn) == expected


RECORDER = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
static int out = -1;
void note(const char *what, const char *where) {
    char line[4400];
    if (out < 0) out = open(getenv("WRITES_AND_SYNCS"), O_WRONLY | O_APPEND | O_CREAT, 0600);
    int length = snprintf(line, sizeof line, "%s %s\n", what, where);
    syscall(SYS_write, out, line, length);
}
static void note_file(const char *what, int file) {
    char link[64], name[4097];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, name, sizeof name - 1);
    if (length < 0) return;
    name[length] = 0;
    note(what, name);
}
int fdatasync(int file) { note_file("sync", file); return syscall(SYS_fdatasync, file); }
int fsync(int file) { note_file("sync", file); return syscall(SYS_fsync, file); }
ssize_t pwrite64(int file, const void *content, size_t size, off64_t place) {
    note_file("write", file);
    return syscall(SYS_pwrite64, file, content, size, place);
}
ssize_t pwrite(int file, const void *content, size_t size, off_t place) {
    return pwrite64(file, content, size, place);
}
"""

WRITER = f"""
import ctypes, sys
from pathlib import Path
from skim_core.journal.sqlite import SqliteJournal
from skim_core.testing.journal_contract.base import tick
note = ctypes.CDLL(None).note
journal = SqliteJournal.open(Path(sys.argv[1]))
note(b"told", b"opened")
for after, durable in enumerate((True, False, False, True, True, False)):
    journal.append({RUN!r}, after, [tick(after + 1)], durable=durable)
    note(b"told", b"durable" if durable else b"appended")
"""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Give the new journal's path, and in order what was written, waited for and told."""
    if sys.platform != "linux" or not shutil.which("cc"):
        pytest.skip("records the writes and syncs of the C library with a library of its own")
    folder = tmp_path_factory.mktemp("recorded")
    source, library, said = folder / "recorder.c", folder / "recorder.so", folder / "said"
    source.write_text(RECORDER)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    path = folder / "state" / "skim" / "journal.db"
    environment = {**os.environ, "LD_PRELOAD": str(library), "WRITES_AND_SYNCS": str(said)}
    subprocess.run([sys.executable, "-c", WRITER, path], check=True, env=environment)
    steps = [tuple(line.split(" ", 1)) for line in said.read_text().splitlines()]
    return path, steps


def unsynced(steps):
    """Return the files that were written after they were last waited for."""
    waiting = set()
    for what, where in steps:
        # SQLite's index of the log is made anew whenever it is missing.
        if what == "write" and not where.endswith("-shm"):
            waiting.add(where)
        elif what == "sync":
            waiting.discard(where)
    return waiting


def positions(steps, step):
    return [index for index, found in enumerate(steps) if found == step]


def test_a_new_journal_and_its_folders_are_on_the_disk_when_it_is_opened(recorded):
    path, steps = recorded
    (opened,) = positions(steps, ("told", "opened"))
    made = steps[:opened]
    assert not unsynced(made)
    database = [index for index, step in enumerate(made) if step[1].endswith("/journal.db")]
    # Its entry in the folder, that folder's in the one above, and so on.
    for folder in (path.parent, path.parent.parent, path.parent.parent.parent):
        assert max(positions(made, ("sync", str(folder)))) > max(database)


def test_a_durable_append_returns_when_all_that_was_appended_is_on_the_disk(recorded):
    _, steps = recorded
    durable = positions(steps, ("told", "durable"))
    assert len(durable) == 3
    assert [unsynced(steps[:told]) for told in durable] == [set()] * 3
    for told in positions(steps, ("told", "appended")):
        assert unsynced(steps[:told]), "what is not durable need not wait"


def test_the_first_durable_append_returns_when_the_log_will_be_found_again(recorded):
    path, steps = recorded
    log = str(log_of(path))
    written = next(index for index, step in enumerate(steps) if step == ("write", log))
    told = positions(steps, ("told", "durable"))[0]
    assert ("sync", str(path.parent)) in steps[written:told]
