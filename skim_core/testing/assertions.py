"""What a test says of a day's events, with a message that shows what there was instead.

>>> assert_happened(day, "order_filled", symbol="BHP", side="buy")
>>> assert_in_order(day, "candidates_scanned", "order_intended", "order_filled")
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from skim_core.errors import nearest

if TYPE_CHECKING:
    from skim_core.model.events import Event
    from skim_core.testing.simulate import SimulatedDay


def assert_completed(day: SimulatedDay) -> None:
    """Assert that the day was run to its end and nothing of it failed."""
    assert day.completed, f"the day is {day.result.end}: {day.result.reason}"


def assert_happened(day: SimulatedDay, kind: str, **fields: object) -> Event:
    """Assert that an event of this kind, with these fields, happened; return the first.

    A field may stand in the event, or in the order, fill or state that it holds.
    """
    found = [event for event in _of(day, kind) if _has(event, fields)]
    assert found, f"no {kind} with {fields} happened; {_instead(day, kind)}"
    return found[0]


def assert_never(day: SimulatedDay, kind: str, **fields: object) -> None:
    """Assert that no event of this kind, with these fields, happened."""
    found = [event for event in _of(day, kind) if _has(event, fields)]
    assert not found, f"{kind} happened {len(found)} times, first: {_shown(day, found[0])}"


def assert_in_order(day: SimulatedDay, *kinds: str) -> None:
    """Assert that events of these kinds happened one after another, others between them or not."""
    events = iter(day.events)
    for number, kind in enumerate(kinds):
        _of(day, kind)
        after = f" after {kinds[number - 1]}" if number else ""
        assert any(event.kind == kind for event in events), (
            f"no {kind} happened{after}; {_instead(day, kind)}"
        )


def assert_flat(day: SimulatedDay) -> None:
    """Assert that the day ended without a position and without an order at the broker."""
    held = ", ".join(f"{held.quantity} {symbol}" for symbol, held in day.book.positions.items())
    assert not held, f"the day ended with {held}"
    live = ", ".join(state.order.reference for state in day.book.live)
    assert not live, f"the day ended with orders at the broker: {live}"


def assert_left_nothing(day: SimulatedDay) -> None:
    """Assert that the day ended flat, but for what was being sold and found no buyer.

    A share that trades no more before the close can't be sold by anybody.
    """
    from skim_core.decide.order_states import is_entry, is_stop  # noqa: PLC0415  as in `_of`

    sold = {
        state.order.symbol
        for state in day.book.orders.values()
        if not is_entry(state) and not is_stop(state) and state.order.purpose != "target"
    }
    held = {symbol: one for symbol, one in day.book.positions.items() if symbol not in sold}
    told = ", ".join(f"{one.quantity} {symbol}" for symbol, one in held.items())
    assert not held, f"the day ended with {told}, for which no exit was sent"


def assert_protected(day: SimulatedDay) -> None:
    """Assert that no position was ever without a working stop, but while it was being closed."""
    bare = day.unprotected()
    assert not bare, f"{bare[0][1]} was held without a stop at {bare[0][0]} ({len(bare)} instants)"


def assert_ordered_once(day: SimulatedDay) -> None:
    """Assert that no symbol was entered twice, under whatever purpose.

    What was refused, or never arrived, is no entry.
    """
    entries = Counter(state.order.symbol for state in day.entered())
    doubled = [f"{symbol} {count} times" for symbol, count in entries.items() if count > 1]
    assert not doubled, f"entered more than once: {', '.join(doubled)}"


def _of(day: SimulatedDay, kind: str) -> list[Event]:
    from skim_core.model.events import EVENTS  # noqa: PLC0415  a test that never asks pays nothing

    known = [event.model_fields["kind"].default for event in EVENTS]
    if kind not in known:
        msg = f"there is no event {kind!r}{nearest(kind, known)}"
        raise AssertionError(msg)
    return day.of(kind)


def _has(event: Event, fields: dict[str, object]) -> bool:
    return all(
        any(found == value for found in _values(event, key)) for key, value in fields.items()
    )


def _values(event: object, key: str) -> list[Any]:
    holders = [event, *(getattr(event, part, None) for part in ("order", "fill", "state"))]
    return [getattr(holder, key) for holder in holders if hasattr(holder, key)]


def _instead(day: SimulatedDay, kind: str) -> str:
    same = day.of(kind)
    if same:
        return f"there is {_shown(day, same[0])}" + (
            f" and {len(same) - 1} more" if same[1:] else ""
        )
    kinds = Counter(event.kind for event in day.events)
    return "there are " + ", ".join(f"{name} ({count})" for name, count in kinds.items())


def _shown(day: SimulatedDay, event: Event) -> str:
    return f"{day.local(event.at)} {event!r}"
