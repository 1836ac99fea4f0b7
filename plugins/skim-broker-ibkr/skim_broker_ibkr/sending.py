"""Orders on their way to TWS: sent once, then answered or in doubt."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ib_async import Order as IbOrder

from skim_broker_ibkr.numbers import sendable
from skim_broker_ibkr.orders import Placement, placement, placements
from skim_broker_ibkr.rules.window import Lane
from skim_core.errors import BrokerError, NotSentError

if TYPE_CHECKING:
    from ib_async import Contract

    from skim_broker_ibkr.book import Entry
    from skim_broker_ibkr.contracts import Contracts
    from skim_broker_ibkr.hearing import OrderHearing
    from skim_broker_ibkr.ids import IdFloor
    from skim_broker_ibkr.options import IbkrOptions
    from skim_broker_ibkr.requests import Requests
    from skim_broker_ibkr.rules.gate import Gate
    from skim_broker_ibkr.waiting import Waiting
    from skim_core import Clock, Order


class Sending:
    """Places, changes and cancels orders.

    `placed` is called with the orders that were sent together.
    """

    def __init__(
        self,
        options: IbkrOptions,
        clock: Clock,
        gate: Gate,
        requests: Requests,
        *,
        contracts: Contracts,
        hearing: OrderHearing,
        waiting: Waiting,
        ids: IdFloor,
    ) -> None:
        self._options = options
        self._clock = clock
        self._gate = gate
        self._requests = requests
        self._contracts = contracts
        self._hearing = hearing
        self._ids = ids
        self._waiting = waiting
        self.placed: Callable[[Sequence[Entry]], None] = lambda _: None

    # What is asked for

    async def submit(self, orders: Sequence[Order]) -> None:
        """Send orders, all or none. Raises NotSentError when not a byte has left, BrokerError."""
        fresh, waiting = self._fresh(orders)
        if fresh:
            self._check_open()
            try:
                contract, sent = await self._prepared(fresh)
            except NotSentError:
                raise
            except BrokerError as error:
                msg = f"nothing was sent: {error}"
                raise NotSentError(msg) from error
            await self._requests.order_turn(len(sent))
            self._check_open()
            waiting += self._place(contract, fresh, sent)
        await asyncio.gather(*(asyncio.shield(future) for future in waiting))

    async def modify(self, order: Order) -> None:
        """Change a live order. Raises BrokerError when it isn't changed, or nobody knows."""
        entry = self._ours(order.reference, None)
        if entry.done:
            self._hearing.tell_again(entry)
            return
        sent = placement(order, await self._contracts.ticks(order.symbol))
        contract = await self._contracts.of(order.symbol, Lane.ORDER)
        await self._requests.order_turn()
        self._check_open()
        entry = self._ours(order.reference, None)
        changed = self._waiting.expect_change(entry, sent)
        self._hearing.book.change(entry, order, sent)
        self._send(contract, sent, entry.label.order_id, entry.parent_id)
        try:
            await self._confirmed(changed, f"the change of {order.reference}")
        finally:
            self._waiting.give_up_change(entry)

    async def cancel(self, reference: str, broker_id: str | None) -> None:
        """Cancel an order; whether it came in time is told by the order's status.

        Raises BrokerError when TWS doesn't say that it has the cancel.
        """
        entry = self._ours(reference, broker_id)
        if entry.done:
            self._hearing.tell_again(entry)
            return
        await self._requests.order_turn()
        entry = self._ours(reference, broker_id)
        taken = self._waiting.expect_cancel(entry)
        self._requests.ib.client.cancelOrder(entry.label.order_id, "")
        try:
            await self._confirmed(taken, f"the cancel of {reference}")
        finally:
            self._waiting.give_up_cancel(entry)

    async def _confirmed(self, answer: asyncio.Future[None], what: str) -> None:
        try:
            async with asyncio.timeout(self._options.answer_timeout.total_seconds()):
                await asyncio.shield(answer)
        except TimeoutError:
            msg = f"TWS didn't confirm {what}."
            raise BrokerError(msg) from None

    # Sending

    def _check_open(self) -> None:
        objection = self._gate.objection(self._clock.now())
        if objection:
            msg = f"nothing was sent: {objection}."
            raise NotSentError(msg)

    def _fresh(self, orders: Sequence[Order]) -> tuple[list[Order], list[asyncio.Future[None]]]:
        """Return the orders that TWS doesn't have, and what waits for those under way.

        Raises BrokerError when a reference is known with another content.
        """
        fresh, waiting = [], []
        for order in orders:
            entry = self._hearing.book.find(order.reference)
            if entry is None:
                fresh.append(order)
                continue
            under_way = self._waiting.for_order(entry)
            if under_way is None and not entry.known_to_tws:
                fresh.append(order)
                continue
            if entry.asked is not None and entry.asked != order:
                msg = (
                    f"the order {order.reference!r} is known already and differs from this one: "
                    "use modify, or another reference."
                )
                raise BrokerError(msg)
            if under_way is not None:
                waiting.append(under_way)
        return fresh, waiting

    async def _prepared(self, orders: Sequence[Order]) -> tuple[Contract, list[Placement]]:
        symbols = {order.symbol for order in orders}
        if len(symbols) > 1:
            msg = f"orders that are sent together are of one symbol, found {', '.join(symbols)}."
            raise NotSentError(msg)
        (symbol,) = symbols
        contract = await self._contracts.of(symbol, Lane.ORDER)
        return contract, placements(orders, await self._contracts.ticks(symbol))

    def _place(
        self, contract: Contract, orders: Sequence[Order], sent: Sequence[Placement]
    ) -> list[asyncio.Future[None]]:
        ib, book = self._requests.ib, self._hearing.book
        numbers = [ib.client.getReqId() for _ in orders]
        self._ids.use(numbers[-1])
        together = {order.reference: number for order, number in zip(orders, numbers, strict=True)}
        parents = [self._parent_id(order, together) for order in orders]
        batch = []
        for order, placed, number, parent in zip(orders, sent, numbers, parents, strict=True):
            label = self._hearing.label(self._options.client_id, number)
            entry = book.send(order, placed, label, self._clock.now())
            entry.parent_id = parent
            batch.append(entry)
        waiting = [self._waiting.expect_order(entry) for entry in batch]
        self.placed(batch)
        for number, placed, parent in zip(numbers, sent, parents, strict=True):
            self._send(contract, placed, number, parent)
        return waiting

    def _parent_id(self, order: Order, together: dict[str, int]) -> int:
        """Return the id of the order that this one waits for; 0 when it need not wait.

        Raises NotSentError when it has to, and TWS can't be told for what.
        """
        if order.parent is None:
            return 0
        if order.parent in together:
            return together[order.parent]
        parent = self._hearing.book.find(order.parent)
        if parent is None or parent.done or parent.filled:
            return 0
        if not self._is_ours(parent):
            msg = (
                f"{order.reference} waits for {order.parent}, which was placed by the client id "
                f"{parent.label.client_id}: nothing was sent."
            )
            raise NotSentError(msg)
        return parent.label.order_id

    def _send(self, contract: Contract, sent: Placement, number: int, parent: int) -> None:
        order = IbOrder(
            orderId=number,
            clientId=self._options.client_id,
            action=sent.action,
            totalQuantity=sent.quantity,
            orderType=sent.kind,
            tif=sent.time_in_force,
            ocaGroup=sent.oca_group,
            ocaType=sent.oca_type,
            orderRef=sent.reference,
            account=self._hearing.account,
            transmit=sent.transmit,
            parentId=parent,
        )
        if sent.limit_price is not None:
            order.lmtPrice = sendable(sent.limit_price)
        if sent.stop_price is not None:
            order.auxPrice = sendable(sent.stop_price)
        self._requests.ib.client.placeOrder(number, contract, order)

    def _ours(self, reference: str, broker_id: str | None) -> Entry:
        """Return an order that this client may change. Raises BrokerError."""
        entry = self._hearing.book.find(reference, broker_id)
        if entry is None:
            msg = f"TWS shows no order {reference!r}: submit it first."
            raise BrokerError(msg)
        if not entry.done and not self._is_ours(entry):
            client = entry.label.client_id
            msg = (
                f"the order {reference!r} was placed by the client id {client}, and only that one "
                f"can change it: set client_id = {client} in [brokers.ibkr], or change it in TWS."
                if client != self._options.client_id
                else f"TWS has not shown the order {reference!r} since the line is up again."
            )
            raise BrokerError(msg)
        if not self._gate.open:
            msg = f"nothing was sent: {self._gate.objection(self._clock.now())}."
            raise BrokerError(msg)
        return entry

    def _is_ours(self, entry: Entry) -> bool:
        label = entry.label
        return (label.session, label.client_id) == (
            self._gate.session,
            self._options.client_id,
        ) and label.order_id > 0
