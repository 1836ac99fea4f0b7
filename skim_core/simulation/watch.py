"""Sees every change at the broker and in the journal, and checks what must be true."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from skim_core.decide.book import Book
from skim_core.decide.controls import standing_halt
from skim_core.model import events as ev
from skim_core.model.limits import Limits
from skim_core.model.orders import Side
from skim_core.model.session import Session
from skim_core.simulation.clock import LoopClock
from skim_core.simulation.disk import Appended, Controlled, Disk, Entry
from skim_core.simulation.exchange import ModelExchange
from skim_core.simulation.model_orders import ModelOrder
from skim_core.simulation.outcome import Invariant, Violation
from skim_core.simulation.phases_watch import PhasesWatch
from skim_core.simulation.strategy import GRAPH

BARE_LIMIT = timedelta(minutes=5)
"""How long a position may be without a stop while a process runs and can act: an unanswered
order is settled after two looks and a lease's term, and one flattening may have to follow."""

HALT_HEARD = timedelta(seconds=1)
"""How soon after a halt no entry is decided any more."""


class WatchedDisk(Disk):
    """A disk that tells of each write and of each sync."""

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch

    def write(self, entry: Entry) -> None:
        """Add a transaction to the log."""
        super().write(entry)
        self._watch.written(entry)

    def sync(self) -> None:
        """Make the whole log safe from a power loss."""
        super().sync()
        self._watch.synced()


