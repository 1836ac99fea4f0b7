"""What the pages for operators show runs as written, and the units keep what they promise."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import sqlite3
import subprocess
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from skim_core.calendar.year import CalendarYear, installed_version, write_year
from skim_core.errors import BrokerError

ROOT = Path(__file__).parents[2]
UNITS = ROOT / "deploy" / "systemd"


def page(name):
    return (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")


def commands(name):
    """Return the arguments of the ``skim`` commands in a page's consoles, in their order."""
    blocks = re.findall(r"```console\n(.*?)```", page(name), re.DOTALL)
    return [shlex.split(line)[1:] for block in blocks for line in block.splitlines()]


@pytest.fixture
def traded(skim_in):
    """Give a folder in which a day has been run."""
    skim = skim_in()
    code, said = skim.run("start_trading_day", "-s", "orh_breakout", "--session", "2026-11-24")
    assert code == 0, said
    return skim


@pytest.mark.parametrize(("name", "count"), [("operating", 4), ("rollback", 8)])
def test_each_command_of_the_page_succeeds_after_the_one_before(traded, name, count):
    shown = commands(name)
    assert len(shown) == count
    for arguments in shown:
        code, said = traded.run(*arguments)
        assert code == 0, f"{arguments}: {said}"


@pytest.mark.parametrize(("opened", "code"), [(timedelta(minutes=30), 1), (timedelta(days=-2), 0)])
def test_the_check_on_the_page_exits_as_its_table_says(traded, opened, code):
    """On a day that nobody started, and on a day off."""
    [line] = re.findall(r"^skim (status .+)$", page("operating"), re.MULTILINE)
    opens = datetime.now(UTC).replace(microsecond=0) - opened  # noqa: TID251  a session of the wall's time
    table = CalendarYear(
        version=installed_version(),
        exchange="XASX",
        year=opens.year,
        timezone="UTC",
        rows=((opens.date(), opens, opens + timedelta(hours=3), False),),
    )
    write_year(traded.directory / "calendars", table)
    found, said = traded.run(*shlex.split(line))
    assert found == code, said
    assert ("nobody has started it" in said) is bool(code)


def test_a_copy_brings_the_day_back_and_keeps_what_was_there(traded):
    before = traded.run("trades", "--json")[1]
    assert traded.run("backup", "before-upgrade.sqlite")[0] == 0
    traded.run("start_trading_day", "-s", "orh_breakout", "--session", "2026-11-25")
    assert traded.run("trades", "--json")[1] != before
    code, said = traded.run("restore", "before-upgrade.sqlite")
    assert code == 0, said
    assert traded.run("trades", "--json")[1] == before
    assert list(traded.directory.glob("journal.sqlite.before-*"))


def test_an_older_skim_refuses_a_newer_journal_in_the_words_of_the_page(traded):
    path = traded.directory / "journal.sqlite"
    with closing(sqlite3.connect(path)) as journal:
        journal.execute("PRAGMA user_version = 99")
    [quoted] = re.findall(r"^> (the journal .*)$", page("rollback"), re.MULTILINE)
    for command in (["status"], ["start_trading_day", "-s", "orh_breakout"], ["trades"]):
        code, said = traded.run(*command)
        assert code == 1
        assert quoted.replace("/var/lib/skim", str(traded.directory)) in " ".join(said.split())
    with closing(sqlite3.connect(path)) as journal:
        assert journal.execute("PRAGMA user_version").fetchone() == (99,)


def unit(name):
    read = configparser.ConfigParser(interpolation=None, strict=False)
    read.optionxform = str
    read.read_string((UNITS / name).read_text())
    return read


def test_the_hardened_services_write_one_folder_as_a_user_without_rights():
    service = unit("hardened.conf")["Service"]
    assert service["User"] == "skim"
    assert service["StateDirectory"] == "skim"
    assert service["ProtectSystem"] == "strict"
    assert service["NoNewPrivileges"] == "yes"
    assert not service["CapabilityBoundingSet"]
    assert "ReadWritePaths" not in service


def test_a_day_without_its_broker_is_tried_again_and_nothing_else_is():
    service = unit("skim-day@.service")["Service"]
    assert int(service["RestartForceExitStatus"]) == BrokerError.exit_code == 3
    assert "Restart" not in service
    assert "RestartForceExitStatus" not in unit("skim-monitoring@.service")["Service"]


RECORDER = """#!/bin/sh
for argument in "$@"; do printf '%s\\n' "$argument"; done
exit 3
"""


def test_the_wrapper_has_the_user_the_folder_and_the_secrets_of_the_units(tmp_path):
    (tmp_path / "systemd-run").write_text(RECORDER)
    (tmp_path / "systemd-run").chmod(0o755)
    done = subprocess.run(
        [ROOT / "deploy" / "skim", "halt", "--why", "a look at it; $(id)"],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
    )
    assert done.returncode == 3, done.stderr
    given, command = done.stdout.split("--\n/opt/skim/bin/skim\n")
    assert command.splitlines() == ["halt", "--why", "a look at it; $(id)"]
    hardened = (UNITS / "hardened.conf").read_text()
    for line in hardened.splitlines():
        key, _, value = line.partition("=")
        wanted = {
            "User": f"--uid={value}",
            "Group": f"--gid={value}",
            "UMask": f"--property=UMask={value}",
            "EnvironmentFile": f"--property=EnvironmentFile={value}",
            "Environment": f"--setenv={value.replace('%S', '/var/lib')}",
            "WorkingDirectory": f"--working-directory={value.replace('%S', '/var/lib')}",
        }.get(key)
        assert wanted is None or wanted in given.splitlines(), line
    assert "--pipe" in given.splitlines()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_systemd_takes_the_units_and_rates_them_as_the_page_says(tmp_path):
    for file in UNITS.glob("skim-*"):
        shutil.copy(file, tmp_path)
    for name in ("skim-day@", "skim-monitoring@"):
        folder = tmp_path / f"{name}.service.d"
        folder.mkdir()
        shutil.copy(UNITS / "hardened.conf", folder)
    environment = {"SYSTEMD_UNIT_PATH": f"{tmp_path}:", "PATH": "/usr/bin:/bin"}
    units = [
        str(tmp_path / f"skim-{name}@orh_breakout.{kind}")
        for name in ("day", "monitoring")
        for kind in ("service", "timer")
    ]
    found = subprocess.run(
        ["systemd-analyze", "verify", *units],
        capture_output=True,
        check=False,
        env=environment,
        text=True,
    )
    assert found.returncode == 0, found.stderr
    assert "hardened.conf" not in found.stderr
