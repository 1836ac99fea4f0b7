"""A day's events told in words: one line for each that a trader wants to hear of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from skim_core.model import events as ev
from skim_core.model.orders import Order, OrderType
from skim_core.model.session import Session

_SHOWN_AT_MOST = 8


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the story: when, what it is about, what happened; `tone` for colour."""

    at: datetime
    topic: str
    text: str
    tone: str = ""

    def plain(self, session: Session) -> str:
        """Return the line as plain text, in the exchange's time."""
        return f"{session.local(self.at):%H:%M:%S}  {self.topic:<13} {self.text}"


class Story:
    """Tells one day. It remembers what it needs to say more than a single event does."""

    def __init__(self) -> None:
        self._ticks: Counter[str] = Counter()
        self._orders: dict[str, Order] = {}
        self.profit = Decimal(0)
        self.trades = 0

    def tell(self, event: ev.Event) -> Line | None:
        """Return the line for an event, or None for one that is not worth a line."""
        teller = _TELLERS.get(type(event))
        return teller(self, event) if teller is not None else None

    def skip(self, event: ev.Event) -> None:
        """Take in an event that was told before."""
        self.tell(event)

    def started(self, event: ev.DayStarted) -> Line:
        """Tell what begins."""
        session = event.session
        kind = ", a half day" if session.half_day else ""
        hours = f"{session.local(session.open):%H:%M} to {session.local(session.close):%H:%M}"
        text = (
            f"{event.strategy} on {session.exchange} {session.date:%a %Y-%m-%d}, {hours}{kind}, "
            f"account {event.account}, broker {event.broker}"
        )
        return Line(event.at, "day", text, "title")

    def ticked(self, event: ev.PhaseTicked) -> None:
        """Count a tick."""
        self._ticks[event.phase] += 1

    def completed(self, event: ev.PhaseCompleted) -> Line:
        """Tell that a phase is done."""
        ticks = self._ticks[event.phase]
        parts = ["completed"]
        if ticks:
            parts.append(f"after {ticks} {_plural(ticks, 'tick')}")
        if event.shared_from:
            parts.append(f"by {event.shared_from.partition('/')[0]}")
        if event.reason:
            parts.append(f"({event.reason})")
        return Line(event.at, event.phase, " ".join(parts), "done")

    def submitted(self, event: ev.OrderIntended) -> Line | None:
        """Tell what was ordered; a bracket's children are told with its entry."""
        order = event.order
        self._orders[order.reference] = order
        if order.parent is not None:
            return None
        price = f" at {order.limit_price:f}" if order.limit_price else " at market"
        why = f", {event.reason}" if event.reason else ""
        text = f"{order.side} {order.quantity} {order.symbol}{price}{why}"
        return Line(event.at, "order", text)

    def filled(self, event: ev.OrderFilled) -> Line:
        """Tell a fill."""
        fill = event.fill
        order = self._orders.get(fill.reference)
        verb = "bought" if fill.side == "buy" else "sold"
        rest = f", {event.remaining} to go" if event.remaining else ""
        stop = " by its stop" if order is not None and order.type is OrderType.STOP else ""
        text = f"{verb} {fill.quantity} {fill.symbol} at {fill.price:f}{stop}{rest}"
        return Line(event.at, "fill", text, "stop" if stop else "fill")

    def closed(self, event: ev.PositionClosed) -> Line:
        """Tell what a trade made."""
        self.trades += 1
        self.profit += event.profit
        text = (
            f"{event.symbol} closed: {event.quantity} at {event.entry_price:f} "
            f"to {event.exit_price:f}, {event.profit:+,.2f} after costs"
        )
        return Line(event.at, "trade", text, "gain" if event.profit >= 0 else "loss")

    def finished(self, event: ev.DayFinished) -> Line:
        """Tell how the day ended."""
        why = f": {event.reason}" if event.reason else ""
        text = f"{event.outcome}{why}. {self.result()}"
        failed = event.outcome is ev.Outcome.FAILED
        return Line(event.at, "day", text, "error" if failed else "title")

    def result(self) -> str:
        """Say how many trades there were and what they made."""
        if not self.trades:
            return "No trades"
        return f"{self.trades} {_plural(self.trades, 'trade')}, {self.profit:+,.2f} after costs"


def _plural(count: int, noun: str) -> str:
    return noun if count == 1 else f"{noun}s"


def _listed(items: Sequence[str]) -> str:
    shown = ", ".join(items[:_SHOWN_AT_MOST])
    more = len(items) - _SHOWN_AT_MOST
    return f"{shown} and {more} more" if more > 0 else shown


def _resumed(_story: Story, event: ev.DayResumed) -> Line:
    again = f"; {_listed(event.interrupted)} will run again" if event.interrupted else ""
    return Line(event.at, "day", f"goes on where it was left{again}", "title")


def _scanned(_story: Story, event: ev.CandidatesScanned) -> Line:
    found = [
        found.symbol + (f" {found.gap_percent:+.1f} %" if found.gap_percent is not None else "")
        for found in event.candidates
    ]
    count = f"{len(found)} {_plural(len(found), 'candidate')}" if found else "no candidates"
    text = f"{count}: {_listed(found)}" if found else count
    return Line(event.at, event.phase, text)


def _tracked(_story: Story, event: ev.OpeningRangesTracked) -> Line:
    found = [f"{found.symbol} {found.low:f}-{found.high:f}" for found in event.ranges]
    count = f"{len(found)} opening {_plural(len(found), 'range')}" if found else "no opening ranges"
    return Line(event.at, event.phase, f"{count}: {_listed(found)}" if found else count)


def _alerted(_story: Story, event: ev.CandidatesAlerted) -> Line | None:
    if not event.alerts:
        return None
    return Line(event.at, event.phase, _listed([alert.text for alert in event.alerts]))


def _retried(_story: Story, event: ev.PhaseRetried) -> Line:
    wait = (event.retry_at - event.at).total_seconds()
    return Line(event.at, event.phase, f"failed: {event.error}; again in {wait:.0f} s", "warning")


_TELLERS: dict[type[ev.Event], Callable[[Story, Any], Line | None]] = {
    ev.DayStarted: Story.started,
    ev.DayResumed: _resumed,
    ev.DayFinished: Story.finished,
    ev.PhaseTicked: Story.ticked,
    ev.PhaseRetried: _retried,
    ev.PhaseCompleted: Story.completed,
    ev.PhaseFailed: lambda _story, event: Line(
        event.at, event.phase, f"failed: {event.error}", "error"
    ),
    ev.PhaseSkipped: lambda _story, event: Line(
        event.at, event.phase, f"skipped: {event.detail or event.reason}", "warning"
    ),
    ev.CandidatesScanned: _scanned,
    ev.OpeningRangesTracked: _tracked,
    ev.CandidatesAlerted: _alerted,
    ev.OrderIntended: Story.submitted,
    ev.OrderFilled: Story.filled,
    ev.OrderRejected: lambda _story, event: Line(
        event.at, "order", f"rejected: {event.reason}", "error"
    ),
    ev.PositionClosed: Story.closed,
}
