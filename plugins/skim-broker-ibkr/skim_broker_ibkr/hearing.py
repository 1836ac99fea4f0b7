"""What TWS says of orders and trades: into the book, and on to whoever subscribed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from skim_broker_ibkr.book import Entry, Label, OrderBook
from skim_broker_ibkr.symbols import traded_here
from skim_broker_ibkr.told import ToldCommission, ToldExecution, ToldOrder, ToldStatus
from skim_broker_ibkr.trades import Trade, Trades

if TYPE_CHECKING:
    from skim_broker_ibkr.outbox import Outbox
    from skim_broker_ibkr.rules.gate import Gate
    from skim_core import Clock, Exchange
    from skim_core.broker import OrderReport

_log = logging.getLogger("skim.ibkr")

_GRACE = timedelta(seconds=1)
"""How long a trade waits for its commission, and a status for the trades that it counts."""


class OrderHearing:
    """Takes in orders, statuses, trades and commissions; tells what is new of them, once.

    A trade is told with its commission, which TWS tells after it; a status never before the
    trades that it counts, unless they don't come. `changed` is called with each order that
    TWS says something of, `unknown` when a status belongs to no order that is known.
    """

    def __init__(self, exchange: Exchange, clock: Clock, gate: Gate, outbox: Outbox) -> None:
        self._exchange = exchange
        self._clock = clock
        self._gate = gate
        self._outbox = outbox
        self.book = OrderBook()
        self.trades = Trades()
        self.account = ""
        self._elsewhere: set[int] = set()
        self.quiet = True
        self.changed: Callable[[Entry, ToldOrder | None], None] = lambda _, __: None
        self.unknown: Callable[[], None] = lambda: None
        self._priced = asyncio.Event()
        self._told: dict[int, OrderReport] = {}
        self._held_back: dict[int, Entry] = {}

    # Taking in

    def hear_order(self, told: ToldOrder) -> Entry | None:
        """Take in an order; None for another account's."""
        if self.account and told.account not in {"", self.account}:
            self._elsewhere.add(told.perm_id)
            return None
        entry = self.book.hear_order(told, self._gate.session, self._clock.now())
        self.changed(entry, told)
        self._tell(entry)
        return entry

    def hear_status(self, told: ToldStatus) -> None:
        """Take in a status."""
        entry = self.book.hear_status(told, self._gate.session, self._clock.now())
        if entry is None and told.perm_id in self._elsewhere:
            return
        if entry is None:
            _log.info("a status of an order that is not known: %s", told)
            self.unknown()
            return
        self.changed(entry, None)
        self._tell(entry)

    def hear_execution(self, told: ToldExecution) -> None:
        """Take in a trade, from wherever it comes and however often."""
        if self.account and told.account not in {"", self.account}:
            return
        symbol = traded_here(told.instrument, self._exchange)
        if symbol is None:
            return
        trade = self.trades.ingest(told, symbol)
        if trade is None:
            return
        if trade.commission is not None:
            self._tell_trade(trade)
        else:
            self._clock.call_at(self._clock.now() + _GRACE, lambda: self._tell_trade(trade))

    def hear_commission(self, told: ToldCommission) -> None:
        """Take in what a trade cost."""
        if told.currency not in {"", self._exchange.currency}:
            _log.warning(
                "%s cost %s %s: expected %s",
                told.execution_id,
                told.commission,
                told.currency,
                self._exchange.currency,
            )
        trade = self.trades.cost(told)
        self._priced.set()
        if trade is not None:
            self._tell_trade(trade)

    async def next_commission(self) -> None:
        """Return when another commission was told."""
        self._priced.clear()
        await self._priced.wait()

    def refuse(self, entry: Entry) -> None:
        """Take in that TWS never took an order: it said so, and its books show nothing of it."""
        entry.status, entry.known_to_tws = "Inactive", True
        entry.at = self._clock.now()
        self.changed(entry, None)
        self._tell(entry)

    def label(self, client_id: int, order_id: int) -> Label:
        """Return what TWS calls an order in the present connection."""
        return Label(self._gate.session, client_id, order_id)

    # Telling

    def tell_again(self, entry: Entry) -> None:
        """Tell where an order is, though it may have been told."""
        self._told.pop(id(entry), None)
        self._tell(entry)

    def _tell_trade(self, trade: Trade) -> None:
        if trade.told:
            return
        fill = self.trades.tell(trade)
        if not self.quiet:
            self._outbox.put(fill)
        for number, entry in list(self._held_back.items()):
            if entry.reference == fill.reference:
                del self._held_back[number]
                self._tell(entry)

    def _tell(self, entry: Entry) -> None:
        report = self.book.report(entry)
        if report is None or self._same(entry, report):
            return
        if report.filled > self.trades.told_of(entry.reference) and not self.quiet:
            if id(entry) not in self._held_back:
                self._held_back[id(entry)] = entry
                self._clock.call_at(self._clock.now() + _GRACE, lambda: self._let_go(entry))
            return
        self._put(entry, report)

    def _let_go(self, entry: Entry) -> None:
        """Tell a status whose trades didn't come: whoever hears it will look for them."""
        if self._held_back.pop(id(entry), None) is None:
            return
        report = self.book.report(entry)
        if report is not None and not self._same(entry, report):
            self._put(entry, report)

    def _put(self, entry: Entry, report: OrderReport) -> None:
        self._told[id(entry)] = report
        if not self.quiet:
            self._outbox.put(report)

    def _same(self, entry: Entry, report: OrderReport) -> bool:
        before = self._told.get(id(entry))
        return before is not None and before.model_copy(update={"at": report.at}) == report
