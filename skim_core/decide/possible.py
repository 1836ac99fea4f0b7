"""Whether events can happen to the orders that they tell of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any

from skim_core.decide.order_states import OrderStates
from skim_core.decide.orders import next_stage
from skim_core.errors import SequenceError
from skim_core.model import events as ev
from skim_core.model.orders import OrderStage

_REFERENCES: dict[type[ev.Event], Callable[[Any], str]] = {
    ev.OrderFilled: attrgetter("fill.reference"),
    **dict.fromkeys(
        (
            ev.OrderSending,
            ev.OrderAcknowledged,
            ev.OrderModified,
            ev.OrderCancelling,
            ev.OrderCancelled,
            ev.OrderRejected,
            ev.OrderAbsent,
            ev.OrderUnknown,
            ev.OrderResolved,
            ev.StopHit,
        ),
        attrgetter("reference"),
    ),
}
"""How the events that are about one order name it."""


def check(events: Iterable[ev.Event], orders: OrderStates) -> None:
    """Raise SequenceError when one of `events` can't happen to its order in `orders`."""
    stages: dict[str, OrderStage] = {}
    for event in events:
        if type(event) is ev.OrderIntended:
            if event.order.reference in orders:
                what = f"{event.order.reference} was decided twice"
                raise _damaged(what)
            stages[event.order.reference] = OrderStage.INTENT
            continue
        if type(event) is ev.OrderCarried:
            stages[event.state.order.reference] = event.state.stage
            continue
        reference = _reference_of(event)
        if reference is None:
            continue
        stage = stages.get(reference)
        if stage is None:
            if reference not in orders:
                what = f"{event.kind!r} tells of {reference}, which was never decided"
                raise _damaged(what)
            stage = orders[reference].stage
        stages[reference] = next_stage(stage, event)


def _reference_of(event: ev.Event) -> str | None:
    reference = _REFERENCES.get(type(event))
    return reference(event) if reference is not None else None


def _damaged(what: str) -> SequenceError:
    return SequenceError(f"{what}: the journal is damaged.")
