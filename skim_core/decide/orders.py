"""An order's life: which event leads from which stage to which.

`STAGES` is the whole rule. What the broker says late, twice or after it said something
else is in the table too: a fill is always true, an order that was thought gone may turn
out to live. What is not in the table is a damaged journal, or a fault of ours.
"""

from __future__ import annotations

from skim_core.errors import SequenceError
from skim_core.model import events as ev
from skim_core.model.orders import OrderStage

INTENT, SENDING = OrderStage.INTENT, OrderStage.SENDING
ACKNOWLEDGED, PARTLY_FILLED = OrderStage.ACKNOWLEDGED, OrderStage.PARTLY_FILLED
FILLED, CANCELLED, REJECTED = OrderStage.FILLED, OrderStage.CANCELLED, OrderStage.REJECTED
ABSENT, UNKNOWN = OrderStage.ABSENT, OrderStage.UNKNOWN

STAGES: dict[tuple[OrderStage, type[ev.Event]], OrderStage] = {
    (INTENT, ev.OrderSending): SENDING,
    (INTENT, ev.OrderCancelled): CANCELLED,
    (SENDING, ev.OrderAcknowledged): ACKNOWLEDGED,
    (SENDING, ev.OrderFilled): PARTLY_FILLED,
    (SENDING, ev.OrderCancelled): CANCELLED,
    (SENDING, ev.OrderRejected): REJECTED,
    (SENDING, ev.OrderAbsent): ABSENT,
    (SENDING, ev.OrderUnknown): UNKNOWN,
    (ACKNOWLEDGED, ev.OrderFilled): PARTLY_FILLED,
    (ACKNOWLEDGED, ev.OrderCancelled): CANCELLED,
    (ACKNOWLEDGED, ev.OrderRejected): REJECTED,
    (ACKNOWLEDGED, ev.OrderUnknown): UNKNOWN,
    (PARTLY_FILLED, ev.OrderFilled): PARTLY_FILLED,
    (PARTLY_FILLED, ev.OrderCancelled): CANCELLED,
    (PARTLY_FILLED, ev.OrderRejected): CANCELLED,
    (PARTLY_FILLED, ev.OrderUnknown): UNKNOWN,
    # More than was ordered: a change to fewer shares came too late, or the order is there twice.
    (FILLED, ev.OrderFilled): FILLED,
    # A fill that is told after the cancel happened before it.
    (CANCELLED, ev.OrderFilled): CANCELLED,
    # An error that was taken for the end was none (ib_async marks live orders cancelled).
    (CANCELLED, ev.OrderAcknowledged): ACKNOWLEDGED,
    (REJECTED, ev.OrderAcknowledged): ACKNOWLEDGED,
    (REJECTED, ev.OrderFilled): PARTLY_FILLED,
    # The same decision again, once the broker certainly never had the first.
    (ABSENT, ev.OrderSending): SENDING,
    # The gateway took the order in late.
    (ABSENT, ev.OrderAcknowledged): ACKNOWLEDGED,
    (ABSENT, ev.OrderFilled): PARTLY_FILLED,
    (ABSENT, ev.OrderCancelled): CANCELLED,
    (ABSENT, ev.OrderRejected): REJECTED,
    (UNKNOWN, ev.OrderAcknowledged): ACKNOWLEDGED,
    (UNKNOWN, ev.OrderFilled): PARTLY_FILLED,
    (UNKNOWN, ev.OrderCancelled): CANCELLED,
    (UNKNOWN, ev.OrderRejected): REJECTED,
}
"""The stage after an event; a fill that leaves nothing open leads to FILLED from any of them."""

RESOLVED: dict[str, OrderStage] = {
    "filled": CANCELLED,
    "cancelled": CANCELLED,
    "absent": ABSENT,
    "working": ACKNOWLEDGED,
}
"""The stage that a person's word gives; the fills that go with ``filled`` follow as events."""

KEEPS: frozenset[type[ev.Event]] = frozenset({ev.OrderModified, ev.OrderCancelling, ev.StopHit})
"""Events that tell of an order without changing its stage."""


def next_stage(stage: OrderStage, event: ev.Event) -> OrderStage:
    """Return the stage of an order in `stage` after `event`.

    Raises SequenceError for an event that can't happen to it.
    """
    if type(event) in KEEPS:
        return stage
    if type(event) is ev.OrderResolved:
        if stage is UNKNOWN:
            return RESOLVED[event.outcome]
    else:
        following = STAGES.get((stage, type(event)))
        if following is not None:
            done = type(event) is ev.OrderFilled and not event.remaining
            return FILLED if done else following
    msg = f"{event.kind!r} can't happen to an order that is {stage}: the journal is damaged."
    raise SequenceError(msg)


def can_follow(stage: OrderStage, kind: type[ev.Event]) -> bool:
    """Whether an event of this type may happen to an order in `stage`."""
    return (stage, kind) in STAGES
