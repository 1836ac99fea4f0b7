"""Sees every change at the broker and in the journal, and checks what must be true."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import timedelta
from operator import is_not
from random import Random

from skim_core.decide.book import Book
from skim_core.errors import SequenceError
from skim_core.model import events as ev
from skim_core.model.limits import Limits
from skim_core.model.orders import Order
from skim_core.model.session import Session
from skim_core.simulation.clock import LoopClock
from skim_core.simulation.decisions_watch import DecisionsWatch
from skim_core.simulation.disk import Appended, Controlled, Disk, Entry
from skim_core.simulation.exchange import ModelExchange
from skim_core.simulation.model_orders import ModelOrder
from skim_core.simulation.orders_watch import OrdersWatch
from skim_core.simulation.outcome import Invariant, Violation
from skim_core.simulation.phases_watch import PhasesWatch
from skim_core.simulation.process import current_process

BARE_LIMIT = timedelta(minutes=5)
"""How long a position may be without a stop while a process runs and can act: an unanswered
order is settled after two looks and a lease's term, and one flattening may have to follow."""

LASTING_LIMIT = timedelta(minutes=8)
"""How long anything else may last that must not: what people say is heard after two minutes
here."""

HALT_HEARD = timedelta(seconds=1)
"""How soon after a halt no entry is decided any more."""

LOOKS = 2
"""How often the broker's books are looked at before anything is decided."""


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

    def power_loss(self, random: Random) -> int:
        """Lose transactions that were not synced; return how many."""
        self._watch.power_fails()
        lost = super().power_loss(random)
        self._watch.power_returns(self)
        return lost


