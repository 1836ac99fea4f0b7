"""The broker's own book of orders and trades: keyed by reference and permId, never by TWS's ids.

ib_async forgets its trades with the connection, marks orders as cancelled because of an
error, and gives ids that TWS may use again. So nothing of it is kept: all that TWS tells is
taken in here, as often and in whatever order it comes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from skim_broker_ibkr.orders import Placement, reference_of, side_of, status_of
from skim_broker_ibkr.symbols import skim_symbol
from skim_broker_ibkr.told import ToldOrder, ToldStatus
from skim_core import Order, OrderStatus, Side
from skim_core.broker import OrderReport


@dataclass(frozen=True, slots=True)
class Label:
    """What TWS calls an order in one connection: worthless in another."""

    session: int
    client_id: int
    order_id: int


@dataclass(slots=True)
class Entry:
    """One order at TWS. `order` and `sent` are None for one that this process didn't send.

    `known_to_tws`: TWS has said something of it, in whatever connection. `complaint` is the
    last error about it, which says nothing unless it turns out to be rejected.
    """

    reference: str
    label: Label
    at: datetime
    perm_id: int = 0
    order: Order | None = None
    sent: Placement | None = None
    asked: Order | None = None
    parent_id: int = 0
    symbol: str | None = None
    side: Side | None = None
    quantity: int = 0
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    status: str = "PendingSubmit"
    filled: int = 0
    remaining: int = 0
    reason: str = ""
    complaint: str = ""
    known_to_tws: bool = False

    @property
    def done(self) -> bool:
        """Whether nothing more happens to it."""
        found = status_of(self.status, held=False)
        return found is not None and found.final

    @property
    def is_being_cancelled(self) -> bool:
        """Whether TWS has a cancel of it under way."""
        return self.status == "PendingCancel"


class OrderBook:
    """All orders that are known of one account."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._by_perm_id: dict[int, Entry] = {}
        self._by_label: dict[Label, Entry] = {}
        self._by_reference: dict[str, list[Entry]] = {}

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    # Finding

    def find(self, reference: str, perm_id: str | None = None) -> Entry | None:
        """Return the order of a reference, or None; `perm_id`, as text, names one of several.

        Of several the first that TWS has shown and that lives, else the first that it has
        shown, else the one that was sent last: one that was lost on its way may have been
        sent again.
        """
        entries = self._by_reference.get(reference, [])
        if perm_id:
            entries = [entry for entry in entries if str(entry.perm_id) == perm_id]
        known = [entry for entry in entries if entry.known_to_tws]
        alive = [entry for entry in known if not entry.done]
        return next(iter(alive or known or reversed(entries)), None)

    def labelled(self, label: Label) -> Entry | None:
        """Return the order that TWS calls so in this connection."""
        return self._by_label.get(label)

    def same_reference(self, reference: str) -> list[Entry]:
        """Return all orders of a reference, in the order they became known."""
        return list(self._by_reference.get(reference, []))

    def highest_id(self, client_id: int) -> int:
        """Return the highest order id that a client is known to have used; 0 for none."""
        used = (entry.label for entry in self._entries)
        return max((label.order_id for label in used if label.client_id == client_id), default=0)

    # Taking in

    def send(self, order: Order, sent: Placement, label: Label, at: datetime) -> Entry:
        """Have an order that is about to leave."""
        entry = Entry(
            reference=order.reference,
            label=label,
            at=at,
            order=order,
            sent=sent,
            asked=order,
            symbol=order.symbol,
            side=order.side,
            quantity=order.quantity,
            limit_price=sent.limit_price,
            stop_price=sent.stop_price,
            remaining=order.quantity,
        )
        self._add(entry)
        return entry

    def change(self, entry: Entry, order: Order, sent: Placement) -> None:
        """Remember what an order is to become. What it is, TWS says."""
        entry.asked, entry.sent = order, sent

    def hear_order(self, told: ToldOrder, session: int, at: datetime) -> Entry:
        """Take in an order as TWS has it."""
        entry = self._of(told, session, at)
        if told.side:
            entry.side = side_of(told.side) or entry.side
        entry.symbol = skim_symbol(told.instrument.symbol) or entry.symbol
        entry.quantity = told.quantity or entry.quantity
        if not told.completed:
            entry.limit_price, entry.stop_price = told.limit_price, told.stop_price
            entry.parent_id = told.parent_id or entry.parent_id
        filled = told.filled
        if filled is None and status_of(told.status, held=False) is OrderStatus.FILLED:
            filled = told.quantity
        entry.filled = max(entry.filled, filled or 0)
        entry.known_to_tws = True
        self._set_status(entry, told.status, told.reason, at)
        return entry

    def hear_status(self, told: ToldStatus, session: int, at: datetime) -> Entry | None:
        """Take in a status; None when nobody knows whose it is."""
        label = Label(session, told.client_id, told.order_id)
        entry = self._by_perm_id.get(told.perm_id) if told.perm_id else None
        if entry is None:
            entry = self._by_label.get(label)
            if entry is None or (entry.perm_id and told.perm_id and entry.perm_id != told.perm_id):
                return None
            self._bind(entry, told.perm_id)
        entry.known_to_tws = True
        entry.filled = max(entry.filled, told.filled)
        entry.remaining = told.remaining
        self._set_status(entry, told.status, "", at)
        return entry

    def forget_labels(self) -> None:
        """Let go of ids: a new connection gives them anew."""
        self._by_label.clear()

    def _of(self, told: ToldOrder, session: int, at: datetime) -> Entry:
        label = Label(session, told.client_id, told.order_id)
        reference = reference_of(told.reference, told.perm_id, told.client_id, told.order_id)
        entry = self._by_perm_id.get(told.perm_id) if told.perm_id else None
        if entry is None and told.order_id:
            labelled = self._by_label.get(label)
            # TWS may give an id again: without the same reference it is another order.
            if labelled is not None and labelled.reference == reference and not labelled.perm_id:
                entry = labelled
        if entry is None:
            entry = self._unconfirmed(reference, label)
        if entry is None:
            entry = Entry(reference=reference, label=label, at=at)
            self._add(entry)
        self._bind(entry, told.perm_id)
        if told.order_id and entry.label != label:
            if self._by_label.get(entry.label) is entry:
                del self._by_label[entry.label]
            entry.label = label
        if told.order_id and not told.completed:
            self._by_label[label] = entry
        return entry

    def _unconfirmed(self, reference: str, label: Label) -> Entry | None:
        """Return what was sent by that name and never confirmed.

        In an earlier connection by the same id; by any where TWS names none.
        """
        for entry in self._by_reference.get(reference, []):
            sent = entry.label
            if entry.perm_id or entry.sent is None:
                continue
            same_id = (sent.client_id, sent.order_id) == (label.client_id, label.order_id)
            if not label.order_id or (same_id and sent.session < label.session):
                return entry
        return None

    def _add(self, entry: Entry) -> None:
        self._entries.append(entry)
        self._by_reference.setdefault(entry.reference, []).append(entry)
        if entry.label.order_id:
            self._by_label[entry.label] = entry

    def _bind(self, entry: Entry, perm_id: int) -> None:
        if perm_id and not entry.perm_id:
            entry.perm_id = perm_id
            self._by_perm_id[perm_id] = entry

    def _set_status(self, entry: Entry, status: str, reason: str, at: datetime) -> None:
        found = status_of(status, held=False)
        if found is None:
            return
        # What is late, or comes from a list that was made before, doesn't undo an end.
        if not (entry.done and not found.final and entry.filled >= entry.quantity > 0):
            entry.status = status
        entry.reason = reason or entry.reason
        entry.at = at
        if entry.quantity:
            entry.remaining = max(0, entry.quantity - entry.filled)

    # Telling

    def report(self, entry: Entry) -> OrderReport | None:
        """Return what TWS says of an order; None while it has said nothing."""
        status = status_of(entry.status, held=self._held(entry))
        if status is None or not entry.known_to_tws:
            return None
        over = status.final
        reason = entry.reason
        if status is OrderStatus.REJECTED:
            reason = reason or entry.complaint
        return OrderReport(
            reference=entry.reference,
            status=status,
            filled=entry.filled,
            remaining=0 if over else entry.remaining,
            reason=reason if over else "",
            at=entry.at,
            broker_id=str(entry.perm_id) if entry.perm_id else "",
            symbol=entry.symbol,
            side=entry.side,
            quantity=entry.quantity or None,
            limit_price=_as_asked(entry, "limit_price"),
            stop_price=_as_asked(entry, "stop_price"),
        )

    def reports(self, entries: Iterable[Entry]) -> list[OrderReport]:
        """Return what TWS says of these orders."""
        found = (self.report(entry) for entry in entries)
        return [report for report in found if report is not None]

    def parent_of(self, entry: Entry) -> Entry | None:
        """Return the order that this one waits for, or None."""
        if entry.order is not None and entry.order.parent is not None:
            return self.find(entry.order.parent)
        if not entry.parent_id:
            return None
        return self._by_label.get(replace(entry.label, order_id=entry.parent_id))

    def _held(self, entry: Entry) -> bool:
        parent = self.parent_of(entry)
        return parent is not None and not parent.filled and not parent.done


def _as_asked(entry: Entry, name: str) -> Decimal | None:
    """Return a price as it was asked for, when what TWS has is that, put on its tick."""
    has: Decimal | None = getattr(entry, name)
    if entry.sent is not None and entry.asked is not None and has == getattr(entry.sent, name):
        asked: Decimal | None = getattr(entry.asked, name)
        return asked
    return has
