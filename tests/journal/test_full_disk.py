"""A disk that fills up, and files that are damaged or replaced: told, and nothing is lost.

The limit on a file's size stands in for the disk's end: what goes beyond it is refused in
the middle of a write, as a full disk refuses it.
"""

from __future__ import annotations

import random
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from skim_core.errors import JournalError
from skim_core.journal.sqlite import SqliteJournal
from skim_core.testing.journal_contract.base import NOW, RUN, TERM, events_of, tick

resource = pytest.importorskip("resource", reason="limits on files are POSIX's")

FRAME = 24 + 4096
NO_ROOM = r"journal.db (can't grow|can't be read or written|can't be opened) .*(room|right)"


@contextmanager
def files_up_to(size):
    """Let no file of this process grow beyond `size` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def ticks(first, last):
    return [tick(number) for number in range(first, last + 1)]


def log_size(path):
    return Path(f"{path}-wal").stat().st_size


@pytest.mark.parametrize("durable", [False, True])
@pytest.mark.parametrize("room", [0, 1, 24, 25, FRAME - 1, FRAME, FRAME + 1, 2 * FRAME])
def test_an_append_that_finds_no_room_is_told_and_goes_on_when_there_is_some(
    path, open_sqlite, room, durable
):
    journal = open_sqlite()
    journal.append(RUN, 0, ticks(1, 10))
    with files_up_to(log_size(path) + room):
        for _ in range(3):
            with pytest.raises(JournalError, match=NO_ROOM):
                journal.append(RUN, 10, ticks(11, 200), durable=durable)
            assert events_of(journal) == ticks(1, 10)
        with closing(SqliteJournal.open(path)) as other:
            assert events_of(other) == ticks(1, 10)
    assert journal.append(RUN, 10, ticks(11, 200), durable=durable) == 200
    journal.close()
    assert events_of(open_sqlite()) == ticks(1, 200)


def test_a_heartbeat_that_finds_no_room_is_told_and_the_lease_stands(path, open_sqlite):
    journal = open_sqlite()
    lease = journal.acquire(RUN, "host:1", NOW, TERM)
    with files_up_to(log_size(path)):
        with pytest.raises(JournalError, match=NO_ROOM):
            journal.acquire(RUN, "host:1", NOW + TERM / 3, TERM)
        with pytest.raises(JournalError, match=NO_ROOM):
            journal.release(RUN, "host:1")
        assert journal.lease(RUN) == lease
    assert journal.acquire(RUN, "host:1", NOW + TERM / 3, TERM) == journal.lease(RUN) != lease


def test_all_that_was_appended_before_the_disk_was_full_is_kept(path, open_sqlite):
    """The log can't be copied into the database any more, then it can't grow either."""
    journal, last = open_sqlite(), 0

    def append():
        nonlocal last
        last = journal.append(RUN, last, ticks(last + 1, last + 40))

    def append_until_there_is_no_room():
        while True:
            append()

    while path.stat().st_size < 100 * 4096:
        append()
    with files_up_to(log_size(path) + 50 * FRAME):
        copied = path.stat().st_size
        with pytest.raises(JournalError, match=NO_ROOM):
            append_until_there_is_no_room()
        assert path.stat().st_size > copied
        assert events_of(journal) == ticks(1, last)
    append()
    journal.close()
    assert events_of(open_sqlite()) == ticks(1, last)


@pytest.mark.parametrize("size", [0, 1, 4095, 4096, 4097, 3 * 4096])
def test_a_journal_that_there_is_no_room_to_make_leaves_nothing_behind(path, size):
    with files_up_to(size), pytest.raises(JournalError, match=NO_ROOM):
        SqliteJournal.open(path)
    assert list(path.parent.iterdir()) == []
    with closing(SqliteJournal.open(path)) as journal:
        assert journal.append(RUN, 0, [tick(1)]) == 1


def test_a_journal_that_there_is_no_room_to_open_is_as_it_was(path, open_sqlite):
    with closing(SqliteJournal.open(path)) as journal:
        journal.append(RUN, 0, ticks(1, 40))
    before = path.read_bytes()
    with files_up_to(0), pytest.raises(JournalError, match=NO_ROOM):
        SqliteJournal.open(path)
    assert path.read_bytes() == before
    assert events_of(open_sqlite()) == ticks(1, 40)


def test_a_link_to_nowhere_is_refused_and_stays(path):
    path.symlink_to(path.with_name("unmounted") / "journal.db")
    with pytest.raises(JournalError, match=f"{path} is not a file: move it away"):
        SqliteJournal.open(path)
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    assert path.is_symlink()


@pytest.mark.parametrize("length", [0, 100, 4096, 9 * 4096 + 7])
def test_a_file_cut_under_an_open_journal_is_told_and_read_again_when_it_is_restored(
    path, open_sqlite, length
):
    with closing(SqliteJournal.open(path)) as journal:
        journal.append(RUN, 0, ticks(1, 2000))
    sound = path.read_bytes()
    journal = open_sqlite()
    with path.open("r+b") as file:
        file.truncate(length)
        with pytest.raises(JournalError, match=f"{path} .*(backup|check that its disk)"):
            journal.read(RUN)
        file.seek(0)
        file.write(sound)
    journal.close()
    assert events_of(open_sqlite()) == ticks(1, 2000)


def test_bytes_that_changed_anywhere_are_read_or_told(path):
    """Whatever SQLite makes of them: events or a JournalError that names the file."""
    with closing(SqliteJournal.open(path)) as journal:
        journal.append(RUN, 0, ticks(1, 400))
        journal.acquire(RUN, "host:1", NOW, TERM)
    sound = path.read_bytes()
    told = 0
    for seed in range(150):
        seeded = random.Random(seed)
        damaged = bytearray(sound)
        # Where a page says what it holds, and in what it holds.
        page = seeded.randrange(len(sound) // 4096) * 4096
        for _ in range(seeded.choice([1, 1, 4, 64])):
            damaged[page + seeded.randrange(seeded.choice([16, 200, 4096]))] = seeded.randrange(256)
        path.write_bytes(damaged)
        try:
            with closing(SqliteJournal.open(path)) as journal:
                journal.runs()
                journal.lease(RUN)
                journal.append(RUN, len(journal.read(RUN)), [tick(1)])
        except JournalError as error:
            assert str(path) in str(error) or RUN in str(error)  # noqa: PT017
            told += 1
        for suffix in ("-wal", "-shm"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)
    assert told > 50
