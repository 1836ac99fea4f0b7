"""A file that is not a sound journal is refused by name, with the mend, and left as it is."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from skim_core.errors import JournalError
from skim_core.journal.sqlite import SqliteJournal
from skim_core.model.events import DayResumed
from skim_core.testing.journal_contract.base import NOW, RUN, events_of, tick

NOBODY = 65534
posix_only = pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")


def contents(folder):
    return {
        entry.name: entry.read_bytes()
        for entry in folder.iterdir()
        # Shared memory: SQLite's index of the -wal file, made anew whenever it is missing.
        if not entry.name.endswith("-shm")
    }


@contextmanager
def refused(path, match):
    before = contents(path.parent)
    with pytest.raises(JournalError, match=match) as caught:
        yield
    assert str(path) in str(caught.value)
    assert contents(path.parent) == before


def fill(path, events=40):
    with closing(SqliteJournal.open(path)) as journal:
        journal.append(RUN, 0, [tick(number) for number in range(1, events + 1)])


def leave_write_ahead_log(path, *statements):
    """Run statements and die without closing: the changes stay in the -wal file."""
    script = (
        "import os, sqlite3, sys\n"
        "connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "for statement in sys.argv[2:]: connection.execute(statement)\n"
        "os._exit(0)\n"
    )
    subprocess.run([sys.executable, "-c", script, path, *statements], check=True)
    assert Path(f"{path}-wal").stat().st_size


@contextmanager
def without_privileges():
    """Be a user whom modes stop, which root is not."""
    if os.geteuid() != 0:
        yield
        return
    # The package may lie where only root can look: what it reads of itself is read before.
    with tempfile.TemporaryDirectory() as name:
        SqliteJournal.open(Path(name) / "journal.sqlite").close()
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder():
    """Return a folder that any user can reach and write, each their own files, as /tmp."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o1777)
        yield folder


@pytest.mark.parametrize(
    "content",
    [b"symbol,open\nBHP,45.10\n" * 900, b"SQLite format 3\x00" + b"\x00" * 999, b"\x00" * 8192],
    ids=["text", "a cut header", "zeros"],
)
def test_a_file_that_is_not_a_database_is_refused(path, content):
    path.write_bytes(content)
    with refused(path, r"is not a journal, or its first page is damaged .*: move it away"):
        SqliteJournal.open(path)


@pytest.mark.parametrize("mark", [0, 252006674])
def test_a_database_of_another_application_is_refused(path, mark):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA application_id = {mark}")
        connection.execute("CREATE TABLE events (id INTEGER)")
    with refused(path, rf"another application \(id {mark}, expected .*choose another place"):
        SqliteJournal.open(path)


def test_a_database_of_another_application_that_crashed_keeps_its_write_ahead_log(path):
    leave_write_ahead_log(path, "PRAGMA journal_mode = WAL", "CREATE TABLE prices (symbol TEXT)")
    with refused(path, "another application"):
        SqliteJournal.open(path)


def test_a_journal_of_a_newer_skim_is_refused(path):
    fill(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with refused(path, r"newer skim \(format 99, this one knows \d+\).*upgrade skim-core"):
        SqliteJournal.open(path)


def test_a_journal_of_a_newer_skim_that_crashed_while_it_migrated_is_refused(path):
    fill(path)
    leave_write_ahead_log(path, "PRAGMA user_version = 99")
    with refused(path, "newer skim"):
        SqliteJournal.open(path)


@pytest.mark.parametrize("length", [4096, 4096 * 2 + 100, 4096 * 4])
def test_a_torn_file_is_refused(path, length):
    fill(path, events=400)
    assert path.stat().st_size > length
    os.truncate(path, length)
    with refused(path, r"is damaged .* restore it from a backup"):
        SqliteJournal.open(path)


@pytest.mark.parametrize("crashed", [False, True])
def test_a_file_with_an_overwritten_page_is_refused(path, crashed):
    fill(path, events=400)
    if crashed:
        leave_write_ahead_log(
            path,
            "PRAGMA wal_autocheckpoint = 0",
            "DELETE FROM leases",
            "INSERT INTO leases VALUES ('run', 'host:1', '2026')",
        )
    with path.open("r+b") as file:
        file.seek(4096 * 4)
        file.write(os.urandom(4096))
    with refused(path, r"is damaged"):
        SqliteJournal.open(path)


def test_damage_of_a_file_too_large_to_be_checked_is_told_when_it_is_met(path, open_sqlite):
    text = "x" * 1_000_000
    with closing(SqliteJournal.open(path)) as journal:
        journal.append(RUN, 0, [DayResumed(at=NOW, owner=text) for _ in range(17)])
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(path.stat().st_size - 4096))
    journal = open_sqlite()
    with pytest.raises(JournalError, match=rf"{path} is damaged"):
        journal.read(RUN)
    with pytest.raises(JournalError, match=rf"{path} is damaged"):
        journal.runs()


