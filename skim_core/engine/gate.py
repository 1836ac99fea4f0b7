"""What every entry has to pass before it is decided: halts, doubts, limits."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from skim_core.decide.book import Book
from skim_core.decide.risk import Refusal, held_symbols, read_risk, refusal
from skim_core.engine.common import Common
from skim_core.engine.recorder import Recorder
from skim_core.model import events as ev
from skim_core.model.limits import Limits, RiskReading
from skim_core.model.orders import Order, OrderStage, OrderState, Side
from skim_core.ports.clock import Clock

_log = logging.getLogger("skim.orders")

_NO_LIMITS = Limits()


class EntryGate:
    """Checks one strategy's entries. `limits` are its own, `account_limits` those of all."""

    def __init__(
        self,
        recorder: Recorder,
        common: Common,
        clock: Clock,
        *,
        limits: Limits,
        account_limits: Limits,
    ) -> None:
        self._recorder = recorder
        self._line = common.line
        self._clock = clock
        self._accounts = common.accounts
        self._controls = common.controls
        self._turns = common.turns
        self._limits = limits
        self._account_limits = account_limits
        self._on_losses = limits.on_losses or account_limits.on_losses

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Hold the account's turn, where limits of the account make that necessary."""
        if self._account_limits == _NO_LIMITS:
            yield
            return
        async with self._turns.turn():
            yield

    async def check(
        self, entry: Order, children: Sequence[Order], *, by: str, reconciled: bool
    ) -> tuple[OrderState | None, RiskReading | None]:
        """Return the entry as refused, or None and what it was checked against."""
        blocked = self._blocked(entry, reconciled=reconciled)
        if blocked is not None:
            return self._refuse(entry, blocked, by, None), None
        reading = await self._read(entry, lambda: [self._recorder.book])
        found = self._test(self._limits, entry, reading)
        found = found or _past(children, reading)
        if found is None and self._account_limits != _NO_LIMITS:
            everyone = await self._read(entry, self._accounts.books)
            found = self._test(self._account_limits, entry, everyone)
            if found is not None:
                found = Refusal(found.limit, f"the account: {found.reason}")
        # Asking for quotes took time: a halt, or a lost line, counts from its very instant.
        found = found or self._blocked(entry, reconciled=self._line.up and reconciled)
        if found is not None:
            return self._refuse(entry, found, by, reading), None
        return None, reading

    def _test(self, limits: Limits, entry: Order, reading: RiskReading) -> Refusal | None:
        session = self._recorder.day.session
        return refusal(limits, entry, reading, session, self._clock.now())

    async def _read(self, entry: Order, books: Callable[[], Sequence[Book]]) -> RiskReading:
        # What is held is asked for only where a limit needs it: a broker counts such requests.
        held = held_symbols(books()) if self._on_losses else ()
        quotes = await self._line.answer(self._line.broker.quotes(sorted({entry.symbol, *held})))
        opened = self._recorder.day.session.open
        # What was decided elsewhere while quotes were asked for counts.
        return read_risk(
            entry, quotes, books(), self._clock.now(), opened, unrealised=self._on_losses
        )

    def _blocked(self, entry: Order, *, reconciled: bool) -> Refusal | None:
        if self._clock.now() >= self._recorder.day.session.close:
            return Refusal("session", "the session is over")
        self._controls.refresh()
        halt = self._controls.halt(self._recorder.day.strategy)
        if halt is not None:
            return Refusal("halt", f"entries are halted by {halt.by}: {halt.why or 'no reason'}")
        if not reconciled:
            return Refusal("connection", "the line to the broker is down or not reconciled yet")
        if entry.symbol in self._recorder.book.holdings:
            # The stops of two entries side by side could not cancel one another.
            return Refusal("held", f"{entry.symbol} is held already: one position a symbol")
        for state in self._recorder.book.live_orders(entry.symbol):
            if state.order.reference != entry.reference and state.in_doubt:
                doubt = "unknown" if state.stage is OrderStage.UNKNOWN else "in doubt"
                return Refusal("doubt", f"what became of {state.order.reference} is {doubt}")
            if state.order.reference != entry.reference and not state.order.closes:
                return Refusal("held", f"another entry of {entry.symbol} works already")
        return None

    def _refuse(
        self, entry: Order, found: Refusal, by: str, reading: RiskReading | None
    ) -> OrderState:
        last = self._recorder.book.refusals.get((entry.symbol, entry.purpose))
        # The same refusal each minute is one fact.
        if last is None or last.limit != found.limit:
            _log.info("%s is not entered: %s", entry.symbol, found.reason)
            self._recorder.record(
                ev.OrderRefused(
                    at=self._clock.now(),
                    symbol=entry.symbol,
                    purpose=entry.purpose,
                    limit=found.limit,
                    reason=found.reason,
                    by=by,
                    reading=reading,
                )
            )
        return OrderState(order=entry, stage=OrderStage.REFUSED, reason=found.reason)


def _past(children: Sequence[Order], reading: RiskReading) -> Refusal | None:
    """Return why an entry is refused whose stop or target would trade at once, or None."""
    for child in children:
        price = child.stop_price or child.limit_price
        if reading.last is None or price is None:
            continue
        # A stop that sells rests below the last price, a target that sells above it.
        below = (child.side is Side.SELL) is (child.stop_price is not None)
        if price < reading.last if below else price > reading.last:
            continue
        word = "below" if below else "above"
        reason = (
            f"its {child.purpose} at {price:f} is not {word} the last price, {reading.last:f}, "
            f"and would trade at once: name one {word} it"
        )
        return Refusal(child.purpose, reason)
    return None
