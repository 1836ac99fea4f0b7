"""Days that nobody started: what they left open is looked after all the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from skim_core.cli.words.phrases import average_text, listed, order_text
from skim_core.model.events import DayStarted, Event, OrderCarried, PositionCarried
from skim_core.model.session import Session
from skim_core.model.trading_day import TradingDay
from skim_core.plugins.discovery import Group, find
from skim_core.ports.journal import Journal
from skim_core.settings import Settings


@dataclass(frozen=True)
class MissedDay:
    """A day that nobody started; `latest` is the strategy's day before it, if there is one.

    `left` are the positions and orders that are still open from then.
    """

    day: TradingDay
    latest: DayStarted | None = None
    left: tuple[Event, ...] = ()

    @property
    def told(self) -> str:
        """What happened, in words."""
        session = self.day.session
        missed = (
            f"the day of {self.day.strategy} on {session.exchange} {session.date} was missed: "
            f"it is on since {session.local(session.open):%H:%M}, and nobody started it"
        )
        return f"{missed}. It {self.open}." if self.left else f"{missed}. Nothing of it is open."

    @property
    def open(self) -> str:
        """What is open, in words."""
        return listed(list(self._words()))

    @property
    def described(self) -> dict[str, object]:
        """The day as `print_json` prints it."""
        return {
            "run_id": self.day.run_id,
            "strategy": self.day.strategy,
            "session": self.day.session.date,
            "open": [event.model_dump() for event in self.left],
        }

    def _words(self) -> Iterator[str]:
        for event in self.left:
            if isinstance(event, PositionCarried):
                price = average_text(event.average_price)
                yield f"holds {event.quantity} {event.symbol} at {price}"
            elif isinstance(event, OrderCarried):
                yield f"has the order {order_text(event.state.order)}"


def missed_days(
    journal: Journal | None,
    settings: Settings,
    session: Session,
    strategies: Sequence[str],
    now: datetime,
) -> list[MissedDay]:
    """Return the days of `session` that nobody has started by now.

    Those of `strategies`, or without any of every strategy that left something open. A disabled
    strategy has none but over what it left open. Only days on the wall's time can be missed. Raises PluginError for a strategy that neither
    is installed nor has a day.
    """
    begun = [] if journal is None else list(_begun(journal, settings))
    here = {day.strategy for day in begun if day.session.date == session.date}
    before = {day.strategy: day for day in begun if day.session.date < session.date}
    missed = []
    for name in strategies or sorted(before):
        latest = before.get(name)
        real = "real" in {settings.pace, latest.pace if latest is not None else ""}
        if name in here or not real:
            continue
        day = TradingDay(strategy=name, session=session, account=settings.account)
        found = MissedDay(day, latest, _left(journal, day, now) if latest is not None else ())
        if not found.left and not settings.is_enabled(name):
            continue
        if latest is None:
            find(Group.STRATEGIES, name)
        if found.left or name in strategies:
            missed.append(found)
    return missed


def _begun(journal: Journal, settings: Settings) -> Iterator[DayStarted]:
    for run in journal.runs():
        started = run.first
        if isinstance(started, DayStarted):
            place = (started.account, started.session.exchange)
            if place == (settings.account, settings.exchange):
                yield started


def _left(journal: Journal | None, day: TradingDay, now: datetime) -> tuple[Event, ...]:
    from skim_core.engine.carry import carried

    return carried(journal, day, now) if journal is not None else ()