@pytest.mark.parametrize("content", [b"", b"x", b"SQLite format 3\x00"])
def test_a_file_too_short_for_a_database_is_refused(path, content):
    path.write_bytes(content)
    with refused(path, rf"is not a journal: found a file of {len(content)} bytes.*remove it"):
        SqliteJournal.open(path)


def test_a_row_that_is_not_an_event_is_named(path, open_sqlite):
    fill(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute('UPDATE events SET body = \'{"kind": "nap"}\' WHERE sequence = 17')
    journal = open_sqlite()
    with pytest.raises(JournalError, match=rf"event 17 of {RUN} is not a valid event .*nap"):
        journal.read(RUN)
    assert journal.read(RUN, 17)[0].event == tick(18)


def test_a_row_that_is_not_text_is_told_as_damage(path, open_sqlite):
    fill(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE events SET body = CAST(x'ff' AS TEXT) WHERE sequence = 17")
    with pytest.raises(JournalError, match="damaged"):
        open_sqlite().read(RUN)


def test_a_missing_row_is_named(path, open_sqlite):
    fill(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM events WHERE sequence IN (17, 18)")
    with pytest.raises(JournalError, match=f"event 17 of {RUN} is missing"):
        open_sqlite().read(RUN)


def test_a_lease_without_an_end_is_named(path, open_sqlite):
    fill(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO leases VALUES (?, 'host:1', 'tomorrow')", [RUN])
    with pytest.raises(JournalError, match=f"the lease on {RUN} ends at 'tomorrow'"):
        open_sqlite().lease(RUN)


@posix_only
@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_can_write_is_refused(path, mode):
    fill(path)
    path.chmod(mode)
    with refused(path, rf"mode 0{mode:o}.*run 'chmod go-w {path}'"):
        SqliteJournal.open(path)


@posix_only
def test_the_mend_that_is_told_mends(path, open_sqlite):
    fill(path)
    path.chmod(0o666)
    with pytest.raises(JournalError) as caught:
        SqliteJournal.open(path)
    command = str(caught.value).split("'")[1]
    subprocess.run(command.split(), check=True)
    assert len(events_of(open_sqlite())) == 40


def test_a_folder_in_its_place_is_refused(path):
    path.mkdir()
    with pytest.raises(JournalError, match=rf"{path} is not a file"):
        SqliteJournal.open(path)


def test_a_file_in_place_of_its_folder_is_refused(tmp_path):
    (tmp_path / "state").write_text("")
    path = tmp_path / "state" / "journal.db"
    with pytest.raises(JournalError, match=rf"{path} can't be opened .*choose another place"):
        SqliteJournal.open(path)


@posix_only
def test_a_folder_that_this_user_can_not_write_is_told(open_folder):
    open_folder.chmod(0o755 if os.geteuid() == 0 else 0o555)
    path = open_folder / "journal.db"
    with without_privileges(), refused(path, r"can't be opened \(Permission denied"):
        SqliteJournal.open(path)


@posix_only
def test_a_file_that_this_user_can_only_read_is_told(open_folder):
    path = open_folder / "journal.db"
    with without_privileges():
        fill(path)
        path.chmod(0o400)
        with refused(path, r"can't be opened \(Permission denied"):
            SqliteJournal.open(path)


@posix_only
def test_a_file_that_this_user_can_not_read_is_told(open_folder):
    path = open_folder / "journal.db"
    with without_privileges():
        fill(path)
        path.chmod(0o000)
        with pytest.raises(JournalError, match=r"can't be opened \(Permission denied"):
            SqliteJournal.open(path)


@posix_only
def test_a_folder_that_can_not_take_the_write_ahead_log_is_told(open_folder):
    folder = open_folder / "state"
    path = folder / "journal.db"
    with without_privileges():
        fill(path)
        folder.chmod(0o500)
        with refused(path, rf"can't be opened \(Permission denied: {folder}\)"):
            SqliteJournal.open(path)
        folder.chmod(0o700)
