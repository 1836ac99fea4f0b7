"""How the journal's file is made, migrated and shared, and what its failures say."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from threading import Timer
from time import monotonic

import pytest

from skim_core.errors import FenceError, JournalError
from skim_core.journal.failures import explain
from skim_core.journal.file import APPLICATION_ID
from skim_core.journal.migrations import LATEST
from skim_core.journal.sqlite import SqliteJournal
from skim_core.journal.transactions import transaction
from skim_core.model.controls import Halt
from skim_core.model.events import PhaseCompleted
from skim_core.testing.journal_contract.base import (
    NOW,
    OTHER_RUN,
    RUN,
    TERM,
    WRITERS,
    events_of,
    finish,
    race,
    tick,
)

HERE = Path(__file__).parent
HALT = Halt(at=NOW, account="paper", by="trader", why="news")


def schema(path):
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT sql FROM sqlite_schema ORDER BY name").fetchall()
        version = connection.execute("PRAGMA user_version").fetchone()
    return rows, version


def test_a_missing_journal_is_made_for_its_user_alone(tmp_path):
    path = tmp_path / "state" / "skim" / "journal.db"
    with closing(SqliteJournal.open(path)) as journal:
        journal.append(RUN, 0, [tick(1)])
        files = [entry for entry in path.parent.iterdir() if entry.is_file()]
        assert {stat.S_IMODE(entry.stat().st_mode) for entry in files} == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_closing_leaves_one_file(path, open_sqlite):
    journal = open_sqlite()
    journal.append(RUN, 0, [tick(1)])
    journal.close()
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_opening_a_sound_journal_changes_nothing(path):
    with closing(SqliteJournal.open(path)) as journal:
        journal.append(RUN, 0, [tick(1)])
    before = path.read_bytes()
    with closing(SqliteJournal.open(path)) as journal:
        assert events_of(journal) == [tick(1)]
    assert path.read_bytes() == before


def test_a_path_may_hold_what_an_address_could_not(tmp_path):
    path = tmp_path / "a day?mode=memory#1 %20" / "jöurnal.db"
    with closing(SqliteJournal.open(path)) as journal:
        journal.append(RUN, 0, [tick(1)])
    with closing(SqliteJournal.open(path)) as journal:
        assert events_of(journal) == [tick(1)]


def test_many_may_make_the_same_journal_at_once(tmp_path):
    for number in range(10):
        path = tmp_path / str(number) / "journal.db"

        def make(_journal, writer, path=path):
            with closing(SqliteJournal.open(path)) as journal:
                return journal.append(f"run/{writer}", 0, [tick(1)])

        assert race([None] * WRITERS, make) == [1] * WRITERS
        with closing(SqliteJournal.open(path)) as journal:
            assert len(journal.runs()) == WRITERS


def test_many_may_migrate_the_same_journal_at_once(tmp_path):
    for number in range(5):
        path = tmp_path / f"{number}.db"
        path.touch(mode=0o600)
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute("PRAGMA journal_mode = WAL")

        def migrate(_journal, _writer, path=path):
            SqliteJournal.open(path).close()

        race([None] * WRITERS, migrate)
        with closing(SqliteJournal.open(path)) as journal:
            assert journal.append(RUN, 0, [tick(1)]) == 1


def test_a_transaction_that_fails_keeps_nothing_and_lets_go_of_the_lock(path):
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE numbers (number INTEGER PRIMARY KEY)")
        with pytest.raises(sqlite3.IntegrityError), transaction(connection):
            connection.executemany("INSERT INTO numbers VALUES (?)", [(1,), (2,), (1,)])
        assert not connection.in_transaction
        with transaction(connection):
            connection.execute("INSERT INTO numbers VALUES (3)")
        assert connection.execute("SELECT number FROM numbers").fetchall() == [(3,)]


@pytest.mark.parametrize("version", range(1, LATEST + 1))
def test_a_journal_of_every_version_is_read_and_has_the_schema_of_a_new_one(
    path, tmp_path, version
):
    path.touch(mode=0o600)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((HERE / f"version_{version}.sql").read_text())
    with closing(SqliteJournal.open(path)) as journal:
        assert [run.run_id for run in journal.runs()] == [RUN, OTHER_RUN]
        assert [run.run_id for run in journal.runs(unfinished=True)] == [OTHER_RUN]
        assert events_of(journal) == [tick(1), finish()]
        assert journal.append(OTHER_RUN, 1, [tick(2)]) == 2
        lease = journal.lease(OTHER_RUN)
        assert lease is not None
        assert lease.expires_at == NOW + TERM
        kept = [HALT] if version > 1 else []
        assert journal.append_control(HALT) == len(kept) + 1
        assert [record.control for record in journal.controls()] == [*kept, HALT]
    new = tmp_path / "new.db"
    SqliteJournal.open(new).close()
    assert schema(path) == schema(new)


def test_the_migrations_are_numbered_without_a_gap():
    from skim_core.journal import migrations

    found = sorted(Path(migrations.__file__).parent.glob("*.sql"))
    assert [int(script.name[:4]) for script in found] == list(range(1, LATEST + 1))


def test_an_event_that_is_not_json_is_refused_with_all_that_came_with_it(open_sqlite):
    journal = open_sqlite()
    unsound = PhaseCompleted(at=NOW, phase="scan", result=object())
    with pytest.raises(JournalError, match=f"a phase_completed event of {RUN} can't be written"):
        journal.append(RUN, 0, [tick(1), unsound])
    assert not journal.read(RUN)
    assert journal.append(RUN, 0, [tick(1)]) == 1


def test_a_lock_that_does_not_last_is_waited_for(path, open_sqlite):
    journal = open_sqlite()
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        release = Timer(0.1, other.execute, ["ROLLBACK"])
        release.start()
        assert journal.append(RUN, 0, [tick(1)]) == 1
        release.join()


def test_a_lock_that_lasts_is_told_with_how_long_was_waited(path, open_sqlite):
    journal = open_sqlite(busy_timeout=timedelta(milliseconds=50))
    started = monotonic()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalError, match=r"locked by another process for more than 0\.05 s"):
            journal.append(RUN, 0, [tick(1)])
        with pytest.raises(JournalError, match=r"locked"):
            journal.acquire(RUN, "host:1", NOW, TERM)
        assert not journal.read(RUN)
        other.execute("ROLLBACK")
    # Well under the default of five seconds.
    assert monotonic() - started < 4
    assert journal.append(RUN, 0, [tick(1)]) == 1


def test_a_lock_while_the_journal_is_opened_is_told(path):
    SqliteJournal.open(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalError, match=r"locked by another process for more than 0\.02 s"):
            SqliteJournal.open(path, busy_timeout=timedelta(milliseconds=20))


def test_a_closed_journal_says_so_and_closes_again(open_sqlite):
    journal = open_sqlite()
    journal.close()
    journal.close()
    with pytest.raises(JournalError, match="is closed"):
        journal.read(RUN)
    with pytest.raises(JournalError, match="is closed"):
        journal.append(RUN, 0, [tick(1)])


@pytest.mark.parametrize("replaced", [False, True])
def test_a_journal_that_is_gone_takes_neither_orders_nor_heartbeats(path, open_sqlite, replaced):
    journal = open_sqlite()
    journal.append(RUN, 0, [tick(1)])
    path.rename(path.with_name("elsewhere.db"))
    if replaced:
        path.touch()
    with pytest.raises(JournalError, match="moved, deleted or replaced"):
        journal.append(RUN, 1, [tick(2)], durable=True)
    with pytest.raises(JournalError, match="moved, deleted or replaced"):
        journal.acquire(RUN, "host:1", NOW, TERM)


def test_a_failed_append_spoils_no_later_one(open_sqlite):
    first, second = open_sqlite(), open_sqlite()
    first.append(RUN, 0, [tick(1)], durable=True)
    for durable in (False, True, False):
        with pytest.raises(FenceError):
            second.append(RUN, 0, [tick(1)], durable=durable)
    assert second.append(RUN, 1, [tick(2)], durable=True) == 2
    assert first.append(RUN, 2, [tick(3)]) == 3


def test_a_full_disk_is_told(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA max_page_count = 1")
        with pytest.raises(sqlite3.OperationalError) as caught:
            connection.execute("CREATE TABLE full (id INTEGER)")
    told = str(explain(caught.value, path, TERM))
    assert str(path) in told
    assert "disk is full, and nothing of this was written" in told
    assert "make room" in told
