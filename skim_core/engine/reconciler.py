"""Finds out, after anything that may have hidden something, what became of every order."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from skim_core.decide.reconciliation import (
    APART,
    LOOKS_AT_MOST,
    Snapshot,
    account_found,
    conclusive_at,
    doubts,
    judge,
    told_since,
)
from skim_core.engine.accounts import AccountBooks, doubtful_symbols, held_shares
from skim_core.engine.hearing import Hearing
from skim_core.engine.line import BrokerLine
from skim_core.engine.recorder import Recorder
from skim_core.errors import BrokerError
from skim_core.model import events as ev
from skim_core.model.orders import OrderStage, OrderState
from skim_core.model.reports import OrderReport
from skim_core.ports.clock import Clock

_log = logging.getLogger("skim.orders")

LOOK_AGAIN = timedelta(seconds=60)
"""How long after a reconciliation that left something unknown the next one follows."""


class Reconciler:
    """Compares one day's book with the broker's, until both agree or a person is needed.

    `lease_term`: how long another process may have believed that it owned the day. `refused`:
    the broker did not take a change or a cancel that the last look asked for again.
    """

    def __init__(
        self,
        recorder: Recorder,
        hearing: Hearing,
        line: BrokerLine,
        accounts: AccountBooks,
        clock: Clock,
        *,
        lease_term: timedelta,
    ) -> None:
        self._recorder = recorder
        self._book = recorder.book
        self._hearing = hearing
        self._line = line
        self._accounts = accounts
        self._clock = clock
        # Whoever had the day before may send what it journaled until its lease has run out.
        self._patience = max(line.quiet_time, lease_term)
        self._compared = False
        self.epoch: int | None = None
        self.refused = False

    @property
    def done(self) -> bool:
        """Whether the books were compared since the line was last lost."""
        return self._line.up and self.epoch == self._line.epoch

    async def run(self, reason: str, opened: Callable[[], None]) -> None:
        """Reconcile. Calls `opened` as soon as orders may be sent again.

        After two looks that agree orders may be sent, except in symbols of which an order
        is still in doubt. Raises BrokerError when the broker can't be asked, or the line is
        lost meanwhile: then all is asked again when it is up.
        """
        epoch, passes, started = self._line.epoch, 0, self._clock.now()
        previous: int | None = None
        while True:
            snapshot = await self._look(epoch)
            before = self._book.version
            self._hearing.look(snapshot)
            await self._mend(snapshot)
            passes += 1
            doubtful = doubts(self._book, snapshot)
            settled = previous == before == self._book.version or passes >= LOOKS_AT_MOST
            if not self._line.quiet_time:
                break
            if settled and self.epoch != epoch:
                self.epoch = epoch
                opened()
            conclusive = conclusive_at(doubtful, started, self._patience)
            if settled and (not doubtful or snapshot.at >= conclusive):
                break
            previous = self._book.version
            after = snapshot.at + APART
            if settled:
                after = max(after, conclusive)
            await self._clock.sleep_until(after)
        self._conclude(snapshot, reason, passes)
        self.epoch = epoch
        opened()

    async def _look(self, epoch: int) -> Snapshot:
        snapshot = await self._line.look()
        if self._line.epoch != epoch or not self._line.up:
            msg = "the line to the broker was lost while it was asked."
            raise BrokerError(msg)
        return snapshot

    def _conclude(self, snapshot: Snapshot, reason: str, passes: int) -> None:
        books, now = self._accounts.books(), self._clock.now()
        held = held_shares(books)
        certain = not self._line.quiet_time
        events = list(judge(self._book, snapshot, held, now, certain=certain))
        orders, shares, differences = account_found(
            self._book,
            snapshot,
            held,
            {reference for book in books for reference in book.orders},
            doubtful=doubtful_symbols(books),
            first=not self._compared and not self._book.reconciled,
        )
        self._compared = True
        for text in differences:
            _log.warning("%s", text)
        events.append(
            ev.Reconciled(
                at=now,
                reason=reason,
                passes=passes,
                foreign_orders=orders,
                foreign_positions=shares,
                differences=differences,
            )
        )
        self._recorder.record(*events, durable=True)

    async def _mend(self, snapshot: Snapshot) -> None:
        """Ask again for what was asked for and, as the look shows, did not arrive."""
        reports: dict[str, list[OrderReport]] = {}
        for report in snapshot.reports:
            if not report.status.final:
                reports.setdefault(report.reference, []).append(report)
        self.refused = False
        for reference, found in reports.items():
            try:
                await self._ask_again(reference, found, snapshot.at)
            except BrokerError as error:
                # One order must not hold up all others; a lost line shows at the next look.
                _log.warning("%s: asked for again, and refused: %s", reference, error)
                self.refused = True

    async def _ask_again(self, reference: str, found: list[OrderReport], at: datetime) -> None:
        state = self._book.orders.get(reference)
        if state is None or (told_since(state, at) and not state.live):
            return
        if state.stage is OrderStage.FILLED:
            for rest in found:
                _log.error("%s has traded, and still works: that is cancelled.", reference)
                await self._disown(rest)
        elif state.live:
            for twin in found:
                if len(found) > 1 and twin.broker_id != (state.broker_id or found[0].broker_id):
                    _log.error("%s is at the broker twice: the newer is cancelled.", reference)
                    await self._disown(twin)
            if told_since(state, at):
                return
            if state.cancelling:
                await self._line.answer(self._line.broker.cancel(reference))
            elif _differs(state, found[0]):
                await self._line.answer(self._line.broker.modify(state.order))

    async def _disown(self, twin: OrderReport) -> None:
        """Cancel what works beside, or after, an order of the same reference."""
        self._hearing.disown(twin.reference, twin.broker_id)
        await self._line.answer(self._line.broker.cancel(twin.reference, twin.broker_id or None))


def _differs(state: OrderState, report: OrderReport) -> bool:
    """Whether the broker holds another quantity or other prices than were asked for."""
    order = state.order
    return any(
        found is not None and found != wanted
        for found, wanted in (
            (report.quantity, order.quantity),
            (report.limit_price, order.limit_price),
            (report.stop_price, order.stop_price),
        )
    )
