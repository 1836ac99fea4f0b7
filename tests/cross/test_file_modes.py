"""What skim writes is its user's alone, and what others can write is not believed."""

from __future__ import annotations

import os
import stat
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from skim_core.calendar.year import CalendarYear, write_year
from skim_core.errors import JournalError
from skim_core.journal.sqlite import SqliteJournal
from skim_core.settings import exposed_secret, load_settings
from skim_core.testing.journal_contract.base import RUN, events_of, tick

pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")

DAY = ("start_trading_day", "--strategy", "orh_breakout", "--session", "2026-11-24")
MASKS = [0o000, 0o022, 0o077]


@contextmanager
def umask(mask):
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def open_to_others(folder):
    """Return what lies in `folder` and is not for its owner alone, with its mode."""
    modes = {entry: stat.S_IMODE(entry.stat().st_mode) for entry in folder.rglob("*")}
    return {
        str(entry.relative_to(folder)): oct(mode)
        for entry, mode in modes.items()
        if mode != (0o700 if entry.is_dir() else 0o600)
    }


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "journal.sqlite"


@pytest.fixture
def written(path):
    """Write a journal; give its path."""
    with closing(SqliteJournal.open(path)) as journal:
        journal.append(RUN, 0, [tick(1)])
    return path


def test_everything_that_a_day_writes_is_its_users_alone(skim_in):
    """Also what a killed one leaves: the write-ahead log, its index, the account's book."""
    skim = skim_in()
    with umask(0):
        killed = skim.kill_after("order_filled", *DAY)
        left = {entry.name for entry in skim.directory.rglob("*")}
        assert open_to_others(skim.directory) == {}
        code, said = skim.run("start_monitoring")
    assert code == 0, said
    assert {"journal.sqlite", "brokers", "sim", "paper-XASX-2026-11-24.jsonl"} <= left
    assert not killed or {"journal.sqlite-wal", "journal.sqlite-shm"} <= left
    assert open_to_others(skim.directory) == {}


@pytest.mark.parametrize("mask", MASKS)
def test_a_journal_and_the_folders_made_for_it_are_their_users_alone(tmp_path, mask):
    path = tmp_path / "new" / "state" / "skim" / "journal.sqlite"
    with umask(mask), closing(SqliteJournal.open(path)) as journal:
        journal.append(RUN, 0, [tick(1)], durable=True)
        assert len(list(path.parent.iterdir())) == 3
        assert open_to_others(tmp_path) == {}


@pytest.mark.parametrize("mask", MASKS)
def test_a_kept_calendar_and_the_folders_made_for_it_are_their_users_alone(tmp_path, mask):
    opens, closes = (datetime(2026, 1, 5, hour, tzinfo=UTC) for hour in (8, 16))
    table = CalendarYear(
        version="1",
        exchange="XLON",
        year=2026,
        timezone="Europe/London",
        rows=((date(2026, 1, 5), opens, closes, False),),
    )
    with umask(mask):
        write_year(tmp_path / "new" / "state" / "calendars", table)
    assert open_to_others(tmp_path) == {}


@pytest.mark.parametrize("suffix", ["-wal", "-shm", "-journal"])
@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_a_log_that_others_can_write_is_refused_with_its_journal(written, suffix, mode):
    beside = Path(f"{written}{suffix}")
    beside.touch()
    beside.chmod(mode)
    with pytest.raises(JournalError, match=rf"{beside}, .*mode 0{mode:o}.* 'chmod go-w {beside}'"):
        SqliteJournal.open(written)
    beside.chmod(0o600)
    with closing(SqliteJournal.open(written)) as journal:
        assert events_of(journal) == [tick(1)]


def test_a_folder_in_which_anybody_can_replace_the_journal_is_refused(written):
    written.parent.chmod(0o757)
    with pytest.raises(JournalError, match=rf"mode 0757.* run 'chmod o-w {written.parent}'"):
        SqliteJournal.open(written)
    written.parent.chmod(0o755)
    with closing(SqliteJournal.open(written)) as journal:
        assert events_of(journal) == [tick(1)]


def test_no_journal_is_made_in_a_folder_that_anybody_can_write(path):
    path.parent.mkdir()
    path.parent.chmod(0o777)
    with pytest.raises(JournalError, match="every user can write"):
        SqliteJournal.open(path)
    assert list(path.parent.iterdir()) == []
    # As /tmp is: there each may replace their own files alone.
    path.parent.chmod(0o1777)
    SqliteJournal.open(path).close()


def test_a_link_does_not_hide_the_folder_that_anybody_can_write(written, tmp_path):
    written.parent.chmod(0o777)
    link = tmp_path / "link.sqlite"
    link.symlink_to(written)
    with pytest.raises(JournalError, match=f"chmod o-w {written.parent}"):
        SqliteJournal.open(link)


def test_the_command_tells_a_journal_that_others_can_write_with_the_mend(skim_in):
    skim = skim_in()
    path = skim.directory / "journal.sqlite"
    SqliteJournal.open(path).close()
    path.chmod(0o666)
    for command in (DAY, ("status",), ("start_monitoring",)):
        code, said = skim.run(*command)
        assert code == 1
        assert said.startswith(f"skim[journal]: the journal {path} can be written by other users")
        assert f"'chmod go-w {path}'" in said


CONFIG = """
[brokers.ibkr]
host = "here"
login = { user = "me", password = "hidden" }
"""


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "skim.toml"
    path.write_text(CONFIG)
    path.chmod(0o640)
    return path


def test_a_configuration_with_a_secret_that_others_can_read_is_told_with_the_mend(config, skim_in):
    code, said = skim_in().run("config", "show", "--config", str(config))
    assert code == 0
    assert f"{config} can be read by other users (mode 0640)" in said
    assert "holds a secret, brokers.ibkr.login.password" in said
    assert "hidden" not in said
    config.chmod(0o600)
    assert exposed_secret(load_settings(config, {})) is None


def test_a_configuration_without_a_secret_may_be_read_by_all(config):
    config.chmod(0o644)
    config.write_text(CONFIG.replace('"hidden"', '""'))
    in_environment = {"SKIM_BROKERS__IBKR__LOGIN__PASSWORD": "hidden"}
    assert exposed_secret(load_settings(config, {})) is None
    assert exposed_secret(load_settings(config, in_environment)) is None
    assert exposed_secret(load_settings(None, in_environment)) is None
