"""Whole days that are told, by the command line, to the server."""

from __future__ import annotations

import subprocess
import sys

import pytest

TOKEN = "aT0ken-that_nobody-may-see"
STRATEGY = """
from datetime import timedelta
from decimal import Decimal
from skim_core import Alert, Bracket, Candidate, Context, GapScan, Phase, PhaseGraph, hooks

@hooks.phase_graph
def skim_phase_graph() -> PhaseGraph:
    return PhaseGraph(
        Phase("scan", at="open+5m"),
        Phase("alert", after="scan"),
        Phase("trade", after="scan", at="open+6m"),
        Phase("manage", every="5m", between=("open", "open+20m"), protective=True),
    )

@hooks.scan
async def skim_scan(ctx: Context[None]) -> list[Candidate]:
    rows = await ctx.market.scan(GapScan(minimum_percent=1, limit=2))
    return [Candidate(symbol=r.symbol, reason="gaps", gap_percent=r.gap_percent) for r in rows]

@hooks.alert
def skim_alert(ctx: Context[None]) -> list[Alert]:
    return [Alert(symbol=symbol, text="look") for symbol in ctx.candidates]

@hooks.trade
async def skim_trade(ctx: Context[None]) -> None:
    symbol = next(iter(ctx.candidates))
    last = (await ctx.market.quotes([symbol]))[symbol].last
    await ctx.orders.enter(Bracket(symbol=symbol, quantity=100, stop_price=last / 2))

@hooks.manage
async def skim_manage(ctx: Context[None]) -> None:
    if ctx.now >= ctx.session.open + timedelta(minutes=15):
        for symbol in list(ctx.positions):
            await ctx.orders.exit(symbol, reason="enough")
"""
DAY = ("start_trading_day", "--strategy", "told", "--session", "2026-01-28")


@pytest.fixture(autouse=True)
def strategy(tmp_path, monkeypatch):
    """Install a strategy that buys one of two candidates and sells it."""
    (tmp_path / "told_strategy.py").write_text(STRATEGY)
    info = tmp_path / "told-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: told\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[skim.strategies]\ntold = told_strategy\n")
    monkeypatch.syspath_prepend(tmp_path)


@pytest.fixture
def quick(home):
    def written(more: str = "") -> None:
        (home / "skim.toml").write_text(f'[extension.notify]\nbatch = "50ms"\n{more}\n')

    return written


def test_a_day_is_told_as_it_goes(skim, discord, quick, monkeypatch):
    monkeypatch.setenv("DISCORD_WEBHOOK_URL", discord.url)
    quick()
    ran = skim(*DAY, "--debug")
    assert ran.code == 0
    assert discord.titles == [
        "Day Started",
        "Tradeable Candidates Ready",
        "Trade Executed",
        "Trade Executed",
        "Day Finished",
    ]
    candidates, bought, sold = discord.embeds[1:4]
    assert candidates["description"] == "2 tradeable candidates"
    assert bought["description"].startswith("BUY ")
    assert [field["name"] for field in sold["fields"]][-1] == "PnL"
    assert sold["footer"]["text"] == "told · XASX 2026-01-28 · paper"
    assert TOKEN not in ran.out + ran.err
    assert TOKEN not in skim("explain", "--json").out


@pytest.mark.parametrize("answer", ["hang", 404, 500])
def test_a_channel_in_trouble_changes_nothing_of_a_day(skim, discord, quick, monkeypatch, answer):
    alone = skim(*DAY, "--json").json
    monkeypatch.setenv("DISCORD_WEBHOOK_URL", discord.url)
    monkeypatch.setattr("skim_notify.sending.FLUSH", 0.3)
    quick()
    discord.answers = [answer] * 99
    monkeypatch.setenv("SKIM_ACCOUNT", "another")
    troubled = skim(*DAY, "--json")
    assert troubled.code == 0
    assert [day["end"] for day in troubled.json["days"]] == [day["end"] for day in alone["days"]]
    assert "was not told" in troubled.err
    assert TOKEN not in troubled.err


def test_a_channel_without_its_address_is_told_and_the_day_is_run(skim, quick):
    quick('[extension.notify.channels.desk]\nurl_variable = "NOT_SET"')
    ran = skim(*DAY)
    assert ran.code == 0
    assert "extension 'notify' is left out: channel 'desk': the variable NOT_SET" in ran.err


def test_what_a_day_only_loads_is_light():
    code = "import skim_notify.plugin, sys; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )
    assert not {"apprise", "httpx2", "stamina", "requests"} & set(loaded.stdout.split())
