"""What every position of ours needs: a working stop of its size, or to be sold.

`protect` is level-triggered like the sequencer's `plan`: it looks at the book as it is and
says what is missing. Asked again it says the same, until an event shows that it was done.

* A position has stops at the broker that cover it: no less, and, once its entry is over,
  no more; targets neither. Both are changed by modifying them, never by cancel and new.
* A stop that is gone without having traded is placed again, in the same group as the first
  (one cancels all), so that both can't trade if the first one turns up after all.
* A stop that was refused, or a position that never had one: the position is sold.
* A stop, target or exit that has nothing left to close is cancelled.
* In a halt, entries that still work are cancelled; in one with `flatten` all is sold.
* Nothing is done in a symbol while it isn't known what became of one of its orders: a
  person says it (``skim resolve``), or the broker does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeAlias

from skim_core.decide.book import Book
from skim_core.decide.holdings import Holding
from skim_core.decide.order_states import covered, is_entry, is_stop
from skim_core.model import events as ev
from skim_core.model.orders import OrderStage, OrderState, TimeInForce

AGAIN = timedelta(seconds=20)
"""How long after an exit that failed the next one is sent."""

SETTLE = timedelta(seconds=1)
"""How long a symbol is left alone after its last change."""

_AUCTIONS = frozenset({TimeInForce.AT_OPEN, TimeInForce.AT_CLOSE})
_FAILED = frozenset({OrderStage.REJECTED, OrderStage.ABSENT, OrderStage.CANCELLED})


@dataclass(frozen=True, slots=True)
class PlaceStop:
    """Send a stop for a position that has none; `replaces` is the last one that it had."""

    symbol: str
    quantity: int
    stop_price: Decimal
    replaces: OrderState


@dataclass(frozen=True, slots=True)
class ResizeStop:
    """Change the quantity of a working stop, or target, to `quantity` shares."""

    reference: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Flatten:
    """Sell (buy back) what is held."""

    symbol: str
    reason: str


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """Cancel an order that has nothing left to do."""

    reference: str
    reason: str


Action: TypeAlias = PlaceStop | ResizeStop | Flatten | CancelOrder


@dataclass(frozen=True, slots=True)
class Protection:
    """What is to be done now, and when to look again if nothing happens before.

    `wanting`: the symbols that want something; all others are as they should be until an
    order or position of theirs changes, or a halt does.
    """

    actions: tuple[Action, ...] = ()
    look_at: datetime | None = None
    wanting: tuple[str, ...] = ()


def protect(book: Book, now: datetime, symbols: Iterable[str] | None = None) -> Protection:
    """Return what is to be done now so that every position is protected, in `symbols` or in all.

    What was touched less than `SETTLE` ago is looked at again then: a broker tells of one
    trade in several notices.
    """
    actions: list[Action] = []
    looks: list[datetime] = []
    wanting: list[str] = []
    for symbol in open_symbols(book) if symbols is None else symbols:
        if book.unknown(symbol) is not None:
            continue
        found = _in_symbol(book, symbol)
        if not found:
            continue
        wanting.append(symbol)
        settled = book.touched.get(symbol, now - SETTLE) + SETTLE
        due = max([settled, *(moment for _, moment in found if moment is not None)])
        # What seems to lie further ahead was told by another clock: no stop waits for that.
        if now < due <= now + AGAIN:
            looks.append(due)
        else:
            actions += [action for action, _ in found]
    return Protection(tuple(actions), min(looks, default=None), tuple(wanting))


def open_symbols(book: Book) -> dict[str, None]:
    """Return the symbols of which an order may trade or anything is held."""
    return {state.order.symbol: None for state in book.live} | dict.fromkeys(book.holdings)


def lapses(book: Book, now: datetime, limit: timedelta) -> tuple[ev.Event, ...]:
    """Return the events of protection that has lapsed for longer than `limit`, or is back."""
    told: list[ev.Event] = [
        ev.ProtectionLapsed(at=now, symbol=symbol, since=since, reason=_why_bare(book, symbol))
        for symbol, since in book.bare.items()
        if now - since >= limit and symbol not in book.lapsed
    ]
    back = sorted(book.lapsed - book.bare.keys())
    return (*told, *(ev.ProtectionRestored(at=now, symbol=symbol) for symbol in back))


def next_lapse(book: Book, limit: timedelta) -> datetime | None:
    """Return when the next protection lapses, or None."""
    lapsing = [since + limit for symbol, since in book.bare.items() if symbol not in book.lapsed]
    return min(lapsing, default=None)


_Found: TypeAlias = list[tuple[Action, datetime | None]]
"""Actions, each with the instant before which it must not be taken."""


def _in_symbol(book: Book, symbol: str) -> _Found:
    live = [state for state in book.live_orders(symbol) if not state.cancelling]
    entries = [state for state in live if is_entry(state)]
    holding = book.holdings.get(symbol)
    found: _Found = []
    if book.halted is not None:
        found += _cancels(entries, "entries are halted")
    if holding is None:
        idle = [state for state in live if not is_entry(state) and not _awaits(book, state)]
        return found + _cancels(idle, "nothing is left to close")
    if book.halted is not None and book.halted.flatten:
        return found + _flatten(book, symbol, "halted, everything is sold")
    return found + _cover(book, symbol, holding)


def _cancels(states: list[OrderState], reason: str) -> _Found:
    return [
        (CancelOrder(state.order.reference, reason), None) for state in states if not state.in_doubt
    ]


def _cover(book: Book, symbol: str, holding: Holding) -> _Found:
    held, stops = abs(holding.quantity), book.stops(symbol)
    if any(stop.in_doubt or stop.cancelling for stop in stops):
        return []
    cover = covered(stops)
    # An entry that is being cancelled may still trade: a fill can come before the cancel.
    entering = any(is_entry(state) for state in book.live_orders(symbol))
    if not entering:
        excess = _shrink(stops, held) if cover > held else []
        excess += _trim(book, symbol, held)
        if excess:
            return excess
    if cover >= held:
        return []
    if stops and not any(stop.taken for stop in stops):
        stop = stops[-1]
        return [(ResizeStop(stop.order.reference, stop.order.quantity + held - cover), None)]
    return _replace(book, symbol, holding, held - cover)


def _shrink(stops: list[OrderState], held: int) -> _Found:
    found: _Found = []
    for stop in stops:
        kept = min(stop.open_quantity, held)
        held -= kept
        reference = stop.order.reference
        if kept == 0:
            found.append((CancelOrder(reference, "another stop covers the position"), None))
        elif kept < stop.open_quantity:
            quantity = stop.order.quantity - stop.open_quantity + kept
            found.append((ResizeStop(reference, quantity), None))
    return found


def _trim(book: Book, symbol: str, held: int) -> _Found:
    """Return the changes of targets, and exits at a price, that would sell more than is held."""
    return [
        (ResizeStop(state.order.reference, state.order.quantity - state.open_quantity + held), None)
        for state in book.live_orders(symbol)
        if state.order.closes and state.order.limit_price is not None and not is_stop(state)
        if state.open_quantity > held and not state.in_doubt and not state.cancelling
    ]


def _replace(book: Book, symbol: str, holding: Holding, missing: int) -> _Found:
    last = _last(book, symbol, holding)
    if last is None or last.order.stop_price is None:
        return _flatten(book, symbol, "it has no stop")
    if last.stage is OrderStage.REJECTED:
        return _flatten(book, symbol, f"its stop was refused: {last.reason}")
    if any(_is_leaving(state) for state in book.live_orders(symbol)):
        return []
    return [(PlaceStop(symbol, missing, last.order.stop_price, last), None)]


def _flatten(book: Book, symbol: str, reason: str) -> _Found:
    exits = [state for state in book.orders_in(symbol) if _is_exit(state)]
    if any(_is_leaving(state) for state in exits):
        return []
    not_before = None
    if exits and exits[-1].stage in _FAILED and exits[-1].changed_at is not None:
        not_before = exits[-1].changed_at + AGAIN
    return [(Flatten(symbol, reason), not_before)]


def _last(book: Book, symbol: str, holding: Holding) -> OrderState | None:
    """Return the newest stop that the position had."""
    stops = [
        state
        for state in book.orders_in(symbol)
        if is_stop(state)
        and state.order.side is not holding.side
        and _belongs(book, state, holding)
    ]
    return stops[-1] if stops else None


def _belongs(book: Book, stop: OrderState, holding: Holding) -> bool:
    """Whether a stop is of this position, and not of one in the symbol before it."""
    parent = book.orders.get(stop.order.parent) if stop.order.parent else None
    moments = [state.changed_at for state in (stop, parent) if state is not None]
    return stop.live or any(at is None or at >= holding.opened_at for at in moments)


def _awaits(book: Book, state: OrderState) -> bool:
    """Whether a child may get something to close yet: its entry still works."""
    parent = book.orders.get(state.order.parent) if state.order.parent else None
    return parent is not None and parent.live


def _is_exit(state: OrderState) -> bool:
    return state.order.closes and not is_stop(state) and state.order.parent is None


def _is_leaving(state: OrderState) -> bool:
    """Whether an exit is about to close the position; one that waits for a price may not be."""
    waits = state.order.limit_price is not None or state.order.time_in_force in _AUCTIONS
    return state.live and _is_exit(state) and (state.in_doubt or not waits)


def _why_bare(book: Book, symbol: str) -> str:
    unknown = book.unknown(symbol)
    if unknown is not None:
        reference = unknown.order.reference
        return f"what became of {reference} is unknown: say it with 'skim resolve {reference}'"
    if not book.connected:
        return "the line to the broker is down"
    holding = book.holdings[symbol]
    last = _last(book, symbol, holding)
    return f"its stop is {last.stage}: {last.reason}" if last else "it never had a stop"