class Watch:
    """Collects the day's history and the violations of its invariants."""

    def __init__(
        self, session: Session, clock: LoopClock, limits: Limits, account_limits: Limits
    ) -> None:
        self.violations: list[Violation] = []
        self.history: list[str] = []
        self.figures: Counter[str] = Counter()
        self._session = session
        self._clock = clock
        self._limits = limits
        self._account_limits = account_limits
        self._exchange: ModelExchange | None = None
        self._seen_orders = 0
        self._seen_fills = 0
        self._seen_lines = 0
        self._shares: Counter[str] = Counter()
        self._bare: dict[str, timedelta] = {}
        self._phases: dict[str, PhasesWatch] = {}
        self._pending: list[str] = []
        self._safe: set[str] = set()
        self._controls: list[tuple[datetime, object]] = []
        self._last_look = clock.now()

    def follow(self, exchange: ModelExchange) -> None:
        """Look at every change at the broker from now on."""
        self._exchange = exchange
        exchange.on_change.append(self._changed)

    def violation(self, invariant: Invariant, text: str) -> Violation:
        """Return a violation at this instant."""
        return Violation(invariant, self._clock.now(), text)

    def tell(self, text: str) -> None:
        """Add a line to the history."""
        self.history.append(f"{self._clock.now():%H:%M:%S.%f} {text}")

    # The broker

    def _changed(self) -> None:
        exchange = self._exchange
        assert exchange is not None
        for line in exchange.history[self._seen_lines :]:
            self.tell(line.partition(" ")[2])
        self._seen_lines = len(exchange.history)
        for order in exchange.orders[self._seen_orders :]:
            self._placed(order, exchange)
        self._seen_orders = len(exchange.orders)
        for fill in exchange.fills[self._seen_fills :]:
            self.figures["trades"] += 1
            if fill.reference.startswith("sk1-"):
                self._shares[fill.symbol] += fill.side.sign * fill.quantity
                if self._shares[fill.symbol] < 0:
                    text = f"{fill.reference} leaves {self._shares[fill.symbol]} {fill.symbol}"
                    self._violate(Invariant.NOTHING_OVERSOLD, text)
        self._seen_fills = len(exchange.fills)

    def _placed(self, order: ModelOrder, exchange: ModelExchange) -> None:
        if order.foreign:
            return
        self.figures["orders"] += 1
        reference = order.order.reference
        for other in exchange.orders[: self._seen_orders]:
            if other.order.reference == reference and (other.live or other.filled):
                text = f"{reference} is at the broker as {other.broker_id} and {order.broker_id}"
                self._violate(Invariant.ONE_ORDER, text)
        if reference not in self._safe:
            self._violate(Invariant.NOTHING_LOST, f"{reference} was sent before it was safe")

    def look(self, *, able: bool) -> None:
        """Count for how long positions have been bare; `able`: whether anybody could act."""
        assert self._exchange is not None
        now = self._clock.now()
        passed, self._last_look = now - self._last_look, now
        if now >= self._session.close:
            return
        for symbol, shares in self._shares.items():
            if not shares or self._covered(symbol) >= shares or not able:
                self._bare.pop(symbol, None)
                continue
            self._bare[symbol] = self._bare.get(symbol, timedelta()) + passed
            if self._bare[symbol] > BARE_LIMIT and not self._excused(symbol):
                text = f"{shares} {symbol} have been without a stop for {self._bare[symbol]}"
                self._violate(Invariant.PROTECTED, text)
                self._bare[symbol] = timedelta()

    def _covered(self, symbol: str) -> int:
        """Return the shares that a working stop covers, or that are being sold."""
        assert self._exchange is not None
        return sum(
            order.tradable
            for order in self._exchange.orders
            if order.live
            and order.order.symbol == symbol
            and order.order.side is Side.SELL
            and order.order.reference.startswith("sk1-")
            and (order.order.stop_price is not None or order.order.limit_price is None)
        )

    def _excused(self, symbol: str) -> bool:
        """Whether a person has been told that the symbol is theirs to look at."""
        return any(book.unknown(symbol) is not None for book in self._books())

    # The journal

    def written(self, entry: Entry) -> None:
        """See a transaction."""
        if isinstance(entry, Controlled):
            self._controls.append((self._clock.now(), entry.control))
            self.tell(f"control {entry.control.model_dump_json(exclude_defaults=True)}")
            return
        if not isinstance(entry, Appended):
            return
        self.figures["events"] += len(entry.events)
        for event in entry.events:
            self.tell(f"{entry.run_id.partition('/')[0]} {_in_words(event)}")
            if isinstance(event, ev.OrderSending):
                self._pending.append(event.reference)
            elif isinstance(event, ev.OrderIntended) and event.order.purpose.startswith("entry"):
                self._decided(entry.run_id, event)
        self.figures.update(f"event: {event.kind}" for event in entry.events)

    def synced(self) -> None:
        """See that all that was written is safe."""
        self._safe.update(self._pending)
        self._pending.clear()

    def _decided(self, run_id: str, event: ev.OrderIntended) -> None:
        """Check an entry where it is decided, by what is true and not by what was believed."""
        now, symbol = self._clock.now(), event.order.symbol
        trade = GRAPH["trade"]
        start, end = trade.window(self._session)
        assert start is not None
        assert end is not None
        # By the machine's own clock: whoever sets that wrong sets the window wrong.
        if not start <= event.at < end + trade.timeout:
            self._violate(Invariant.ENTRIES_ALLOWED, f"{symbol} is entered outside its window")
        strategy = run_id.partition("/")[0]
        heard = [control for at, control in self._controls if at <= now - HALT_HEARD]
        if standing_halt(heard, "paper", strategy) is not None:  # type: ignore[arg-type]
            self._violate(Invariant.ENTRIES_ALLOWED, f"{symbol} is entered after a halt")
        most = self._account_limits.positions
        if most is not None:
            taken = {symbol for symbol, shares in self._shares.items() if shares} | {symbol}
            if len(taken) > most:
                text = f"{sorted(taken)} are {len(taken)} positions, {most} are allowed"
                self._violate(Invariant.ENTRIES_ALLOWED, text)

    # The end

    def end(self, exchange: ModelExchange, disk: Disk) -> None:
        """Check what must be true when all is calm again."""
        self._disk = disk
        for run_id, events in disk.contents.events.items():
            for text in PhasesWatch().see(events):
                self._violate(Invariant.PHASES_IN_ORDER, f"{run_id}: {text}")
            if not any(isinstance(event, ev.DayFinished) for event in events):
                self._violate(Invariant.DAY_ENDS, f"{run_id} has not ended")
        self._compare(exchange)
        for order in exchange.orders:
            if order.foreign and "as asked" in order.reason:
                self._violate(Invariant.FOREIGN_UNTOUCHED, f"{order} was cancelled")

    def _compare(self, exchange: ModelExchange) -> None:
        books = self._books()
        known = {reference for book in books for reference in book.orders}
        for order in exchange.orders:
            if not order.foreign and order.order.reference not in known:
                self._violate(Invariant.NOTHING_LOST, f"no journal knows {order}")
        for symbol in sorted({order.order.symbol for order in exchange.orders}):
            believed = sum(
                book.holdings[symbol].quantity for book in books if symbol in book.holdings
            )
            shown = any(book.unknown(symbol) is not None for book in books)
            if believed != self._shares[symbol] and not shown:
                text = f"the journal holds {believed} {symbol}, in truth {self._shares[symbol]}"
                self._violate(Invariant.BOOKS_AGREE, text)

    def _books(self) -> list[Book]:
        books = []
        for events in self._disk.contents.events.values():
            book = Book()
            for event in events:
                book.apply(event)
            books.append(book)
        return books

    def on(self, disk: Disk) -> None:
        """Know the disk whose journal is to be believed."""
        self._disk = disk

    def _violate(self, invariant: Invariant, text: str) -> None:
        found = self.violation(invariant, text)
        self.violations.append(found)
        self.tell(f"VIOLATED {invariant}: {text}")


def _in_words(event: ev.Event) -> str:
    left_out = {"kind", "at", "graph", "session", "reading"}
    return f"{event.kind} {event.model_dump_json(exclude=left_out, exclude_defaults=True)}"
