"""What is kept while a real process runs a day: its log, which is rotated, and copies of its journal."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from skim_core.cli.words.story import Story

ROOT = Path(__file__).parents[2]
SESSION = "2026-11-24"
RUN = f"patient/XASX/{SESSION}/paper"
DAY = ("start_trading_day", "-s", "patient", "--session", SESSION, "--pace", "1800")
"""A session in a quarter of a minute: long enough to do something meanwhile."""

PATIENT = """
from skim_core import Context, Phase, PhaseGraph, hooks

@hooks.phase_graph
def skim_phase_graph() -> PhaseGraph:
    return PhaseGraph(
        Phase("setup", timeout="5h"),
        Phase("trade", after="setup", timeout="5h", every="1m", between=("open", "close")),
        *(
            Phase(f"part_{hour}", after="setup", at=f"open+{hour}h", hook="skim_setup", timeout="5h")
            for hour in range(1, 6)
        ),
    )

@hooks.setup
async def skim_setup(ctx: Context[None]) -> None:
    pass

@hooks.trade
async def skim_trade(ctx: Context[None]) -> None:
    pass
"""
"""Has something to tell every hour, and nothing that a slow machine could be late for."""


@contextmanager
def running_into(log, skim):
    """Run a day whose output is appended to a file, as a crontab's ``>>`` does."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SKIM_")}
    with log.open("a", encoding="utf-8") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "skim_core", *DAY],
            stdout=stream,
            stderr=subprocess.DEVNULL,  # cron mails it
            cwd=skim.directory,
            env={
                **kept,
                "SKIM_DIRECTORY": str(skim.directory),
                "PYTHONPATH": str(skim.site),
            },
        )
    try:
        skim.wait_for("phase_ticked", process)
        assert process.poll() is None
        yield process
        assert process.wait(timeout=120) == 0
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Install the strategy ``patient``; give the folder it is in."""
    site = tmp_path_factory.mktemp("site")
    (site / "patient.py").write_text(PATIENT)
    metadata = site / "patient-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: patient\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[skim.strategies]\npatient = patient\n")
    return site


def story_of(events):
    """Return the words for a day's events, as the view writes them."""
    story = Story()
    lines = [story.tell(event) for event in events]
    return [line.plain(events[0].session) for line in lines if line is not None]


def test_a_log_that_is_renamed_under_a_day_loses_no_line(skim_in, site, tmp_path):
    log, renamed = tmp_path / "skim.log", tmp_path / "skim.log.1"
    skim = skim_in(site)
    with running_into(log, skim):
        log.rename(renamed)
        before = renamed.read_text()
    assert not log.exists()
    assert len(renamed.read_text()) > len(before)
    assert renamed.read_text().splitlines() == story_of(skim.events(RUN))


@pytest.mark.skipif(shutil.which("logrotate") is None, reason="there is no logrotate here")
def test_logrotate_rotates_under_a_day_as_the_page_says(skim_in, site, tmp_path):
    page = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    [shown] = re.findall(r"```text\n(/var/lib/skim/skim.log .*?)```", page, re.DOTALL)
    log = tmp_path / "skim.log"
    rules = tmp_path / "rules"
    rules.write_text(
        shown.replace("/var/lib/skim/skim.log", str(log)).replace("    su skim skim\n", "")
    )
    rules.chmod(0o600)
    tmp_path.chmod(0o700)
    rotate = ["logrotate", "--force", "--state", str(tmp_path / "state"), str(rules)]
    skim = skim_in(site)
    with running_into(log, skim):
        subprocess.run(rotate, check=True)
    with log.open("a") as stream:
        stream.write("the next day\n")
    subprocess.run(rotate, check=True)
    assert (tmp_path / "skim.log.1").read_text() == "the next day\n"
    packed = subprocess.run(
        ["gzip", "-dc", str(tmp_path / "skim.log.2.gz")], capture_output=True, check=True, text=True
    )
    assert packed.stdout.splitlines() == story_of(skim.events(RUN))


def test_copies_that_are_made_while_a_day_runs_are_the_day_so_far(skim_in, site, tmp_path):
    skim = skim_in(site)
    copies = [tmp_path / f"{number}.sqlite" for number in range(4)]
    with running_into(tmp_path / "log", skim):
        for copy in copies:
            code, said = skim.run("backup", str(copy))
            assert (code, "read back" in said) == (0, True), said
        code, said = skim.run("restore", str(copies[0]))
        assert code != 0
        assert "stop that process first" in said
    whole = skim.events(RUN)
    lengths = []
    for copy in copies:
        other = skim_in(site)
        code, said = other.run("restore", str(copy))
        assert code == 0, said
        events = other.events(RUN)
        assert events == whole[: len(events)]
        lengths.append(len(events))
        code, said = other.run("status", "--session", SESSION)
        assert (code, "interrupted" in said) == (1, True)
    assert lengths == sorted(lengths)
    assert lengths[0] < len(whole)
    assert whole[-1].kind == "day_finished"
