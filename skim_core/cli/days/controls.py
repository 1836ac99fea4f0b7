"""What people have told an account's days, who is to act on it, and whether that was done."""

from __future__ import annotations

import asyncio
import getpass
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from skim_core.cli.days.owner import is_held
from skim_core.clock.wall import WallClock
from skim_core.decide.controls import standing_halt
from skim_core.errors import ConfigError
from skim_core.model.controls import Control, Halt
from skim_core.model.events import DayStarted
from skim_core.model.trading_day import TradingDay
from skim_core.ports.journal import Journal

PATIENCE = timedelta(seconds=2)
"""How long a running process may take to take up what it was told; it looks twice a second."""

_BETWEEN_LOOKS = timedelta(milliseconds=50)


@dataclass(frozen=True)
class OpenDay:
    """A day that is not over; `owner` is the process that runs it, None when none does."""

    day: TradingDay
    owner: str | None

    @property
    def run_id(self) -> str:
        """The day's identity."""
        return self.day.run_id

    @property
    def strategy(self) -> str:
        """Whose day it is."""
        return self.day.strategy


def open_days(journal: Journal, account: str, strategy: str | None, now: datetime) -> list[OpenDay]:
    """Return the account's days that are not over: one strategy's, or (None) all."""
    found = []
    for run in journal.runs(unfinished=True):
        started = run.first
        if not isinstance(started, DayStarted) or started.account != account:
            continue
        if strategy in {None, started.strategy}:
            lease = journal.lease(run.run_id)
            owner = lease.owner if lease is not None and is_held(lease, now) else None
            day = TradingDay(
                strategy=started.strategy, session=started.session, account=started.account
            )
            found.append(OpenDay(day, owner))
    return found


def controls_of(journal: Journal) -> list[Control]:
    """Return all that people have ever said, oldest first."""
    return [record.control for record in journal.controls()]


def standing_halts(controls: Sequence[Control], account: str) -> list[Halt]:
    """Return the halts that stand: the account's first, then each strategy's own."""
    halts = [control for control in controls if isinstance(control, Halt)]
    strategies = sorted({halt.strategy for halt in halts if halt.strategy is not None})
    # No strategy has an empty name: what stands for it is the account's halt.
    found = [standing_halt(controls, account, "")]
    own = [control for control in controls if not _is_for_account(control)]
    found += [standing_halt(own, account, strategy) for strategy in strategies]
    return [halt for halt in found if halt is not None]


def wait_for(done: Callable[[], bool]) -> bool:
    """Return whether `done` came true, at the latest after `PATIENCE`."""

    async def look() -> bool:
        clock = WallClock()
        for _ in range(PATIENCE // _BETWEEN_LOOKS):
            if done():
                return True
            await clock.sleep_until(clock.now() + _BETWEEN_LOOKS)
        return done()

    return asyncio.run(look())


def login_name() -> str:
    """Return who is logged in: it stands beside what was said, in the journal."""
    with suppress(OSError, KeyError):
        return getpass.getuser()
    return f"user {os.getuid()}"


def said_why(why: str, option: str = "--why") -> str:
    """Return a reason as it is journaled. Raises ConfigError for an empty one."""
    words = " ".join(why.split())
    if not words:
        msg = f"{option} is empty: say in a few words why; whoever reads the journal will ask."
        raise ConfigError(msg)
    return words


def without_process(days: Iterable[OpenDay]) -> list[OpenDay]:
    """Return the days that no process runs."""
    return [day for day in days if day.owner is None]


def _is_for_account(control: Control) -> bool:
    return isinstance(control, Halt) and control.strategy is None
