"""What makes a host run the days by itself: a crontab's lines, or systemd's units."""

from __future__ import annotations

import os
import shutil
import subprocess
from textwrap import dedent

import pytest

CRON = """\
    #!/bin/sh
    # As crontab(1) of Debian's cron: -l lists, - installs what is read.
    case "$1" in
        -l) [ -f "$CRONTAB" ] && cat "$CRONTAB" || { echo "no crontab" >&2; exit 1; } ;;
        -) cat >"$CRONTAB" ;;
    esac
"""


@pytest.fixture
def crontab(tmp_path, monkeypatch):
    """Give the user a crontab program, and return the crontab that it keeps."""
    program = tmp_path / "bin" / "crontab"
    program.parent.mkdir()
    program.write_text(dedent(CRON))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    kept = tmp_path / "crontab"
    monkeypatch.setenv("CRONTAB", str(kept))
    monkeypatch.setenv("TZ", "UTC")
    return kept


def test_the_lines_name_the_configuration_and_where_skim_is(skim, example, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "skim.toml").write_text('exchange = "XASX"\nlead = "20m"\n')
    shown = skim("schedule", "show", "-s", example, "--cron", "--zone", "UTC").out
    lines = [line for line in shown.splitlines() if line and not line.startswith("#")]
    assert [line.split()[:5] for line in lines] == [
        ["40", "22,23", "*", "*", "0-4"],
        ["*/5", "22,23", "*", "*", "0-4"],
        ["*/5", "0-6", "*", "*", "1-5"],
    ]
    for line in lines:
        assert f"--strategy {example} --pace real --config {tmp_path}/skim.toml" in line
        assert line.split()[5].startswith("/")
    assert "start_trading_day" in lines[0]
    assert all(line.endswith(">/dev/null") for line in lines[1:])


def test_a_crontab_keeps_what_else_is_in_it_and_has_skim_once(skim, example, crontab):
    crontab.write_text("MAILTO=me\n0 4 * * * /usr/bin/true\n")
    for _ in range(2):
        assert skim("schedule", "install", "-s", example, "--cron").code == 0
    text = crontab.read_text()
    assert text.startswith("MAILTO=me\n0 4 * * * /usr/bin/true\n# skim: begin\n")
    assert text.count("start_trading_day") == 1
    assert skim("schedule", "remove", "--cron").code == 0
    assert crontab.read_text() == "MAILTO=me\n0 4 * * * /usr/bin/true\n"
    assert "no lines" in skim("schedule", "remove", "--cron").out


def test_the_first_crontab_of_a_user_is_made(skim, example, crontab):
    assert skim("schedule", "install", "-s", example, "--cron").code == 0
    assert crontab.read_text().startswith("# skim: begin\n")


def test_units_are_written_and_said_how_to_switch_on(skim, example, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    shown = skim("schedule", "install", "-s", example, "--systemd")
    folder = tmp_path / "config" / "systemd" / "user"
    units = {path.name: path.read_text() for path in folder.iterdir()}
    assert units.keys() == {
        "skim-day@.service",
        "skim-day@.timer",
        "skim-monitoring@.service",
        "skim-monitoring@.timer",
    }
    assert "OnCalendar=Mon..Fri 09:45 Australia/Sydney" in units["skim-day@.timer"]
    assert "start_trading_day --strategy %i --pace real" in units["skim-day@.service"]
    assert f"enable --now skim-day@{example}.timer skim-monitoring@{example}.timer" in shown.out
    if analyze := shutil.which("systemd-analyze"):
        for name in ("skim-day@.timer", "skim-monitoring@.timer"):
            [when] = [line for line in units[name].splitlines() if line.startswith("OnCalendar=")]
            subprocess.run([analyze, "calendar", when.partition("=")[2]], check=True)
    assert skim("schedule", "remove", "--systemd").code == 0
    assert not list(folder.iterdir())


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ((), "name whose days"),
        (("-s", "nobody"), "'nobody' is not installed"),
        (("-s", "example", "--cron", "--zone", "Sydney"), "no time zone"),
    ],
)
def test_what_can_not_be_scheduled_is_told(skim, example, options, told):
    shown = skim(
        "schedule", "show", *(example if option == "example" else option for option in options)
    )
    assert (shown.code, shown.out) == (2, "")
    assert told in shown.err


def test_a_host_without_cron_is_told_of_timers(skim, example, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    shown = skim("schedule", "install", "-s", example, "--cron")
    assert shown.code == 2
    assert "schedule install --systemd" in shown.err
