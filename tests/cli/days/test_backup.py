"""Copies of the journal: made while days run, proven, and put back."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent

import pytest

from skim_core.cli.days.owner import this_owner
from skim_core.journal.backup import back_up, look_through
from skim_core.journal.sqlite import SqliteJournal

DAY = ("start_trading_day", "-s", "tiny", "--session")

WRITER = """
    import sys
    from datetime import datetime, timedelta, UTC
    from pathlib import Path
    from skim_core.journal.sqlite import SqliteJournal
    from skim_core.model.controls import Halt

    journal = SqliteJournal.open(Path(sys.argv[1]))
    at = datetime(2026, 1, 6, tzinfo=UTC)
    print("writes", flush=True)
    for number in range(100_000):
        halt = Halt(at=at + timedelta(seconds=number), account="paper", by="me", why=str(number))
        journal.append_control(halt)
"""


@pytest.fixture
def journal(skim, tiny, home) -> Path:
    """Return the journal of a day that was run."""
    assert tiny
    assert skim(*DAY, "2026-01-06").code == 0
    return home / "journal.sqlite"


def test_what_was_copied_comes_back(skim, journal, home):
    before = skim("trades", "--json").json
    copied = skim("backup", "copy.sqlite", "--json").json
    assert (copied["days"], copied["events"]) == (1, len(events_of(journal)))
    assert skim(*DAY, "2026-01-07").code == 0
    assert skim("trades", "--json").json != before
    restored = skim("restore", "copy.sqlite", "--json").json
    assert skim("trades", "--json").json == before
    aside = Path(restored["before"])
    with journal_of(aside) as before:
        assert len(before.runs()) == 2
    assert stat.S_IMODE((home / "copy.sqlite").stat().st_mode) == 0o600
    assert stat.S_IMODE(journal.stat().st_mode) == 0o600
    assert skim(*DAY, "2026-01-07").code == 0


def test_a_copy_has_a_place_of_its_own_when_none_is_named(skim, journal, home):
    assert journal.exists()
    shown = skim("backup")
    [copy] = (home / "backups").iterdir()
    assert str(copy) in shown.out
    assert look_through(copy).days == 1


def test_a_copy_is_the_journal_of_one_instant_while_another_process_writes(journal, tmp_path):
    writing = [sys.executable, "-c", dedent(WRITER), str(journal)]
    with subprocess.Popen(writing, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "writes\n"
        copies = [tmp_path / f"{number}.sqlite" for number in range(5)]
        for copy in copies:
            back_up(journal, copy)
        process.kill()
    counts = []
    for copy in copies:
        with journal_of(copy) as copied:
            told = [record.control.why for record in copied.controls()]
        assert told == [str(number) for number in range(len(told))]
        counts.append(len(told))
    assert counts == sorted(counts)
    assert counts[-1] > 0


@pytest.mark.parametrize("harm", ["flipped", "cut", "empty", "another"])
def test_an_unsound_copy_changes_nothing(skim, journal, home, harm):
    copy = home / "copy.sqlite"
    assert skim("backup", "copy.sqlite").code == 0
    content = copy.read_bytes()
    middle = len(content) // 2
    copy.write_bytes(
        {
            "flipped": content[:middle] + b"\xff" * 8192 + content[middle + 8192 :],
            "cut": content[: middle // 4096 * 4096],
            "empty": b"",
            "another": b"SQLite format 3\0" + b"\0" * 4096,
        }[harm]
    )
    before = journal.read_bytes()
    refused = skim("restore", "copy.sqlite")
    assert (refused.code, refused.out) == (1, "")
    assert "copy.sqlite" in refused.err
    assert journal.read_bytes() == before
    assert not list(home.glob("journal.sqlite.before-*"))
    assert not list(home.glob(".journal*"))


def test_a_copy_that_is_not_there_is_wrong_usage(skim):
    refused = skim("restore", "copy.sqlite")
    assert (refused.code, refused.out) == (2, "")
    assert "there is no file copy.sqlite" in refused.err


def test_nothing_is_restored_under_a_day_that_runs(skim, journal, home):
    assert skim("backup", "copy.sqlite").code == 0
    for phase in ("setup", "scan"):
        assert skim(phase, "-s", "tiny", "--session", "2026-01-07").code == 0
    with journal_of(journal) as store:
        [open_day] = store.runs(unfinished=True)
        now = datetime.now(UTC)  # noqa: TID251  a lease is of the wall
        assert store.acquire(open_day.run_id, this_owner(), now, timedelta(minutes=1))
    refused = skim("restore", "copy.sqlite")
    assert refused.code != 0
    assert "stop that process first" in refused.err
    with journal_of(journal) as kept:
        assert len(kept.runs()) == 2


def test_a_copy_overwrites_nothing(skim, journal, home):
    (home / "copy.sqlite").write_text("mine")
    refused = skim("backup", "copy.sqlite")
    assert refused.code != 0
    assert "is there already" in refused.err
    assert (home / "copy.sqlite").read_text() == "mine"
    assert journal.exists()


def test_a_damaged_journal_is_replaced_and_kept(skim, journal, home):
    assert skim("backup", "copy.sqlite").code == 0
    journal.write_bytes(b"damaged" * 1000)
    assert skim("restore", "copy.sqlite").code == 0
    [aside] = home.glob("journal.sqlite.before-*")
    assert aside.read_bytes().startswith(b"damaged")
    assert look_through(journal).days == 1


def test_before_anything_ran_there_is_nothing_to_copy(skim, home):
    refused = skim("backup")
    assert refused.code != 0
    assert "nothing was run yet" in refused.err
    assert not (home / "backups").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_place_that_can_not_be_written_is_told(skim, journal, home):
    (home / "locked").mkdir(mode=0o500)
    refused = skim("backup", "locked/copy.sqlite")
    assert "can't be written" in refused.err
    assert journal.exists()


def journal_of(path: Path) -> closing[SqliteJournal]:
    return closing(SqliteJournal.open(path))


def events_of(path: Path) -> list[object]:
    with journal_of(path) as store:
        return [record for run in store.runs() for record in store.read(run.run_id)]
