"""An account on a plain exchange: the rules of `skim_core.sim.matching`, minute by minute.

Only what references need: market entries with a stop and a target, sales at market. Each
minute is its open, then the strategy's tick (what is sent there arrives at once, and can
trade at that same open), then what is inside the minute: stops before targets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from skim_core.testing.plain_minutes import MILLION, PlainBar, PlainSession

_INSIDE = timedelta(seconds=30)


@dataclass(slots=True, eq=False)
class PlainOrder:
    """One order. `sign` is 1 for a buy and -1 for a sale; `price` its stop or limit.

    `since` is the first minute in which it is looked at; `taken` shares were traded by
    another order of its group; `most` is what a stop that stands from an earlier session
    may still cover. `traded`, `value` and `charged` are this session's, for the commission.
    """

    symbol: str
    purpose: str
    sign: int
    quantity: int
    kind: Literal["market", "stop", "limit"]
    price: int = 0
    since: int = 0
    entry: PlainOrder | None = None
    most: int | None = None
    filled: int = 0
    taken: int = 0
    triggered: bool = False
    auction: bool = False
    live: bool = True
    traded: int = 0
    value: int = 0
    charged: int = 0

    @property
    def available(self) -> int:
        """The shares that may trade now."""
        return self._left_of(self.quantity if self.entry is None else self.entry.filled)

    @property
    def outlook(self) -> int:
        """The shares that may trade yet."""
        waits = self.entry is None or self.entry.live
        return self._left_of(self.quantity) if waits else self.available

    @property
    def open_quantity(self) -> int:
        """The shares that it was sent for and that have not traded."""
        return self.quantity - self.filled - self.taken

    def _left_of(self, covered: int) -> int:
        most = self.quantity if self.most is None else self.most
        return max(0, min(self.quantity, covered, most) - self.filled - self.taken)


@dataclass(slots=True)
class PlainHolding:
    """What is held of a symbol since it was flat; of a carried one, what was left then."""

    opened_at: datetime
    stop: int
    bought: int = 0
    cost: Fraction = Fraction(0)
    sold: int = 0
    proceeds: int = 0
    commission: int = 0
    realised: Fraction = Fraction(0)
    overnight: bool = False

    @property
    def quantity(self) -> int:
        """The shares held."""
        return self.bought - self.sold


@dataclass(frozen=True)
class PlainTrade:
    """One position from flat to flat, with the columns of a replay's table of trades.

    Prices are averages in millionths, money in millionths. `r_multiple` has four places.
    """

    session: str
    symbol: str
    quantity: int
    entered_at: datetime
    entry_price: int
    exited_at: datetime
    exit_price: int
    profit: int
    commission: int
    stop: int
    r_multiple: Decimal
    exit_reason: str
    held_overnight: bool


@dataclass
class PlainAccount:
    """An account's cash, positions and orders, from session to session.

    `capital` is what a session begins with when the one before left nothing.
    `participation` is the part of a minute's volume that one side may trade. `happened`
    counts what the data made the rules do, by name.
    """

    capital: int
    participation: Fraction | None = Fraction(1, 10)
    cash: int = 0
    holdings: dict[str, PlainHolding] = field(default_factory=dict)
    trades: list[PlainTrade] = field(default_factory=list)
    happened: dict[str, int] = field(default_factory=dict)
    orders: dict[str, list[PlainOrder]] = field(default_factory=dict)
    today: PlainSession = field(init=False)
    minute: int = 0
    _used: dict[tuple[str, int], int] = field(default_factory=dict)
    _left: set[str] = field(default_factory=set)

    def play(self, session: PlainSession, tick: Callable[[int], None]) -> None:
        """Go through a session; `tick` is called with each minute, after its open."""
        self.today = session
        self._begin()
        for self.minute in range(session.minutes):
            self._used.clear()
            self._at_open()
            tick(self.minute)
            self._at_open()
            self._resize()
            self._inside()
        self._end_session()

    # What a strategy does and sees

    def enter(self, symbol: str, quantity: int, stop: int, target: int | None = None) -> None:
        """Buy at market, with a stop and perhaps a target for what was bought."""
        entry = PlainOrder(symbol, "entry", 1, quantity, "market", since=self.minute)
        stops = PlainOrder(symbol, "stop", -1, quantity, "stop", stop, self.minute, entry)
        self.orders.setdefault(symbol, []).extend((entry, stops))
        if target is not None:
            self.orders[symbol].append(
                PlainOrder(symbol, "target", -1, quantity, "limit", target, self.minute, entry)
            )

    def leave(self, symbol: str) -> None:
        """Cancel an entry that works, and sell at market what is held, once."""
        for order in self._live(symbol):
            if order.purpose == "entry":
                self.count("entry_cancelled")
                self._end(order)
                self._left.add(symbol)
        held = self.holdings.get(symbol)
        if held is None or any(order.purpose == "exit" for order in self._live(symbol)):
            return
        self.orders[symbol].append(
            PlainOrder(symbol, "exit", -1, held.quantity, "market", since=self.minute)
        )

    def entry(self, symbol: str) -> PlainOrder | None:
        """Return the entry of a symbol that works, or None."""
        return next((one for one in self._live(symbol) if one.purpose == "entry"), None)

    @property
    def entries(self) -> list[PlainOrder]:
        """The entries that work."""
        found = (self.entry(symbol) for symbol in self.orders)
        return [order for order in found if order is not None]

    @property
    def places(self) -> set[str]:
        """The symbols that are held or that an entry works in."""
        return {order.symbol for order in self.entries} | set(self.holdings)

    def count(self, what: str) -> None:
        """Count that a rule was met."""
        self.happened[what] = self.happened.get(what, 0) + 1

    # From session to session

    def _begin(self) -> None:
        if not self.holdings and not any(self.orders.values()):
            self.cash = self.capital
        for symbol, orders in self.orders.items():
            for order in orders:
                order.since = self.today.opening_minute(symbol)
                order.auction = order.triggered

    def _end_session(self) -> None:
        for symbol in list(self.orders):
            for order in self._live(symbol):
                if order.purpose in {"entry", "exit"}:
                    self.count(f"{order.purpose}_expired")
                    self._end(order)
            self.orders[symbol] = [_carried(order) for order in self._live(symbol)]
        for holding in self.holdings.values():
            self.count("carried")
            average = holding.cost / holding.bought
            holding.realised += holding.proceeds - average * holding.sold
            holding.bought, holding.cost = holding.quantity, average * holding.quantity
            holding.sold = holding.proceeds = 0
            holding.overnight = True

    # The market

    def _live(self, symbol: str) -> list[PlainOrder]:
        return [order for order in self.orders.get(symbol, ()) if order.live]

    def _working(self) -> Iterator[tuple[PlainOrder, PlainBar]]:
        for symbol in list(self.orders):
            orders = self._live(symbol)
            bar = self.today.bars(symbol)[self.minute] if orders else None
            if bar is not None:
                yield from ((order, bar) for order in orders)

    def _at_open(self) -> None:
        for order, bar in self._working():
            if not order.live or order.since > self.minute or not order.available:
                continue
            if order.auction:
                self._trade(order, bar.open, order.available, inside=False)
            elif order.kind == "stop" and not order.triggered:
                if bar.open <= order.price:
                    self.count("stop_gapped" if bar.open < order.price else "stop_at_open")
                    self._trigger(order, bar, bar.open, inside=False)
            elif self._shares(bar) and (order.kind != "limit" or bar.open >= order.price):
                self._trade_part(order, bar, bar.open, inside=False)

    def _inside(self) -> None:
        found = list(self._working())
        for stops in (True, False):
            for order, bar in found:
                if not order.live or order.since > self.minute or not order.available:
                    continue
                waits = order.kind == "stop" and not order.triggered
                reached = order.kind == "limit" and bar.high >= order.price and self._shares(bar)
                if stops and waits and bar.low <= order.price:
                    self._trigger(order, bar, order.price, inside=True)
                elif not stops and reached:
                    self._trade_part(order, bar, order.price, inside=True)

    def _trigger(self, order: PlainOrder, bar: PlainBar, price: int, *, inside: bool) -> None:
        order.triggered = True
        self._trade_part(order, bar, price, inside=inside)

    def _shares(self, bar: PlainBar) -> int | None:
        """Return how many shares one side may trade in a minute; None for any number."""
        if self.participation is None:
            return MILLION**2
        return int(bar.volume * self.participation)

    def _trade_part(self, order: PlainOrder, bar: PlainBar, price: int, *, inside: bool) -> None:
        side = (order.symbol, order.sign)
        left = (self._shares(bar) or 0) - self._used.get(side, 0)
        quantity = min(order.available, left)
        order.since = self.minute + 1
        if quantity < order.available:
            self.count(f"{order.purpose}_in_parts")
        if quantity:
            self._used[side] = self._used.get(side, 0) + quantity
            self._trade(order, price, quantity, inside=inside)

    def _trade(self, order: PlainOrder, price: int, quantity: int, *, inside: bool) -> None:
        order.auction = False
        at = self.today.at(self.minute) + (_INSIDE if inside else timedelta(0))
        at = max(at, self.today.opening(order.symbol))
        order.filled += quantity
        order.traded += quantity
        order.value += quantity * price
        charged = self.today.commission(order.traded, order.value)
        commission, order.charged = charged - order.charged, charged
        self.cash -= order.sign * quantity * price + commission
        self._hold(order, price, quantity, commission, at)
        if not order.open_quantity or not order.outlook:
            self._end(order)
        self._take_from_group(order, quantity)

    def _take_from_group(self, order: PlainOrder, quantity: int) -> None:
        if order.purpose == "entry":
            return
        for other in self._live(order.symbol):
            if other is order or other.purpose == "entry":
                continue
            other.taken = min(other.taken + quantity, other.quantity - other.filled)
            if not other.outlook:
                self._end(other)

    def _end(self, order: PlainOrder) -> None:
        order.live = False
        for child in self._live(order.symbol):
            if child.entry is order and not child.outlook:
                self._end(child)

    def _resize(self) -> None:
        """Put right what covers less than it was sent for: a changed order arrives anew."""
        for symbol in sorted(self._left):
            held = self.holdings[symbol].quantity if symbol in self.holdings else 0
            for order in self._live(symbol):
                if held and order.purpose != "exit" and order.open_quantity > held:
                    self.count("resized")
                    order.quantity -= order.open_quantity - held
                    order.since = self.minute + 1
                    # Whoever arrives first trades first.
                    self.orders[symbol].remove(order)
                    self.orders[symbol].append(order)
        self._left.clear()

    # What is held

    def _hold(
        self, order: PlainOrder, price: int, quantity: int, commission: int, at: datetime
    ) -> None:
        held = self.holdings.get(order.symbol)
        if order.sign > 0:
            if held is None:
                stop = next(one.price for one in self._live(order.symbol) if one.entry is order)
                held = self.holdings[order.symbol] = PlainHolding(at, stop)
            held.bought += quantity
            held.cost += quantity * price
            held.commission += commission
            return
        assert held is not None, "nothing is sold that is not held"
        held.sold += quantity
        held.proceeds += quantity * price
        held.commission += commission
        if not held.quantity:
            del self.holdings[order.symbol]
            self.count(order.purpose)
            self.trades.append(self._closed(order, held, at))

    def _closed(self, order: PlainOrder, held: PlainHolding, at: datetime) -> PlainTrade:
        entry = round(held.cost / held.bought)
        profit = round(held.realised + held.proceeds - held.cost - held.commission)
        r_multiple = round(Fraction(profit, abs(entry - held.stop) * held.bought), 4)
        return PlainTrade(
            session=self.today.session.date.isoformat(),
            symbol=order.symbol,
            quantity=held.bought,
            entered_at=held.opened_at,
            entry_price=entry,
            exited_at=at,
            exit_price=round(Fraction(held.proceeds, held.bought)),
            profit=profit,
            commission=held.commission,
            stop=held.stop,
            r_multiple=Decimal(int(r_multiple * 10_000)) / 10_000,
            exit_reason=order.purpose,
            held_overnight=held.overnight,
        )


def _carried(order: PlainOrder) -> PlainOrder:
    """Return a stop or target as it stands into the next session."""
    most = order.most
    if order.entry is not None:
        most = min(order.entry.filled, order.quantity if most is None else most)
    order.entry, order.most = None, most
    order.traded = order.value = order.charged = 0
    return order
