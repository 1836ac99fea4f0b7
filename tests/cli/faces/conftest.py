"""The command line as it is called, a strategy installed for it, and days in its journal."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from skim_core.calendar.sessions import SessionCalendar
from skim_core.cli.main import run
from skim_core.decide.book import Book
from skim_core.journal.sqlite import SqliteJournal
from skim_core.model import events as ev
from skim_core.model.graph import PhaseGraph
from skim_core.model.market import Candidate, OpeningRange
from skim_core.model.orders import Fill, Order, Side
from skim_core.model.phases import Phase
from skim_core.model.session import Session
from skim_core.testing.days import drive_day

STRATEGY = """
    from pydantic import BaseModel, SecretStr
    from skim_core import Alert, Candidate, Context, Phase, PhaseGraph, hooks

    class Config(BaseModel):
        threshold: int = 3
        pin: SecretStr = SecretStr("")

    @hooks.phase_graph
    def skim_phase_graph() -> PhaseGraph:
        return PhaseGraph(
            Phase("trade", after="alert", every="30m", between=("open+15m", "close-30m")),
            Phase("alert", after="scan", on_failure="continue"),
            Phase("scan", at="open+1m", deadline="open+30m", timeout="2m", retry={"attempts": 3}),
            Phase("manage", every="30m", protective=True),
        )

    @hooks.config_model
    def skim_config_model() -> type[Config]:
        return Config

    @hooks.scan
    def skim_scan(ctx: Context[Config]) -> list[Candidate]:
        return [Candidate(symbol="BHP", reason="gaps"), Candidate(symbol="CSL", reason="gaps")]

    @hooks.alert
    def skim_alert(ctx: Context[Config]) -> list[Alert]:
        return [Alert(symbol="BHP", text="look at BHP")]

    @hooks.trade
    def skim_trade(ctx: Context[Config]) -> None:
        pass

    @hooks.manage
    def skim_manage(ctx: Context[Config]) -> None:
        pass
"""
"""An installed strategy; its phases are declared in another order than they run in."""


@dataclass(frozen=True)
class Answer:
    """What a command said, and the code that it left with."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def words(self) -> list[list[str]]:
        """The words of each line."""
        return [line.split() for line in self.out.splitlines()]


Skim = Callable[..., Answer]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder that skim keeps its files in; no configuration but a test's own."""
    for name in list(os.environ):
        if name.startswith("SKIM_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SKIM_DIRECTORY", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def skim(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Skim:
    """Call the console script: ``skim("status", "--json")``."""

    def call(*arguments: str) -> Answer:
        monkeypatch.setattr(sys, "argv", ["skim", *arguments])
        with pytest.raises(SystemExit) as left:
            run()
        said = capsys.readouterr()
        return Answer(int(left.value.code or 0), said.out, said.err)

    return call


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that packages are installed in."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    return folder


@pytest.fixture
def install(site: Path) -> Any:
    """Install a strategy of this name, or a plugin of another group."""

    def installed(
        name: str,
        code: str = STRATEGY,
        distribution: str | None = None,
        group: str = "skim.strategies",
    ) -> None:
        module, package = f"installed_{name}", distribution or f"skim-strategy-{name}"
        (site / f"{module}.py").write_text(dedent(code))
        directory = site / f"{package.replace('-', '_')}-1.0.dist-info"
        directory.mkdir()
        (directory / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n"
        )
        (directory / "entry_points.txt").write_text(f"[{group}]\n{name} = {module}\n")

    yield installed
    for module in [name for name in sys.modules if name.startswith("installed_")]:
        del sys.modules[module]


@pytest.fixture
def source() -> str:
    """Return the source of the strategy that is installed when no other is given."""
    return STRATEGY


@pytest.fixture
def example(install: Any) -> str:
    """Return the name of an installed strategy, whose days the tests' journals hold too."""
    install("example")
    return "example"


@pytest.fixture
def session() -> Session:
    """Return a full session, long over: 10:00 to 16:00 in Sydney."""
    found = SessionCalendar("XASX", Path(os.devnull)).session(date(2026, 1, 6))
    assert found is not None
    return found


@pytest.fixture
def journal(home: Path) -> Any:
    """Open the journal that the commands read."""
    opened = SqliteJournal.open(home / "journal.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def write(journal: SqliteJournal) -> Any:
    """Write a day's events into the journal, or those before the first of a kind."""

    def written(
        events: Sequence[ev.Event],
        until: str | None = None,
        account: str = "paper",
        pace: str = "fast",
    ) -> str:
        started = events[0]
        assert isinstance(started, ev.DayStarted)
        run_id = started.run_id.replace("paper", account)
        changed = {"run_id": run_id, "account": account, "pace": pace}
        kept = [started.model_copy(update=changed), *events[1:]]
        if until is not None:
            kept = kept[: [event.kind for event in kept].index(until)]
        journal.append(run_id, 0, kept)
        return run_id

    return written


class Days:
    """Days to be written, and what happens in them; those of the strategy ``example``."""

    graph = PhaseGraph(
        Phase("scan", at="open+1m"),
        Phase("alert", after="scan"),
        Phase("trade", after="alert", every="1h"),
    )

    @staticmethod
    def found(at: datetime, *symbols: str) -> ev.CandidatesScanned:
        candidates = tuple(Candidate(symbol=symbol, reason="gaps") for symbol in symbols)
        return ev.CandidatesScanned(at=at, phase="scan", candidates=candidates)

    @staticmethod
    def measured(at: datetime, symbol: str) -> ev.OpeningRangesTracked:
        price = Decimal("10.50")
        measure = OpeningRange(symbol=symbol, high=price, low=price, start=at, end=at, bars=1)
        return ev.OpeningRangesTracked(at=at, phase="scan", ranges=(measure,))

    @staticmethod
    def bought(session: Session) -> list[ev.Event]:
        """Return the purchase of 100 BHP at 45.10."""
        return _traded(Book(), session.open + timedelta(minutes=30), Side.BUY, "45.10")

    @staticmethod
    def round_trip(session: Session) -> list[ev.Event]:
        """Return a trade of 100 BHP from 45.10 to 46.20, six dollars each way."""
        book, start = Book(), session.open
        return [
            *_traded(book, start + timedelta(minutes=30), Side.BUY, "45.10"),
            *_traded(book, start + timedelta(minutes=90), Side.SELL, "46.20"),
        ]

    def completed(self, session: Session, *more: ev.Event) -> list[ev.Event]:
        """Return the events of a day with two candidates and one trade."""
        scanned = self.found(session.open + timedelta(minutes=1), "BHP", "CSL")
        happenings = [scanned, *more, *self.round_trip(session)]
        return drive_day(self.graph, session, happenings=happenings)


@pytest.fixture
def days() -> Days:
    return Days()


def _traded(book: Book, at: datetime, side: Side, price: str) -> list[ev.Event]:
    """Return the events of an order at market that is filled at once."""
    reference = f"BHP.{side}"
    order = Order(reference=reference, symbol="BHP", side=side, quantity=100)
    fill = Fill(
        execution_id=f"x.{reference}",
        reference=reference,
        symbol="BHP",
        side=side,
        quantity=100,
        price=Decimal(price),
        commission=Decimal(6),
        at=at,
    )
    decided = (
        ev.OrderIntended(at=at, order=order),
        ev.OrderSending(at=at, reference=reference),
        ev.OrderAcknowledged(at=at, reference=reference),
    )
    for event in decided:
        book.apply(event)
    consequences = book.consequences(fill)
    for event in consequences:
        book.apply(event)
    return [*decided, *consequences]
