"""The kill switch, thrown while a real process runs the day, and before and after one."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from skim_core.journal.sqlite import SqliteJournal
from skim_core.model import events as ev

SESSION = "2026-01-28"
RUN = "eager/XASX/2026-01-28/paper"
PATIENCE = 20.0

EAGER = """
    from decimal import Decimal

    from skim_core import Bracket, Candidate, Context, GapScan, Phase, PhaseGraph, hooks


    @hooks.phase_graph
    def skim_phase_graph() -> PhaseGraph:
        return PhaseGraph(
            Phase("scan", at="open+1m"),
            Phase("trade", after="scan", every="1m", between=("open+1m", "close-1h")),
        )


    @hooks.scan
    async def skim_scan(ctx: Context[object]) -> list[Candidate]:
        rows = await ctx.market.scan(GapScan(minimum_percent=0))
        return [Candidate(symbol=row.symbol, reason="is traded") for row in rows]


    @hooks.trade
    async def skim_trade(ctx: Context[object]) -> None:
        for symbol, quote in (await ctx.market.quotes(list(ctx.candidates))).items():
            if ctx.orders.find(symbol) is None:
                stop = quote.last * Decimal("0.5")
                await ctx.orders.enter(Bracket(symbol=symbol, quantity=100, stop_price=stop))
                return
