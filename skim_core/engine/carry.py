"""What a strategy's day takes over from the one before: positions and orders that stand."""

from __future__ import annotations

from datetime import datetime

from skim_core.decide.book import Book
from skim_core.model import events as ev
from skim_core.model.trading_day import TradingDay
from skim_core.ports.journal import Journal, RunSummary


def carried(journal: Journal, day: TradingDay, now: datetime) -> tuple[ev.Event, ...]:
    """Return the events of what the strategy's latest day before `day` left open.

    An order that stood only for that day may have traded unseen: what became of it is found
    out, and until then the stop of what it may have bought is not taken for idle.
    """
    before = [run for run in journal.runs() if _is_before(run, day)]
    if not before:
        return ()
    latest = max(before, key=lambda run: run.first.at)
    book = Book()
    for record in journal.read(latest.run_id):
        book.apply(record.event)
    positions = [
        ev.PositionCarried(
            at=now,
            symbol=symbol,
            quantity=held.quantity,
            average_price=held.cost / held.bought,
            commission=held.commission,
            realised=held.made,
            opened_at=held.opened_at,
        )
        for symbol, held in book.holdings.items()
    ]
    orders = [
        ev.OrderCarried(at=now, state=state, executions=book.executions(state.order.reference))
        for state in book.live
        if state.accepted or state.in_doubt
    ]
    return (*positions, *orders)


def _is_before(run: RunSummary, day: TradingDay) -> bool:
    started = run.first
    return (
        isinstance(started, ev.DayStarted)
        and started.strategy == day.strategy
        and started.account == day.account
        and started.session.exchange == day.session.exchange
        and started.session.date < day.session.date
    )
