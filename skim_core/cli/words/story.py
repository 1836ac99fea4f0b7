"""A day's events told in words: one line for each that a trader wants to hear of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from skim_core.cli.words.phrases import (
    average_text,
    counted,
    listed,
    order_text,
    plural,
    resolve_command,
)
from skim_core.model import events as ev
from skim_core.model.orders import Order, OrderType
from skim_core.model.session import Session


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
        self._refused: dict[tuple[str, str], str] = {}
        self._foreign: tuple[object, object] = ((), {})
        self.profit = Decimal(0)
        self.trades = 0
        self._held: Counter[str] = Counter()

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
        if event.missed:
            text += ". Nobody started it in time: only what is open is looked after"
        if event.disabled:
            text += ". The configuration disables it: only what is open is looked after"
        tone = "error" if event.missed else "warning" if event.disabled else "title"
        return Line(event.at, "day", text, tone)

    def ticked(self, event: ev.PhaseTicked) -> None:
        """Count a tick."""
        self._ticks[event.phase] += 1

    def completed(self, event: ev.PhaseCompleted) -> Line:
        """Tell that a phase is done."""
        ticks = self._ticks[event.phase]
        parts = ["completed"]
        if ticks:
            parts.append(f"after {counted(ticks, 'tick')}")
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
        if order.stop_price:
            price = f" by a stop at {order.stop_price:f}"
        why = f", {event.reason}" if event.reason else ""
        text = f"{order.side} {order.quantity} {order.symbol}{price}{why}"
        return Line(event.at, "order", text)

    def refused(self, event: ev.OrderRefused) -> Line | None:
        """Tell that an entry was held up; once, however often it is asked for again."""
        decision = (event.symbol, event.purpose)
        if self._refused.get(decision) == event.limit:
            return None
        self._refused[decision] = event.limit
        text = f"{event.purpose} of {event.symbol} refused by {event.limit}: {event.reason}"
        return Line(event.at, "order", text, "warning")

    def cancelling(self, event: ev.OrderCancelling) -> Line | None:
        """Tell that an entry is taken back; that a stop or target follows goes without saying."""
        order = self._orders.get(event.reference)
        if order is None or order.closes or order.parent is not None:
            return None
        why = f": {event.reason}" if event.reason else ""
        return Line(event.at, "order", f"cancels {order_text(order)}{why}")

    def absent(self, event: ev.OrderAbsent) -> Line:
        """Tell that an order never arrived."""
        why = f": {event.reason}" if event.reason else ""
        text = f"the broker never had {self._order(event.reference)}{why}"
        return Line(event.at, "order", text, "warning")

    def unknown(self, event: ev.OrderUnknown) -> Line:
        """Tell that a person has to find out what became of an order, and how to say it."""
        text = (
            f"UNKNOWN what became of {self._order(event.reference)}: {event.finding}. Look at the "
            f"broker's own records, then: {resolve_command(event.reference)}"
        )
        return Line(event.at, "order", text, "error")

    def resolved(self, event: ev.OrderResolved) -> Line:
        """Tell what a person found out."""
        text = f"{event.by} says that {self._order(event.reference)} is {event.outcome}"
        return Line(event.at, "order", f"{text}: {event.why}", "warning")

    def position_carried(self, event: ev.PositionCarried) -> Line:
        """Tell of a position that was held over the night."""
        self._held[event.symbol] += event.quantity
        price = average_text(event.average_price)
        text = f"holds {event.quantity} {event.symbol} at {price} from a day before"
        return Line(event.at, "position", text)

    def order_carried(self, event: ev.OrderCarried) -> Line:
        """Tell of an order that stands from a day before."""
        order = event.state.order
        self._orders[order.reference] = order
        return Line(event.at, "order", f"{order_text(order)} still stands")

    def reconciled(self, event: ev.Reconciled) -> Line | None:
        """Tell what the broker's books have that ours have not; nothing when both agree."""
        foreign = (event.foreign_orders, event.foreign_positions)
        known, self._foreign = self._foreign, foreign
        if event.differences:
            return Line(event.at, "reconciled", "; ".join(event.differences), "warning")
        if foreign in (known, ((), {})):
            return None
        shares = [f"{count} {symbol}" for symbol, count in event.foreign_positions.items()]
        text = f"not ours, and left alone: {listed([*shares, *event.foreign_orders])}"
        return Line(event.at, "reconciled", text, "warning")

    def filled(self, event: ev.OrderFilled) -> Line:
        """Tell a fill."""
        fill = event.fill
        self._held[fill.symbol] += fill.side.sign * fill.quantity
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
        why = f": {event.reason.removesuffix('.')}" if event.reason else ""
        text = f"{event.outcome}{why}. {self.result()}"
        failed = event.outcome is ev.Outcome.FAILED
        return Line(event.at, "day", text, "error" if failed else "title")

    def _order(self, reference: str) -> str:
        order = self._orders.get(reference)
        return f"{order_text(order)} ({reference})" if order is not None else reference

    def result(self) -> str:
        """Say how many trades there were, what they made, and what is still held."""
        text = "No trades"
        if self.trades:
            text = f"{counted(self.trades, 'trade')}, {self.profit:+,.2f} after costs"
        held = [f"{quantity} {symbol}" for symbol, quantity in self._held.items() if quantity]
        return f"{text}; still holds {listed(held)}" if held else text


