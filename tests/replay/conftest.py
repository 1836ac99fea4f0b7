"""Replays of strategies that are installed beside skim, on a small generated market."""

from __future__ import annotations

import csv
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from skim_core.cli.main import run
from skim_core.journal.sqlite import SqliteJournal

DAYS = """
    from datetime import timedelta
    from decimal import Decimal

    from pydantic import BaseModel, SecretStr

    from skim_core import Bracket, Candidate, Context, GapScan, Phase, PhaseGraph, hooks


    class Config(BaseModel):
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
        rows = await ctx.market.scan(GapScan(minimum_percent=0, limit=2))
        return [
            Candidate(symbol=row.symbol, reason="gaps", gap_percent=row.gap_percent)
            for row in rows
        ]


    @hooks.trade
    async def skim_trade(ctx: Context[Config]) -> None:
        for symbol in ctx.candidates:
            quotes = await ctx.market.quotes([symbol])
            await ctx.orders.enter(
                Bracket(
                    symbol=symbol,
                    quantity=ctx.config.shares,
                    stop_price=quotes[symbol].last * Decimal("0.9"),
                    reason="it gaps",
                )
            )


    @hooks.manage
    async def skim_manage(ctx: Context[Config]) -> None:
        if ctx.now < ctx.session.open + timedelta(minutes=15):
            return
        for symbol in list(ctx.positions):
            await ctx.orders.exit(symbol, reason="enough")
"""
"""Two symbols bought six minutes after the open, and sold at the quarter hour."""

NIGHTS = """
    from decimal import Decimal

    from skim_core import Alert, Bracket, Context, GapScan, Phase, PhaseGraph, hooks


    @hooks.phase_graph
    def skim_phase_graph() -> PhaseGraph:
        return PhaseGraph(
            Phase("alert", at="open"),
            Phase("manage", every="10m", between=("open+20m", "open+31m"), protective=True),
            Phase("trade", at="close-30m"),
        )


    @hooks.alert
    async def skim_alert(ctx: Context) -> list[Alert]:
        account = await ctx.market.account()
        return [Alert(symbol="CASH", text=f"{account.cash:f}")]


    @hooks.manage
    async def skim_manage(ctx: Context) -> None:
        for symbol in list(ctx.positions):
            await ctx.orders.exit(symbol, reason="next day")


    @hooks.trade
    async def skim_trade(ctx: Context) -> None:
        if ctx.session.date.day % 3 == 0:
            return
        row = (await ctx.market.scan(GapScan(minimum_percent=0, limit=1)))[0]
        await ctx.orders.enter(
            Bracket(symbol=row.symbol, quantity=50, stop_price=row.last * Decimal("0.5"))
        )
"""
"""Bought half an hour before the close and sold the next morning; on each third day of a
month nothing is bought. It tells its cash at the open."""


STANDING = NIGHTS.replace(
    "account = await ctx.market.account()",
    """account = await ctx.market.account()
        if ctx.session.date.day == 15 and os.environ.get("STAND_STILL"):
            with open(os.environ["STAND_STILL"], "w") as file:
                file.write(str(os.getpid()))
            time.sleep(60)
    """,
).replace("from decimal import Decimal", "import os, time\n    from decimal import Decimal", 1)
"""Positions over the night; in the session of the 15th it stands still if it is told to."""


@dataclass(frozen=True)
class Result:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Folder:
    """A replay's folder."""

    path: Path

    @property
    def content(self) -> dict[str, bytes]:
        return {file.name: file.read_bytes() for file in sorted(self.path.iterdir())}

    @property
    def plan(self) -> Any:
        return json.loads((self.path / "plan.json").read_text())

    @property
    def trades(self) -> list[dict[str, str]]:
        with (self.path / "trades.csv").open(newline="") as file:
            return list(csv.DictReader(file))

    def events(self, kind: str) -> list[Any]:
        journal = SqliteJournal.open(self.path / "journal.sqlite")
        runs = [record for run in journal.runs() for record in journal.read(run.run_id)]
        journal.close()
        return [record.event for record in runs if record.event.kind == kind]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give skim and the test a folder of their own, and a market of few symbols."""
    folder = tmp_path / "home"
    folder.mkdir()
    for name in [name for name in os.environ if name.startswith("SKIM_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SKIM_DIRECTORY", str(folder))
    monkeypatch.setenv("SKIM_BROKERS__SIM__SYMBOLS", "20")
    monkeypatch.setenv("PYDANTIC_DISABLE_PLUGINS", "1")
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    """Install a strategy, for this process and for those it starts: ``install("days")``."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(site)
    monkeypatch.setenv("PYTHONPATH", str(site), prepend=os.pathsep)

    def installed(name: str, code: str = DAYS) -> str:
        metadata = site / f"skim_strategy_{name}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: skim-strategy-{name}\nVersion: 1.0\n"
        )
        (metadata / "entry_points.txt").write_text(f"[skim.strategies]\n{name} = replayed_{name}\n")
        (site / f"replayed_{name}.py").write_text(dedent(code))
        return name

    yield installed
    for module in [name for name in sys.modules if name.startswith("replayed_")]:
        del sys.modules[module]


@pytest.fixture
def days(install: Callable[..., str]) -> str:
    return install("days")


@pytest.fixture
def nights(install: Callable[..., str]) -> str:
    return install("nights", NIGHTS)


@pytest.fixture
def standing(install: Callable[..., str]) -> str:
    return install("standing", STANDING)


@pytest.fixture
def skim(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., Result]]:
    """Run a command in this process: ``skim("replay", "--strategy", "days")``."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level

    def called(*arguments: object) -> Result:
        monkeypatch.setattr(sys, "argv", ["skim", *map(str, arguments)])
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
def replay(skim: Callable[..., Result], tmp_path: Path) -> Callable[..., Folder]:
    """Replay a strategy into a folder of its own, which is given: ``replay("days")``."""
    numbers = iter(range(1000))

    def replayed(strategy: str, *arguments: object, code: int = 0) -> Folder:
        folder = tmp_path / f"replay{next(numbers)}"
        dates = () if "--from" in arguments else ("--from", "2025-01-06", "--to", "2025-01-10")
        result = skim("replay", "-s", strategy, *dates, "--out", folder, *arguments)
        assert result.code == code, result.err
        return Folder(folder)

    return replayed
