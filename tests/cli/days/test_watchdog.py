"""Cron's watchdog where something is wrong: a process that hangs, a day that nobody started."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from skim_core.cli.days.owner import end, is_gone, is_here, this_owner
from skim_core.journal.sqlite import SqliteJournal
from skim_core.model import events as ev

SESSION = "2026-01-28"
RUN = "tiny/XASX/2026-01-28/paper"
SHORT = timedelta(seconds=0.2)

HANGING = """
import signal, sys, time
from skim_core.cli.days.owner import this_owner
if "stubborn" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(this_owner(), flush=True)
time.sleep(60)
"""

HOLDER = """
    from decimal import Decimal

    from skim_core import Bracket, Context, GapScan, Phase, PhaseGraph, hooks


    @hooks.phase_graph
    def skim_phase_graph() -> PhaseGraph:
        return PhaseGraph(
            Phase("trade", at="open+5m"),
            Phase("manage", every="1m", protective=True),
        )


    @hooks.trade
    async def skim_trade(ctx: Context[object]) -> None:
        stop = Decimal("0.01")
        for row in await ctx.market.scan(GapScan(minimum_percent=1, limit=1)):
            await ctx.orders.enter(Bracket(symbol=row.symbol, quantity=100, stop_price=stop))


    @hooks.manage
    async def skim_manage(ctx: Context[object]) -> None:
        pass
