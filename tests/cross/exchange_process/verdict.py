"""What must hold of a day that was killed, by its journal and by the exchange's own record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from skim_core.decide.book import Book
from skim_core.model.events import DayFinished, Event, OrderFilled, OrderSending, Outcome

from .lab import Day

KILLED = -9
"""The exit code of a process that SIGKILL ended."""

Trade = tuple[str, ...]


@dataclass(frozen=True)
class Undisturbed:
    """The day that nobody killed: what the exchange saw of it, and how long it was.

    `appends`: what each append put into the journal.
    """

    trades: list[Trade]
    cash: str
    requests: int
    appends: Sequence[Sequence[Event]]


def look(day: Day, lengths: Sequence[int]) -> Undisturbed:
    """Return a finished day as the one to compare with; `lengths` as `deaths` counts them."""
    seen, events = day.at_exchange(), day.events()
    starts = [0, *lengths[:-1]]
    appends = [events[start:end] for start, end in zip(starts, lengths, strict=True)]
    return Undisturbed(trades(seen), seen["account"]["cash"], seen["requests"], appends)


def trades(seen: Any) -> list[Trade]:
    """Return the money of each trade: an exit decided anew has another reference."""
    columns = ("at", "symbol", "side", "quantity", "price", "commission")
    return sorted(tuple(str(fill[name]) for name in columns) for fill in seen["executions"])


def check_killed(day: Day, code: int) -> Sequence[Event]:
    """Check what a killed process left: nothing was sent that the journal doesn't have.

    Returns the journal's events.
    """
    _equal(code, KILLED, "its exit code")
    events = day.events()
    sending = {event.reference for event in events if isinstance(event, OrderSending)}
    sent = {order["reference"] for order in day.at_exchange()["sent"]}
    _equal(sent - sending, set(), "sent before it was journaled")
    return events


def check_kept(day: Day, before: Sequence[Event]) -> Any:
    """Check what holds of every day that was killed, whatever it traded.

    `before`: the events that were in the journal after the last kill. Returns what the
    exchange has seen.
    """
    events, seen = day.events(), day.at_exchange()
    _equal(events[: len(before)], list(before), "the journal's beginning")
    ends = [event for event in events if isinstance(event, DayFinished)]
    _equal([end.outcome for end in ends], [Outcome.COMPLETED], "the day's ends")
    _equal(events[-1], ends[0], "the journal's last event")
    _equal(seen["again"], [], "sent again although the exchange had it")
    decisions = Counter((order["symbol"], order["purpose"]) for order in seen["sent"])
    several = {decision for decision, orders in decisions.items() if orders > 1}
    _equal(several, set(), "decisions of which there are several orders")
    journaled = Counter(
        event.fill.execution_id for event in events if isinstance(event, OrderFilled)
    )
    executed = Counter(fill["execution_id"] for fill in seen["executions"])
    _equal(journaled, executed, "the fills in the journal")
    positions = {found["symbol"]: found["quantity"] for found in seen["positions"]}
    _equal(_held(events), positions, "the positions in the journal")
    _equal(seen["longest_bare"], 0.0, "seconds that a position was without its stop")
    return seen


def check_same(day: Day, before: Sequence[Event], undisturbed: Undisturbed) -> None:
    """Check that a killed day is in the end the day that nothing disturbed."""
    seen = check_kept(day, before)
    _equal(trades(seen), undisturbed.trades, "the trades")
    _equal(seen["account"]["cash"], undisturbed.cash, "the money")
    _equal(seen["positions"], [], "the positions")


def _held(events: Sequence[Event]) -> dict[str, int]:
    book = Book()
    for event in events:
        book.apply(event)
    return {symbol: holding.quantity for symbol, holding in book.holdings.items()}


def _equal(found: object, expected: object, what: str) -> None:
    # pytest explains the asserts of test modules only.
    assert found == expected, f"{what}:\n  found    {found}\n  expected {expected}"
