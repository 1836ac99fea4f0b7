"""What may be for a while at the broker but must not last, whatever goes wrong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, NamedTuple

from skim_core.model import events as ev
from skim_core.model.controls import Halt
from skim_core.model.orders import Fill, Order, Side
from skim_core.simulation.exchange import ModelExchange
from skim_core.simulation.model_orders import ModelOrder
from skim_core.simulation.outcome import Invariant

UNHEARD = timedelta(seconds=20)
"""How long a trade may not have been heard of."""

NEVER = datetime.max.replace(tzinfo=UTC)


class Passing(NamedTuple):
    """Something that must not last: the `key` is the same for as long as it is the same."""

    invariant: Invariant
    key: tuple[str, str]
    symbol: str
    text: str


class OrdersWatch:
    """Knows of every order of ours whose it is, what the journal says, and what is true.

    A fold of its own over the journal's events, apart from the desk's book: `see` each. Also
    by the truth: `shares` by strategy and symbol.
    """

    def __init__(self) -> None:
        self.shares: defaultdict[tuple[str, str], int] = defaultdict(int)
        self._sent: dict[str, datetime] = {}
        self._crossed: set[str] = set()
        self._forget()

    def _forget(self) -> None:
        self.owners: dict[str, str] = {}
        self.entries: defaultdict[str, int] = defaultdict(int)
        self._wanted: dict[str, Order] = {}
        self._doubtful: dict[str, str] = {}
        self._unknown: dict[str, str] = {}
        self._over: dict[str, type[ev.Event]] = {}
        self._cancelling: set[str] = set()
        self._left: set[str] = set()

    def refold(self, runs: Iterable[tuple[str, Iterable[ev.Event]]]) -> None:
        """Begin again: a power loss has taken events."""
        self._forget()
        for strategy, events in runs:
            for event in events:
                self.see(strategy, event)

    def see(self, strategy: str, event: ev.Event) -> None:
        """Fold an event of a strategy's journal."""
        fold = self.folds.get(type(event))
        if fold is not None:
            fold(self, strategy, event)

    def leaves(self, reference: str, now: datetime) -> None:
        """Note when an order left its process."""
        self._sent[reference] = now

    def arrives(self, order: Order, trades: Iterable[Fill]) -> None:
        """Note whether a sale has crossed another's trade, of which nobody could know yet."""
        owner = self.owners.get(order.reference)
        unheard = self._sent.get(order.reference, NEVER) - UNHEARD
        if any(
            fill.at >= unheard
            and fill.symbol == order.symbol
            and fill.side is order.side
            and self.owners.get(fill.reference) == owner
            for fill in trades
        ):
            self._crossed.add(order.reference)

    def traded(self, fill: Fill) -> str | None:
        """Count a true trade; return what is wrong when it sells more than is held."""
        key = self.owners.get(fill.reference, ""), fill.symbol
        self.shares[key] += fill.side.sign * fill.quantity
        left = self.shares[key]
        if left < 0 and fill.side is Side.SELL and fill.reference not in self._crossed:
            return f"{fill.reference} leaves {left} {fill.symbol}"
        return None

    def held(self, strategy: str | None = None) -> set[str]:
        """Return the symbols that a strategy, or any, truly holds."""
        return {
            symbol
            for (owner, symbol), shares in self.shares.items()
            if shares and strategy in {None, owner}
        }

    def in_doubt(self, strategy: str, symbol: str, but: str) -> str | None:
        """Return an order of a strategy in a symbol, none of the legs of `but`, in doubt."""
        return next(
            (
                reference
                for reference, found in self._doubtful.items()
                if found == symbol
                and self.owners[reference] == strategy
                and reference.partition(".")[0] != but.partition(".")[0]
            ),
            None,
        )

    def excused(self, symbol: str) -> bool:
        """Whether a person has been told that the symbol is theirs to look at."""
        return symbol in self._unknown.values()

    # What must not last

    def passing(
        self, exchange: ModelExchange, halt_of: Callable[[str], Halt | None]
    ) -> Iterator[Passing]:
        """Yield what is now as it must not stay; `halt_of` gives a strategy's halt."""
        live: defaultdict[tuple[str, str], list[ModelOrder]] = defaultdict(list)
        for found in exchange.orders:
            if found.done_at is None and found.transmitted and not found.foreign:
                order = found.order
                live[self.owners.get(order.reference, ""), order.symbol].append(found)
                yield from self._of_order(found)
        for key, shares in self.shares.items():
            if shares:
                yield from _of_position(key, shares, live.get(key, ()), halt_of(key[0]))
        for key, orders in live.items():
            yield from _too_much(key, self.shares.get(key, 0), orders)
            yield from self._entries(key, orders, halt_of(key[0]))

    def _of_order(self, found: ModelOrder) -> Iterator[Passing]:
        order = found.order
        reference, symbol = order.reference, order.symbol
        if reference in self._over:
            text = f"{found} works, but its journal says that it is over"
            yield Passing(Invariant.BOOKS_AGREE, ("over", reference), symbol, text)
        elif reference in self._cancelling:
            text = f"{found} works although its cancel was asked for"
            yield Passing(Invariant.BOOKS_AGREE, ("cancel", reference), symbol, text)
        wanted = self._wanted.get(reference)
        if wanted is not None and _terms(wanted) != _terms(order):
            text = f"{found} is not as its journal says: {_terms(wanted)}"
            yield Passing(Invariant.BOOKS_AGREE, ("terms", reference), symbol, text)

    def _entries(
        self, key: tuple[str, str], orders: Iterable[ModelOrder], halt: Halt | None
    ) -> Iterator[Passing]:
        for found in orders:
            reference = found.order.reference
            if found.order.closes:
                continue
            if halt is not None:
                text = f"{found} works on in a halt"
                yield Passing(Invariant.ENTRIES_ALLOWED, ("halt", reference), key[1], text)
            if reference in self._left:
                text = f"{found} works on though its position is left"
                yield Passing(Invariant.ENTRIES_ALLOWED, ("left", reference), key[1], text)

    # Folds

    def _intended(self, strategy: str, event: ev.OrderIntended) -> None:
        order = event.order
        self.owners[order.reference] = strategy
        self._wanted[order.reference] = order
        if not order.closes:
            self.entries[strategy] += 1
        elif order.parent is None and order.stop_price is None:
            self._left.update(
                reference
                for reference, other in self._wanted.items()
                if other.symbol == order.symbol
                and not other.closes
                and reference not in self._over
                and reference not in self._doubtful
                and self.owners[reference] == strategy
            )

    def _sending(self, _strategy: str, event: ev.OrderSending) -> None:
        self._over.pop(event.reference, None)
        self._cancelling.discard(event.reference)
        self._doubtful[event.reference] = self._wanted[event.reference].symbol

    def _modified(self, _strategy: str, event: ev.OrderModified) -> None:
        changes = {
            "quantity": event.quantity,
            "limit_price": event.limit_price,
            "stop_price": event.stop_price,
        }
        self._wanted[event.reference] = self._wanted[event.reference].model_copy(update=changes)

    def _asked(self, _strategy: str, event: ev.OrderCancelling) -> None:
        self._cancelling.add(event.reference)

    def _ends(self, _strategy: str, event: Any) -> None:
        self._settle(event.reference)
        self._over[event.reference] = type(event)

    def _lives(self, _strategy: str, event: ev.OrderAcknowledged) -> None:
        self._settle(event.reference)
        self._over.pop(event.reference, None)

    def _filled(self, _strategy: str, event: ev.OrderFilled) -> None:
        reference = event.fill.reference
        self._settle(reference)
        if not event.remaining:
            self._over[reference] = type(event)
        elif self._over.get(reference) is not ev.OrderCancelled:
            # What trades was not refused; what was cancelled may have traded before.
            self._over.pop(reference, None)

    def _settle(self, reference: str) -> None:
        self._doubtful.pop(reference, None)
        self._unknown.pop(reference, None)

    def _lost(self, _strategy: str, event: ev.OrderUnknown) -> None:
        symbol = self._wanted[event.reference].symbol
        self._doubtful[event.reference] = self._unknown[event.reference] = symbol

    folds: ClassVar[dict[type[ev.Event], Callable[[OrdersWatch, str, Any], None]]] = {
        ev.OrderIntended: _intended,
        ev.OrderSending: _sending,
        ev.OrderModified: _modified,
        ev.OrderCancelling: _asked,
        ev.OrderFilled: _filled,
        ev.OrderUnknown: _lost,
        ev.OrderAcknowledged: _lives,
        ev.OrderCancelled: _ends,
        ev.OrderRejected: _ends,
        ev.OrderAbsent: _ends,
    }


