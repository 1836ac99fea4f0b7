"""The order desk: the only way from a strategy to an order.

A decision is (account, strategy, session, symbol, purpose) and its order's reference is
derived from it, so the same decision made twice is one order. What was decided is in the
journal, durably, before it is sent; what became of it is what the broker says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal

from pydantic import ValidationError

from skim_core.engine.recorder import Recorder
from skim_core.errors import OrderRefusedError
from skim_core.model import events as ev
from skim_core.model.exchange import Exchange
from skim_core.model.orders import (
    Bracket,
    Fill,
    Order,
    OrderState,
    OrderStatus,
    OrderType,
    Side,
    TimeInForce,
    order_reference,
)
from skim_core.ports.broker import Broker, BrokerNotice, OrderReport
from skim_core.ports.clock import Clock


class OrderDesk:
    """Decides, journals, sends and follows the orders of one strategy's day."""

    def __init__(
        self, recorder: Recorder, broker: Broker, clock: Clock, exchange: Exchange
    ) -> None:
        self._recorder = recorder
        self._broker = broker
        self._clock = clock
        self._exchange = exchange
        self._book = recorder.book
        self._sending = asyncio.Lock()

    # What a strategy asks for

    async def enter(self, bracket: Bracket) -> OrderState:
        """Open a position with its stop; return the entry as it stands."""
        reference = order_reference(self._recorder.day, bracket.symbol, bracket.purpose)
        known = self._book.orders.get(reference)
        if known is not None and known.accepted:
            return known
        return await self._once(self._bracket_orders(bracket, reference), bracket.reason)

    async def exit(
        self,
        symbol: str,
        *,
        type: OrderType = OrderType.MARKET,  # noqa: A002  the field's own word
        limit_price: Decimal | None = None,
        time_in_force: TimeInForce = TimeInForce.DAY,
        purpose: str = "exit",
        reason: str = "",
    ) -> OrderState | None:
        """Close what is held of `symbol`; cancel what would still add to it."""
        for working in self._book.live_orders(symbol):
            if working.order.parent is None and working.order.purpose != purpose:
                await self._broker.cancel(working.order.reference)
        position = self._book.positions.get(symbol)
        if position is None:
            return None
        side = Side.SELL if position.quantity > 0 else Side.BUY
        order = _order(
            reference=order_reference(self._recorder.day, symbol, purpose),
            symbol=symbol,
            side=side,
            quantity=abs(position.quantity),
            type=type,
            limit_price=self._not_worse(side, limit_price),
            time_in_force=time_in_force,
            purpose=purpose,
            oca_group=self._stop_group(symbol),
        )
        return await self._once((order,), reason)

    async def move_stop(self, symbol: str, stop_price: Decimal, *, reason: str = "") -> OrderState:
        """Move the resting stop of `symbol` by modifying it."""
        stop = self._resting_stop(symbol)
        if stop is None:
            msg = f"there is no resting stop of {symbol} to move: it was filled, or never entered."
            raise OrderRefusedError(msg)
        price = self._away(stop.order.side, stop_price)
        if price == stop.order.stop_price:
            return stop
        reference = stop.order.reference
        self._recorder.record(
            ev.OrderModified(
                at=self._clock.now(),
                reference=reference,
                quantity=stop.order.quantity,
                stop_price=price,
                reason=reason,
            ),
            durable=True,
        )
        await self._broker.modify(self._book.orders[reference].order)
        return self._book.orders[reference]

    async def cancel(self, symbol: str, purpose: str = "entry") -> None:
        """Cancel the order made by a decision; nothing happens when it is done or unknown."""
        state = self.find(symbol, purpose)
        if state is not None and state.live:
            await self._broker.cancel(state.order.reference)

    def find(self, symbol: str, purpose: str = "entry") -> OrderState | None:
        """Return the order that a decision made, or None."""
        return self._book.orders.get(order_reference(self._recorder.day, symbol, purpose))

    def all(self) -> Sequence[OrderState]:
        """Return all of today's orders of this strategy, oldest first."""
        return tuple(self._book.orders.values())

    # What the broker says

    def hear(self, notice: BrokerNotice) -> None:
        """Record what a notice means; one about somebody else's order means nothing here."""
        if isinstance(notice, Fill):
            events = self._book.consequences(notice)
            if events:
                self._recorder.record(*events, durable=True)
            return
        state = self._book.orders.get(notice.reference)
        if state is not None:
            self._hear_report(notice, state)

    def _hear_report(self, report: OrderReport, state: OrderState) -> None:
        reference = report.reference
        if report.status is OrderStatus.REJECTED and state.live:
            event: ev.Event = ev.OrderRejected(
                at=report.at, reference=reference, reason=report.reason
            )
            self._recorder.record(event, durable=True)
        elif report.status is OrderStatus.CANCELLED and state.live:
            event = ev.OrderCancelled(at=report.at, reference=reference, reason=report.reason)
            self._recorder.record(event, durable=True)
        elif not report.status.final and not state.accepted:
            self._recorder.record(ev.OrderAccepted(at=report.at, reference=reference))

    async def reconcile(self) -> None:
        """Learn from the broker what became of every order that the journal left open.

        An order that was journaled but that the broker never had is recorded as absent, so
        that the same decision can be sent again.
        """
        if not any(state.live for state in self._book.orders.values()):
            return
        for fill in sorted(await self._broker.executions(), key=lambda found: found.at):
            self.hear(fill)
        reports = {report.reference: report for report in await self._broker.orders()}
        for reference, state in tuple(self._book.orders.items()):
            if not state.live:
                continue
            if reference in reports:
                self.hear(reports[reference])
            elif not state.accepted:
                self._recorder.record(
                    ev.OrderAbsent(at=self._clock.now(), reference=reference), durable=True
                )

    # How an order leaves

    async def _once(self, orders: tuple[Order, ...], reason: str) -> OrderState:
        async with self._sending:
            return await self._send(orders, reason)

    async def _send(self, orders: tuple[Order, ...], reason: str) -> OrderState:
        reference = orders[0].reference
        known = self._book.orders.get(reference)
        if known is not None and known.live and not known.accepted:
            await self.reconcile()
            known = self._book.orders[reference]
        if known is not None and (known.accepted or known.live):
            return known
        now = self._clock.now()
        self._recorder.record(
            *(ev.OrderSubmitted(at=now, order=order, reason=reason) for order in orders),
            durable=True,
        )
        await self._broker.submit(orders)
        accepted = [
            ev.OrderAccepted(at=self._clock.now(), reference=order.reference)
            for order in orders
            if not self._book.orders[order.reference].accepted
        ]
        if accepted:
            self._recorder.record(*accepted)
        return self._book.orders[reference]

    def _bracket_orders(self, bracket: Bracket, reference: str) -> tuple[Order, ...]:
        entry = _order(
            reference=reference,
            symbol=bracket.symbol,
            side=bracket.side,
            quantity=bracket.quantity,
            type=OrderType.LIMIT if bracket.limit_price else OrderType.MARKET,
            limit_price=self._not_worse(bracket.side, bracket.limit_price),
            purpose=bracket.purpose,
        )
        side = bracket.side.opposite
        stop = _child(
            entry,
            "stop",
            type=OrderType.STOP,
            stop_price=self._away(side, bracket.stop_price),
        )
        if bracket.target_price is None:
            return entry, stop
        target = _child(
            entry,
            "target",
            type=OrderType.LIMIT,
            limit_price=self._not_worse(side, bracket.target_price),
        )
        return entry, stop, target

    def _resting_stop(self, symbol: str) -> OrderState | None:
        stops = (state for state in self._book.live_orders(symbol) if state.order.purpose == "stop")
        return next(stops, None)

    def _stop_group(self, symbol: str) -> str | None:
        stop = self._resting_stop(symbol)
        return stop.order.oca_group if stop else None

    def _not_worse(self, side: Side, limit: Decimal | None) -> Decimal | None:
        if limit is None:
            return None
        exchange = self._exchange
        return exchange.round_down(limit) if side is Side.BUY else exchange.round_up(limit)

    def _away(self, side: Side, stop: Decimal) -> Decimal:
        exchange = self._exchange
        return exchange.round_down(stop) if side is Side.SELL else exchange.round_up(stop)


def _child(entry: Order, purpose: str, **fields: object) -> Order:
    """Return an order that rests from the entry's first fill on; one child cancels the other."""
    leg = purpose[0].upper()
    return _order(
        reference=f"{entry.reference.removesuffix('.P')}.{leg}",
        symbol=entry.symbol,
        side=entry.side.opposite,
        quantity=entry.quantity,
        time_in_force=TimeInForce.GTC,
        purpose=purpose,
        parent=entry.reference,
        oca_group=entry.reference,
        **fields,
    )


def _order(**fields: object) -> Order:
    try:
        return Order.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "order"
        msg = (
            f"the order for {fields['symbol']} ({fields['purpose']}) is unsound: "
            f"{field}: {first['msg']}, found {first['input']!r}."
        )
        raise OrderRefusedError(msg) from error
