"""The ORB reference in skim: a replay of an installed strategy, as ``skim replay`` runs it.

Run: python with_skim.py DATA TRADES.csv JOBS, on bars that `market.write` has recorded.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path

from told import Trade, tell

from skim_core.model.session import Session
from skim_core.replay import trades as replayed
from skim_core.replay.parallel import in_sequence, side_by_side
from skim_core.replay.planning import Asked, make_plan
from skim_core.settings import load_settings
from skim_core.sim.recorded import RecordedFeed

STRATEGY = "orb_reference"


class LoadingTime:
    """How long this process has waited for recorded bars: the peers have theirs beforehand."""

    def __init__(self) -> None:
        self.seconds = 0.0
        load = RecordedFeed.load

        def timed(feed: RecordedFeed, *asked: object) -> object:
            began = time.perf_counter()
            try:
                return load(feed, *asked)  # type: ignore[arg-type]
            finally:
                self.seconds += time.perf_counter() - began

        RecordedFeed.load = timed  # type: ignore[method-assign, assignment]


def main(data: Path, target: Path, jobs: int) -> None:
    """Replay all that is recorded in `data`, and tell what came of it."""
    loading = LoadingTime()
    os.environ["SKIM_BROKERS__SIM__DATA"] = str(data)
    settings = load_settings(data / "skim.toml", os.environ, {"SKIM_DIRECTORY": str(data)})
    dates = sorted(date.fromisoformat(path.stem) for path in data.glob("bars_1m/*/*.parquet"))
    plan = make_plan(Asked((STRATEGY,), dates[0], dates[-1]), settings)
    began = time.perf_counter()
    sessions = side_by_side(plan, {}, jobs) if jobs > 1 else in_sequence(plan, {})
    found = [trade for result in sessions for trade in result.trades]
    run = time.perf_counter() - began
    tell(numbered(found, plan.sessions), target, run=run - loading.seconds, load=loading.seconds)


def numbered(found: Iterable[replayed.Trade], sessions: tuple[Session, ...]) -> list[Trade]:
    """Return a replay's trades with sessions, symbols and bars by number."""
    numbers = {session.date: number for number, session in enumerate(sessions)}
    told = []
    for trade in found:
        number = numbers[trade.session]

        def bar(moment: datetime, opened: datetime = sessions[number].open) -> int:
            return int((moment - opened).total_seconds() // 60)

        told.append(
            Trade(
                session=number,
                symbol=int(trade.symbol[1:]),
                entry_bar=bar(trade.entered_at),
                entry_price=float(trade.entry_price),
                exit_bar=bar(trade.exited_at),
                exit_price=float(trade.exit_price),
                reason=trade.exit_reason,
            )
        )
    return told


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
