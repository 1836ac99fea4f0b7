"""What the broker says, taken into the journal: idempotently, however late or often it comes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from skim_core.decide.orders import can_follow
from skim_core.decide.reconciliation import Snapshot, told_since
from skim_core.engine.recorder import Recorder
from skim_core.model import events as ev
from skim_core.model.orders import Fill, OrderStage, OrderState, OrderStatus
from skim_core.model.reports import OrderReport

_OVER = frozenset({OrderStage.CANCELLED, OrderStage.REJECTED})


_TELLS: dict[OrderStatus, type[ev.OrderAcknowledged | ev.OrderCancelled | ev.OrderRejected]] = {
    OrderStatus.HELD: ev.OrderAcknowledged,
    OrderStatus.WORKING: ev.OrderAcknowledged,
    OrderStatus.CANCELLED: ev.OrderCancelled,
    OrderStatus.REJECTED: ev.OrderRejected,
}
"""The event that a report means; that an order has filled is told by its fills."""


class Hearing:
    """Records what notices and looks mean; `doubt` is called when one is suspicious.

    `unsettled`: the last look showed an order at work that is over by what was told since.
    """

    def __init__(self, recorder: Recorder, doubt: Callable[[str], None]) -> None:
        self._recorder = recorder
        self._book = recorder.book
        self._doubt = doubt
        self._twins: set[tuple[str, str]] = set()
        self.unsettled = False

    def disown(self, reference: str, broker_id: str) -> None:
        """Heed no notice of the second of two orders that carry the same reference.

        Its end is not the end of ours; what it trades counts all the same.
        """
        self._twins.add((reference, broker_id))

    def notice(self, notice: Fill | OrderReport) -> None:
        """Record what a notice means; one about somebody else's order means nothing here."""
        if isinstance(notice, Fill):
            self._fill(notice)
            return
        state = self._book.orders.get(notice.reference)
        if state is None or (notice.reference, notice.broker_id) in self._twins:
            return
        if state.stage in _OVER and not notice.status.final:
            self._doubt(f"{notice.reference} was {state.stage}, now it is {notice.status}")
            return
        before = state.stage
        self._report(notice, state)
        if before is not OrderStage.REJECTED and notice.status is OrderStatus.REJECTED:
            self._doubt(f"{notice.reference} was refused")
        elif notice.filled > self._book.orders[notice.reference].filled:
            self._doubt(f"{notice.reference} has traded more than its fills show")

    def look(self, snapshot: Snapshot) -> None:
        """Record what a look at the broker's books shows of our orders."""
        self.unsettled = False
        for fill in sorted(snapshot.fills, key=lambda found: found.at):
            self._fill(fill)
        for reference, report in snapshot.by_reference.items():
            state = self._book.orders.get(reference)
            if state is None:
                continue
            if told_since(state, snapshot.at):
                # By the broker's clock, that is: another look has to tell, when it is behind.
                self.unsettled |= state.stage in _OVER and not report.status.final
                continue
            if report.status.final and report.filled > state.filled:
                continue
            self._report(report, state)

    def _fill(self, fill: Fill) -> None:
        events = self._book.consequences(fill)
        if events:
            self._recorder.record(*events, durable=True)

    def _report(self, report: OrderReport, state: OrderState) -> None:
        kind = _TELLS.get(report.status)
        if kind is None or not can_follow(state.stage, kind):
            return
        told: dict[str, Any] = {"at": report.at, "reference": report.reference}
        if kind is ev.OrderAcknowledged:
            told["broker_id"] = report.broker_id
        else:
            told["reason"] = report.reason
        self._recorder.record(kind(**told), durable=report.status.final)
