"""The order desk: the only way from a strategy to an order.

A decision is (account, strategy, session, symbol, purpose) and its order's reference is
derived from it, so the same decision made twice is one order. It is within every limit
before it is journaled, and journaled durably before it is sent; what became of it is what
the broker says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from decimal import Decimal
from typing import Any

from skim_core.decide.book import Book
from skim_core.decide.intents import (
    away,
    bracket_orders,
    exit_group,
    make_order,
    not_worse,
    replacement,
)
from skim_core.decide.protection import Action, CancelOrder, Flatten, PlaceStop, ResizeStop
from skim_core.engine.gate import EntryGate
from skim_core.engine.recorder import Recorder
from skim_core.engine.sender import Sender
from skim_core.errors import BrokerError, OrderRefusedError
from skim_core.model import events as ev
from skim_core.model.exchange import Exchange
from skim_core.model.orders import (
    Bracket,
    Order,
    OrderStage,
    OrderState,
    OrderType,
    Side,
    TimeInForce,
    order_reference,
)
from skim_core.ports.clock import Clock

PROTECTION = "protection"
"""Who decides what no phase decided."""

_AT_ONCE = TimeInForce.DAY


class OrderDesk:
    """Decides the orders of one strategy's day, and keeps its positions protected.

    `reconciled` tells whether orders may be sent: the line is up and the books were compared.
    """

    def __init__(
        self,
        recorder: Recorder,
        sender: Sender,
        gate: EntryGate,
        clock: Clock,
        exchange: Exchange,
        *,
        reconciled: Callable[[], bool],
    ) -> None:
        self._recorder = recorder
        self._book: Book = recorder.book
        self._sender = sender
        self._gate = gate
        self._clock = clock
        self._exchange = exchange
        self._reconciled = reconciled
        self._sending = asyncio.Lock()

    # What a strategy asks for

    async def enter(
        self,
        bracket: Bracket,
        by: str = PROTECTION,
        permitted: Callable[[], None] = lambda: None,
    ) -> OrderState:
        """Open a position with its stop; return the entry as it stands.

        An entry that a limit, a halt or a line that is down holds up is returned as refused,
        with the reason; the same decision may be made again. `permitted` raises when whoever
        asked may not act any more by the time that all was checked.
        """
        reference = order_reference(self._recorder.day, bracket.symbol, bracket.purpose)
        async with self._sending:
            known = self._book.orders.get(reference)
            if known is not None and not known.resendable:
                return known
            if known is None:
                orders = bracket_orders(self._recorder.day, bracket, self._exchange)
            else:
                orders = self._bracket_of(known)
            async with self._gate.turn():
                refused, reading = await self._gate.check(
                    orders[0], orders[1:], by=by, reconciled=self._reconciled()
                )
                if refused is not None:
                    return refused
                permitted()
                await self._sender.send(orders, bracket.reason, by, reading)
            return self._book.orders[reference]

    async def exit(
        self,
        symbol: str,
        *,
        type: OrderType = OrderType.MARKET,  # noqa: A002  the field's own word
        limit_price: Decimal | None = None,
        time_in_force: TimeInForce = TimeInForce.DAY,
        purpose: str = "exit",
        reason: str = "",
        by: str = PROTECTION,
    ) -> OrderState | None:
        """Close what is held of `symbol`; cancel what would still add to it.

        Raises BrokerError while nothing can be sent, OrderRefusedError while it isn't known
        what became of another order that closes the position.
        """
        async with self._sending:
            self._check_line()
            for working in self._book.live_orders(symbol):
                if not working.order.closes and not working.cancelling and not working.in_doubt:
                    await self._sender.cancel(working.order.reference, f"{symbol} is left", by)
            holding = self._book.holdings.get(symbol)
            if holding is None:
                return None
            known = self._closing(symbol, purpose)
            if known is not None:
                return known
            quantity = holding.quantity
            side = Side.SELL if quantity > 0 else Side.BUY
            order = make_order(
                reference=self._next_reference(symbol, purpose),
                symbol=symbol,
                side=side,
                quantity=abs(quantity),
                type=type,
                limit_price=not_worse(self._exchange, side, limit_price),
                time_in_force=time_in_force,
                purpose=purpose,
                oca_group=exit_group(self._book, self._recorder.day, symbol),
                closes=True,
            )
            await self._sender.send((order,), reason, by)
            return self._book.orders[order.reference]

    async def move_stop(
        self, symbol: str, stop_price: Decimal, *, reason: str = "", by: str = PROTECTION
    ) -> OrderState:
        """Move the resting stop of `symbol` by modifying it.

        Raises OrderRefusedError when there is none, BrokerError when nothing can be sent.
        """
        async with self._sending:
            stops = [stop for stop in self._book.stops(symbol) if not stop.cancelling]
            if not stops:
                msg = (
                    f"there is no resting stop of {symbol} to move: it was filled, "
                    "or never entered."
                )
                raise OrderRefusedError(msg)
            self._check_line()
            stop = stops[-1]
            price = away(self._exchange, stop.order.side, stop_price)
            if price != stop.order.stop_price:
                changes = {"quantity": stop.order.quantity, "stop_price": price}
                await self._modify(stop, changes, reason, by)
            return self._book.orders[stop.order.reference]

    async def cancel(self, symbol: str, purpose: str = "entry", by: str = PROTECTION) -> None:
        """Cancel the order made by a decision; nothing happens when it is done or unknown."""
        async with self._sending:
            state = self.find(symbol, purpose)
            if state is not None and state.live and not state.cancelling:
                self._check_line()
                await self._sender.cancel(state.order.reference, "as asked", by)

    def find(self, symbol: str, purpose: str = "entry") -> OrderState | None:
        """Return the newest order that a decision made, or None."""
        reference = self._book.decided(purpose).get(symbol)
        return self._book.orders[reference] if reference is not None else None

    def decided(self, purpose: str) -> AbstractSet[str]:
        """Return the symbols in which a decision of that purpose was made."""
        return self._book.decided(purpose).keys()

    def all(self) -> Sequence[OrderState]:
        """Return all of today's orders of this strategy, oldest first."""
        return tuple(self._book.orders.values())

    # What protection asks for

    async def carry_out(self, action: Action) -> None:
        """Do what a position needs. Raises BrokerError."""
        if isinstance(action, Flatten):
            await self.exit(action.symbol, purpose="flatten", reason=action.reason)
            return
        async with self._sending:
            self._check_line()
            if isinstance(action, PlaceStop):
                stop = replacement(action.replaces, action.quantity, self._book.orders)
                await self._sender.send((stop,), "the position had no stop", PROTECTION)
                return
            state = self._book.orders[action.reference]
            if not state.live:
                return
            if isinstance(action, CancelOrder):
                await self._sender.cancel(action.reference, action.reason, PROTECTION)
            elif isinstance(action, ResizeStop):
                reason = "what the position needs"
                changes = {"quantity": action.quantity, "stop_price": state.order.stop_price}
                await self._modify(state, changes, reason, PROTECTION)

    async def _modify(
        self, stop: OrderState, changes: Mapping[str, Any], reason: str, by: str
    ) -> None:
        event = ev.OrderModified(
            at=self._clock.now(),
            reference=stop.order.reference,
            limit_price=stop.order.limit_price,
            reason=reason,
            by=by,
            **changes,
        )
        await self._sender.modify(event)

    def _check_line(self) -> None:
        if not self._reconciled():
            msg = (
                "nothing can be sent: the line to the broker is down, or its books have not "
                "been compared yet. Stops at the broker stand."
            )
            raise BrokerError(msg)

    def _bracket_of(self, entry: OrderState) -> tuple[Order, ...]:
        reference = entry.order.reference
        children = (
            state.order
            for state in self._book.orders_in(entry.order.symbol)
            if state.order.parent == reference
        )
        return entry.order, *children

    def _closing(self, symbol: str, purpose: str) -> OrderState | None:
        """Return the order that closes the position already, if another must not be sent.

        Raises OrderRefusedError when it isn't known what became of one.
        """
        for state in self._book.live_orders(symbol):
            if not state.order.closes:
                continue
            if state.stage is OrderStage.UNKNOWN:
                reference = state.order.reference
                msg = (
                    f"{symbol} is blocked: what became of {reference} is unknown. Look at the "
                    f"broker's own records and say it with 'skim resolve {reference}'."
                )
                raise OrderRefusedError(msg)
            leaving = state.order.parent is None and state.order.stop_price is None
            # A second order at market could only sell what the first one sells.
            certain = state.order.type is OrderType.MARKET and state.order.time_in_force is _AT_ONCE
            if leaving and (state.order.purpose == purpose or state.in_doubt or certain):
                return state
        return None

    def _next_reference(self, symbol: str, purpose: str) -> str:
        attempt = 1
        while True:
            reference = order_reference(self._recorder.day, symbol, purpose, attempt=attempt)
            if reference not in self._book.orders:
                return reference
            attempt += 1
