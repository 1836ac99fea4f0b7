"""The orders of a day by reference, and by what is asked of them again and again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from skim_core.model.orders import OrderState


@dataclass(slots=True)
class _Symbol:
    """The references of one symbol's orders, oldest first."""

    all: list[str] = field(default_factory=list)
    live: dict[str, None] = field(default_factory=dict)


class OrderStates:
    """Every order as it stands; what is asked of one symbol's looks at no other."""

    def __init__(self) -> None:
        self._states: dict[str, OrderState] = {}
        self._live: dict[str, None] = {}
        self._entering: dict[str, str] = {}
        self._symbols: dict[str, _Symbol] = {}
        self._decided: dict[str, dict[str, str]] = {}
        self._touches: list[str] = []

    def __getitem__(self, reference: str) -> OrderState:
        return self._states[reference]

    def __contains__(self, reference: str) -> bool:
        return reference in self._states

    def get(self, reference: str) -> OrderState | None:
        """Return the order with this reference, or None."""
        return self._states.get(reference)

    @property
    def all(self) -> Mapping[str, OrderState]:
        """Every order by reference, oldest first."""
        return MappingProxyType(self._states)

    @property
    def live(self) -> list[OrderState]:
        """The orders that may still trade, oldest first."""
        return [self._states[reference] for reference in self._live]

    @property
    def has_live(self) -> bool:
        """Whether any order may still trade."""
        return bool(self._live)

    @property
    def entering(self) -> set[str]:
        """The symbols in which an entry may still trade."""
        return set(self._entering.values())

    def in_symbol(self, symbol: str) -> list[OrderState]:
        """Return every order in `symbol`, oldest first."""
        known = self._symbols.get(symbol)
        return [self._states[reference] for reference in known.all] if known else []

    def live_in(self, symbol: str) -> list[OrderState]:
        """Return the orders in `symbol` that may still trade, oldest first."""
        known = self._symbols.get(symbol)
        return [self._states[reference] for reference in known.live] if known else []

    def decided(self, purpose: str) -> Mapping[str, str]:
        """Return the newest order of each decision of that purpose: its reference by symbol."""
        return MappingProxyType(self._decided.get(purpose, {}))

    def touched_since(self, mark: int) -> tuple[dict[str, None], int]:
        """Return the symbols that were touched since `mark`, and the next mark."""
        return dict.fromkeys(self._touches[mark:]), len(self._touches)

    def touch(self, symbol: str) -> None:
        """Note that something of the symbol changed."""
        self._touches.append(symbol)

    def put(self, state: OrderState) -> None:
        """Have an order, new or changed."""
        order, reference = state.order, state.order.reference
        known = self._symbols.get(order.symbol)
        if known is None:
            known = self._symbols[order.symbol] = _Symbol()
        if reference not in self._states:
            known.all.append(reference)
            self._decided.setdefault(order.purpose, {})[order.symbol] = reference
        self._states[reference] = state
        self._touches.append(order.symbol)
        if state.live:
            self._live[reference] = known.live[reference] = None
            if is_entry(state):
                self._entering[reference] = order.symbol
        else:
            self._live.pop(reference, None)
            known.live.pop(reference, None)
            self._entering.pop(reference, None)


def is_entry(state: OrderState) -> bool:
    """Whether the order opens a position, or adds to one."""
    return not state.order.closes and state.order.parent is None


def is_stop(state: OrderState) -> bool:
    """Whether the order is a protective stop."""
    return state.order.purpose == "stop"


def covered(stops: Iterable[OrderState]) -> int:
    """Return the shares that stops cover which the broker is known to have."""
    known = (state for state in stops if state.accepted and not state.in_doubt)
    return sum(state.open_quantity for state in known)