class Watch:
    """Collects the day's history and the violations of its invariants.

    `looks` tells how often a process has looked at the broker's books since its line was
    last taken up; each function in `on_sending` is called when an order is about to leave.
    """

    def __init__(
        self,
        session: Session,
        clock: LoopClock,
        limits: Limits,
        account_limits: Limits,
        looks: Callable[[str], int],
    ) -> None:
        self.violations: list[Violation] = []
        self.history: list[str] = []
        self.figures: Counter[str] = Counter()
        self.on_sending: list[Callable[[], None]] = []
        self._clock = clock
        self._close = session.close
        self._decisions = DecisionsWatch(session, limits, account_limits)
        self._looks = looks
        self._exchange: ModelExchange | None = None
        self._seen_orders = 0
        self._seen_fills = 0
        self._seen_lines = 0
        self._orders = OrdersWatch()
        self._passing: dict[tuple[str, str], timedelta] = {}
        self._pending: list[str] = []
        self._safe: set[str] = set()
        self._kept: defaultdict[str, list[ev.Event]] = defaultdict(list)
        self._unsynced: list[Appended] = []
        self._owners: dict[str, str] = {}
        self._last_look = clock.now()

    def follow(self, exchange: ModelExchange) -> None:
        """Look at every change at the broker from now on."""
        self._exchange = exchange
        exchange.on_change.append(self._changed)

    def on(self, disk: Disk) -> None:
        """Know the disk whose journal is to be believed."""
        self._disk = disk

    def violation(self, invariant: Invariant, text: str) -> Violation:
        """Return a violation at this instant."""
        return Violation(invariant, self._clock.now(), text)

    def violate(self, invariant: Invariant, text: str) -> None:
        """Note that an invariant does not hold."""
        found = self.violation(invariant, text)
        self.violations.append(found)
        self.tell(f"VIOLATED {invariant}: {text}")

    def tell(self, text: str) -> None:
        """Add a line to the history."""
        moment = self._clock.now().time().isoformat("microseconds")
        self.history.append(f"{moment} {text}")

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
                text = self._orders.traded(fill)
                if text is not None:
                    self.violate(Invariant.NOTHING_OVERSOLD, text)
        self._seen_fills = len(exchange.fills)

    def _placed(self, order: ModelOrder, exchange: ModelExchange) -> None:
        if order.foreign:
            return
        self.figures["orders"] += 1
        reference = order.order.reference
        self._orders.arrives(order.order, exchange.fills)
        for other in exchange.orders[: self._seen_orders]:
            if other.order.reference == reference and (other.live or other.filled):
                text = f"{reference} is at the broker as {other.broker_id} and {order.broker_id}"
                self.violate(Invariant.ONE_ORDER, text)
        if reference not in self._safe:
            self.violate(Invariant.NOTHING_LOST, f"{reference} was sent before it was safe")

    def look(self, *, able: bool) -> None:
        """Count for how long what must not last has lasted; `able`: whether anybody could act."""
        exchange, now = self._exchange, self._clock.now()
        assert exchange is not None
        passed, self._last_look = now - self._last_look, now
        if now >= self._close or not able:
            self._passing.clear()
            return
        before, self._passing = self._passing, {}
        for found in self._orders.passing(exchange, self._decisions.halt):
            if self._orders.excused(found.symbol):
                continue
            lasted = before.get(found.key, timedelta()) + passed
            if lasted > (BARE_LIMIT if found.key[0] == "bare" else LASTING_LIMIT):
                self.violate(found.invariant, f"{found.text}, for {lasted}")
                lasted = timedelta()
            self._passing[found.key] = lasted

    # The journal

    def written(self, entry: Entry) -> None:
        """See a transaction."""
        if isinstance(entry, Controlled):
            self._decisions.controls.append((self._clock.now(), entry.control))
            self.tell(f"control {entry.control.model_dump_json(exclude_defaults=True)}")
            return
        if not isinstance(entry, Appended):
            return
        strategy = entry.run_id.partition("/")[0]
        self._unsynced.append(entry)
        for event in entry.events:
            self.tell(f"{strategy} {_in_words(event)}")
            if isinstance(event, ev.OrderIntended):
                self._decided(strategy, event)
            elif isinstance(event, ev.DayResumed | ev.DayStarted):
                self._taken_over(entry.run_id)
            if isinstance(event, ev.DayStarted):
                self._decisions.graphs[strategy] = event.graph
            self._orders.see(strategy, event)
            if isinstance(event, ev.OrderSending):
                self._pending.append(event.reference)
                for function in self.on_sending:
                    function()
        self.figures["events"] += len(entry.events)
        self.figures.update(f"event: {event.kind}" for event in entry.events)

    def synced(self) -> None:
        """See that all that was written is safe."""
        self._safe.update(self._pending)
        self._pending.clear()
        for entry in self._unsynced:
            self._kept[entry.run_id] += entry.events
        self._unsynced.clear()

    def power_fails(self) -> None:
        """Believe in nothing that was not safe."""
        self._unsynced.clear()
        self._pending.clear()

    def power_returns(self, disk: Disk) -> None:
        """Compare what is left with what was safe."""
        self._compare_kept(disk)
        contents = disk.contents.events
        self._kept = defaultdict(list, {run: list(events) for run, events in contents.items()})
        self._orders.refold((run.partition("/")[0], events) for run, events in contents.items())

    def _compare_kept(self, disk: Disk) -> None:
        for run_id, kept in self._kept.items():
            left = disk.contents.events.get(run_id, [])[: len(kept)]
            if len(left) < len(kept) or any(map(is_not, left, kept)):
                text = f"{run_id}: of {len(kept)} events that were safe {len(left)} are left"
                self.violate(Invariant.NOTHING_LOST, text)

    def _taken_over(self, run_id: str) -> None:
        """Check that whoever goes on with a day holds its lease."""
        process = current_process.get()
        self._owners[run_id.partition("/")[0]] = process.name if process is not None else ""
        lease = self._disk.contents.leases.get(run_id)
        if process is not None and (lease is None or lease.owner != process.name):
            owner = lease.owner if lease is not None else "nobody"
            text = f"{process.name} goes on with {run_id}, whose lease {owner} holds"
            self.violate(Invariant.ONE_OWNER, text)

    def sends(self, process: str, orders: Sequence[Order]) -> None:
        """See orders leave a process; those that another has gone on with must not."""
        for order in orders:
            self._orders.leaves(order.reference, self._clock.now())
        strategy = self._orders.owners.get(orders[0].reference, "")
        owner = self._owners.get(strategy)
        if owner != process:
            text = f"{process} sends {orders[0].reference} although {owner} has gone on"
            self.violate(Invariant.ONE_OWNER, text)

    def _decided(self, strategy: str, event: ev.OrderIntended) -> None:
        """Check a decision where it is made, by what is true and not by what was believed."""
        process = current_process.get()
        if process is not None and self._looks(process.name) < LOOKS:
            text = f"{event.order.reference} is decided before the books were compared"
            self.violate(Invariant.BOOKS_COMPARED, text)
        if not event.order.closes:
            for text in self._decisions.entered(
                strategy, event, self._orders, self._clock.now() - HALT_HEARD
            ):
                self.violate(Invariant.ENTRIES_ALLOWED, text)

    # The end

    def end(self, exchange: ModelExchange, disk: Disk) -> None:
        """Check what must be true when all is calm again."""
        self._compare_kept(disk)
        for run_id, events in disk.contents.events.items():
            for text in PhasesWatch().see(events):
                self.violate(Invariant.PHASES_IN_ORDER, f"{run_id}: {text}")
            if not any(isinstance(event, ev.DayFinished) for event in events):
                self.violate(Invariant.DAY_ENDS, f"{run_id} has not ended")
            self._compare(run_id, events)
        for order in exchange.orders:
            if order.foreign and "as asked" in order.reason:
                self.violate(Invariant.FOREIGN_UNTOUCHED, f"{order} was cancelled")
            if not order.foreign and order.order.reference not in self._orders.owners:
                self.violate(Invariant.NOTHING_LOST, f"no journal knows {order}")

    def _compare(self, run_id: str, events: list[ev.Event]) -> None:
        book, strategy = Book(), run_id.partition("/")[0]
        try:
            for event in events:
                book.apply(event)
        except SequenceError as error:
            self.violate(Invariant.BOOKS_AGREE, f"{run_id}: {error}")
            return
        for symbol in sorted(self._orders.held(strategy) | book.holdings.keys()):
            believed = book.holdings[symbol].quantity if symbol in book.holdings else 0
            held = self._orders.shares[strategy, symbol]
            if believed != held and book.unknown(symbol) is None:
                text = f"{strategy} holds {believed} {symbol} by its journal, in truth {held}"
                self.violate(Invariant.BOOKS_AGREE, text)


def _in_words(event: ev.Event) -> str:
    left_out = {"kind", "at", "graph", "session", "reading"}
    return f"{event.kind} {event.model_dump_json(exclude=left_out, exclude_defaults=True)}"