"""
"""Enters another symbol every minute, and never sells."""


def journaled(home: Path) -> list[ev.Event]:
    journal = SqliteJournal.open(home / "journal.sqlite")
    try:
        return [record.event for record in journal.read(RUN)]
    finally:
        journal.close()


def wait_until(done: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < deadline, f"it did not come to pass: {what}"
        time.sleep(0.05)  # noqa: TID251  another process is waited for


def held(events: list[ev.Event]) -> int:
    fills = [event.fill for event in events if isinstance(event, ev.OrderFilled)]
    return sum(fill.side.sign * fill.quantity for fill in fills)


def entries(events: list[ev.Event]) -> int:
    orders = [event.order for event in events if isinstance(event, ev.OrderIntended)]
    return sum(order.purpose == "entry" for order in orders)


@pytest.fixture
def eager(install, monkeypatch) -> str:
    install("eager", EAGER)
    monkeypatch.setenv("SKIM_LEAD", "1s")
    return "eager"


def test_a_halt_is_effective_within_a_second_and_so_is_taking_it_back(
    skim, eager, begin, home: Path
):
    begin("start_trading_day", "-s", eager, "--session", SESSION, "--pace", "60", until="bought")

    took = []
    for word in ("first", "second"):
        began = time.monotonic()
        halted = skim("halt", "--strategy", eager, "--why", f"the {word} try")
        took.append(time.monotonic() - began)
        assert halted.code == 0, halted.out
        assert f"{RUN} is halted" in halted.out
    # The engine looks twice a second; a machine that is busy elsewhere may delay one of two.
    assert min(took) < 1.0

    told = [event for event in journaled(home) if isinstance(event, ev.EntriesHalted)]
    assert [event.why for event in told] == ["the first try", "the second try"]
    before = entries(journaled(home))
    wait_until(
        lambda: any(isinstance(event, ev.OrderRefused) for event in journaled(home)),
        "an entry is refused",
    )
    assert entries(journaled(home)) == before
    assert held(journaled(home)) > 0
    standing = skim("status", "--session", SESSION)
    assert standing.lines[0].startswith("HALTED: entries of eager, by ")
    assert "the second try" in standing.lines[0]

    began = time.monotonic()
    resumed = skim("resume", "--strategy", eager)
    assert (resumed.code, time.monotonic() - began < 2.0) == (0, True), resumed.out
    assert f"{RUN} has taken it up." in resumed.out
    wait_until(lambda: entries(journaled(home)) > before, "entries go on")

    flattened = skim("halt", "--flatten", "--why", "enough", "--json")
    assert flattened.code == 0
    assert flattened.json["control"]["flatten"] is True
    [day] = flattened.json["days"]
    assert (day["run_id"], day["effective"]) == (RUN, True)
    wait_until(lambda: held(journaled(home)) == 0, "all is sold")


def test_a_day_that_is_started_later_begins_halted(skim, tiny):
    halted = skim("halt", "--why", "a rainy day")
    assert halted.code == 0
    assert "each that is started begins halted" in halted.out
    told = skim("start_trading_day", "--strategy", "tiny", "--session", SESSION)
    assert told.code == 0
    assert "a rainy day, stops and exits go on" in told.lines[1]
    assert "entry of " in told.out
    assert "refused by halt" in told.out
    assert "bought" not in told.out


def test_an_entry_that_a_limit_holds_up_is_told_and_a_resumed_day_keeps_its_limits(
    skim, tiny, home: Path
):
    (home / "skim.toml").write_text("[strategy.tiny.limits]\norders_per_day = 0\n")
    day = ("--strategy", "tiny", "--session", SESSION)
    assert skim("setup", *day).code == 0
    (home / "skim.toml").write_text("")
    told = skim("start_trading_day", *day)
    assert told.code == 0
    assert told.out.count("refused by orders_per_day") == 1
    assert "bought" not in told.out


def test_the_accounts_limits_hold_for_all_strategies_together(skim, tiny, install, monkeypatch):
    install("second")
    monkeypatch.setenv("SKIM_LIMITS__ORDERS_PER_DAY", "1")
    told = skim("start_trading_day", "-s", "tiny", "-s", "second", "--session", SESSION)
    assert told.code == 0
    assert told.out.count("bought 100") == 1
    assert told.out.count("refused by orders_per_day") == 1


def test_phases_that_fail_again_and_again_halt_their_strategy(skim, install, monkeypatch):
    signature = "async def skim_trade(ctx: Context[object]) -> None:"
    install("raising", EAGER.replace(signature, f"{signature}\n        raise OSError('no')"))
    monkeypatch.setenv("SKIM_HALT_AFTER", "2")
    told = skim("start_trading_day", "--strategy", "raising", "--session", SESSION)
    assert "entries are halted by skim: trade failed 2 times in a row" in told.out
    assert "HALTED: entries of raising, by skim" in skim("status", "--session", SESSION).out


def test_a_halt_says_when_nobody_is_there_to_act_on_it(skim, tiny, begin, home: Path):
    child = begin(
        "start_trading_day", "-s", "tiny", "--session", SESSION, "--pace", "600", until="bought 100"
    )
    child.kill()
    child.wait()
    run = "tiny/XASX/2026-01-28/paper"
    halted = skim("halt", "--why", "its process died")
    assert halted.code == 0
    assert f"no process runs {run}: 'skim start_monitoring' goes on with it" in halted.out
    flattened = skim("halt", "--flatten", "--why", "its process died")
    assert flattened.code == 1
    assert "nothing of it is sold before" in flattened.out
    assert skim("halt", "--strategy", "tiny", "--flatten", "--why", "x", "--json").code == 1

    finished = skim("start_monitoring")
    assert finished.code == 0
    assert "all that is held is sold" in finished.out
    assert skim("status", "--session", SESSION, "--json").json["days"][0]["positions"] == []


def test_resuming_says_what_is_halted_and_what_is_not(skim, tiny, home: Path):
    nothing = skim("resume")
    assert (nothing.code, "not halted: nothing to do" in nothing.out) == (0, True)
    assert not (home / "journal.sqlite").exists()

    skim("halt", "--why", "all of them")
    kept = skim("resume", "--strategy", "tiny")
    assert kept.code == 1
    assert "tiny has no halt of its own, but the account paper is halted" in kept.out
    assert skim("resume", "--strategy", "tiny", "--json").json["control"] is None

    skim("halt", "--strategy", "tiny", "--why", "this one")
    partly = skim("resume", "--strategy", "tiny")
    assert partly.code == 0
    assert "but the account paper is halted" in partly.out

    skim("halt", "--strategy", "tiny", "--why", "again")
    assert skim("resume").code == 0
    assert "nothing to do" in skim("resume", "--strategy", "tiny").out


def test_an_account_has_its_own_halts(skim, tiny):
    skim("halt", "--account", "other", "--why", "not mine")
    assert "nothing to do" in skim("resume").out
    assert "allowed again" in skim("resume", "--account", "other", "--json").json["reason"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["halt"], "--why"),
        (["halt", "--why", " "], "--why is empty"),
        (["halt", "--why", "x", "--strategy", "tinny"], "did you mean 'tiny'?"),
        (["halt", "--why", "x", "--account", "a b"], "--account: account must be"),
    ],
)
def test_nonsense_is_refused_and_halts_nothing(skim, tiny, options: list[str], said: str):
    told = skim(*options)
    assert told.code == 2
    assert said in told.err
    assert "nothing to do" in skim("resume").out