"""
"""Buys one symbol, and holds it overnight with its stop."""

_MANAGE = 'Phase("manage", every="1m", protective=True),'


@pytest.fixture
def hang() -> Iterator[Callable[..., tuple[subprocess.Popen[str], str]]]:
    """Start a process that does nothing any more; give it and its name in leases."""
    started: list[subprocess.Popen[str]] = []

    def called(*arguments: str) -> tuple[subprocess.Popen[str], str]:
        child = subprocess.Popen(
            [sys.executable, "-c", HANGING, *arguments], stdout=subprocess.PIPE, text=True
        )
        started.append(child)
        assert child.stdout is not None
        return child, child.stdout.readline().strip()

    yield called
    for child in started:
        child.kill()
        child.communicate()


@pytest.fixture
def left_by(skim, tiny, home: Path, monkeypatch) -> Callable[[str], None]:
    """Begin a day, and make it one whose lease this owner has let run out."""
    monkeypatch.setenv("SKIM_LEASE_TERM", "1s")

    def called(owner: str) -> None:
        assert skim("setup", "--strategy", "tiny", "--session", SESSION).code == 0
        journal = SqliteJournal.open(home / "journal.sqlite")
        records = journal.read(RUN)
        resumed = ev.DayResumed(at=records[-1].event.at, owner=owner)
        journal.append(RUN, len(records), [resumed])
        now = datetime.now(UTC)  # noqa: TID251  a lease is of the wall
        assert journal.acquire(RUN, owner, now - timedelta(minutes=1), timedelta(seconds=1))
        journal.close()

    return called


def test_a_process_that_hangs_is_ended_and_its_day_gone_on_with(skim, left_by, hang):
    child, owner = hang()
    left_by(owner)
    told = skim("start_monitoring")
    assert told.code == 0
    assert f"the process that runs {RUN} ({owner}) hangs" in told.err
    assert "It was ended, and its day goes on here." in told.err
    assert child.wait(5) == -15
    assert told.lines[-1].split()[1:3] == ["day", "completed."]


def test_a_process_that_only_was_slow_is_left_alone(skim, left_by, hang, home: Path, monkeypatch):
    child, owner = hang()
    left_by(owner)
    monkeypatch.setenv("SKIM_LEASE_TERM", "4s")
    renewing = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, datetime as dt\n"
            "from skim_core.journal.sqlite import SqliteJournal\n"
            "from pathlib import Path\n"
            "journal = SqliteJournal.open(Path(sys.argv[1]))\n"
            "now = dt.datetime.now(dt.UTC)\n"
            "journal.acquire(sys.argv[2], sys.argv[3], now, dt.timedelta(minutes=5))",
            str(home / "journal.sqlite"),
            RUN,
            owner,
        ]
    )
    told = skim("start_monitoring")
    renewing.wait()
    assert (told.code, told.err) == (0, "")
    assert f"{RUN} is run by {owner}" in told.out
    assert child.poll() is None


def test_a_process_that_was_given_the_same_number_later_is_never_ended(skim, left_by, hang):
    child, owner = hang()
    host, pid, started = owner.split(":")
    left_by(f"{host}:{pid}:{int(started) - 1}")
    told = skim("start_monitoring")
    assert (told.code, told.err) == (0, "")
    assert child.poll() is None


def test_a_process_that_does_not_listen_is_killed(hang):
    child, owner = hang("stubborn")
    assert is_here(owner)
    assert not is_gone(owner)
    assert end(owner, SHORT)
    assert child.wait(5) == -9


@pytest.mark.parametrize("change", ["host", "start", "unknown start"])
def test_what_is_not_certainly_the_owner_is_never_ended(hang, change: str):
    child, owner = hang()
    host, pid, started = owner.split(":")
    named = {
        "host": f"elsewhere:{pid}:{started}",
        "start": f"{host}:{pid}:{int(started) + 1}",
        "unknown start": f"{host}:{pid}:0",
    }[change]
    assert not is_here(named)
    assert not end(named, SHORT)
    assert child.poll() is None


def test_a_command_never_ends_itself():
    assert not is_here(this_owner())
    assert not end(this_owner(), SHORT)


def test_an_owner_whose_parent_has_not_looked_yet_is_gone(hang):
    child, owner = hang()
    child.kill()
    assert child.stdout is not None
    child.stdout.read()
    deadline = datetime.now(UTC) + timedelta(seconds=5)  # noqa: TID251  a process is waited for
    while not is_gone(owner):
        assert datetime.now(UTC) < deadline  # noqa: TID251  a process is waited for
    assert child.returncode is None


# Days that nobody started


@pytest.fixture
def held(skim, install, on_now: str) -> Callable[..., None]:
    """Let a strategy hold 100 shares since yesterday."""

    def called(name: str = "holder", code: str = HOLDER) -> None:
        install(name, code)
        told = skim("start_trading_day", "--strategy", name, "--session", on_now, "--json")
        assert told.code == 0, told.err
        assert [held["quantity"] for held in told.json["days"][0]["positions"]] == [100]

    return called


def test_what_a_missed_day_left_open_is_looked_after(skim, held, begin):
    held()
    child = begin("start_monitoring", "--pace", "real", until="still stands")
    again = skim("start_trading_day", "--strategy", "holder", "--pace", "real")
    assert again.code == 0
    assert "was missed: only what was open is looked after" in again.lines[0]
    assert "is being run by another process" in again.out
    assert skim("start_monitoring", "--pace", "real").code == 0
    [day] = skim("status", "--json").json["days"]
    assert (day["state"], day["missed"], day["needs_a_person"]) == ("running", True, False)
    assert [phase["phase"] for phase in day["phases"]] == ["manage"]
    assert [position["quantity"] for position in day["positions"]] == [100]
    assert day["without_stop"] == []

    child.terminate()
    _, err = child.communicate(timeout=20)
    assert child.returncode == 128 + 15
    assert "skim: MISSED: the day of holder on XASX " in err
    assert "It holds 100 " in err


def test_status_fails_for_what_nobody_started_and_something_is_open_of(skim, held):
    held()
    told = skim("status", "--pace", "real")
    assert told.code == 1
    assert "holder on XASX" in told.out
    assert "nobody has started it" in told.out
    assert skim("status").code == 0


def test_a_strategy_without_a_protective_phase_leaves_nobody_to_watch(skim, held):
    code = HOLDER.replace(_MANAGE, 'Phase("manage", at="close-1h"),')
    assert code != HOLDER
    held(code=code)
    told = skim("start_monitoring", "--pace", "real")
    assert told.code == 1
    assert "MISSED: the day of holder" in told.err
    assert "nobody watches over what holder has open" in told.err
    assert [day["state"] for day in skim("status", "--json").json["days"]] == []


def test_a_missed_day_with_nothing_open_is_only_told(skim, tiny, on_now: str, home: Path):
    assert skim("start_trading_day", "--strategy", "tiny", "--session", on_now).code == 0
    assert "missed" not in skim("start_monitoring", "--pace", "real").out
    told = skim("start_monitoring", "--strategy", "tiny", "--pace", "real")
    assert (told.code, told.err) == (0, "")
    assert "the day of tiny on XASX " in told.out
    assert "was missed" in told.out
    assert told.out.endswith("Nothing to do.\n")
    as_json = skim("start_monitoring", "--strategy", "tiny", "--pace", "real", "--json").json
    assert [day["strategy"] for day in as_json["missed"]] == ["tiny"]
    journal = SqliteJournal.open(home / "journal.sqlite")
    assert len(journal.runs()) == 1
    journal.close()


def test_a_day_on_virtual_time_is_never_missed(skim, tiny, on_now: str):
    assert "missed" not in skim("start_monitoring", "--strategy", "tiny").out


def test_a_day_that_nobody_knows_is_not_missed_but_misspelt(skim, tiny, on_now: str):
    told = skim("start_monitoring", "--strategy", "tinny", "--pace", "real")
    assert told.code == 2
    assert "did you mean 'tiny'?" in told.err
