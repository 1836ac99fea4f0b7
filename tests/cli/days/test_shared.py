"""A phase that two installed strategies have in common, with a policy of each one's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from skim_core.journal.sqlite import SqliteJournal

SESSION = "2026-01-28"
SHARED = """
[strategy.one.phases.scan]
shared = "gaps"
{one}
[strategy.two.phases.scan]
shared = "gaps"
{two}
"""


@pytest.fixture
def both(skim, install, tiny, home):
    """Run two strategies whose scan is shared by configuration; give code, words and events.

    `fails`: how many of the scans that are made raise.
    """

    def run(one="", two="", fails=0):
        counting = f"""
from pathlib import Path

def count():
    file = Path({str(home / "scans")!r})
    number = len(file.read_text()) if file.exists() else 0
    file.write_text("x" * (number + 1))
    if number < {fails}:
        raise OSError("feed down")

"""
        slow = "await ctx.clock.sleep_until(ctx.now + timedelta(seconds=5)); count()"
        counted = counting + tiny.replace("rows = await", f"{slow}; rows = await")
        for name in ("one", "two"):
            install(name, counted)
        Path("skim.toml").write_text(SHARED.format(one=one, two=two))
        told = skim(
            "start_trading_day", "--strategy", "one", "--strategy", "two", "--session", SESSION
        )
        journal = SqliteJournal.open(home / "journal.sqlite")
        try:
            days = {
                name: [each.event for each in journal.read(f"{name}/XASX/{SESSION}/paper")]
                for name in ("one", "two")
            }
        finally:
            journal.close()
        return told, days, len((home / "scans").read_text())

    return run


def phase(events, name):
    """Return the kinds of what happened to a phase."""
    return [each.kind for each in events if getattr(each, "phase", None) == name]


def test_it_runs_once_and_each_gets_its_result(both):
    told, days, scans = both()
    assert (told.code, scans) == (0, 1)
    found = [
        [each.candidates for each in events if each.kind == "candidates_scanned"]
        for events in days.values()
    ]
    assert found[0] == found[1]
    assert len(found[0][0]) == 2
    leaders = {
        name: each.shared_from
        for name, events in days.items()
        for each in events
        if each.kind == "phase_completed" and each.phase == "scan"
    }
    # Whichever came first ran it, and the other has its result.
    assert leaders in (
        {"one": None, "two": f"one/XASX/{SESSION}/paper"},
        {"one": f"two/XASX/{SESSION}/paper", "two": None},
    )


def test_what_its_failure_means_each_says_for_itself(both):
    told, days, scans = both(two='on_failure = "continue"', fails=9)
    assert (told.code, scans) == (1, 1)
    assert days["one"][-1].outcome == "failed"
    assert phase(days["one"], "trade") == ["phase_skipped"]
    assert phase(days["two"], "scan")[-1] == "phase_failed"
    assert "phase_started" in phase(days["two"], "trade")
    failures = [
        each.error for events in days.values() for each in events if each.kind == "phase_failed"
    ]
    assert failures[0].startswith("OSError: feed down (")
    assert all("feed down" in error for error in failures[:2])


def test_one_that_tries_again_does_so_for_itself(both):
    retry = 'retry = { attempts = 3, backoff = "10s", jitter = 0 }'
    told, days, scans = both(one=retry, two='on_failure = "continue"', fails=1)
    assert (told.code, scans) == (1, 2)
    assert phase(days["one"], "scan")[-1] == "phase_completed"
    assert days["one"][-1].outcome == "completed"
    assert phase(days["two"], "scan")[-1] == "phase_failed"


def test_a_shared_phase_that_one_leaves_out_is_still_the_others(both):
    told, days, scans = both(two="enabled = false", fails=0)
    assert scans == 1
    assert days["one"][-1].outcome == "completed"
    assert phase(days["two"], "scan") == []
    assert told.code == 1, "trade of the second finds no candidate"