def _of_position(
    key: tuple[str, str], shares: int, orders: Iterable[ModelOrder], halt: Halt | None
) -> Iterator[Passing]:
    strategy, symbol = key
    if shares < 0:
        text = f"{strategy} is short of {-shares} {symbol}"
        yield Passing(Invariant.NOTHING_OVERSOLD, ("short", f"{strategy}/{symbol}"), symbol, text)
    sales = [found for found in orders if found.order.side is Side.SELL]
    # A sale at market trades as soon as the market does.
    selling = [found for found in sales if found.order.limit_price is None]
    covered = sum(found.tradable for found in selling)
    if covered < shares:
        text = f"{shares} {symbol} of {strategy} have no stop, or only for {covered}"
        yield Passing(Invariant.PROTECTED, ("bare", f"{strategy}/{symbol}"), symbol, text)
    sold = any(found.order.stop_price is None for found in selling)
    if halt is not None and halt.flatten and not sold:
        text = f"{shares} {symbol} of {strategy} are kept though all is to be sold"
        yield Passing(Invariant.PROTECTED, ("kept", f"{strategy}/{symbol}"), symbol, text)


def _too_much(key: tuple[str, str], shares: int, orders: list[ModelOrder]) -> Iterator[Passing]:
    """Yield that more could be sold than is held or may yet be bought.

    Of a group (one cancels all) no more trades than the largest of it. Counted by what is
    ordered: not every broker holds a child back to what its entry has filled.
    """
    bought = sum(found.remaining for found in orders if found.order.side is Side.BUY)
    groups: dict[str, int] = {}
    for found in orders:
        if found.order.side is Side.SELL:
            name = found.order.oca_group or found.order.reference
            groups[name] = max(groups.get(name, 0), found.remaining)
    sold = sum(groups.values())
    if sold > shares + bought:
        strategy, symbol = key
        text = f"{sold} {symbol} of {strategy} may be sold, {shares} are held"
        yield Passing(Invariant.NOTHING_OVERSOLD, ("large", f"{strategy}/{symbol}"), symbol, text)


def _terms(order: Order) -> tuple[object, ...]:
    return order.quantity, order.limit_price, order.stop_price