def _resumed(_story: Story, event: ev.DayResumed) -> Line:
    again = f"; {listed(event.interrupted)} will run again" if event.interrupted else ""
    return Line(event.at, "day", f"goes on where it was left{again}", "title")


def _joined(_story: Story, event: ev.CandidatesJoined) -> Line | None:
    if event.failed:
        text = "; ".join(f"scanner {name} failed: {why}" for name, why in event.failed.items())
        return Line(event.at, event.phase, text, "warning")
    if not event.dropped:
        return None
    return Line(event.at, event.phase, f"dropped: {listed(list(event.dropped))}")


def _scanned(_story: Story, event: ev.CandidatesScanned) -> Line:
    found = [
        found.symbol + (f" {found.gap_percent:+.1f} %" if found.gap_percent is not None else "")
        for found in event.candidates
    ]
    count = counted(len(found), "candidate") if found else "no candidates"
    text = f"{count}: {listed(found)}" if found else count
    return Line(event.at, event.phase, text)


def _tracked(_story: Story, event: ev.OpeningRangesTracked) -> Line:
    found = [f"{found.symbol} {found.low:f}-{found.high:f}" for found in event.ranges]
    count = f"{len(found)} opening {plural(len(found), 'range')}" if found else "no opening ranges"
    return Line(event.at, event.phase, f"{count}: {listed(found)}" if found else count)


def _alerted(_story: Story, event: ev.CandidatesAlerted) -> Line | None:
    if not event.alerts:
        return None
    return Line(event.at, event.phase, listed([alert.text for alert in event.alerts]))


def _retried(_story: Story, event: ev.PhaseRetried) -> Line:
    wait = (event.retry_at - event.at).total_seconds()
    return Line(event.at, event.phase, f"failed: {event.error}; again in {wait:.0f} s", "warning")


def _halted(_story: Story, event: ev.EntriesHalted) -> Line:
    sold = "; all that is held is sold" if event.flatten else ", stops and exits go on"
    text = f"entries are halted by {event.by}: {event.why or 'no reason given'}{sold}"
    return Line(event.at, "halt", text, "error")


def _resumed_entries(_story: Story, event: ev.EntriesResumed) -> Line:
    why = f": {event.why}" if event.why else ""
    return Line(event.at, "halt", f"entries are allowed again, by {event.by}{why}", "title")


def _connection(_story: Story, event: ev.ConnectionChanged) -> Line:
    why = f": {event.reason}" if event.reason else ""
    if event.up:
        return Line(event.at, "connection", f"the line to the broker is up again{why}", "done")
    text = f"the line to the broker is DOWN{why}. Stops at the broker stand, nothing is sent"
    return Line(event.at, "connection", text, "error")


def _lapsed(_story: Story, event: ev.ProtectionLapsed) -> Line:
    gone = (event.at - event.since).total_seconds()
    text = f"{event.symbol} HAS HAD NO WORKING STOP for {gone:.0f} s: {event.reason}"
    return Line(event.at, "protection", text, "error")


def _restored(_story: Story, event: ev.ProtectionRestored) -> Line:
    text = f"{event.symbol} has its stop again, or is flat"
    return Line(event.at, "protection", text, "done")


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
    ev.CandidatesJoined: _joined,
    ev.CandidatesScanned: _scanned,
    ev.OpeningRangesTracked: _tracked,
    ev.CandidatesAlerted: _alerted,
    ev.OrderIntended: Story.submitted,
    ev.OrderRefused: Story.refused,
    ev.OrderCancelling: Story.cancelling,
    ev.OrderFilled: Story.filled,
    ev.OrderRejected: lambda _story, event: Line(
        event.at, "order", f"rejected: {event.reason}", "error"
    ),
    ev.OrderAbsent: Story.absent,
    ev.OrderUnknown: Story.unknown,
    ev.OrderResolved: Story.resolved,
    ev.OrderCarried: Story.order_carried,
    ev.PositionCarried: Story.position_carried,
    ev.PositionClosed: Story.closed,
    ev.ProtectionLapsed: _lapsed,
    ev.ProtectionRestored: _restored,
    ev.EntriesHalted: _halted,
    ev.EntriesResumed: _resumed_entries,
    ev.ConnectionChanged: _connection,
    ev.Reconciled: Story.reconciled,
}
