"""What the broker's books say of the orders that ours leave open.

A broker may have an order and not show it yet, a fill may be told late, an answer may be
lost. So nothing is concluded from one look: the broker is asked until two looks, apart in
time, agree and nothing new was learned between them. Then `judge` says of every order that
is still in doubt: it is done, it is absent, or nobody knows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from skim_core.decide.book import Book
from skim_core.model import events as ev
from skim_core.model.orders import Fill, OrderStage, OrderState
from skim_core.model.reports import OrderReport

APART = timedelta(seconds=2)
"""How long two looks at a broker that may hide something are apart."""

LOOK = timedelta(minutes=2)
"""How long one look may take."""

LOOKS_AT_MOST = 8
"""After so many looks between which something always changed the last one counts."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One look at the broker's books, asked for at `at`: today's orders, fills, positions."""

    at: datetime
    reports: tuple[OrderReport, ...] = ()
    fills: tuple[Fill, ...] = ()
    positions: Mapping[str, int] = field(default_factory=dict)

    @property
    def by_reference(self) -> dict[str, OrderReport]:
        """The report of each reference; of two the first that still may trade."""
        found: dict[str, OrderReport] = {}
        for report in self.reports:
            known = found.get(report.reference)
            if known is None or (known.status.final and not report.status.final):
                found[report.reference] = report
        return found


def doubts(book: Book, snapshot: Snapshot) -> list[OrderState]:
    """Return the live orders of which `snapshot` doesn't say what became of them."""
    reports = snapshot.by_reference
    return [state for state in book.live if not _settled(state, reports)]


def told_since(state: OrderState, at: datetime) -> bool:
    """Whether an order changed after the look of `at` was begun, which may not show that yet.

    What seems to lie further ahead than a look can take was told by another clock, or before
    this one was set back: it was not since.
    """
    return state.changed_at is not None and at < state.changed_at <= at + LOOK


def conclusive_at(states: Iterable[OrderState], started: datetime, patience: timedelta) -> datetime:
    """Return from when on a look that doesn't show these orders proves something.

    Counted from when this process began to look, as another's clock may be wrong. `patience`
    is how long the broker may have an order without showing it, and how long another process
    may yet send one.
    """
    sent = (state.sent_at for state in states if state.sent_at is not None)
    return max([started, *sent]) + patience


def judge(
    book: Book, snapshot: Snapshot, held: Mapping[str, int], now: datetime, *, certain: bool
) -> tuple[ev.Event, ...]:
    """Return what became of the orders in doubt, by a look that is conclusive.

    `held`: the shares by symbol that all strategies of the account hold, by their journals.
    An order without a trace is absent (or, when the broker had it, gone) if the account's
    positions agree with the known fills; if they don't it may have traded: it is unknown.
    `certain`: the broker shows every order that ever arrived.
    """
    events: list[ev.Event] = []
    reports = snapshot.by_reference
    for state in doubts(book, snapshot):
        symbol, reference = state.order.symbol, state.order.reference
        expected = held.get(symbol, 0) + book.foreign.get(symbol, 0)
        found = snapshot.positions.get(symbol, 0)
        report = reports.get(reference)
        if report is not None:
            finding = (
                f"the broker says that {report.filled} of it are filled, "
                f"its executions show {state.filled}"
            )
        elif found != expected:
            finding = (
                f"the broker shows no such order, but holds {found} {symbol} "
                f"where the known fills make {expected}"
            )
        else:
            events.append(_without_trace(state, now, certain=certain))
            continue
        if state.stage is not OrderStage.UNKNOWN:
            events.append(ev.OrderUnknown(at=now, reference=reference, finding=finding))
    return tuple(events)


def account_found(
    book: Book,
    snapshot: Snapshot,
    held: Mapping[str, int],
    known: Collection[str],
    *,
    doubtful: Collection[str],
    first: bool,
) -> tuple[tuple[str, ...], dict[str, int], tuple[str, ...]]:
    """Return the foreign orders, the foreign shares by symbol, and what changed about both.

    `known`: the references of all strategies of the account, `doubtful` the symbols in which
    any of them has an order in doubt. Nothing is new on the `first` look of a day. A doubtful
    symbol, or one with an order of which this look doesn't say what became, keeps the foreign shares it had: the difference may be its fill.
    """
    orders = tuple(
        sorted(
            _named(report)
            for report in snapshot.reports
            if report.reference not in known and not report.status.final
        )
    )
    shares: dict[str, int] = {}
    differences: list[str] = []
    in_doubt = {state.order.symbol for state in doubts(book, snapshot)} | set(doubtful)
    for symbol in sorted({*snapshot.positions, *held, *book.foreign}):
        before = book.foreign.get(symbol, 0)
        ours = held.get(symbol, 0)
        foreign = snapshot.positions.get(symbol, 0) - ours
        if symbol in in_doubt:
            foreign = before
        if foreign:
            shares[symbol] = foreign
        if foreign != before and not first:
            differences.append(
                f"{symbol}: the account holds {foreign + ours}, our strategies {ours}; "
                f"{foreign} are not ours, before it was {before}"
            )
    if not first:
        differences += [
            f"{order} is not ours" for order in orders if order not in book.foreign_orders
        ]
    return orders, shares, tuple(differences)


def _settled(state: OrderState, reports: Mapping[str, OrderReport]) -> bool:
    report = reports.get(state.order.reference)
    if report is None or report.filled > state.filled:
        return False
    return not state.in_doubt


def _without_trace(state: OrderState, now: datetime, *, certain: bool) -> ev.Event:
    reference = state.order.reference
    if state.stage is OrderStage.SENDING:
        reason = "the broker shows no trace of it, and its positions agree"
        return ev.OrderAbsent(at=now, reference=reference, reason=reason, certain=certain)
    reason = "gone from the broker's books without a trade"
    return ev.OrderCancelled(at=now, reference=reference, reason=reason)


def _named(report: OrderReport) -> str:
    what = f"{report.side} {report.quantity} {report.symbol}" if report.symbol else "an order"
    return f"{what} ({report.reference})"
