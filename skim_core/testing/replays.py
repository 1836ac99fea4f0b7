"""Replays in a test: the trades of an installed strategy, to compare with a reference's."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from skim_core.calendar.exchanges import load_exchange
from skim_core.replay.plan import Plan
from skim_core.replay.planning import Asked, make_plan
from skim_core.replay.running import Way, replay
from skim_core.replay.sessions import feed_of
from skim_core.settings import load_settings
from skim_core.testing.plain_account import PlainTrade
from skim_core.testing.plain_minutes import MILLION, PlainSession


@dataclass(frozen=True)
class Replayed:
    """What ``skim replay`` wrote: its plan, its trades by their ends, and its summary."""

    plan: Plan
    trades: list[PlainTrade]
    summary: Mapping[str, Any]

    def sessions(self) -> Iterator[PlainSession]:
        """Yield the sessions that were replayed, for a reference to go through."""
        feed = feed_of(self.plan)
        for session in self.plan.sessions:
            exchange = load_exchange(session.exchange, on=session.date)
            yield PlainSession(feed.load(session, exchange), exchange)


def plan_days(
    strategy: str,
    first: str,
    last: str,
    directory: Path,
    *,
    exchange: str,
    config: Mapping[str, Any] | None = None,
    broker: Mapping[str, Any] | None = None,
) -> Plan:
    """Return the plan of a replay of an installed strategy from `first` to `last` (YYYY-MM-DD).

    `config` stands in for the strategy's section of skim.toml, `broker` for that of the
    simulated exchange (its ``data``, a folder of recorded bars, too). `directory` is a
    folder of the test's own, where calendars are kept. Raises what ``skim replay`` tells.
    """
    sections = {
        "SKIM_BROKERS__SIM__": broker or {},
        f"SKIM_STRATEGY__{strategy.upper()}__": config or {},
    }
    given = {
        "SKIM_DIRECTORY": str(directory.absolute()),
        "SKIM_EXCHANGE": exchange,
        **{
            f"{section}{key.upper()}": str(value)
            for section, values in sections.items()
            for key, value in values.items()
        },
    }
    asked = Asked((strategy,), date.fromisoformat(first), date.fromisoformat(last))
    # A file of its own, so that none in the working folder is read.
    settings_file = directory / "skim.toml"
    settings_file.touch()
    return make_plan(asked, load_settings(settings_file, {}, given))


def replay_days(
    strategy: str,
    first: str,
    last: str,
    directory: Path,
    *,
    exchange: str,
    config: Mapping[str, Any] | None = None,
    broker: Mapping[str, Any] | None = None,
) -> Replayed:
    """Replay an installed strategy from `first` to `last` and return its trades.

    The arguments are those of `plan_days`.
    """
    plan = plan_days(
        strategy, first, last, directory, exchange=exchange, config=config, broker=broker
    )
    with TemporaryDirectory(dir=directory) as folder:
        summary = replay(plan, Path(folder), Way())
        rows = json.loads((Path(folder) / "trades.json").read_text())
    return Replayed(plan, in_order(_trade(row) for row in rows), summary)


def in_order(trades: Iterator[PlainTrade] | list[PlainTrade]) -> list[PlainTrade]:
    """Return trades by when they ended, those of one instant by symbol."""
    return sorted(trades, key=lambda trade: (trade.exited_at, trade.symbol))


def _trade(row: Mapping[str, Any]) -> PlainTrade:
    return PlainTrade(
        session=row["session"],
        symbol=row["symbol"],
        quantity=row["quantity"],
        entered_at=datetime.fromisoformat(row["entered_at"]),
        entry_price=_millionths(row["entry_price"]),
        exited_at=datetime.fromisoformat(row["exited_at"]),
        exit_price=_millionths(row["exit_price"]),
        profit=_millionths(row["profit"]),
        commission=_millionths(row["commission"]),
        stop=_millionths(row["stop"]),
        r_multiple=Decimal(row["r_multiple"]),
        exit_reason=row["exit_reason"],
        held_overnight=row["held_overnight"],
    )


def _millionths(amount: str) -> int:
    found = Decimal(amount) * MILLION
    assert found == int(found), f"{amount} is no whole number of millionths"
    return int(found)
