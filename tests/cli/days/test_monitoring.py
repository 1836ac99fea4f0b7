"""A day whose process was stopped or killed, and cron's watchdog that goes on with it."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from skim_core.journal.sqlite import SqliteJournal
from skim_core.model import events as ev

SESSION = "2026-01-28"
RUN = "tiny/XASX/2026-01-28/paper"
PACE = "300"
"""A minute in a fifth of a second: a busy machine may take a second to look."""

PACED = ("start_trading_day", "--strategy", "tiny", "--session", SESSION, "--pace", PACE)
STATUS = ("status", "--session", SESSION)


def journaled(home: Path) -> list[ev.Event]:
    """Return the day's events, checked to be numbered without a gap."""
    journal = SqliteJournal.open(home / "journal.sqlite")
    try:
        records = journal.read(RUN)
    finally:
        journal.close()
    assert [record.sequence for record in records] == list(range(1, len(records) + 1))
    return [record.event for record in records]


def ended(child: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = child.communicate(timeout=20)
    return child.returncode, out, err


def leave_alone(home: Path, run: str) -> None:
    """Make a day that was begun by hand one whose process went on with it and died."""
    journal = SqliteJournal.open(home / "journal.sqlite")
    records = journal.read(run)
    resumed = ev.DayResumed(at=records[-1].event.at, owner="gone")
    journal.append(run, len(records), [resumed])
    journal.close()


def check_finished_once(home: Path) -> None:
    """Check that the day ended well and that nothing was ordered or bought twice."""
    events = journaled(home)
    assert isinstance(last := events[-1], ev.DayFinished)
    assert last.outcome is ev.Outcome.COMPLETED
    assert sum(isinstance(event, ev.DayStarted) for event in events) == 1
    orders = [event.order.reference for event in events if isinstance(event, ev.OrderIntended)]
    assert len(orders) == len(set(orders))
    purposes = [event.order.purpose for event in events if isinstance(event, ev.OrderIntended)]
    assert sorted(purposes) == ["entry", "exit", "stop"]
    fills = [event.fill for event in events if isinstance(event, ev.OrderFilled)]
    assert sum(fill.side.sign * fill.quantity for fill in fills) == 0
    assert sum(fill.quantity for fill in fills) == 200
    assert sum(isinstance(event, ev.PositionClosed) for event in events) == 1


def test_without_a_journal_there_is_nothing_to_do_and_none_is_made(skim, home: Path):
    told = skim("start_monitoring")
    assert (told.code, told.err) == (0, "")
    assert told.out.endswith("nothing to do.\n")
    assert len(told.lines) == 1
    assert not (home / "journal.sqlite").exists()


def test_nothing_to_do_as_json(skim):
    told = skim("start_monitoring", "--json")
    assert told.code == 0
    assert told.json["days"] == []
    assert told.json["reason"].endswith("nothing to do.")


def test_a_finished_day_is_left_as_it_is(skim, tiny, home: Path):
    skim(*PACED[:-2])
    before = journaled(home)
    told = skim("start_monitoring")
    assert told.code == 0
    assert told.out.endswith("nothing to do.\n")
    assert journaled(home) == before


def test_a_living_owner_is_left_alone_and_a_dead_ones_day_is_finished(
    skim, tiny, begin, home: Path
):
    child = begin(*PACED, until="bought 100")
    watched = skim("start_monitoring")
    assert watched.code == 0
    assert watched.out.startswith(f"skim: {RUN} is run by ")
    again = skim(*PACED)
    assert again.code == 0
    assert "is being run by another process" in again.out
    standing = skim(*STATUS)
    assert standing.code == 0
    assert ": running by " in standing.lines[0]

    child.send_signal(signal.SIGKILL)
    assert ended(child)[0] == -signal.SIGKILL
    assert not any(isinstance(event, ev.DayFinished) for event in journaled(home))
    standing = skim(*STATUS)
    assert standing.code == 1
    assert standing.lines[0].endswith(": interrupted")
    assert "skim start_monitoring" in standing.lines[1]
    assert skim("start_monitoring", "--strategy", "other").out.endswith("nothing to do.\n")

    finished = skim("start_monitoring")
    assert (finished.code, finished.err) == (0, "")
    assert "goes on where it was left" in finished.lines[0]
    check_finished_once(home)
    assert skim(*STATUS).code == 0


def test_a_killed_day_can_also_be_gone_on_with_by_starting_it(skim, tiny, begin, home: Path):
    child = begin(*PACED, until="scan          completed")
    child.kill()
    ended(child)
    told = skim(*PACED[:-2], "--json")
    assert told.code == 0
    assert told.json["days"][0]["end"] == "completed"
    check_finished_once(home)
    (started,) = [event for event in journaled(home) if isinstance(event, ev.DayStarted)]
    assert float(started.pace) == float(PACE)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_a_day_that_can_be_gone_on_with(
    skim, tiny, begin, home: Path, number: signal.Signals
):
    child = begin(*PACED, until="scan          completed")
    child.send_signal(number)
    code, out, err = ended(child)
    assert (code, err) == (128 + number, "")
    assert out.splitlines()[-1] == (
        "skim: the day of tiny on XASX 2026-01-28 was stopped (told to stop): "
        "'skim start_monitoring' goes on with it."
    )
    assert not any(isinstance(event, ev.DayFinished) for event in journaled(home))
    assert skim("start_monitoring").code == 0
    check_finished_once(home)


@pytest.mark.parametrize("session", ["2026-01-27", SESSION], ids=["another day", "the same day"])
def test_one_broken_strategy_does_not_keep_the_watchdog_from_the_others(
    skim, process, install, tiny, home: Path, session: str
):
    module = install("another")
    for name, date in (("another", session), ("tiny", SESSION)):
        assert skim("setup", "--strategy", name, "--session", date).code == 0
        leave_alone(home, f"{name}/XASX/{date}/paper")
    module.write_text("import a_package_that_is_not_there")
    told = process("start_monitoring")
    assert told.code == 2
    assert "a_package_that_is_not_there" in told.out + told.err
    assert "Traceback" not in told.err
    check_finished_once(home)
