"""The command line, in this process and in others, with strategies installed beside it."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from skim_core.calendar.year import CalendarYear, installed_version, write_year
from skim_core.cli.main import run

TINY = """
    from datetime import timedelta
    from decimal import Decimal

    from pydantic import BaseModel, ConfigDict, SecretStr

    from skim_core import Bracket, Candidate, Context, GapScan, Phase, PhaseGraph, hooks


    class Config(BaseModel):
        model_config = ConfigDict(extra="forbid")

        shares: int = 100
        token: SecretStr = SecretStr("")


    @hooks.config_model
    def skim_config_model() -> type[Config]:
        return Config


    @hooks.phase_graph
    def skim_phase_graph() -> PhaseGraph:
        return PhaseGraph(
            Phase("setup"),
            Phase("scan", after="setup", at="open+5m"),
            Phase("trade", after="scan", at="open+6m"),
            Phase("manage", every="5m", between=("open", "open+20m"), protective=True),
        )


    @hooks.setup
    def skim_setup(ctx: Context[Config]) -> None:
        ctx.wait(ctx.purge_candidates())


    @hooks.scan
    async def skim_scan(ctx: Context[Config]) -> list[Candidate]:
        rows = await ctx.market.scan(GapScan(minimum_percent=1, limit=2))
        return [
            Candidate(symbol=row.symbol, reason="gaps", gap_percent=row.gap_percent)
            for row in rows
        ]


    @hooks.trade
    async def skim_trade(ctx: Context[Config]) -> None:
        symbol = next(iter(ctx.candidates))
        quotes = await ctx.market.quotes([symbol])
        bracket = Bracket(
            symbol=symbol,
            quantity=ctx.config.shares,
            stop_price=quotes[symbol].last * Decimal("0.5"),
            reason="it gaps",
        )
        await ctx.orders.enter(bracket)


    @hooks.manage
    async def skim_manage(ctx: Context[Config]) -> None:
        if ctx.now < ctx.session.open + timedelta(minutes=15):
            return
        for symbol in list(ctx.positions):
            await ctx.orders.exit(symbol, reason="enough")
"""
"""Twenty minutes after the open: two candidates, one bought, and sold at the quarter hour."""


@dataclass(frozen=True)
class Result:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give skim and the test a folder of their own, and no variable from outside."""
    folder = tmp_path / "home"
    folder.mkdir()
    for name in [name for name in os.environ if name.startswith("SKIM_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SKIM_DIRECTORY", str(folder))
    monkeypatch.setenv("SKIM_LEAD", "1m")
    monkeypatch.setenv("PYDANTIC_DISABLE_PLUGINS", "1")
    # Commands in processes of their own start sooner from compiled files.
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Path]]:
    """Install a plugin, for this process and for those it starts: ``install("tiny")``."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(site)
    monkeypatch.setenv("PYTHONPATH", str(site), prepend=os.pathsep)

    def installed(name: str, code: str = TINY, group: str = "skim.strategies") -> Path:
        metadata = site / f"skim_strategy_{name}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: skim-strategy-{name}\nVersion: 1.0\n"
        )
        (metadata / "entry_points.txt").write_text(f"[{group}]\n{name} = installed_{name}\n")
        module = site / f"installed_{name}.py"
        module.write_text(dedent(code))
        return module

    yield installed
    for module in [name for name in sys.modules if name.startswith("installed_")]:
        del sys.modules[module]


@pytest.fixture
def tiny(install: Callable[..., Path]) -> str:
    """Install the tiny strategy, and give its source."""
    install("tiny")
    return dedent(TINY)


@pytest.fixture
def skim(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., Result]]:
    """Run a command in this process: ``skim("status", "--json")``."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level

    def called(*arguments: str) -> Result:
        monkeypatch.setattr(sys, "argv", ["skim", *arguments])
        capsys.readouterr()
        # As in a new process, the log goes to this call's standard error.
        root.handlers = []
        with pytest.raises(SystemExit) as ended:
            run()
        code = ended.value.code
        out, err = capsys.readouterr()
        return Result(code if isinstance(code, int) else int(code is not None), out, err)

    yield called
    root.handlers = handlers
    root.setLevel(level)


@pytest.fixture
def process() -> Callable[..., Result]:
    """Run a command in a process of its own."""

    def called(*arguments: str) -> Result:
        done = subprocess.run(
            [sys.executable, "-m", "skim_core", *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    return called


@pytest.fixture
def begin() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a command in a process of its own, and return when it has said something."""
    begun: list[subprocess.Popen[str]] = []

    def called(*arguments: str, until: str) -> subprocess.Popen[str]:
        child = subprocess.Popen(
            [sys.executable, "-m", "skim_core", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        begun.append(child)
        assert child.stdout is not None
        said = []
        while until not in (line := child.stdout.readline()):
            said.append(line)
            assert line, f"it ended before it said {until!r}: {said}"
        return child

    yield called
    for child in begun:
        child.kill()
        child.communicate()


@pytest.fixture
def on_now(home: Path) -> str:
    """Let the exchange have a session that is on, and one yesterday; give yesterday's date.

    Its calendar is where skim keeps those that it has asked for.
    """
    now = datetime.now(UTC).replace(microsecond=0)  # noqa: TID251  a session of the wall's time
    opens = now - timedelta(minutes=20)
    closes = now + timedelta(hours=3)
    day = timedelta(days=1)
    rows = [
        (moment.date(), moment, closes + (moment - opens), False) for moment in (opens - day, opens)
    ]
    if rows[0][0].year != rows[1][0].year:
        pytest.skip("the two sessions are in different years")
    table = CalendarYear(
        version=installed_version(),
        exchange="XASX",
        year=opens.year,
        timezone="UTC",
        rows=tuple(rows),
    )
    write_year(home / "calendars", table)
    return rows[0][0].isoformat()
