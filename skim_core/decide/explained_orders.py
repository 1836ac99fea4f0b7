"""What became of each order, told from a day's records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from skim_core.decide.explained import between
from skim_core.decide.explained_steps import (
    Acknowledged,
    CancelAsked,
    Carried,
    Decided,
    Decision,
    Doubt,
    Filled,
    Margin,
    Modified,
    Over,
    RefusedEntry,
    Resolved,
    Sent,
    Step,
)
from skim_core.decide.margins import Checked, margins, quote_age
from skim_core.decide.orders import next_stage
from skim_core.errors import SequenceError
from skim_core.model import events as ev
from skim_core.model.exchange import Exchange
from skim_core.model.limits import RiskReading
from skim_core.model.orders import Order, OrderStage


@dataclass(slots=True)
class _Tracked:
    """What is known of an order while its day is told; `order` is as it is now."""

    decision: Decision
    order: Order
    last_price: Decimal | None = None
    sent_at: datetime | None = None
    cancel_asked_at: datetime | None = None
    doubt: Doubt | None = None
    cost: Decimal = Decimal(0)


class OrdersTeller:
    """Folds the events of orders. `exchange` gives the ticks; without it slippage has none."""

    def __init__(self, exchange: Exchange | None) -> None:
        self.refusals: list[RefusedEntry] = []
        self._exchange = exchange
        self._day: ev.DayStarted | None = None
        self._tracked: dict[str, _Tracked] = {}

    @property
    def decisions(self) -> list[Decision]:
        """Every order, in the order of the decisions."""
        return [tracked.decision for tracked in self._tracked.values()]

    @property
    def in_doubt(self) -> tuple[str, ...]:
        """The references of the orders that the broker may or may not have."""
        doubtful = {OrderStage.SENDING, OrderStage.UNKNOWN}
        return tuple(
            decision.reference for decision in self.decisions if decision.stage in doubtful
        )

    def begin(self, event: ev.DayStarted) -> None:
        """Take in the day's limits."""
        self._day = event

    def take(self, number: int, event: ev.Event) -> bool:
        """Take in a record; False when it is not an order's, or of an order that isn't known."""
        if isinstance(event, ev.OrderIntended):
            return self._decide(number, event)
        if isinstance(event, ev.OrderRefused):
            return self._refuse(number, event)
        if isinstance(event, ev.OrderCarried):
            return self._carry(number, event)
        teller = self._tellers.get(type(event))
        tracked = self._tracked.get(_reference(event))
        if teller is None or tracked is None:
            return False
        if isinstance(event, ev.StopHit):
            return _hit(number, tracked)
        self._advance(tracked, event)
        tracked.decision.steps.append(teller(self, tracked, number, event))
        return True

    def _advance(self, tracked: _Tracked, event: ev.Event) -> None:
        decision = tracked.decision
        try:
            decision.stage = next_stage(decision.stage, event)
        except SequenceError:
            # Of a damaged journal too all is told that it holds.
            return
        doubt = tracked.doubt
        if doubt is not None and not isinstance(event, ev.OrderModified | ev.OrderCancelling):
            doubt.settled_at, doubt.settled_by = event.at, _SETTLED[type(event)]
            tracked.doubt = None

    def _decide(self, number: int, event: ev.OrderIntended) -> bool:
        order = event.order
        if order.reference in self._tracked:
            return False
        step = Decided(
            records=[number],
            at=event.at,
            reason=event.reason,
            by=event.by,
            reading=event.reading,
            quote_age=quote_age(event.reading, event.at),
            margins=self._margins(event.reading, event.at, order),
        )
        last = event.reading.last if event.reading else None
        self._track(order, OrderStage.INTENT, step).last_price = last
        return True

    def _track(self, order: Order, stage: OrderStage, step: Step) -> _Tracked:
        reference = order.reference
        decision = Decision(
            reference=reference,
            key=key_of(reference),
            order=order,
            stage=stage,
            steps=[step],
        )
        tracked = self._tracked[reference] = _Tracked(decision, order)
        return tracked

    def _margins(
        self, reading: RiskReading | None, at: datetime, order: Order | None
    ) -> list[Margin]:
        if reading is None or self._day is None:
            return []
        return margins(Checked(self._day.limits, reading, self._day.session, at, order))

    def _refuse(self, number: int, event: ev.OrderRefused) -> bool:
        self.refusals.append(
            RefusedEntry(
                records=[number],
                at=event.at,
                symbol=event.symbol,
                purpose=event.purpose,
                limit=event.limit,
                reason=event.reason,
                by=event.by,
                reading=event.reading,
                quote_age=quote_age(event.reading, event.at),
                margins=self._margins(event.reading, event.at, None),
            )
        )
        return True

    def _carry(self, number: int, event: ev.OrderCarried) -> bool:
        state = event.state
        if state.order.reference in self._tracked:
            return False
        step = Carried(records=[number], at=event.at, stage=state.stage, filled=state.filled)
        tracked = self._track(state.order, state.stage, step)
        tracked.sent_at = state.sent_at
        tracked.cancel_asked_at = state.changed_at if state.cancelling else None
        tracked.decision.filled = state.filled
        tracked.decision.average_price = state.average_price
        tracked.cost = (state.average_price or Decimal(0)) * state.filled
        return True

    def _send(self, tracked: _Tracked, number: int, event: ev.OrderSending) -> Step:
        again, tracked.sent_at = tracked.sent_at is not None, event.at
        return Sent(records=[number], at=event.at, again=again)

    def _acknowledge(self, tracked: _Tracked, number: int, event: ev.OrderAcknowledged) -> Step:
        after = between(tracked.sent_at, event.at) if tracked.sent_at else None
        return Acknowledged(records=[number], at=event.at, after=after, broker_id=event.broker_id)

    def _modify(self, tracked: _Tracked, number: int, event: ev.OrderModified) -> Step:
        before = tracked.order
        changes = {
            "quantity": event.quantity,
            "limit_price": event.limit_price,
            "stop_price": event.stop_price,
        }
        tracked.order = before.model_copy(update=changes)
        return Modified(
            records=[number],
            at=event.at,
            reason=event.reason,
            by=event.by,
            from_quantity=before.quantity,
            to_quantity=event.quantity,
            from_limit_price=before.limit_price,
            to_limit_price=event.limit_price,
            from_stop_price=before.stop_price,
            to_stop_price=event.stop_price,
        )

    def _ask_cancel(self, tracked: _Tracked, number: int, event: ev.OrderCancelling) -> Step:
        tracked.cancel_asked_at = event.at
        return CancelAsked(records=[number], at=event.at, reason=event.reason, by=event.by)

    def _fill(self, tracked: _Tracked, number: int, event: ev.OrderFilled) -> Step:
        fill, decision = event.fill, tracked.decision
        against = tracked.order.stop_price or tracked.last_price
        slippage = ticks = None
        if against is not None:
            worse = (fill.price - against) * fill.side.sign
            slippage = worse * fill.quantity
            ticks = self._ticks(worse, against)
            decision.slippage = (decision.slippage or Decimal(0)) + slippage
        decision.filled += fill.quantity
        decision.commission += fill.commission
        tracked.cost += fill.price * fill.quantity
        decision.average_price = tracked.cost / decision.filled
        if against is not None and decision.slippage is not None:
            decision.slippage_ticks = self._ticks(decision.slippage / decision.filled, against)
        return Filled(
            records=[number],
            at=event.at,
            side=fill.side,
            quantity=fill.quantity,
            price=fill.price,
            remaining=event.remaining,
            commission=fill.commission,
            execution_id=fill.execution_id,
            against=against,
            slippage=slippage,
            slippage_ticks=ticks,
        )

    def _ticks(self, worse: Decimal, price: Decimal) -> Decimal | None:
        if self._exchange is None:
            return None
        return round(worse / self._exchange.tick(price), 2)

    def _end(
        self, tracked: _Tracked, number: int, event: ev.OrderCancelled | ev.OrderRejected
    ) -> Step:
        asked = tracked.cancel_asked_at
        return Over(
            records=[number],
            at=event.at,
            what="cancelled" if isinstance(event, ev.OrderCancelled) else "rejected",
            reason=event.reason,
            asked=asked is not None,
            after=between(asked, event.at) if asked is not None else None,
        )

    def _miss(self, tracked: _Tracked, number: int, event: ev.OrderAbsent) -> Step:
        tracked.doubt = Doubt(
            records=[number],
            at=event.at,
            what="absent",
            finding=event.reason,
            certain=event.certain,
        )
        return tracked.doubt

    def _lose(self, tracked: _Tracked, number: int, event: ev.OrderUnknown) -> Step:
        tracked.doubt = Doubt(records=[number], at=event.at, what="unknown", finding=event.finding)
        return tracked.doubt

    def _resolve(self, tracked: _Tracked, number: int, event: ev.OrderResolved) -> Step:
        del tracked
        return Resolved(
            records=[number], at=event.at, outcome=event.outcome, by=event.by, why=event.why
        )

    _tellers: ClassVar[dict[type[ev.Event], Callable[..., Any]]] = {
        ev.OrderSending: _send,
        ev.OrderAcknowledged: _acknowledge,
        ev.OrderModified: _modify,
        ev.OrderCancelling: _ask_cancel,
        ev.OrderFilled: _fill,
        ev.OrderCancelled: _end,
        ev.OrderRejected: _end,
        ev.OrderAbsent: _miss,
        ev.OrderUnknown: _lose,
        ev.OrderResolved: _resolve,
        ev.StopHit: lambda *_: None,
    }


_SETTLED: dict[type[ev.Event], str] = {
    ev.OrderSending: "sent again",
    ev.OrderAcknowledged: "the broker has it",
    ev.OrderFilled: "filled",
    ev.OrderCancelled: "cancelled",
    ev.OrderRejected: "rejected",
    ev.OrderAbsent: "absent",
    ev.OrderUnknown: "unknown",
    ev.OrderResolved: "a person",
}


def key_of(reference: str) -> str:
    """Return what the references of one bracket's orders share."""
    return reference.rpartition(".")[0] or reference


def _reference(event: ev.Event) -> str:
    if isinstance(event, ev.OrderFilled):
        return event.fill.reference
    return getattr(event, "reference", "")


def _hit(number: int, tracked: _Tracked) -> bool:
    last = tracked.decision.steps[-1]
    if not isinstance(last, Filled) or last.stop_hit:
        return False
    last.records.append(number)
    last.stop_hit = True
    return True
