"""What a broker's fill means to an order and to the position in its symbol."""

from __future__ import annotations

from skim_core.decide.holdings import Holding, split
from skim_core.decide.order_states import is_stop
from skim_core.model import events as ev
from skim_core.model.base import sound
from skim_core.model.orders import Fill, OrderState

# Made of what is sound already.
_FILLED, _STOP_HIT, _OPENED = sound(ev.OrderFilled), sound(ev.StopHit), sound(ev.PositionOpened)


def consequences(state: OrderState, holding: Holding | None, fill: Fill) -> tuple[ev.Event, ...]:
    """Return the events that a new fill of an order means, beside what is held in its symbol."""
    remaining = max(0, state.order.quantity - state.filled - fill.quantity)
    events: list[ev.Event] = [_FILLED(at=fill.at, fill=fill, remaining=remaining)]
    if is_stop(state) and state.order.stop_price is not None:
        events.append(
            _STOP_HIT(
                at=fill.at,
                reference=fill.reference,
                symbol=fill.symbol,
                stop_price=state.order.stop_price,
                fill_price=fill.price,
            )
        )
    closing, opening = split(holding, fill)
    if holding is not None and closing is not None and closing.quantity == abs(holding.quantity):
        events.append(holding.closed(closing))
    if opening is not None and (holding is None or closing is not None):
        events.append(
            _OPENED(
                at=fill.at,
                symbol=fill.symbol,
                side=fill.side,
                quantity=opening.quantity,
                price=fill.price,
            )
        )
    return tuple(events)


def resolved_execution(reference: str) -> str:
    """Return the execution id of the fill that a person said an order had."""
    return f"resolved-{reference}"
