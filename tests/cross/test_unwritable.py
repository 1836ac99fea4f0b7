"""A journal that can't be written in the middle of a day: told, nothing more is sent, it goes on.

The day runs on the simulated exchange, which remembers what it was sent in a book of its own.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing, contextmanager
from textwrap import dedent

import pytest

resource = pytest.importorskip("resource", reason="limits on files are POSIX's")

DAY = ("start_trading_day", "--strategy", "orh_breakout", "--session", "2026-11-24")
BOOK = "brokers/sim/paper-XASX-2026-11-24.jsonl"


@contextmanager
def files_up_to(size):
    """Let no file of the processes started here grow beyond `size` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def bodies(skim):
    """Return the day's events as the journal keeps them."""
    with closing(sqlite3.connect(skim.directory / "journal.sqlite")) as connection:
        rows = connection.execute("SELECT body FROM events ORDER BY run_id, sequence")
        return [json.loads(body) for (body,) in rows]


def money(skim):
    """Return each trade as its money."""
    fills = [event["fill"] for event in bodies(skim) if event["kind"] == "order_filled"]
    keys = ("at", "symbol", "side", "quantity", "price", "commission")
    return [tuple(fill[key] for key in keys) for fill in fills]


def sent(skim):
    """Return the references of the orders that the exchange was sent."""
    path = skim.directory / BOOK
    lines = path.read_text().splitlines()[1:] if path.exists() else []
    orders = [order for line in lines for order in json.loads(line).get("orders", [])]
    return {order["reference"] for order in orders}


def journaled(skim):
    """Return the references of the orders that the journal speaks of."""
    orders = [event["order"] for event in bodies(skim) if "order" in event]
    return {order["reference"] for order in orders}


def assert_safe_and_told(skim, code, said):
    assert code == 1, said
    assert "Traceback" not in said
    assert "internal error" not in said
    assert str(skim.directory / "journal.sqlite") in said
    assert sent(skim) <= journaled(skim)


def assert_finished_as(skim, undisturbed):
    code, said = skim.run("start_monitoring")
    assert code == 0, said
    assert bodies(skim)[-1]["kind"] == "day_finished"
    assert money(skim) == money(undisturbed)


@pytest.fixture(scope="module")
def undisturbed(skim_in):
    """Run the day without a disturbance; give its folder."""
    skim = skim_in()
    code, said = skim.run(*DAY)
    assert code == 0, said
    assert len(money(skim)) >= 4
    assert sent(skim) <= journaled(skim)
    return skim


@pytest.mark.parametrize("kilobytes", [150, 1500])
def test_a_day_whose_disk_fills_up_stops_and_is_finished_when_there_is_room(
    skim_in, undisturbed, kilobytes
):
    skim = skim_in()
    with files_up_to(kilobytes * 1000):
        code, said = skim.run(*DAY)
    assert_safe_and_told(skim, code, said)
    assert "room" in said
    before = bodies(skim)
    assert before[-1]["kind"] != "day_finished"
    assert_finished_as(skim, undisturbed)
    assert bodies(skim)[: len(before)] == before


def test_a_disk_that_is_still_full_is_told_by_the_watchdog_too(skim_in, undisturbed):
    skim = skim_in()
    with files_up_to(600_000):
        skim.run(*DAY)
        before = bodies(skim)
        code, said = skim.run("status")
        assert code == 1
        assert "interrupted" in said
    with files_up_to(0):
        code, said = skim.run("start_monitoring")
    assert_safe_and_told(skim, code, said)
    assert bodies(skim) == before
    assert_finished_as(skim, undisturbed)


STRATEGY = """
    from datetime import timedelta
    from decimal import Decimal
    from pathlib import Path

    from skim_core import Bracket, Candidate, Context, GapScan, Phase, PhaseGraph, hooks

    @hooks.phase_graph
    def skim_phase_graph() -> PhaseGraph:
        return PhaseGraph(
            Phase("scan", at="open+5m"),
            Phase("trade", after="scan", at="open+6m"),
            Phase("manage", every="5m", between=("open", "open+20m"), protective=True),
        )

    @hooks.scan
    async def skim_scan(ctx: Context) -> list[Candidate]:
        rows = await ctx.market.scan(GapScan(minimum_percent=1, limit=1))
        return [Candidate(symbol=row.symbol, reason="gaps") for row in rows]

    @hooks.trade
    async def skim_trade(ctx: Context) -> None:
        symbol = next(iter(ctx.candidates))
        last = (await ctx.market.quotes([symbol]))[symbol].last
        move = Path("move")
        if move.exists():
            move.unlink()
            Path("journal.sqlite").rename("moved.sqlite")
        stop = last * Decimal("0.5")
        bracket = Bracket(symbol=symbol, quantity=100, stop_price=stop, reason="it gaps")
        await ctx.orders.enter(bracket)

    @hooks.manage
    async def skim_manage(ctx: Context) -> None:
        if ctx.now >= ctx.session.open + timedelta(minutes=15):
            for symbol in list(ctx.positions):
                await ctx.orders.exit(symbol, reason="enough")
"""
"""One candidate is bought, and sold soon; where a file ``move`` is, the journal is moved before."""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Install the strategy ``saboteur``; give the folder that it is in."""
    site = tmp_path_factory.mktemp("site")
    metadata = site / "skim_strategy_saboteur-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: skim-strategy-saboteur\nVersion: 1.0\n"
    )
    (metadata / "entry_points.txt").write_text("[skim.strategies]\nsaboteur = saboteur\n")
    (site / "saboteur.py").write_text(dedent(STRATEGY))
    return site


SABOTEUR = ("start_trading_day", "--strategy", "saboteur", "--session", "2026-11-24")


@pytest.fixture(scope="module")
def quiet(skim_in, site):
    """Run the strategy's day without a disturbance; give its folder."""
    skim = skim_in(site)
    code, said = skim.run(*SABOTEUR)
    assert code == 0, said
    assert len(money(skim)) >= 2
    return skim


def test_a_day_whose_journal_is_moved_away_sends_nothing_and_is_finished_when_it_is_back(
    skim_in, site, quiet
):
    skim = skim_in(site)
    (skim.directory / "move").touch()
    code, said = skim.run(*SABOTEUR)
    assert not (skim.directory / "journal.sqlite").exists()
    for moved in skim.directory.glob("moved.sqlite*"):
        moved.rename(moved.with_name(moved.name.replace("moved", "journal")))
    assert_safe_and_told(skim, code, said)
    assert "was moved, deleted or replaced" in said
    assert sent(skim) == set()
    assert_finished_as(skim, quiet)
